"""Added rows: what heads find within crops, as detections of the whole frame."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import Floats, area, clip
from obscura.detections import Detections
from obscura.heads.contract import CropAnswer
from obscura.heads.crops import moved, to_frame
from obscura.heads.turns import WHOLE_FRAME

COVERED = 0.6
"""Of two boxes, the worse one is the same object if they share more than this of the smaller one:
faces found in the frame and again in a person's crop, or cut off at the edge of a crop."""
HELD_S = 1.0
"""Time for which what was found in an object's crop moves along with the object."""
FRAME_HELD_S = 2.0
"""The same for what was found in the whole frame."""
LONGEST_S = 10.0
"""Both are held until it is looked at again, but not for longer than this: on slow devices, and
where other heads are dear, its turn comes late."""
LATE = 1.5
"""How many times the last interval between two looks is waited for the next one."""
MOST = 300
"""Rows that a head adds to a frame, at most."""


class _Found(NamedTuple):
    """What was found in the crop of one object."""

    box: Floats  # (4,) the object's, at that time
    xyxy: Floats  # (k, 4) in pixels of the source
    score: Floats  # (k,)
    points: Floats  # (k, P, 3) in pixels of the source
    frame: int
    time_s: float


class AddedRows:
    """Rows that a head found, kept and moved along between its answers."""

    def __init__(self, class_id: int, frames: int) -> None:
        """
        Args:
            class_id: index of the label among the pipeline's.
            frames: the head's cadence: until then its answer is the latest that can be.
        """
        self._class_id = class_id
        self._frames = frames
        self.reset()

    def reset(self) -> None:
        """Forget all rows."""
        self._found: dict[int, _Found] = {}
        self._interval_s = 0.0  # between the last two looks at the same object
        self._owners: list[tuple[int, Floats] | None] = []  # of what was found in the whole frame

    def begin(self, kept: Collection[int]) -> None:
        """Begin a frame: forget what was found in all objects but these."""
        for key in [key for key in self._found if key not in kept]:
            del self._found[key]

    def take(
        self, key: int, box: Floats, crop: Floats, answer: CropAnswer, now: tuple[int, float]
    ) -> None:
        """Store what was found in the crop of an object, see `Attributes.take`."""
        if key in self._found:
            self._interval_s = now[1] - self._found[key].time_s
        points = np.asarray(answer.points, np.float32)
        if len(points) != len(answer.boxes):  # the head gives none
            points = np.zeros((len(answer.boxes), 0, 3), np.float32)
        xy = to_frame(crop, points[..., :2])
        self._found[key] = _Found(
            box.copy(),
            to_frame(crop, np.asarray(answer.boxes, np.float32)),
            np.asarray(answer.scores, np.float32),
            np.concatenate([xy, points[..., 2:]], axis=-1).astype(np.float32),
            *now,
        )

    def join(
        self,
        found: Detections,
        places: Sequence[tuple[int, Floats]],
        size: tuple[int, int],
        now: tuple[int, float],
    ) -> Detections:
        """Return the detections with the added rows, best first.

        Args:
            found: all rows so far.
            places: key and box of what is in view.
            size: width and height of the frame.
            now: number and time of the frame.
        """
        rows = [
            self._frame_row(places, now) if key == WHOLE_FRAME else self._row(self._found[key], box)
            for key, box in places
            if key in self._found and self._holds(key, now)
        ]
        xyxy = np.concatenate([np.zeros((0, 4), np.float32), *(row[0] for row in rows)])
        xyxy = clip(xyxy.astype(np.float32), *size)
        score = np.concatenate([np.zeros(0, np.float32), *(row[1] for row in rows)]).clip(0, 1)
        count = max((row[2].shape[1] for row in rows), default=0)
        points = np.concatenate(
            [np.zeros((0, count, 3), np.float32), *(_padded(row[2], count) for row in rows)]
        )
        visible = np.flatnonzero(area(xyxy) > 0)
        visible = visible[np.argsort(-score[visible], kind="stable")][:MOST]
        new = Detections(
            xyxy[visible],
            score[visible],
            np.full(len(visible), self._class_id, np.int32),
            data={"keypoints": points[visible]} if count else {},
        )
        return merged(appended(found, new), self._class_id)

    def _holds(self, key: int, now: tuple[int, float]) -> bool:
        found = self._found[key]
        usual = FRAME_HELD_S if key == WHOLE_FRAME else HELD_S
        held = min(max(usual, LATE * self._interval_s), LONGEST_S)
        return now[0] - found.frame < self._frames or now[1] - found.time_s <= held

    def _frame_row(
        self, places: Sequence[tuple[int, Floats]], now: tuple[int, float]
    ) -> tuple[Floats, Floats, Floats]:
        """Return what was found in the whole frame: what lies within an object moves along with it,
        and goes with it."""
        found = self._found[WHOLE_FRAME]
        if found.frame == now[0]:
            self._owners = [_owner(box, places) for box in found.xyxy]
        boxes = dict(places)
        xyxy, points = found.xyxy.copy(), found.points.copy()
        stays = np.ones(len(xyxy), bool)
        for row, owner in enumerate(self._owners):
            if owner is None:
                continue
            key, old = owner
            stays[row] = key in boxes
            if stays[row]:
                xyxy[row] = moved(xyxy[row], old, boxes[key])
                points[row, :, :2] = moved(points[row, :, :2], old, boxes[key])
        return xyxy[stays], found.score[stays], points[stays]

    @staticmethod
    def _row(found: _Found, box: Floats) -> tuple[Floats, Floats, Floats]:
        points = found.points.copy()
        points[..., :2] = moved(points[..., :2], found.box, box)
        return moved(found.xyxy, found.box, box), found.score, points


