"""What people read about requests and about what is stored. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.page.words.text import megabytes

SETTINGS = "Settings"
OFFLINE_FILES = "Files for offline use"
COUNTS = "Counts over time"
PHOTOS = "What was found in photos"
PHOTOS_STORED = "for when you give them again"
SHAPES = "Lines and zones"
USAGE = "Total (as the browser reports it)"
KEPT_NOTHING = "nothing: this browser doesn't let this site store anything"


def kept(own: int, size: int, counts: int = 0, drawn: int = 0, *, photos: bool = False) -> str:
    """Return what is stored on this device.

    Args:
        own: number of models that the user added.
        size: of these, in bytes.
        counts: number of cameras and videos whose counts are stored.
        drawn: number of cameras and videos whose lines and zones are stored.
        photos: whether it is stored what was found in photos.
    """
    parts = ["your settings"]
    if own:
        parts.append(f"{own} model{'s' if own > 1 else ''} ({megabytes(size)})")
    if drawn:
        parts.append("lines and zones")
    if counts:
        parts.append("counts")
    if photos:
        parts.append("what was found in photos")
    return ", ".join(parts)


def stored_for(sources: int) -> str:
    """Return for how many cameras and videos something is stored."""
    return "1 camera or video" if sources == 1 else f"{sources} cameras or videos"


def delete_question(
    own: Sequence[str], files: int, counts: int = 0, drawn: int = 0, *, photos: bool = False
) -> str:
    """Return the question whether to delete everything stored, naming what that is.

    Args:
        own: titles of the models that the user added.
        files: how many files are stored for offline use.
        counts: number of cameras and videos whose counts are stored.
        drawn: number of cameras and videos whose lines and zones are stored.
        photos: whether it is stored what was found in photos.
    """
    parts = ["your settings"]
    if drawn:
        parts.append("your lines and zones")
    if counts:
        parts.append("the counts over time")
    if photos:
        parts.append("what was found in photos")
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
