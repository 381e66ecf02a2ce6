"""Detections: what was found in one picture, as parallel arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

Index = SupportsIndex | slice | Sequence[int] | NDArray[np.bool_] | NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What was found in one picture: ``n`` rows, one per object, best first by convention.

    Immutable: the arrays are read-only copies. Index with a boolean mask, indices, a slice or one
    integer to get the Detections of those rows.

    Attributes:
        xyxy: ``(n, 4)`` float32, left, top, right, bottom in pixels of the source picture.
        score: ``(n,)`` float32, confidence in 0..1.
        class_id: ``(n,)`` int32, index into the labels of the model's card.
        track_id: ``(n,)`` int64, the same for the same object from frame to frame; None if
            nobody tracks.
        data: further arrays of length ``n`` by name, of any dtype and further shape.

    Raises:
        ValueError: a field has the wrong shape or kind; names it, what was wanted and what came.
    """

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int32]
    track_id: NDArray[np.int64] | None = None
    data: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        xyxy = np.asarray(self.xyxy)
        if xyxy.ndim != 2 or xyxy.shape[1] != 4:
            raise ValueError(f"xyxy: wanted shape (n, 4), got {xyxy.shape}")
        n = len(xyxy)
        put = object.__setattr__  # the way in for a frozen dataclass
        put(self, "xyxy", _frozen("xyxy", xyxy, n, np.float32))
        put(self, "score", _frozen("score", self.score, n, np.float32, ndim=1))
        put(self, "class_id", _frozen("class_id", self.class_id, n, np.int32, ndim=1))
        if self.track_id is not None:
            put(self, "track_id", _frozen("track_id", self.track_id, n, np.int64, ndim=1))
        data = {name: _frozen(f"data[{name!r}]", a, n) for name, a in self.data.items()}
        put(self, "data", data)

    @classmethod
    def empty(cls) -> Detections:
        """Return Detections of no rows."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, index: Index) -> Detections:
        rows: Any = index if isinstance(index, (slice, Sequence, np.ndarray)) else [index]
        return Detections(
            self.xyxy[rows],
            self.score[rows],
            self.class_id[rows],
            None if self.track_id is None else self.track_id[rows],
            {name: array[rows] for name, array in self.data.items()},
        )

    def sorted(self) -> Detections:
        """Return the rows by descending score; equal ones keep their order."""
        return self[np.argsort(-self.score, kind="stable")]

    def to_records(self, labels: Sequence[str], digits: int = 4) -> list[dict[str, Any]]:
        """Return the rows as plain JSON types.

        Args:
            labels: name of each class, by class_id.
            digits: decimals kept of scores and coordinates.

        Returns:
            One ``{"label", "score", "box": [x1, y1, x2, y2], "track_id"}`` per row, boxes in
            pixels of the source, ``track_id`` None where nobody tracks. ``data`` stays out.
        """
        tracks = [None] * len(self) if self.track_id is None else self.track_id.tolist()
        rows = zip(
            self.class_id.tolist(), self.score.tolist(), self.xyxy.tolist(), tracks, strict=True
        )
        return [
            {
                "label": labels[class_id],
                "score": round(score, digits),
                "box": [round(edge, digits) for edge in box],
                "track_id": track,
            }
            for class_id, score, box, track in rows
        ]


def _frozen(
    name: str, value: Any, n: int, dtype: type | None = None, ndim: int | None = None
) -> NDArray[Any]:
    """Return a read-only copy of ``value``, checked: length n, and dtype and ndim if given."""
    array = np.asarray(value)
    if array.ndim == 0 or len(array) != n or (ndim is not None and array.ndim != ndim):
        raise ValueError(f"{name}: wanted length {n}, one entry per box, got shape {array.shape}")
    # Narrowing (float64 to float32) is fine; a change of kind (1.5 to class 1) would be a bug.
    if dtype is not None and array.size and not np.can_cast(array.dtype, dtype, "same_kind"):
        raise ValueError(f"{name}: wanted {np.dtype(dtype)}, got {array.dtype}")
    array = np.array(array, dtype)
    array.flags.writeable = False
    return array
