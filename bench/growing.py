"""Print what a frame costs as work grows: decode, track and draw 1 to 300 objects, of 80 and of
1,000 classes, in CPython and in the built page's Python in Chromium.

    python3 build.py build && python3 build.py run bench/growing.py

The network is left out: its answers are made up (bench/growing_work.py), each object found twice,
as SSD does it. CPython draws nothing. Medians of 50 frames, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import growing_work

from browsers.chromium import Chromium, launched
from builder.browser import find_chromium
from builder.serve import serving
from speed.stacks import FAILED, PATIENCE_S, script

ROOT = Path(__file__).resolve().parents[1]
CASES = [(objects, classes) for classes in (80, 1000) for objects in (1, 20, 100, 300)]
READY = """
await until(() => now()?.state === 'ready');
const python = await globalThis.obscura.boot.python.ready;
const tracks = 'import importlib.util; importlib.util.find_spec("obscura.tracking") is not None';
await until(() => python.runPython(tracks)); // it comes after the first boxes
"""
RUN = "(async () => (await globalThis.obscura.boot.python.ready).runPython({program}))()"
MODULE = """
import sys, types
growing_work = sys.modules["growing_work"] = types.ModuleType("growing_work")
exec(compile({source}, "growing_work.py", "exec"), growing_work.__dict__)
"""


def in_page(browser: Chromium, address: str) -> list[dict[str, float]]:
    """Return the costs of `CASES` in the built page."""
    tab = browser.tab()
    tab.open(f"{address}?model=cocossd&track=1")
    tab.evaluate(script(FAILED + READY), PATIENCE_S)
    tab.front()
    work, page = (
        Path(__file__).with_name(name).read_text("utf-8")
        for name in ("growing_work.py", "growing_page.py")
    )
    program = f"{MODULE.format(source=repr(work))}\n"
    tab.evaluate(RUN.format(program=json.dumps(program)))
    told: list[dict[str, float]] = []
    tab.evaluate(RUN.format(program=json.dumps(page)))
    for case in CASES:  # each on its own, so that the browser can paint between them
        text = tab.evaluate(RUN.format(program=json.dumps(f"report([{list(case)}])")), PATIENCE_S)
        told += json.loads(text)
    return told


def table(where: str, told: Iterable[dict[str, float]]) -> str:
    """Return the costs as lines of text."""
    lines = [f"{where:12}objects classes  decode   track    draw     sum  (ms a frame)"]
    for (objects, classes), ms in zip(CASES, told, strict=True):
        stages = "".join(f"{ms.get(stage, 0.0):8.2f}" for stage in ("decode", "track", "draw"))
        lines.append(f"{'':12}{objects:7} {classes:7}{stages}{sum(ms.values()):8.2f}")
    return "\n".join(lines)


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description="What a frame costs as work grows.")
    parser.add_argument("--site", type=Path, default=ROOT / "dist", help="a built site")
    args = parser.parse_args()
    with (
        serving(args.site) as server,
        launched(find_chromium(Path(sys.executable)), Path(os.devnull)) as browser,
    ):
        try:
            told = in_page(browser, f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.hang_up()
    print(table("CPython", [growing_work.costs(*case) for case in CASES]))
    print(table("page", told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
