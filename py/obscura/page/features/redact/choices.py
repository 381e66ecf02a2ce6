"""Who can be shown although others are hidden. Pure Python and numpy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from obscura.redaction.geometry import Box, area, boxes_of, is_within
from obscura.redaction.heads import FACE, HEAD_TRACKS, PERSON, head_part, names_of, repeated
from obscura.update import Update


class Choice(NamedTuple):
    """Somebody or something that can be shown."""

    track: int
    label: str
    box: Box
    """In pixels of the source."""


def choices_of(update: Update, labels: Sequence[str], kinds: Collection[str]) -> list[Choice]:
    """Return what can be shown in a frame, by number: people, and what else would be covered.

    A face goes with its person.

    Args:
        update: all that was found, with track_ids.
        labels: names of the classes, by class_id.
        kinds: what is hidden.
    """
    found = update.detections
    boxes, tracks, names = boxes_of(found.xyxy), found.track_numbers(), names_of(found, labels)
    again = repeated(found, names)
    rows = [
        row
        for row, (track, name) in enumerate(zip(tracks, names, strict=True))
        if track is not None and track < HEAD_TRACKS and row not in again
        if name == PERSON or name in kinds
    ]
    heads = [head_part(boxes[row]) for row in rows if names[row] == PERSON]
    return sorted(
        Choice(tracks[row] or 0, names[row], boxes[row])
        for row in rows
        if names[row] != FACE or not is_within(boxes[row], heads)
    )


def chosen_at(choices: Sequence[Choice], x: float, y: float) -> Choice | None:
    """Return the smallest that is at a place, in pixels of the source; None if nothing is."""
    there = [
        each
        for each in choices
        if each.box[0] <= x <= each.box[2] and each.box[1] <= y <= each.box[3]
    ]
    return min(there, key=lambda each: area(each.box), default=None)
