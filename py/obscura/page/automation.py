"""What the page tells programs: `globalThis.obscura.snapshot()` (docs/automation.md)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from js import JSON, obscura, performance
from pyodide.ffi import create_proxy

from obscura.page.app import App
from obscura.page.browser.dom import run


def snapshot(app: App) -> dict[str, Any]:
    """The page's state as plain values; boxes in pixels of the source picture."""
    info, card = app.inference.info, app.inference.card
    code = app.notice.code
    return {
        "state": app.state,
        "error": None if code is None else {"code": code, "message": app.notice.message},
        "model": card.name if card else None,
        "opening": app.models.opening,
        "models": app.models.described(),
        "backend": info.backend if info else None,
        "threads": info.threads if info else 0,
        "precision": info.precision if info else None,
        "frames": app.loop.frames,
        "fps": round(app.loop.analysed.per_second(performance.now() / 1000), 2),
        "timings": {stage: round(ms, 3) for stage, ms in app.timings.medians().items()},
        "frame": _totals(app),
        "held": {reason: round(rate, 2) for reason, rate in app.pace.limits.items()},
        "detections": app.view.detections.to_records(app.view.labels),
    }


def _totals(app: App) -> dict[str, float] | None:
    totals = app.timings.frame()
    return None if totals is None else {k: round(v, 3) for k, v in asdict(totals).items()}


def publish(app: App) -> None:
    """Answer `obscura.snapshot()` and `obscura.recheck()` from now on. The proxies live as long as
    the page.

    By way of JSON, because `to_js` turns None into undefined, and then a field is absent.
    """
    obscura.snapshot = create_proxy(lambda: JSON.parse(json.dumps(snapshot(app))))

    def recheck() -> None:
        run(app.models.recheck())

    obscura.recheck = create_proxy(recheck)
