"""What people read about several pictures. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.errors import ObscuraError
from obscura.page.words.notices import NOTICES
from obscura.page.words.times import duration

VIDEO = "Video. Open it to play it."
WAITING = "Not analysed yet"
NOTHING = "Nothing recognised"
HIDDEN = "Nothing at this confidence"
NO_MATCH = "No picture matches. Lower the confidence, or choose other objects."
EMPTY = "No pictures. Add some, or drop a folder here."
ANY = "Anything"
CLEARED = "The list is empty. Your files are untouched."
LIVE = "Waiting while the camera or video runs"
IN_VIEW = "Waiting for the picture in view"
NO_MODEL = "Waiting for the model"
PAUSED = "Paused"
STOPPED = "Stopped"
FULL = "This browser stores no more answers. Those that you see last until you close the page."
CANCELLED = "Cancelled. Nothing was saved."
NOTHING_TO_SAVE = "Nothing to save yet: no picture is analysed."
VEILED = "Nothing was saved: parts of pictures are hidden, and files would show them."
NO_ROOM = "The browser has no room for this file. Select fewer pictures."
FORMS = {
    "csv": "CSV",
    "jsonl": "JSON Lines",
    "json": "JSON",
    "coco": "COCO",
    "yolo": "YOLO",
    "coco-pictures": "COCO",
    "yolo-pictures": "YOLO",
    "pictures": "the pictures",
}
UNREAD = "Can't be opened"
FAILED = "Not analysed"


def position(number: int, count: int) -> str:
    """Return which of several pictures is in view; numbers begin with 1."""
    return f"{number} of {count}"


def models(added: str, left_out: Sequence[str]) -> str:
    """Return what happens to the models that were given together with pictures.

    Args:
        added: name of the file that is added.
        left_out: names of the models that are not.
    """
    sentence = f"“{added}” is being added as a model."
    if left_out:
        listed = ", ".join(f"“{name}”" for name in left_out)
        sentence += f" One model at a time: add {listed} separately."
    return sentence


def pictures(count: int) -> str:
    """Return a number of pictures.

    >>> pictures(1), pictures(5000)
    ('1 picture', '5,000 pictures')
    """
    return "1 picture" if count == 1 else f"{count:,} pictures"


def shown(matching: int, count: int, unreadable: int) -> str:
    """Return how many pictures match what a person has chosen, and how many cannot be opened."""
    words = pictures(count) if matching == count else f"{matching:,} of {pictures(count)}"
    return f"{words} · {unreadable:,} can't be opened" if unreadable else words


def progress(done: int, count: int, left_s: float | None) -> str:
    """Return how far the analysis is.

    Args:
        left_s: seconds that the rest will take; None where that is not known yet.
    """
    words = f"Analysed {done:,} of {count:,}"
    return words if left_s is None else f"{words} · about {duration(max(1.0, left_s))} left"


def stopped(why: str, waiting: int) -> str:
    """Return why the analysis does not go on, and how much is left of it."""
    return f"{why} · {pictures(waiting)} not analysed yet"


def saved(name: str, count: int, left_out: int, missing: int) -> str:
    """Return what was saved.

    Args:
        name: of the file.
        count: pictures in it.
        left_out: pictures that were to be in it and have no answer.
        missing: pictures of which the files could not be read.
    """
    sentence = f"Saved as {name}: {pictures(count)}."
    if left_out:
        sentence += f" Without {left_out:,} not analysed."
    if missing:
        sentence += f" {missing:,} could not be read any more."
    return sentence


def saving(form: str) -> str:
    """Return what is being saved; the bar beside it shows how far that is."""
    return f"Preparing {FORMS[form]}…"


def selected(count: int) -> str:
    """Return how many pictures are selected."""
    return "None selected" if not count else f"{count:,} selected"


def chip(label: str, count: int) -> str:
    """Return the words of one class of what is in a picture."""
    return label if count == 1 else f"{count} {label}"


def cause(error: ObscuraError) -> str:
    """Return why nothing is analysed, in a few words."""
    words = NOTICES.get(error.code)
    return words.title if words else str(error)


def failure(error: ObscuraError) -> str:
    """Return why a picture has no answer, and what to do, in a sentence."""
    words = NOTICES.get(error.code)
    return f"{words.title}. {words.why}" if words else str(error)
