"""What people read about counting. Pure Python."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the row of the feature is part of what a first detection fetches
    from obscura.counting import Line, Shapes, Zone
    from obscura.counting.shapes import Point
    from obscura.page.features.count.editor import Editor
    from obscura.page.features.count.ledger import Ledger

KEYS = ("L", "draw a line to count at")
SELECT_KEYS = ("Tab, Enter", "in the picture: select a line or zone, then its points")
UNDO_KEYS = ("Ctrl Z, Ctrl Y", "undo, redo changes to lines and zones")
DRAWING = {
    "line": "Draw a line: press at one end, then at the other.",
    "zone": "Draw a zone: press at each corner, then at the first one again.",
}
NOTHING_IN = "This file has no lines and no zones. What you have drawn stays."
NEEDS_TRACKING = "Counting needs tracking, so it is off, too."
NO_SOURCE = "Start the camera or open a video first."
CANVAS = (
    "Lines and zones. Tab selects one, Enter its points, arrow keys move, Delete deletes. "
    "Control and Z undo. While you draw, Enter sets a point and Escape cancels."
)
DONE = {
    "finish": "",
    "cancel": "",
    "reverse": "In and out have changed places.",
    "delete": "Deleted. Undo brings it back.",
    "undo": "Undone.",
    "redo": "Done again.",
    "clear": "All counts are 0. Undo brings them back.",
}
IMPORTED = "{what} imported. Undo brings back what was here."
WAITING = "{what} imported. They are used once the camera or a video runs."
TOO_LARGE = "This file is too large to be one of lines and zones"
EDIT = "Edit {name}"
TAKEN = "Another line or zone is called “{name}”. Choose another name."
NAMELESS = "Give it a name of 1 to {most} letters."
FOREIGN = "The file of lines and zones is on another site"
MISSING = "There is no file of lines and zones at this address"
FILE_NAME = "obscura-lines-and-zones.json"


def bad_name(name: str, most: int) -> str:
    """Return why a line or zone cannot have this name.

    Args:
        most: letters of a name.
    """
    name = name.strip()
    return TAKEN.format(name=name) if 0 < len(name) <= most else NAMELESS.format(most=most)


def several(count: int, noun: str) -> str:
    """Return a number of things, such as "2 lines"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def what(shapes: Shapes) -> str:
    """Return how many lines and zones there are, such as "2 lines and 1 zone"."""
    parts = [
        several(count, noun)
        for count, noun in ((len(shapes.lines), "line"), (len(shapes.zones), "zone"))
        if count
    ]
    return " and ".join(parts) or "No lines and no zones"


def counts(ledger: Ledger, shape: Line | Zone, label: str | None = None) -> str:
    """Return what was counted at a line or in a zone.

    Args:
        label: name of the class; None for all of them.
    """
    sums = ledger.totals(shape.name, label)
    inside = ledger.inside.get(shape.name)
    if inside is None:
        return f"in {sums['in']} · out {sums['out']}"
    now = inside.total() if label is None else inside[label]
    return f"{now} inside · {sums['entered']} entered"


def caption(name: str, counted: str, fits: Callable[[str], bool]) -> str:
    """Return what is written at a line or zone in the picture. If it does not fit, its name is
    shortened, so that the numbers can be read.

    Args:
        counted: as `counts` returns it.
        fits: whether there is room for a text; of two, the longer one needs more.
    """
    whole = f"{name}: {counted}"
    if fits(whole):
        return whole
    lengths = range(1, len(name))
    least = bisect_left(lengths, True, key=lambda kept: not fits(f"{name[:kept]}…: {counted}"))
    return f"{name[: max(1, least)].rstrip()}…: {counted}"


def counts_by_class(ledger: Ledger, shape: Line | Zone) -> list[str]:
    """Return what was counted of each class; nothing if it was one only."""
    labels = ledger.labels(shape.name)
    if len(labels) < 2:
        return []
    return [f"{label} {counts(ledger, shape, label)}" for label in labels]


def where(editor: Editor) -> str:
    """Return what a screen reader says after a key: where the point is that keys move."""
    if editor.drawing:
        return f"{ordinal(editor)} at {percent(editor.place)}" if editor.place else ""
    if editor.chosen is None:
        return ""
    name, point = editor.chosen
    if point is None or editor.place is None:
        return f"{name} selected"
    return f"{name}, point {point + 1} at {percent(editor.place)}"


def ordinal(editor: Editor) -> str:
    """Return the name of the point that is placed next."""
    if editor.drawing == "line":
        return "End" if editor.draft else "Start"
    return f"Corner {len(editor.draft) + 1}"


def percent(point: Point) -> str:
    """Return where a point of the picture is."""
    return f"{point[0]:.0%} across, {point[1]:.0%} down"
