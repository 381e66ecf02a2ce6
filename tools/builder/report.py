"""How large the site is: what a browser downloads, raw and compressed."""

import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from builder import runtime
from builder.build import RUNTIMES
from builder.cache import digest
from builder.npm import find_tool
from builder.site import Site

# Of Brotli: what hosts can afford that compress a file when it is first asked for, and the most,
# which takes a minute or two and is for files that are compressed once, before they are uploaded.
QUALITY, BEST = 9, 11
# Python has no Brotli; Node does. The window is the largest that browsers take.
MEASURE = """
const { readFileSync } = require("node:fs");
const { promisify } = require("node:util");
const { brotliCompress, constants } = require("node:zlib");
const params = {
  [constants.BROTLI_PARAM_QUALITY]: Number(process.argv[1]),
  [constants.BROTLI_PARAM_LGWIN]: 24,
};
const paths = JSON.parse(readFileSync(0, "utf8"));
const compress = (path) => promisify(brotliCompress)(readFileSync(path), { params });
Promise.all(paths.map(compress)).then((all) => {
  console.log(JSON.stringify(all.map((data) => data.length)));
});
"""


@dataclass(frozen=True)
class Size:
    """Bytes, as they are and as Brotli leaves them."""

    raw: int
    brotli: int

    def __add__(self, other: "Size") -> "Size":
        """Return both together."""
        return Size(self.raw + other.raw, self.brotli + other.brotli)


def measured(paths: list[Path], cache: Path, quality: int) -> dict[Path, Size]:
    """Return the sizes of files; ``cache`` (a JSON file) remembers them by contents and quality."""
    known: dict[str, int] = {}
    with suppress(OSError, ValueError):  # no report yet, or one that was cut off
        known = json.loads(cache.read_text(encoding="utf-8"))
    keys = {path: f"{quality} {digest([path.read_bytes()])}" for path in paths}
    missing = [path for path in paths if keys[path] not in known]
    if missing:
        run = subprocess.run(
            [find_tool("node"), "-e", MEASURE, str(quality)],
            input=json.dumps([str(path) for path in missing]),
            capture_output=True,
            text=True,
            check=True,
        )
        known |= zip((keys[path] for path in missing), json.loads(run.stdout), strict=True)
    # What is no longer there is forgotten, of this quality.
    kept = {key: size for key, size in known.items() if not key.startswith(f"{quality} ")}
    current = kept | {key: known[key] for key in keys.values()}
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(current, sort_keys=True), encoding="utf-8")
    return {path: Size(path.stat().st_size, known[keys[path]]) for path in paths}


def parts(site: Site) -> list[tuple[str, list[str], bool]]:
    """Return the rows: a title, the files, and whether a first detection takes them.

    In the order in which a visit loads them. The wasm runtime and the default model count.
    """

    def below(folder: str) -> list[str]:
        return [name for name in site.names if name.startswith(folder)]

    benchmark = [
        "bench.html",
        "assets/bench.js",
        "assets/bench.css",
        "py/bench.py",
        "py/bench.zip",
        "bench.json",
    ]
    installed = below("assets/app/")  # icons and pictures for whoever installs the app
    own = [name for name in below("assets/") if name not in (*benchmark, *installed)]
    wheels = [name for name in below("pyodide/") if name.endswith(".whl")]
    core = [f"pyodide/{name}" for name in (*runtime.CORE, runtime.LOCK)]
    rows = [
        ("page", ["index.html", "sw.js", *own, "py/main.py", "pyscript.json"], True),
        ("PyScript", below("pyscript/"), True),
        ("Pyodide", core, True),
        ("Python's standard library", [f"pyodide/{runtime.STDLIB}"], True),
        ("numpy", wheels, True),
        ("obscura", ["py/obscura.zip"], True),
        ("obscura, for own models", ["py/obscura-rest.zip"], False),
    ]
    for name, (module, stem) in RUNTIMES.items():
        files = [f"ort/{module}", f"ort/{stem}.mjs", f"ort/{stem}.wasm"]
        rows.append((f"onnxruntime-web, {name}", files, name == "wasm"))
    rows.append(("benchmark page", benchmark, False))
    rows.append(("icons and screenshots", installed, False))
    for index, name in enumerate(below("models/")):
        rows.append((f"model {name.split('/')[1]}", [name], index == 0))
    return rows


def report(site: Site, cache: Path, quality: int = QUALITY) -> str:
    """Return the table of a site's sizes, and the total up to a first detection."""
    rows = parts(site)
    sizes = measured([site.path(name) for _, names, _ in rows for name in names], cache, quality)
    lines = [f"{'':32}{'raw':>12}{f'brotli {quality}':>12}"]
    total = Size(0, 0)
    for title, names, first in rows:
        size = Size(0, 0)
        for name in names:
            size += sizes[site.path(name)]
        if first:
            total += size
        lines.append(line(f"{'*' if first else ' '} {title}", size))
    lines.append(line("* all that a first detection takes", total))
    return "\n".join(lines)


def line(title: str, size: Size) -> str:
    """Return one line of the table, in megabytes."""
    return f"{title:32}{size.raw / 1e6:9.3f} MB{size.brotli / 1e6:9.3f} MB"
