"""What people read about requests and about what is stored. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from obscura.page.words.text import megabytes

SETTINGS = "Settings"
OFFLINE_FILES = "Files for offline use"
USAGE = "Total (as the browser reports it)"
KEPT_NOTHING = "nothing: this browser doesn't let this site store anything"


def stored_for(sources: int) -> str:
    """Return for how many cameras and videos something is stored."""
    return "1 camera or video" if sources == 1 else f"{sources} cameras or videos"


class Kind(NamedTuple):
    """What may be stored on this device beside settings, networks and files for offline use.

    Attributes:
        title: its name in the list.
        listed: its name in the sentence of what is stored.
        asked: its name in the question whether to delete it.
        amount: returns the words for how much there is.
    """

    title: str
    listed: str
    asked: str
    amount: Callable[[int], str]


SHAPES = Kind("Lines and zones", "lines and zones", "your lines and zones", stored_for)
COUNTS = Kind("Counts over time", "counts", "the counts over time", stored_for)
RESULTS = Kind(
    "What was found in cameras and videos",
    "what was found in cameras and videos",
    "what was found in cameras and videos",
    stored_for,
)
PHOTOS = Kind(
    "What was found in photos",
    "what was found in photos",
    "what was found in photos",
    lambda _number: "for when you give them again",
)


RECORDINGS = Kind(
    "Recordings that were cut off",
    "recordings that were cut off",
    "the recordings that were cut off",
    str,
)


def kept(own: int, size: int, stored: Sequence[Kind] = ()) -> str:
    """Return what is stored on this device.

    Args:
        own: number of networks that the user added.
        size: of these, in bytes.
        stored: of what else there is any.
    """
    parts = ["your settings"]
    if own:
        parts.append(f"{own} model{'s' if own > 1 else ''} ({megabytes(size)})")
    return ", ".join([*parts, *(kind.listed for kind in stored)])


def delete_question(own: Sequence[str], files: int, stored: Sequence[Kind] = ()) -> str:
    """Return the question whether to delete everything stored, naming what that is.

    Args:
        own: titles of the networks that the user added.
        files: how many files are stored for offline use.
        stored: of what else there is any.
    """
    parts = ["your settings", *(kind.asked for kind in stored)]
    if own:
        several = f"the {len(own)} models" if len(own) > 1 else "the model"
        parts.append(f"{several} you added ({', '.join(own)})")
    if files:
        parts.append("the files for offline use")
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    warning = " Models you added can't be restored from here." if own else ""
    return f"Delete {listed} from this device?{warning}"


def camera_state(names: Sequence[str]) -> str:
    """Return whether cameras run, and their names where the browser gives them."""
    if not names:
        return "off"
    several = f" ({len(names)} cameras)" if len(names) > 1 else ""
    known = ", ".join(filter(None, names))
    return f"on{several}: {known}" if known else f"on{several}"


def screen_state(name: str | None) -> str:
    """Return whether a screen, window or tab is shared, and its name."""
    return "not shared" if name is None else f"shared: {name}"


def request(times: int, size: int) -> str:
    """Return the size of a downloaded file and, if more than once, how often it was requested."""
    shown = megabytes(size) if size else "size unknown"
    if times == 1:
        return shown
    return f"{shown}, requested twice" if times == 2 else f"{shown}, requested {times} times"
