"""Detections: the objects found in one picture, as parallel arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import NDArray

Index = SupportsIndex | slice | Sequence[int] | NDArray[np.bool_] | NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The objects found in one picture: ``n`` rows, one per object, best first by convention.

    Immutable: the arrays are read-only copies. Index with a boolean mask, indices, a slice or one
    integer to get the Detections of those rows.

    >>> found = Detections([[0, 0, 4, 2], [1, 1, 3, 9]], score=[0.5, 0.75], class_id=[3, 1])
    >>> found[found.score > 0.6].class_id
    array([1], dtype=int32)
    >>> found.anchors("foot")
    array([[2., 2.],
           [2., 9.]], dtype=float32)

    Attributes:
        xyxy: ``(n, 4)`` float32, left, top, right, bottom in pixels of the source picture.
        score: ``(n,)`` float32, confidence in 0..1.
        class_id: ``(n,)`` int32, index into the labels of the model's card.
        track_id: ``(n,)`` int64, the same for the same object from frame to frame; None without
            tracking.
        data: further arrays of length ``n`` by name, of any dtype and further shape.

    Raises:
        ValueError: a field has the wrong shape or kind; the message names the field, what was
            wanted and what came.
    """

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int32]
    track_id: NDArray[np.int64] | None = None
    data: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        xyxy = np.asarray(self.xyxy)
        n = len(xyxy) if xyxy.ndim else 0
        _set(self, "xyxy", _checked("xyxy", xyxy, n))
        for name in _FIELDS[1:]:
            _set(self, name, _checked(name, getattr(self, name), n))

    @classmethod
    def empty(cls) -> Detections:
        """Return Detections without rows."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))

    @classmethod
    def concatenate(cls, parts: Iterable[Detections]) -> Detections:
        """Join detections, the rows of the first part first.

        Parts without rows add nothing and have no say in the fields of the result; if no part has
        rows, the result is the first part, or `empty` if there is none.

        Args:
            parts: detections in the same coordinates. `track_id` of the result is None unless all
                parts have it; `data` has the keys of the parts.

        Raises:
            ValueError: a key of `data` is missing in one of the parts, or its arrays differ in
                shape beyond their length.
        """
        given = list(parts)
        full = [part for part in given if len(part)]
        if len(full) < 2:
            return (full or given or [cls.empty()])[0]
        names = dict.fromkeys(name for part in full for name in part.data)
        for name in names:
            if not all(name in part.data for part in full):
                raise ValueError(f"data[{name!r}]: missing in one of the parts to be joined")
        tracks = [part.track_id for part in full if part.track_id is not None]
        return _trusted(
            np.concatenate([part.xyxy for part in full]),
            np.concatenate([part.score for part in full]),
            np.concatenate([part.class_id for part in full]),
            np.concatenate(tracks) if len(tracks) == len(full) else None,
            {name: np.concatenate([part.data[name] for part in full]) for name in names},
        )

    def replace(self, **fields: Any) -> Detections:
        """Return a copy with some fields exchanged; everything else stays, row by row.

        Args:
            fields: new values by the name of their field, for as many rows as there are now.

        Raises:
            TypeError: there is no field of that name.
            ValueError: a value has the wrong shape or kind, as on construction.
        """
        n = len(self)
        values = {
            name: _checked(name, fields.pop(name), n) if name in fields else getattr(self, name)
            for name in _FIELDS
        }
        if fields:
            raise TypeError(f"Detections has no field {', '.join(fields)}")
        return _trusted(**values)

    def anchors(self, where: Literal["centre", "foot"]) -> NDArray[np.float32]:
        """Return one point per row as ``(n, 2)`` float32, x and y in pixels of the source.

        Args:
            where: "centre" of the box, or "foot", the middle of its lower edge, where a thing
                touches the ground.

        Raises:
            ValueError: `where` is something else.
        """
        if where not in ("centre", "foot"):
            raise ValueError(f"where: wanted centre or foot, got {where}")
        points = (self.xyxy[:, :2] + self.xyxy[:, 2:]) / np.float32(2)
        if where == "foot":
            points[:, 1] = self.xyxy[:, 3]
        return points

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, index: Index) -> Detections:
        rows: Any = index if isinstance(index, (slice, Sequence, np.ndarray)) else [index]
        xyxy = self.xyxy[rows]
        if xyxy.ndim != 2:
            raise IndexError(f"wanted a mask, a list of rows, a slice or one row, got {index!r}")
        return _trusted(
            xyxy,
            self.score[rows],
            self.class_id[rows],
            None if self.track_id is None else self.track_id[rows],
            {name: array[rows] for name, array in self.data.items()},
        )

    def sorted(self) -> Detections:
        """Return the rows by descending score; equal scores keep their order."""
        return self[np.argsort(-self.score, kind="stable")]

    def to_records(self, labels: Sequence[str], digits: int = 4) -> list[dict[str, Any]]:
        """Return the rows as plain JSON types.

        Args:
            labels: name of each class, by class_id.
            digits: decimals kept of scores and coordinates.

        Returns:
            One ``{"label", "score", "box": [x1, y1, x2, y2], "track_id"}`` per row, boxes in
            pixels of the source, ``track_id`` None without tracking. ``data`` is left out.
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


_FIELDS = ("xyxy", "score", "class_id", "track_id", "data")
_COLUMNS = {"score": np.float32, "class_id": np.int32, "track_id": np.int64}
_set = object.__setattr__  # the only way to set a field of a frozen dataclass


def _checked(name: str, value: Any, n: int) -> Any:
    """Return the value of a field as read-only copies, checked to have ``n`` rows."""
    if name == "data":
        return {key: _frozen(f"data[{key!r}]", array, n) for key, array in value.items()}
    if name == "track_id" and value is None:
        return None
    if name != "xyxy":
        return _frozen(name, value, n, _COLUMNS[name], ndim=1)
    xyxy = np.asarray(value)
    if xyxy.ndim != 2 or xyxy.shape[1] != 4:
        raise ValueError(f"xyxy: wanted shape (n, 4), got {xyxy.shape}")
    return _frozen(name, xyxy, n, np.float32)


def _trusted(
    xyxy: NDArray[np.float32],
    score: NDArray[np.float32],
    class_id: NDArray[np.int32],
    track_id: NDArray[np.int64] | None,
    data: dict[str, NDArray[Any]],
) -> Detections:
    """Make Detections of arrays that nobody else can write to and whose form is known to be right.

    Skips the checks and copies of construction: this runs for every frame, in the browser too.
    """
    made = object.__new__(Detections)
    for name, array in (("xyxy", xyxy), ("score", score), ("class_id", class_id)):
        array.flags.writeable = False
        _set(made, name, array)
    if track_id is not None:
        track_id.flags.writeable = False
    for array in data.values():
        array.flags.writeable = False
    _set(made, "track_id", track_id)
    _set(made, "data", dict(data))  # a dict of its own, because dicts can be changed
    return made


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
