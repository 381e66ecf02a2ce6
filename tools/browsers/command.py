"""``build.py browsers``: run each browser in turn, and write the README's table."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from browsers import drivers
from browsers.checks import check
from browsers.clip import CLIP, write_clip
from builder.build import build
from builder.errors import BuildError
from builder.serve import serving

BROWSERS = {
    "firefox": drivers.firefox,
    "webkit": drivers.webkit,
    "chromium": drivers.chromium,
}
COLUMNS = (
    "starts",
    "photo",
    "snapshot",
    "turned",
    "frames",
    "whole video",
    "camera",
    "recording",
    "offline",
    "engine",
    "WebGPU",
    "install",
)
BEGIN, END = "<!-- browsers: python3 build.py browsers --write -->", "<!-- /browsers -->"

Results = dict[str, dict[str, str]]


def run(root: Path, args: argparse.Namespace) -> int:
    """Run the command; return 1 if something does not work in an installed browser.

    Raises:
        BuildError: the README has no place for the table, or no browser is installed.
    """
    dist = root / "dist"
    build(dist)
    wanted = list(BROWSERS) if args.browser == "all" else [args.browser]
    results = {name: visit(root, dist, name, args.shots) for name in wanted}
    told = table(results, date.today())
    print(told, flush=True)
    if args.write:
        if not any("version" in result for result in results.values()):
            raise BuildError("no browser is installed, so the README's table stays unchanged.")
        write(root / "README.md", told)
    return 1 if any(failed(result) for result in results.values()) else 0


def visit(root: Path, dist: Path, name: str, shots: Path | None = None) -> dict[str, str]:
    """Test one browser; return its row: "version" and the columns, or "missing" or "failed"."""
    print(f"browsers: {name} ...", flush=True)
    clip = write_clip(root / "build" / CLIP)
    own = shots / name if shots else None
    if own:
        own.mkdir(parents=True, exist_ok=True)
    try:
        with serving(dist) as site, BROWSERS[name](clip) as driver:
            steps = check(driver, site, root / "assets" / "sample.jpg", own)
            return {"version": driver.version, **steps}
    except drivers.NotInstalled as missing:
        return {"missing": f"not installed: `apt-get install {missing}`"}
    except drivers.DriverError as error:
        return {"failed": f"could not be driven: {error}"}


def failed(result: dict[str, str]) -> bool:
    """Return whether something failed in an installed browser."""
    return "failed" in result or any(words.startswith("no:") for words in result.values())


def table(results: Results, day: date) -> str:
    """Return the table: a row per browser."""
    head = f"| browser | {' | '.join(COLUMNS)} | last run |"
    lines = [head, "|---" * (len(COLUMNS) + 2) + "|"]
    for name, told in results.items():
        if "version" not in told:
            why = told.get("missing") or told["failed"]
            lines.append(f"| {name} | {cell(why)} |" + " |" * len(COLUMNS))
            continue
        cells = [cell(told[column]) for column in COLUMNS]
        lines.append(f"| {cell(told['version'])} | {' | '.join(cells)} | {day.isoformat()} |")
    return "\n".join(lines)


def cell(words: str) -> str:
    """Return text that fits into one cell."""
    return " ".join(words.replace("|", "/").split())


def write(path: Path, told: str) -> None:
    """Write the table into the file; rows of browsers that were not run keep what they have."""
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise BuildError(f"{path.name} must contain exactly one place between {BEGIN} and {END}.")
    before, rest = text.split(BEGIN)
    former, after = rest.split(END)
    # A row without a date is of a browser that did not run; it must not replace one that did.
    ran = [row for row in body(told) if row.split("|")[-2].strip()]
    rows = merged(moved(former, told.splitlines()[0]), ran)
    lines = [*told.splitlines()[:2], *rows]
    path.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


def body(text: str) -> list[str]:
    """Return a table's rows."""
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def moved(former: str, head: str) -> list[str]:
    """Return the rows of a table, with their cells under the columns of another head; what they do
    not have is an empty cell."""
    names, *_ = [line for line in former.splitlines() if line.startswith("|")] or [""]
    rows = []
    for row in body(former):
        cells = dict(zip(_cells(names), _cells(row), strict=False))
        rows.append(f"| {' | '.join(cells.get(name, '') for name in _cells(head))} |")
    return rows


def _cells(row: str) -> list[str]:
    return [each.strip() for each in row.strip().strip("|").split("|")]


def merged(former: list[str], latter: list[str]) -> list[str]:
    """Return the rows of both; for a browser in both, the latter's."""
    rows = {row.split()[1]: row for row in former}
    rows |= {row.split()[1]: row for row in latter}
    return list(rows.values())
