"""Heads of people: where a face is, or may be though none was found. Pure Python and numpy.

A missed face is worse than a covered hat. So in each frame the head of everybody is covered in whom
no face was found, whether they are seen from behind, too far away, or the network missed them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.redaction.geometry import Box, area, boxes_of, is_within
from obscura.update import Update

FACE, PERSON = "face", "person"
HEAD_PART = 0.4
"""Part of a standing person's height, from the top, in which their head is, also with raised arms.
Of who is wider than that it is a square: heads are no higher than shoulders are wide."""
LESS, SHARED = 0.5, 0.75
"""Of two boxes of people, the one with less than this part of the other's score, and more than this
part of itself inside the other, is the same person."""
FACE_MARGINS = (0.5, 0.7, 0.5, 0.35)
"""By how much a face is grown to the left, to the top, to the right and to the bottom, in sides of
its box: networks find it from the eyebrows to the chin, and people are known by more than that."""
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


def with_heads(update: Update, labels: Sequence[str], least: float = 1.0) -> Update:
    """Return an update in which faces are grown by `FACE_MARGINS`, with a further "face" for each
    person without one: the part of their box in which their head is.

    Whose face it is is not always clear where people overlap. Of a group whose heads and faces lie
    over each other, and in which there are fewer faces than people, all heads are added.

    Args:
        update: all that was found. The new rows have the track_id of the person plus `HEAD_TRACKS`.
        labels: names of the classes, by class_id; unchanged if "face" is not among them.
        least: lowest score of people who have no track_id although there is a tracker. At low
            scores much is taken for somebody once; who runs through the picture may be out of
            view before they have a track.
    """
    if FACE not in labels:
        return update
    found = update.detections
    boxes = boxes_of(found.xyxy)
    names = names_of(found, labels)
    again = repeated(found, names)
    tracks = found.track_numbers()
    people = [
        row
        for row, name in enumerate(names)
        if name == PERSON and row not in again
        if found.track_id is None or tracks[row] is not None or found.score[row] >= least
    ]
    heads = {row: head_part(boxes[row]) for row in people}
    faces = [box for box, name in zip(boxes, names, strict=True) if name == FACE]
    bare = _without_face(people, heads, faces)
    if not bare and not faces:
        return update
    grown = found.xyxy + _margins(found.xyxy, found.class_id == labels.index(FACE))
    numbers = [NO_TRACK if (track := tracks[row]) is None else HEAD_TRACKS + track for row in bare]
    more = Detections(
        np.array([heads[row] for row in bare], np.float32).reshape(-1, 4),
        found.score[bare],
        np.full(len(bare), labels.index(FACE), np.int32),
        np.array(numbers, np.int64),
    )
    known = found.track_id
    if known is None:
        known = np.full(len(found), NO_TRACK, np.int64)
    whole = Detections(
        np.concatenate([grown, more.xyxy]),
        np.concatenate([found.score, more.score]),
        np.concatenate([found.class_id, more.class_id]),
        np.concatenate([known, np.array(numbers, np.int64)]),
    )
    return replace(update, detections=whole)


def _margins(xyxy: NDArray[np.float32], are_faces: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return what is added to the edges of boxes: margins to those of faces."""
    width, height = xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]
    left, top, right, bottom = FACE_MARGINS
    edges = [-left * width, -top * height, right * width, bottom * height]
    return (np.stack(edges, axis=1) * are_faces[:, None]).astype(np.float32)


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


def numbered(update: Update, least: float, own: int) -> Update:
    """Return what to cover in a picture of its own, each row with a number as its track_id:
    from 1, from left to right, the model's rows before those that were added.

    So the model's rows have the same numbers whatever is looked for besides.

    Args:
        update: all that was found.
        least: lowest score of the model's rows.
        own: number of the model's classes.
    """
    found = update.detections
    found = found[(found.class_id >= own) | (found.score >= np.float32(least))]
    found = found[np.lexsort((found.xyxy[:, 0], found.class_id >= own))]
    numbers = np.arange(1, len(found) + 1)
    return replace(update, detections=found.replace(track_id=numbers))


def spared_rows(found: Detections, labels: Sequence[str], spared: Collection[int]) -> list[bool]:
    """Return for each row whether it is not to be covered: a track that is spared, its head, its
    face, or the same person once more.

    A face is that of somebody who is spared only if it is where the head of nobody else is.

    Args:
        found: all that was found.
        labels: names of the classes, by class_id.
        spared: ids of tracks that are shown.
    """
    if not spared:
        return [False] * len(found)
    boxes, tracks, names = boxes_of(found.xyxy), found.track_numbers(), names_of(found, labels)
    again = repeated(found, names)
    shown = [
        track in spared or (track is not None and track - HEAD_TRACKS in spared) for track in tracks
    ]
    shown = [shown[again.get(row, row)] for row in range(len(found))]
    people = [row for row, name in enumerate(names) if name == PERSON and row not in again]
    for row, name in enumerate(names):
        if name == FACE and (track := tracks[row] or 0) < HEAD_TRACKS and track not in spared:
            owners = [each for each in people if is_within(boxes[row], [head_part(boxes[each])])]
            shown[row] = bool(owners) and all(shown[each] for each in owners)
    return shown


def repeated(found: Detections, names: Sequence[str]) -> dict[int, int]:
    """Return the rows of people who are the better part of somebody else and much less certain,
    with the row of that one: the same person once more, as detectors have it at low scores."""
    boxes, scores = boxes_of(found.xyxy), found.score.tolist()
    people = [row for row, name in enumerate(names) if name == PERSON]
    again: dict[int, int] = {}
    for row in people:
        for other in people:
            if scores[row] < LESS * scores[other] and _inside(boxes[row], boxes[other]) > SHARED:
                again[row] = other
                break
    return {row: again.get(other, other) for row, other in again.items()}


def names_of(found: Detections, labels: Sequence[str]) -> list[str]:
    """Return the class of each row; "" for one without a label."""
    return [labels[each] if each < len(labels) else "" for each in found.class_id.tolist()]


def _inside(box: Box, other: Box) -> float:
    """Return the part of a box that is inside another."""
    width, height = (
        min(box[2], other[2]) - max(box[0], other[0]),
        min(box[3], other[3]) - max(box[1], other[1]),
    )
    return max(width, 0.0) * max(height, 0.0) / max(area(box), 1e-9)
