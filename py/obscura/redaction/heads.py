"""Heads of people: where a face is, or may be though none was found. Pure Python and numpy.

A missed face is worse than a covered hat. So in each frame the head of everybody is covered in whom
no face was found, whether they are seen from behind, too far away, or the network missed them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from obscura.detections import Detections
from obscura.redaction.geometry import Box, boxes_of, is_within
from obscura.update import Update

FACE, PERSON = "face", "person"
HEAD_PART = 0.4
"""Part of a standing person's height, from the top, in which their head is, also with raised arms.
Of who is wider than that it is a square: heads are no higher than shoulders are wide."""
HEAD_TRACKS = 1 << 40
"""Added to the track_id of a person for that of their head; trackers count from 0."""
NO_TRACK = -1


def head_part(person: Box) -> Box:
    """Return the upper part of a person's box, in which their head is.

    >>> head_part((0, 0, 50, 200))
    (0, 0, 50, 80.0)
    >>> head_part((0, 0, 200, 180))
    (0, 0, 200, 180)
    """
    left, top, right, bottom = person
    height = bottom - top
    return left, top, right, top + min(height, max(right - left, HEAD_PART * height))


def with_heads(update: Update, labels: Sequence[str]) -> Update:
    """Return an update with a further row of class "face" for each person without one: the part of
    their box in which their head is.

    Whose face it is is not always clear where people overlap. Of a group whose heads and faces lie
    over each other, and in which there are fewer faces than people, all heads are added.

    Args:
        update: all that was found. Rows of people that have a track_id keep it, with `HEAD_TRACKS`.
        labels: names of the classes, by class_id; unchanged if "face" is not among them.
    """
    if FACE not in labels:
        return update
    found = update.detections
    boxes = boxes_of(found.xyxy)
    names = [labels[each] if each < len(labels) else "" for each in found.class_id.tolist()]
    people = [row for row, name in enumerate(names) if name == PERSON]
    heads = {row: head_part(boxes[row]) for row in people}
    faces = [box for box, name in zip(boxes, names, strict=True) if name == FACE]
    bare = _without_face(people, heads, faces)
    if not bare:
        return update
    tracks = found.track_numbers()
    numbers = [NO_TRACK if (track := tracks[row]) is None else HEAD_TRACKS + track for row in bare]
    more = Detections(
        np.array([heads[row] for row in bare], np.float32),
        found.score[bare],
        np.full(len(bare), labels.index(FACE), np.int32),
        np.array(numbers, np.int64),
    )
    known = found.track_id
    if known is None:
        known = np.full(len(found), NO_TRACK, np.int64)
    whole = Detections(
        np.concatenate([found.xyxy, more.xyxy]),
        np.concatenate([found.score, more.score]),
        np.concatenate([found.class_id, more.class_id]),
        np.concatenate([known, np.array(numbers, np.int64)]),
    )
    return replace(update, detections=whole)


def _without_face(people: list[int], heads: dict[int, Box], faces: list[Box]) -> list[int]:
    """Return the rows of people of whom it is not certain that their face was found."""
    group = {row: row for row in people}  # a row that stands for its group

    def of(row: int) -> int:
        while group[row] != row:
            row = group[row]
        return row

    counts = dict.fromkeys(people, 0)
    for face in faces:
        mine = [row for row in people if is_within(face, [heads[row]])]
        for row in mine[1:]:
            one, other = of(mine[0]), of(row)
            if one != other:
                group[other] = one
                counts[one] += counts[other]
        if mine:
            counts[of(mine[0])] += 1
    sizes: dict[int, int] = {}
    for row in people:
        sizes[of(row)] = sizes.get(of(row), 0) + 1
    return [row for row in people if counts[of(row)] < sizes[of(row)]]


def is_spared(
    row: int,
    boxes: Sequence[Box],
    tracks: Sequence[int | None],
    names: Sequence[str],
    spared: Collection[int],
) -> bool:
    """Whether what was found is not to be covered: a track that is spared, its head, or its face.

    A face is that of somebody who is spared only if it is where the head of nobody else is.

    Args:
        row: of what was found.
        boxes, tracks, names: of all that was found.
        spared: ids of tracks that are shown.
    """
    track = tracks[row]
    if track is not None and track >= HEAD_TRACKS:
        return track - HEAD_TRACKS in spared
    if track in spared:
        return True
    if names[row] != FACE or not spared:
        return False
    owners = [
        each in spared
        for box, each, name in zip(boxes, tracks, names, strict=True)
        if name == PERSON and is_within(boxes[row], [head_part(box)])
    ]
    return bool(owners) and all(owners)
