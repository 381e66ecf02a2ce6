"""What people read about requests and about what is stored. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.page.words.text import megabytes

SETTINGS = "Settings"
OFFLINE_FILES = "Files for offline use"
COUNTS = "Counts over time"
ANSWERS = "Answers of cameras and videos"
RESULTS = "What was found in videos"
SHAPES = "Lines and zones"
USAGE = "Total (as the browser reports it)"
KEPT_NOTHING = "nothing: this browser doesn't let this site store anything"


def kept(
    own: int, size: int, counts: int = 0, drawn: int = 0, answers: int = 0, videos: int = 0
) -> str:
    """Return what is stored on this device.

    Args:
        own: number of models that the user added.
        size: of these, in bytes.
        counts: number of cameras and videos whose counts are stored.
        drawn: number of cameras and videos whose lines and zones are stored.
        answers: number of cameras and videos whose answers are stored.
        videos: number of videos for which is stored what was found.
    """
    parts = ["your settings"]
    if own:
        parts.append(f"{own} model{'s' if own > 1 else ''} ({megabytes(size)})")
    if drawn:
        parts.append("lines and zones")
    if counts:
        parts.append("counts")
    if answers:
        parts.append("answers")
    if videos:
        parts.append("what was found in videos")
    return ", ".join(parts)


def stored_for(sources: int) -> str:
    """Return for how many cameras and videos something is stored."""
    return "1 camera or video" if sources == 1 else f"{sources} cameras or videos"


def results(videos: int) -> str:
    """Return for how many videos it is stored what was found."""
    return "1 video" if videos == 1 else f"{videos} videos"


def delete_question(
    own: Sequence[str],
    files: int,
    counts: int = 0,
    drawn: int = 0,
    answers: int = 0,
    videos: int = 0,
) -> str:
    """Return the question whether to delete everything stored, naming what that is.

    Args:
        own: titles of the models that the user added.
        files: how many files are stored for offline use.
        counts: number of cameras and videos whose counts are stored.
        drawn: number of cameras and videos whose lines and zones are stored.
        answers: number of cameras and videos whose answers are stored.
        videos: number of videos for which is stored what was found.
    """
    parts = ["your settings"]
    if drawn:
        parts.append("your lines and zones")
    if counts:
        parts.append("the counts over time")
    if answers:
        parts.append("the answers of cameras and videos")
    if videos:
        parts.append("what was found in videos")
    if own:
        several = f"the {len(own)} models" if len(own) > 1 else "the model"
        parts.append(f"{several} you added ({', '.join(own)})")
    if files:
        parts.append("the files for offline use")
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    warning = " Models you added can't be restored from here." if own else ""
    return f"Delete {listed} from this device?{warning}"


def camera_state(name: str | None) -> str:
    """Return whether a camera runs, and its name if the browser gives one."""
    if name is None:
        return "off"
    return f"on: {name}" if name else "on"


def request(times: int, size: int) -> str:
    """Return the size of a downloaded file and, if more than once, how often it was requested."""
    shown = megabytes(size) if size else "size unknown"
    if times == 1:
        return shown
    return f"{shown}, requested twice" if times == 2 else f"{shown}, requested {times} times"
