"""Sizes of the site: what a browser downloads, raw and compressed."""

from dataclasses import dataclass
from pathlib import Path

from builder import core, litert, runtime
from builder.build import PYODIDE, RUNTIMES
from builder.compress import compressed
from builder.site import Site

# Of Brotli: what hosts can afford that compress a file when it is first asked for, and the most,
# which takes a minute or two and is for files that are compressed once, before they are uploaded.
QUALITY, BEST = 9, 11
MEDIA = "assets/media.js"


@dataclass(frozen=True)
class Size:
    """Bytes, raw and compressed with Brotli."""

    raw: int
    brotli: int

    def __add__(self, other: "Size") -> "Size":
        """Return the sum of both."""
        return Size(self.raw + other.raw, self.brotli + other.brotli)


def measured(paths: list[Path], cache: Path, quality: int) -> dict[Path, Size]:
    """Return the sizes of files; ``cache`` is the folder with compressed copies."""
    say = "compressing a copy of all files, to see how small they get (once) ..."
    copies = compressed(paths, "br", quality, cache, say)
    return {path: Size(path.stat().st_size, copy.stat().st_size) for path, copy in copies.items()}


def parts(site: Site) -> list[tuple[str, list[str], bool]]:
    """Return the rows: a title, the files, and whether a first detection needs them.

    In the order in which a visit loads them, with the wasm runtime and the default model.
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
    # Icons and pictures that are shown when the page is installed.
    app = below("assets/app/")
    clip = below("assets/clip/")
    graphs = [name for name in below("models/") if name.endswith(litert.CORE)]
    others = (*benchmark, *app, *clip, litert.MODULE, MEDIA)
    own = [name for name in below("assets/") if name not in others]
    wheels = [name for name in below("pyodide/") if name.endswith(".whl")]
    pyodide = [PYODIDE, core.SCRIPT, core.WHOLE, runtime.LOCK]
    rows = [
        ("page", ["index.html", "sw.js", *own, "py/main.py", "pyscript.json"], True),
        ("page, to install it", app, False),
        ("sample clip", clip, False),
        ("video files, read and written", [MEDIA], False),
        ("PyScript", below("pyscript/"), True),
        ("Pyodide", [f"pyodide/{name}" for name in pyodide], True),
        ("Pyodide, what a start does not run", [f"pyodide/{core.REST}"], False),
        ("Python's standard library", [f"pyodide/{runtime.STDLIB}"], True),
        ("numpy", wheels, True),
        ("obscura", ["py/obscura.zip"], True),
        ("features that start later", below("py/feature-"), False),
        ("obscura, for own models", ["py/obscura-rest.zip"], False),
    ]
    for name, (module, stem) in RUNTIMES.items():
        files = [f"ort/{module}", f"ort/{stem}.mjs", f"ort/{stem}.wasm"]
        rows.append((f"onnxruntime-web, {name}", files, name == "wasm"))
    for name, stem in litert.BUILDS.items() if graphs else ():
        files = [litert.MODULE, *graphs, f"litert/{stem}.js", f"litert/{stem}.wasm"]
        rows.append((f"LiteRT, {name}", files, False))
    rows.append(("benchmark page", benchmark, False))
    networks = [name for name in below("models/") if name not in graphs]
    for index, name in enumerate(networks):
        rows.append((f"model {name.split('/')[1]}", [name], index == 0))
    heads = [name for name in below("heads/") if "/" in name.removeprefix("heads/")]
    return rows + [(f"head {name.split('/')[1]}", [name], False) for name in heads]


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
