"""Attributes: what heads find out about objects, kept for each track between the answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import Floats
from obscura.families.heads import Gives
from obscura.heads.contract import CropAnswer
from obscura.heads.crops import moved, to_frame
from obscura.heads.smoothing import Mean, OneEuro, Votes
from obscura.heads.turns import NAMELESS, WHOLE_FRAME
from obscura.update import Update

NO_CLASS = -1
"""Index of the class where none is known."""


@dataclass(slots=True)
class Known:
    """What is known of one object."""

    class_id: int = NO_CLASS
    class_score: float = 0.0
    numbers: dict[str, float] = field(default_factory=dict)
    points: Floats | None = None  # (P, 3): x, y in pixels of the source, score
    box: Floats = field(default_factory=lambda: np.zeros(4, np.float32))
    """Where the object was when the points were found."""
    votes: Votes = field(default_factory=Votes)
    means: dict[str, Mean] = field(default_factory=dict)
    filter: OneEuro = field(default_factory=OneEuro)


class Attributes:
    """Attributes of the objects that a head looked at, smoothed over each track."""

    def __init__(self, name: str, gives: Gives) -> None:
        self._name = name
        self._gives = gives
        self.reset()

    def reset(self) -> None:
        """Forget all objects."""
        self._known: dict[int, Known] = {}

    def begin(self, kept: Collection[int]) -> None:
        """Begin a frame: forget rows without a track, and all objects but these."""
        for key in [key for key in self._known if key <= NAMELESS or key not in kept]:
            del self._known[key]

    def take(
        self, key: int, box: Floats, crop: Floats, answer: CropAnswer, now: tuple[int, float]
    ) -> None:
        """Store what was found in the crop of an object.

        Args:
            key: of the object, see `obscura.heads.turns`.
            box: ``(4,)`` the object's own, in pixels of the source.
            crop: ``(4,)`` what was cut out.
            now: number and time of the frame.
        """
        known = self._known.setdefault(key, Known())
        time_s = now[1]
        if self._gives.classes and "probabilities" in answer.values:
            chances = np.asarray(answer.values["probabilities"], np.float64).ravel()
            if chances.size:
                known.class_id, known.class_score = known.votes.add(chances, time_s)
        for name in self._gives.numbers:
            if name in answer.values:
                mean = known.means.setdefault(name, Mean())
                number = float(np.asarray(answer.values[name]).reshape(-1)[0])
                known.numbers[name] = mean.add(number, time_s)
        if self._gives.points and len(answer.points):
            best = answer.points[int(answer.scores.argmax()) if len(answer.scores) else 0]
            xy = to_frame(crop, best[:, :2]).astype(np.float64)
            xy = known.filter.add(xy, float(box[3] - box[1]), time_s)
            known.points = np.concatenate([xy, best[:, 2:]], axis=1).astype(np.float32)
            known.box = box.copy()

    def of(self, key: int) -> Known | None:
        """Return what is known of an object."""
        return self._known.get(key)

    def arrays(self, keys: Sequence[int], xyxy: Floats) -> dict[str, NDArray[Any]]:
        """Return the arrays for `Detections.data`; rows of unknown objects have the empty value.

        Points are moved along with the box since they were found.

        Args:
            keys: of each row; `WHOLE_FRAME` for rows that the head does not look at.
            xyxy: ``(n, 4)`` where the objects are now.
        """
        count = len(keys)
        arrays: dict[str, NDArray[Any]] = {}
        if self._gives.classes:
            arrays[self._name] = np.full(count, NO_CLASS, np.int32)
            arrays[f"{self._name}_score"] = np.zeros(count, np.float32)
        for name in self._gives.numbers:
            arrays[name] = np.full(count, np.nan, np.float32)
        points = np.zeros((count, self._gives.points, 3), np.float32)
        for row, key in enumerate(keys):
            known = None if key == WHOLE_FRAME else self._known.get(key)
            if known is None:
                continue
            if self._gives.classes:
                arrays[self._name][row] = known.class_id
                arrays[f"{self._name}_score"][row] = known.class_score
            for name, number in known.numbers.items():
                arrays[name][row] = number
            if known.points is not None and known.points.shape == points.shape[1:]:
                points[row, :, :2] = moved(known.points[:, :2], known.box, xyxy[row])
                points[row, :, 2] = known.points[:, 2]
        if self._gives.points:
            arrays[self._name] = points
        return arrays


FORGET_S = 5.0
"""Time after which a track that has no key points is forgotten."""


class SteadyPoints:
    """A `Stage` behind the tracker that smooths ``data["keypoints"]`` of each track.

    Key points belong to rows that the detector or a head found before they were tracked, so they
    are smoothed here and not where they are found.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all tracks."""
        self._filters: dict[int, tuple[OneEuro, float]] = {}

    def update(self, update: Update) -> Update:
        """Return the update with smoothed key points; rows without a track keep theirs."""
        found, time_s = update.detections, update.frame.time_s
        points = found.data.get("keypoints")
        if points is None or found.track_id is None:
            return update
        smooth = points.copy()
        heights = (found.xyxy[:, 3] - found.xyxy[:, 1]).tolist()
        for row in np.flatnonzero((found.track_id >= 0) & points[:, :, 2].any(axis=1)).tolist():
            track = int(found.track_id[row])
            filtered, seen_s = self._filters.get(track, (OneEuro(), time_s))
            if not 0 <= time_s - seen_s <= FORGET_S:
                filtered = OneEuro()
            self._filters[track] = filtered, time_s
            xy = points[row, :, :2].astype(np.float64)
            smooth[row, :, :2] = filtered.add(xy, heights[row], time_s)
        kept = self._filters.items()
        self._filters = {n: each for n, each in kept if 0 <= time_s - each[1] <= FORGET_S}
        data = {**found.data, "keypoints": smooth}
        return replace(update, detections=found.replace(data=data))
