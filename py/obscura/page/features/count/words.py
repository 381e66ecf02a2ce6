"""What people read about counting. Pure Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the row of the feature is part of what a first detection fetches
    from obscura.counting.counter import LineCounter, ZoneCounter

KEYS = ("L", "draw a line to count at")
DRAWING = {
    "line": "Draw a line: press at one end, then at the other.",
    "zone": "Draw a zone: press at each corner, then at the first one again.",
}
NO_SOURCE = "Start the camera or open a video first."
CANVAS = "Lines and zones. Tab selects, arrows move, Delete deletes."
DONE = {
    "delete": "Deleted.",
    "undo": "Undone.",
    "redo": "Done again.",
    "clear": "All counts are 0.",
}


def line_counts(counter: LineCounter) -> str:
    """Return what was counted at a line."""
    totals = {"in": 0, "out": 0}
    for (_, direction), count in counter.counts.items():
        totals[direction] += count
    return f"in {totals['in']} · out {totals['out']}"


def zone_counts(counter: ZoneCounter) -> str:
    """Return who is in a zone, and how many have entered it."""
    return f"{counter.inside.total()} inside · {counter.entries.total()} entered"
