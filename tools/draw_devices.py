"""Write the device table of docs/performance.md from the files in bench/devices.

    python3 build.py run tools/draw_devices.py [--check]
    python3 build.py run tools/draw_devices.py --measure "My laptop" [--site dist] [--flag=...]

With ``--measure`` this machine is measured first: bench.html of a built site runs in a Chromium
without a window, which CHROMIUM may name, and its record becomes bench/devices/my-laptop.json. That
needs neither Node nor packages, only the repository and a built site. ``--flag`` passes flags to
Chromium; a Linux machine with an NVIDIA GPU and no display needs those of docs/performance.md.
``--check`` changes nothing, and fails if the table is not that of the files.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from builder.build import ROOT
from builder.errors import BuildError
from devices.measure import measure
from devices.record import FOLDER, RecordError, read, read_all
from devices.table import PlaceError, replaced, table

DOCUMENT = Path("docs") / "performance.md"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="draw_devices.py", description="Write the device table of docs/performance.md."
    )
    add = parser.add_argument
    add("--check", action="store_true", help="change nothing; fail if the table is out of date")
    add("--measure", metavar="NAME", help="measure this machine first, under this name")
    add("--site", type=Path, default=Path("dist"), metavar="DIR", help="default: %(default)s")
    add("--flag", action="append", default=[], metavar="FLAG", help="extra flag for Chromium")
    args = parser.parse_args(arguments)
    try:
        if args.measure:
            add_device(root / FOLDER, args.measure, args.site, args.flag)
        return draw(root, check=args.check)
    except (BuildError, RecordError, PlaceError) as error:
        print(f"draw_devices.py: {error}", file=sys.stderr)
        return 1


def add_device(folder: Path, name: str, site: Path, flags: list[str]) -> None:
    """Measure this machine and write its record.

    Raises:
        BuildError: it could not be measured, or the name has no letter or digit.
        RecordError: nothing could be measured on it.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not stem:
        raise BuildError(f"{name!r} has no letter or digit: choose another name.")
    advice, record = measure(site, flags)
    path = folder / f"{stem}.json"
    path.write_text(
        json.dumps({"title": name, **record}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    read(path)
    print(f"{path.name}: {advice}")


def draw(root: Path, *, check: bool) -> int:
    """Write the table into the document, or check it; return the exit code."""
    document = root / DOCUMENT
    before = document.read_text(encoding="utf-8")
    after = replaced(before, table(read_all(root / FOLDER)))
    if check and before != after:
        print(f"{DOCUMENT.as_posix()}: the device table is not that of {FOLDER.as_posix()}: "
              "run tools/draw_devices.py", file=sys.stderr)  # fmt: skip
        return 1
    if not check:
        document.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
