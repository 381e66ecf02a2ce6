"""Measure what unpacking files in the page gains on a host that neither compresses nor isolates.

    python3 build.py build --unpack --out /tmp/packed/site
    python3 build.py run bench/experiments/unpack.py /tmp/packed

Makes first visits in new profiles over the benchmark's slow connection. Two hosts take turns: one
with the ``.gz`` files, and one without, so that the plain files are fetched. Prints the median
seconds to the first boxes and the median megabytes sent until then.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from browsers.chromium import Chromium, ChromiumError, Tab, launched
from browsers.clip import PICTURE
from builder.browser import find_chromium
from builder.errors import BuildError
from builder.serve import SiteHandler
from speed.command import BITS_PER_S, LATENCY_S
from speed.host import Handler, Host, Line, hosting

DONE = "performance.getEntriesByName('obscura:first-boxes').length > 0"
LOOK_S = 0.02
PATIENCE_S = 300


class Bare(Handler):
    """A host that sends files without compression."""

    def __init__(self, *args: object, copies: bool, **options: object) -> None:
        self._copies = copies
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def send_head(self) -> BinaryIO | None:
        """Begin a response."""
        self.server.line.begin()
        if urlsplit(self.path).path.endswith(".gz") and not self._copies:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return SiteHandler.send_head(self)

    def log_error(self, *_: object) -> None:
        """Do not log files that are missing on purpose."""


def visit(browser: Chromium, host: Host) -> tuple[float, float]:
    """Return the seconds from a first navigation to the first boxes, and the megabytes sent.

    Measured by this process, because the page reloads itself at its start.
    """
    host.line = Line(BITS_PER_S, LATENCY_S)
    context = browser.context()
    tab = browser.tab(context)
    begun = time.monotonic()
    tab.open(f"{host.url}site/")
    while not shows_boxes(tab):
        if time.monotonic() - begun > PATIENCE_S:
            raise BuildError("no boxes came: open the site by hand and see what it says.")
        time.sleep(LOOK_S)
    taken = time.monotonic() - begun
    sent = host.line.sent / 1e6
    browser.close_context(context)
    return taken, sent


def shows_boxes(tab: Tab) -> bool:
    """Return whether the first boxes are drawn."""
    try:
        return bool(tab.evaluate(DONE))
    except ChromiumError:  # the page is reloading itself
        return False


def main() -> int:
    """Visit, and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds the built site as `site`")
    parser.add_argument("--rounds", type=int, default=5, help="visits that count (default: 5)")
    args = parser.parse_args()
    seen: dict[bool, list[tuple[float, float]]] = {True: [], False: []}  # with copies, without
    with (
        hosting(args.folder, isolated=False) as host,
        launched(find_chromium(Path(sys.executable)), PICTURE) as browser,
    ):
        for _ in range(args.rounds):
            for copies, visits in seen.items():  # in turn, so that a busy machine is busy for both
                host.RequestHandlerClass = partial(Bare, directory=str(args.folder), copies=copies)
                visits.append(visit(browser, host))
    for copies, visits in seen.items():
        name = "unpacked in the page" if copies else "as they are"
        seconds, megabytes = (statistics.median(column) for column in zip(*visits, strict=True))
        print(f"{name:24}{seconds:6.1f} s{megabytes:8.2f} MB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
