"""`obscura.snapshot()`: the page's state for programs (docs/automation.md). Pure Python."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from obscura.page.app import App


def snapshot(app: App, now_s: float) -> dict[str, Any]:
    """Return the page's state as plain values; boxes in pixels of the source picture.

    Args:
        now_s: the page's clock, in seconds.
    """
    info, card = app.sessions.info, app.sessions.card
    code, loop = app.notice.code, app.sources.loop
    analysis, timings = app.analysis, app.sessions.timings
    totals = timings.frame()
    return {
        "state": str(app.state),
        "error": None if code is None else {"code": code, "message": app.notice.message},
        "model": card.name if card else None,
        "opening": app.models.opening,
        "models": app.models.described(),
        "backend": info.backend if info else None,
        "threads": info.threads if info else 0,
        "precision": info.precision if info else None,
        "frames": loop.analysed_frames,
        "fps": 0.0 if loop.paused else round(loop.analysed.per_second(now_s), 2),
        "timings": {stage: round(ms, 3) for stage, ms in timings.medians().items()},
        "frame": totals and {name: round(value, 3) for name, value in asdict(totals).items()},
        "held": {reason: round(rate, 2) for reason, rate in app.pace.limits.items()},
        "detections": analysis.detections.to_records(analysis.labels),
        **app.features.snapshot(),
    }
