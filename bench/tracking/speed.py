"""Updates per second of the tracker in CPython and in the Python of a built site, under Node.

    python3 build.py build
    python3 build.py run bench/tracking/speed.py --site dist

The goals hold for 20 objects. The exit code is 1 if one is missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tracking import rate
from tracking.scenes import HEIGHT, WIDTH, Scene, frames

ROOT = Path(__file__).resolve().parents[2]
OBJECTS = (20, 100)
GOALS = {"CPython": 2000, "Pyodide": 600}
"""Least updates per second with 20 objects."""
SMALL: dict[str, Any] = {"size_m": (0.15, 0.4), "depth_m": (8.0, 20.0), "seconds": 20.0}
"""Objects so small that they hardly hide each other: nine of ten are detected in each frame."""


def write(path: Path) -> None:
    """Write what is detected with each number of `OBJECTS` in view, as `rate.rates` reads it."""
    videos = [
        [
            (index, frame.time_s, (WIDTH, HEIGHT), frame.boxes.tolist(), frame.scores.tolist())
            for index, frame in enumerate(frames(Scene("speed", objects, **SMALL), seed=0))
        ]
        for objects in OBJECTS
    ]
    path.write_text(json.dumps(videos), "utf-8")


def pyodide(site: Path, job: Path) -> list[float]:
    """Return `rate.rates` of the Python that a built site has, for ``videos.json`` of a folder."""
    node = shutil.which("node")
    folder = next(site.resolve().glob("pyodide-*"), None)
    if node is None or folder is None:
        sys.exit("speed: install Node, and build the site: python3 build.py build")
    places = (f"/py={ROOT / 'py'}", f"/job={job}")
    runner, stdlib = ROOT / "tests" / "wasm" / "run.mjs", folder / "python_stdlib.zip"
    script = Path(rate.__file__).resolve()
    command = [*map(str, (node, runner, folder, stdlib, script)), *places]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description="Updates per second of the tracker.")
    parser.add_argument("--site", type=Path, required=True, help="a built site")
    site = parser.parse_args().site
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder)
        write(job / "videos.json")
        found = {"CPython": rate.rates(job / "videos.json"), "Pyodide": pyodide(site, job)}
    print(f"{'updates per second':20}" + "".join(f"{n:>5} objects" for n in OBJECTS) + "   goal")
    for name, rates in found.items():
        print(f"{name:20}" + "".join(f"{each:13.0f}" for each in rates) + f"{GOALS[name]:7}")
    return 0 if all(rates[0] >= GOALS[name] for name, rates in found.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