def _owner(box: Floats, places: Sequence[tuple[int, Floats]]) -> tuple[int, Floats] | None:
    """Return key and box of the smallest object around the middle of a box; None if there is
    none."""
    middle = (box[:2] + box[2:]) / 2
    around = [
        (float(np.prod(other[2:] - other[:2])), key, other)
        for key, other in places
        if key != WHOLE_FRAME and (other[:2] <= middle).all() and (middle <= other[2:]).all()
    ]
    if not around:
        return None
    _, key, other = min(around, key=lambda each: each[:2])
    return key, other.copy()


def appended(found: Detections, new: Detections) -> Detections:
    """Return the rows of both, sorted by score.

    Arrays of data that one of them lacks are filled: floats with NaN, whole numbers and track_ids
    with -1, all else with zeros; key points with zeros, which is a point without a score.
    """
    if not len(new):
        return found
    names = dict.fromkeys([*found.data, *new.data])
    data = {
        name: np.concatenate(
            _alike(name, found.data.get(name), len(found), new.data.get(name), len(new))
        )
        for name in names
    }
    tracks = None
    if found.track_id is not None:
        none = np.full(len(new), -1, np.int64)
        tracks = np.concatenate([found.track_id, none])
    return Detections(
        np.concatenate([found.xyxy, new.xyxy]),
        np.concatenate([found.score, new.score]),
        np.concatenate([found.class_id, new.class_id]),
        tracks,
        data,
    ).sorted()


def merged(found: Detections, class_id: int) -> Detections:
    """Return the rows without those of the class that repeat a better one of it."""
    rows = np.flatnonzero(found.class_id == class_id)
    if len(rows) < 2:
        return found
    boxes = found.xyxy[rows].astype(np.float64)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    sizes = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    same = shared > COVERED * np.minimum(sizes[:, None], sizes[None])
    stays = np.ones(len(rows), bool)
    for place in np.argsort(-found.score[rows], kind="stable"):
        if stays[place]:
            stays &= ~same[place]
            stays[place] = True
    if stays.all():
        return found
    keep = np.ones(len(found), bool)
    keep[rows[~stays]] = False
    return found[keep]


def _alike(
    name: str, a: NDArray[Any] | None, a_rows: int, b: NDArray[Any] | None, b_rows: int
) -> list[NDArray[Any]]:
    """Return two arrays of data that can be joined, filled where one is missing or shorter."""
    if a is not None and b is not None:
        if name == "keypoints":
            count = max(a.shape[1], b.shape[1])
            return [_padded(a, count), _padded(b, count)]
        return [a, b]
    filled = [
        array if array is not None else _filled(name, rows, other)
        for array, rows, other in ((a, a_rows, b), (b, b_rows, a))
    ]
    return [array for array in filled if array is not None]


def _filled(name: str, rows: int, like: NDArray[Any] | None) -> NDArray[Any] | None:
    if like is None:
        return None
    shape = (rows, *like.shape[1:])
    # Points have a score, and are not there when it is 0.
    is_points = name == "keypoints" or like.ndim == 3
    value = {"f": 0 if is_points else np.nan, "i": -1}.get(like.dtype.kind, 0)
    return np.full(shape, value, like.dtype)


def _padded(points: Floats, count: int) -> Floats:
    """Return ``(k, P, 3)`` points with P raised to a number, by points without a score."""
    more = np.zeros((len(points), count - points.shape[1], 3), np.float32)
    return np.concatenate([points, more], axis=1)
