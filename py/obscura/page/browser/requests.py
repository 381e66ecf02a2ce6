"""Requests of the page and its workers, as the browser's timelines report them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from js import BroadcastChannel, PerformanceObserver, String, location, performance
from pyodide.ffi import JsException, create_proxy

from obscura.page.browser import boot
from obscura.page.browser.dom import js_object, listen


def page_address() -> str:
    """Return the page's own address."""
    return str(location.href)


def observe(report: Callable[[Any], None]) -> None:
    """Call `report(entries)` with every request, past ones included, for the life of the page.

    Entries have `name`, `startTime` and `encodedBodySize`. Some may be reported twice.
    """
    observer = PerformanceObserver.new(create_proxy(lambda told, *_: report(told.getEntries())))
    for kind in ("navigation", "resource"):
        observer.observe(js_object(type=kind, buffered=True))
    # Workers report on this channel. assets/boot has recorded all from the first moment.
    with suppress(JsException):  # browsers that store nothing for this site may forbid channels
        channel = BroadcastChannel.new(String(performance.timeOrigin))
        listen(channel, "message", lambda event: report(event.data))
    report(boot.requests())
