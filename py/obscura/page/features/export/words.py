"""What people read about exports and sessions. Pure Python."""

from __future__ import annotations

from obscura.page.words.text import megabytes
from obscura.page.words.times import clock

NOTHING_YET = "Start the camera or open a video. What is found in each frame is then kept."
NOTHING_KEPT = (
    "Nothing is kept yet. Press “Analyse all” below a video, or switch on “Keep every answer” and "
    "start the camera or a video."
)
CAMERA, NOW = "Camera", "now"
LONGEST = 23
"""Letters of a name in the list, where all of a line is to be read on a phone."""
FULL = "Storage is almost full, so nothing more is kept. What was kept until now is safe."
FAILED = "The browser couldn't store more, so nothing more is kept. What was stored is safe."
FORGOTTEN = "You deleted everything, so nothing is kept until you close this tab."
DELETED = "Deleted: {name}."
RESTORED = "{name} is back."
SAVED = "Saved as {name}"
CANCELLED = "Cancelled. Nothing was saved."
NO_EVENTS = "Nothing happened: no events to save."
WORKING = "Preparing {what}…"
NO_PICTURES = (
    "Nothing was saved: the pictures are to be hidden by now, or another video is in view."
)
CANCEL, END_REPLAY = "Cancel", "End the replay"
NOT_OPENED = "Cancelled."
OPENING = "Opening {name}…"
HASHING = "Comparing {name} with the session…"
REPLAYING = "Replaying {name}: boxes come from the session, nothing is analysed."
WAITING = "{name} is open. Now open its video: {video}."
NO_VIDEO = "{name} is open. It is of a camera, so there is no video to replay; Export has its data."
OTHER_FILE = "This is not the video of {name}: the files differ. Open {video}."
OTHER_SIZE = "This is not the video of {name}: the pictures differ in size. Open {video}."
TOO_LARGE = "The session is too large for a browser tab"
NO_HASH = "Replaying {name}. The session doesn't say which file it is of: check that boxes fit."
FORMS = {
    "jsonl": "JSON Lines",
    "csv": "CSV",
    "coco": "COCO",
    "yolo": "YOLO",
    "events": "events",
    "counts": "counts",
    "session": "the session",
}


def percent(done: float) -> str:
    """Return how much of something is done, 0 to 1."""
    return f"{round(done * 100)} %"


def kept(frames: int, size: int) -> str:
    """Return how much is kept.

    Args:
        size: bytes, about.
    """
    return f"{_frames(frames)} kept, about {megabytes(size)}"


def source(name: str, when: str, frames: int, complete: bool) -> str:
    """Return what the results of a source are called in the list.

    Args:
        when: they began; "" where that is unknown.

    >>> source("a.mp4", "now", 1200, True)
    'a.mp4, now, all 1,200 frames'
    >>> source("the bridge on a Sunday morning.mp4", "now", 1, False)
    'the bridge on…rning.mp4, now, 1 frame'
    """
    count = f"{'all ' if complete and frames > 1 else ''}{_frames(frames)}"
    short = name if len(name) <= LONGEST else f"{name[: LONGEST - 10]}…{name[-9:]}"
    return ", ".join(filter(None, [short, when, count]))


def facts(frames: int, begin_s: float, end_s: float, model: str, least: float) -> str:
    """Return a line about what is kept of a source."""
    span = clock(max(end_s - begin_s, 0.0))
    return f"{_frames(frames)} in {span} · {model} · everything from {round(least * 100)} % up"


def shown(threshold: float) -> str:
    """Return what the choice of the rows that are shown is called."""
    return f"What is shown now ({round(threshold * 100)} % and more)"


def everything(least: float) -> str:
    """Return what the choice of all rows is called."""
    return f"Everything that was kept ({round(least * 100)} % and more)"


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count:,} frames"
