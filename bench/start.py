"""Print the timeline from navigation to the first boxes, by the page's own marks.

    python3 build.py bench --prepare /tmp/bench            # once, and after each change
    python3 build.py run bench/start.py /tmp/bench         # with a warm cache
    python3 build.py run bench/start.py /tmp/bench --cold  # first visits, over a slow connection

Prints medians in milliseconds since navigation. assets/boot/ and py/main.py set the marks:

    boot         assets/boot.js runs
    session      the engine has opened the model
    answer       the engine has run it on the sample picture
    python       Pyodide and numpy are loaded
    imported     py/main.py has imported the page's Python
    first-boxes  the answer has passed the self-check, and its boxes are drawn
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from browsers.chromium import Chromium, launched
from browsers.clip import CLIP
from builder.browser import find_chromium
from speed.command import BITS_PER_S, LATENCY_S
from speed.host import Host, Line, hosting
from speed.prepare import read_facts
from speed.visits import FIRST, first_boxes

MARKS = """
JSON.stringify(Object.fromEntries(performance.getEntriesByType("mark")
  .map(({ name, startTime }) => [name.replace("obscura:", ""), startTime])))
"""
REST = "new Promise((resolve) => setTimeout(resolve, 3000))"
WARM_UP = 2
"""Visits that fill the caches of files and of compiled code; each is left after a while,
because browsers write compiled code once a page is idle."""


def visit(browser: Chromium, host: Host, stack: str, *, cold: bool, rest: bool) -> dict[str, float]:
    """Open a page; return the milliseconds to its marks, in chronological order."""
    context = browser.context() if cold else ""
    if cold:
        host.line = Line(BITS_PER_S, LATENCY_S)
    tab = browser.tab(context)
    first_boxes(tab, host, stack)
    marks: dict[str, float] = json.loads(tab.evaluate(MARKS))
    if rest:
        tab.evaluate(REST)
    tab.close()
    if cold:
        browser.close_context(context)
    return dict(sorted(marks.items(), key=lambda item: item[1]))


def main() -> int:
    """Make the visits and print the timeline; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="made by build.py bench --prepare")
    parser.add_argument("--rounds", type=int, default=7, help="visits that count (default: 7)")
    parser.add_argument("--cold", action="store_true", help="first visits, over a slow line")
    args = parser.parse_args()
    stacks = [name for name in FIRST if name in ("obscura", *read_facts(args.folder)["rivals"])]
    seen: dict[str, list[dict[str, float]]] = {stack: [] for stack in stacks}
    with (
        hosting(args.folder, isolated=True) as host,
        launched(find_chromium(Path(sys.executable)), args.folder / CLIP) as browser,
    ):
        for number in range(0 if args.cold else -WARM_UP, args.rounds):
            for stack in stacks:  # in turn, so that a busy machine is busy for all
                marks = visit(browser, host, stack, cold=args.cold, rest=number < 0)
                if number >= 0:
                    seen[stack].append(marks)
    for stack, visits in seen.items():
        print(stack)
        for name in visits[-1]:
            times = [marks[name] for marks in visits if name in marks]
            print(f"  {name:12}{statistics.median(times):8.0f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
