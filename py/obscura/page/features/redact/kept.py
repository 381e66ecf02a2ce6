"""Frames that wait to be shown: how many are kept, and how large. Pure Python."""

from __future__ import annotations

from math import sqrt

MOST_KEPT = 24
"""Frames that wait to be shown, those included that are being analysed."""
MOST_BYTES = 96_000_000
"""Memory that they take, at 4 bytes a pixel: frames of more than a megapixel are kept and shown
smaller."""
LEAST_GAP_S = 0.024
"""Seconds between frames that are kept, at least: half a second of them are no more than
`MOST_KEPT`. What comes faster is analysed, and not shown."""


def kept_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height at which a frame is kept, no larger than its own.

    >>> kept_size((1920, 1080))
    (1333, 750)
    >>> kept_size((640, 480))
    (640, 480)
    """
    width, height = size
    shrink = min(1.0, sqrt(MOST_BYTES / MOST_KEPT / 4 / (width * height)))
    return max(1, int(width * shrink)), max(1, int(height * shrink))


def is_kept(time_s: float, last_s: float | None, kept: int) -> bool:
    """Whether a frame is kept.

    Args:
        time_s: its time.
        last_s: the time of the frame that was kept last; None if none is.
        kept: number of frames that are kept.
    """
    if kept >= MOST_KEPT:
        return False  # not in place of the oldest, which is shown next
    return last_s is None or not 0 <= time_s - last_s < LEAST_GAP_S
