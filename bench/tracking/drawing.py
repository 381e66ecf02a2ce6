"""Print what it costs to draw boxes that glide, in the built page in Chromium.

    python3 build.py build && python3 build.py run bench/tracking/drawing.py

A tracker follows objects of five classes that move; the overlay, 1280 x 720 CSS pixels, draws them
with labels and trails. Prints, per number of objects, the median and the 95th percentile of the
milliseconds that one frame of the display takes of the page's thread: while they move, and once
they stand still.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from browsers.chromium import Chromium, launched
from builder.browser import find_chromium
from builder.serve import SiteServer

ROOT = Path(__file__).resolve().parents[2]
COUNTS = (1, 20, 50)
READY = """
new Promise((resolve) => {
  const look = () =>
    globalThis.obscura?.snapshot?.().state === "ready" ? resolve() : setTimeout(look, 100);
  look();
})
"""
RUN = "(async () => (await globalThis.obscura.boot.python.ready).runPython({program}))()"
PROGRAM = Path(__file__).with_name("drawing_page.py")


def measure(browser: Chromium, address: str) -> list[dict[str, Any]]:
    """Return the figures of each number of objects."""
    tab = browser.tab()
    tab.open(f"{address}?track=1")
    tab.evaluate(READY, timeout_s=120)
    tab.evaluate("new Promise((resolve) => setTimeout(resolve, 2000))")
    program = f"{PROGRAM.read_text('utf-8')}\nreport({list(COUNTS)})"
    text = tab.evaluate(RUN.format(program=json.dumps(program)), timeout_s=300)
    figures: list[dict[str, Any]] = json.loads(text)
    return figures


def main() -> int:
    """Measure and print; return the exit code."""
    with (
        SiteServer(("127.0.0.1", 0), ROOT / "dist") as server,
        launched(find_chromium(Path(sys.executable)), Path(os.devnull)) as browser,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            figures = measure(browser, f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.hang_up()
    print("objects  moving: median    95 %   still: median   (ms per frame of the display)")
    for row in figures:
        print(f"{row['objects']:7}{row['moving']:16.2f}{row['moving_95']:8.2f}{row['still']:16.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
