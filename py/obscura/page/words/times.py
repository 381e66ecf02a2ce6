"""Times and durations, as people read them. Pure Python."""

from __future__ import annotations

import time


def stamp(when: time.struct_time | None = None) -> str:
    """Return how the name of a file begins that is saved at a time, without an ending; None for
    now."""
    return time.strftime("obscura-%Y-%m-%d-%H%M%S", when or time.localtime())


def clock(seconds: float) -> str:
    """Return a time in a video: minutes and seconds, with hours if there are any."""
    whole = int(max(seconds, 0.0))
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def duration(seconds: float) -> str:
    """Return for how long something has been in view, in the largest unit that fits.

    >>> duration(12.4), duration(59.6), duration(125), duration(7300)
    ('12 s', '1 min', '2 min', '2 h')
    """
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"
