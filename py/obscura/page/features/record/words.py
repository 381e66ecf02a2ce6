"""What people read about recordings. Pure Python."""

from __future__ import annotations

from obscura.page.words.text import megabytes, pixels

KEY = ("R", "record: a video of what is seen, or stop")
RECORD, STOP = "Record", "Stop {time}"
FINISHING = "Finishing the recording…"
RECORDED = "Recording"
SAVED = "Saved as {name}"
SHARE_FAILED = "Sharing didn't work. Save the video instead."
CAMERA_ENDED = "The camera or video ended, and so did the recording."
NO_ENCODER = "This browser can't record video of this size. Update it, or try Chrome or Firefox."
NOT_STORED = (
    "This browser lets the page store nothing, so it can't record. Leave private browsing, or allow"
    " this site to store data."
)
NO_ROOM = "There isn't enough free storage to record. Free up some space and try again."
NEARLY_FULL = "Storage is nearly full: recording stops in about {time}."
FULL = "Storage is full, so the recording was stopped. It is complete up to here."
BROKE_OFF = (
    "The video encoder failed, so the recording ended. What was recorded until then is kept."
)
UNREADABLE = "Nothing could be read of this recording."
NOT_WHOLE = "The recording is complete, but some players can't jump to a place in it."
WAS_HIDDEN = (
    "Nothing was recorded for {time} while this tab was hidden: browsers show it no frames. The"
    " recording goes on."
)
LEFT = "A recording of {date} isn't saved yet ({facts})."
OF_NOTHING = "Nothing was recorded: no frame was analysed meanwhile."


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds: "0:07", "1:02:03"."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def facts(seconds: float, size: int, side: tuple[int, int] | None = None) -> str:
    """Return a line about a recording.

    Args:
        size: in bytes.
        side: width and height in pixels.
    """
    parts = [pixels(*side)] if side else []
    return " · ".join([*parts, clock(seconds), megabytes(size)])


def when(name: str) -> str:
    """Return the day and time in a recording's name, ``obscura-2026-11-30-142505.mp4``."""
    digits = name.removeprefix("working-").removeprefix("obscura-").partition(".")[0]
    day, _, time = digits.rpartition("-")
    return f"{day}, {time[:2]}:{time[2:4]}" if len(time) == 6 else digits
