"""What people read about thorough analysis. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.page.words.times import clock

OFFER, CONTINUE, UNDO = "Analyse all", "Continue", "Undo"
READING, OPENING = "Reading the file…", "Opening the results…"
CANCELLED = "Cancelled."
EXCHANGED = "Stopped: another model is in use now. What was found is kept."
EMPTY = "There are no frames in this video."
UNREAD = "This browser can't read the frames of this video one by one."
MISSED = "Some frames may be missing: this browser doesn't say where each begins."
NOT_STORED = "Nothing could be stored: the results last until you close the page."
NO_ROOM = (
    "There may not be enough storage for the results. Those that don't fit last until you close "
    "the page."
)
FAILED = "Stopped: the model failed. What was found is kept."
EVERYTHING = "Everything"
DELETE, DELETED = "Delete results", "Deleted."


def frames(done: int, total: int | None, *, exact: bool = True) -> str:
    """Return how many frames are analysed.

    >>> frames(1, 1200)
    '1 of 1,200 frames'
    >>> frames(40, 1200, exact=False)
    '40 of about 1,200 frames'
    """
    if total is None:
        return "1 frame" if done == 1 else f"{done:,} frames"
    return f"{done:,} of {'' if exact else 'about '}{max(total, done):,} frames"


def left(seconds: float | None) -> str:
    """Return how long it still takes; "" if that is not known yet.

    >>> left(3.2), left(50), left(200), left(9000)
    ('5 s left', '50 s left', '4 min left', '2 h 30 min left')
    """
    if seconds is None:
        return ""
    if seconds <= 55:
        return f"{max(5, -int(-seconds // 5) * 5)} s left"
    minutes = max(1, -int(-seconds // 60))
    if minutes < 60:
        return f"{minutes} min left"
    return f"{minutes // 60} h {minutes % 60} min left"


def done(count: int) -> str:
    """Return that all is analysed."""
    return "The only frame is analysed" if count == 1 else f"All {count:,} frames analysed"


def broken(time_s: float, duration_s: float | None) -> str:
    """Return where a video breaks off."""
    of = "" if duration_s is None else f" of {clock(duration_s)}"
    return f"The video is damaged after {clock(time_s)}{of}. Everything before is analysed."


def mark(labels: Sequence[str], start_s: float, end_s: float) -> str:
    """Return what was found at a mark.

    >>> mark(["person", "dog"], 3.0, 8.5)
    'person, dog: 0:03 to 0:08'
    """
    first, last = clock(start_s), clock(end_s)
    when = first if first == last else f"{first} to {last}"
    return f"{', '.join(labels)}: {when}"


def some(count: int) -> str:
    """Return that a part is analysed."""
    return "1 frame analysed" if count == 1 else f"{count:,} frames analysed"
