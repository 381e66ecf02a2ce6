"""How large the site is: what a browser downloads, raw and compressed."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from builder.cache import digest
from builder.npm import find_tool

# Brotli at 9 is what a host can afford for files that it compresses once. Python has no Brotli; Node does.
QUALITY = 9
MEASURE = """
const { readFileSync } = require("node:fs");
const { brotliCompressSync, constants } = require("node:zlib");
const params = { [constants.BROTLI_PARAM_QUALITY]: Number(process.argv[1]) };
const paths = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(paths.map((path) => brotliCompressSync(readFileSync(path), { params }).length)));
"""


class Part(NamedTuple):
    """A row of the report."""

    title: str
    files: list[str]  # names below the site's folder
    first: bool  # counted in what a first detection takes


class Size(NamedTuple):
    """Bytes, as they are and as Brotli leaves them."""

    raw: int
    brotli: int


def measured(paths: list[Path], cache: Path) -> dict[Path, Size]:
    """Return the sizes of files; ``cache`` (a JSON file) remembers them by contents."""
    known: dict[str, int] = json.loads(cache.read_text("utf-8")) if cache.is_file() else {}
    keys = {path: digest([path.read_bytes()]) for path in paths}
    missing = [path for path in paths if keys[path] not in known]
    if missing:
        run = subprocess.run(
            [find_tool("node"), "-e", MEASURE, str(QUALITY)],
            input=json.dumps([str(path) for path in missing]),
            capture_output=True,
            text=True,
            check=True,
        )
        known |= zip((keys[path] for path in missing), json.loads(run.stdout), strict=True)
    current = {key: known[key] for key in keys.values()}
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(current, sort_keys=True), encoding="utf-8")
    return {path: Size(path.stat().st_size, known[keys[path]]) for path in paths}


def report(folder: Path, parts: Iterable[Part], cache: Path) -> str:
    """Return the table of sizes of the site in ``folder``, and the total up to a first detection."""
    parts = list(parts)
    sizes = measured([folder / name for part in parts for name in part.files], cache)
    lines = [f"{'':34}{'raw':>12}{'brotli ' + str(QUALITY):>12}"]
    total = Size(0, 0)
    for part in parts:
        own = [sizes[folder / name] for name in part.files]
        size = Size(sum(each.raw for each in own), sum(each.brotli for each in own))
        if part.first:
            total = Size(total.raw + size.raw, total.brotli + size.brotli)
        lines.append(row(f"{'* ' if part.first else '  '}{part.title}", size))
    lines.append(row("* to the first detection", total))
    return "\n".join(lines)


def row(title: str, size: Size) -> str:
    """Return one line of the table, in megabytes."""
    return f"{title:34}{size.raw / 1e6:9.3f} MB{size.brotli / 1e6:9.3f} MB"
