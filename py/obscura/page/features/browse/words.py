"""What people read about videos. Pure Python."""

from __future__ import annotations

from obscura.page.words.times import clock


def time(position_s: float, duration_s: float | None) -> str:
    """Return the time of a video that is showing, and how long it lasts if that is known."""
    here = clock(position_s)
    return here if duration_s is None else f"{here} / {clock(duration_s)}"
