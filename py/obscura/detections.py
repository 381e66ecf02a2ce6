"""Detections: what was found in one picture, as parallel arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import NDArray

ATTRIBUTES = "attributes"
"""Key of `Detections.data`: ``(n,)`` dicts of plain JSON types, what heads found out about each row
(`obscura.heads.described`); an empty one for nothing."""

Index = SupportsIndex | slice | Sequence[int] | NDArray[np.bool_] | NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What was found in one picture: ``n`` rows, one per object, best first by convention.

    Immutable: the arrays are read-only copies. Index with a boolean mask, indices, a slice or one
    integer to get the Detections of those rows.

    >>> found = Detections(xyxy=[[0, 0, 10, 40], [5, 5, 9, 9]], score=[0.9, 0.4], class_id=[2, 0])
    >>> found[found.score > 0.5].anchors("foot")
    array([[ 5., 40.]], dtype=float32)
    >>> Detections.concatenate([found, found.replace(class_id=[1, 1])]).class_id
    array([2, 0, 1, 1], dtype=int32)

    Attributes:
        xyxy: ``(n, 4)`` float32, left, top, right, bottom in pixels of the source picture.
        score: ``(n,)`` float32, confidence in 0..1.
        class_id: ``(n,)`` int32, index into the labels of the model's card.
        track_id: ``(n,)`` int64, the same for the same object from frame to frame, negative where
            the tracker has given none; None without a tracker.
        data: more arrays of length ``n`` by name, of any dtype; they may have more axes. Of a model
            that finds key points, "keypoints" is ``(n, points, 3)`` float32: x, y in pixels of the
            source picture, and a score in 0..1 (1 if the model has none). Points may lie outside
            the box and the picture; their order is the model's. A row whose points all have the
            score 0 has none. For what heads add, see `obscura.heads.HeadStage` and `ATTRIBUTES`.

    Raises:
        ValueError: a field has the wrong shape or type; the message names the field, and says what
            was wanted and what was given.
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
        put = object.__setattr__  # a frozen dataclass cannot assign to itself
        put(self, "xyxy", _frozen("xyxy", xyxy, n, np.float32))
        put(self, "score", _frozen("score", self.score, n, np.float32, ndim=1))
        put(self, "class_id", _frozen("class_id", self.class_id, n, np.int32, ndim=1))
        if self.track_id is not None:
            put(self, "track_id", _frozen("track_id", self.track_id, n, np.int64, ndim=1))
        data = {name: _frozen(f"data[{name!r}]", a, n) for name, a in self.data.items()}
        put(self, "data", data)

    @classmethod
    def empty(cls) -> Detections:
        """Return Detections without rows."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))

    @classmethod
    def owning(
        cls,
        xyxy: NDArray[np.float32],
        score: NDArray[np.float32],
        class_id: NDArray[np.int32],
        track_id: NDArray[np.int64] | None = None,
        data: dict[str, NDArray[Any]] | None = None,
    ) -> Detections:
        """Return Detections of arrays that nobody else changes, unchecked: for each frame.

        The arrays, of the types and shapes that `Detections` says, are not copied, and read-only
        from now on.
        """
        made = object.__new__(cls)
        data = data or {}
        for array in (xyxy, score, class_id, *data.values()):
            array.setflags(write=False)
        if track_id is not None:
            track_id.setflags(write=False)
        put = object.__setattr__
        put(made, "xyxy", xyxy)
        put(made, "score", score)
        put(made, "class_id", class_id)
        put(made, "track_id", track_id)
        put(made, "data", data)
        return made

    @staticmethod
    def concatenate(parts: Iterable[Detections]) -> Detections:
        """Return the rows of several Detections, one after the other.

        Parts without rows are ignored, so that `empty` goes with everything.

        Args:
            parts: any number; of none, the result is `empty`.

        Returns:
            Detections with the ``track_id`` of all rows, or None if a part has none; and with the
            ``data`` of all rows.

        Raises:
            ValueError: an array of ``data`` is missing from a part, or its shape differs between
                parts in more than the length; names the array.
        """
        given = list(parts)
        parts = [part for part in given if len(part)] or given[:1]
        if len(parts) < 2:
            return parts[0] if parts else Detections.empty()
        tracks = [part.track_id for part in parts if part.track_id is not None]
        return Detections.owning(
            np.concatenate([part.xyxy for part in parts]),
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.class_id for part in parts]),
            np.concatenate(tracks) if len(tracks) == len(parts) else None,
            {
                name: _concatenated(name, [part.data.get(name) for part in parts])
                for name in dict.fromkeys(name for part in parts for name in part.data)
            },
        )

    def replace(self, **fields: Any) -> Detections:
        """Return a copy in which these fields are exchanged and all others are kept.

        Raises:
            ValueError: a field does not fit; see `Detections`.
            TypeError: there is no field of that name.
        """
        return Detections(**{**{name: getattr(self, name) for name in _FIELDS}, **fields})

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, index: Index) -> Detections:
        rows: Any = index if isinstance(index, (slice, Sequence, np.ndarray)) else [index]
        xyxy = self.xyxy[rows]
        if xyxy.ndim != 2:
            raise ValueError(f"xyxy: wanted shape (n, 4), got {xyxy.shape}")
        return Detections.owning(
            xyxy,
            self.score[rows],
            self.class_id[rows],
            None if self.track_id is None else self.track_id[rows],
            {name: array[rows] for name, array in self.data.items()},
        )

    def sorted(self) -> Detections:
        """Return the rows by descending score; rows of equal score keep their order."""
        return self[np.argsort(-self.score, kind="stable")]

    def anchors(self, where: Literal["centre", "foot"]) -> NDArray[np.float32]:
        """Return the point of each box that stands for the object.

        Args:
            where: "centre" of the box; or "foot", the middle of its lower edge, where an object
                that stands meets the ground.

        Returns:
            ``(n, 2)`` float32, x and y in pixels of the source picture.

        Raises:
            ValueError: `where` is something else.
        """
        if where not in ("centre", "foot"):
            raise ValueError(f'where: wanted "centre" or "foot", got {where!r}')
        middle = (self.xyxy[:, :2] + self.xyxy[:, 2:]) / np.float32(2)
        if where == "foot":
            middle[:, 1] = self.xyxy[:, 3]
        return middle

    def track_numbers(self) -> list[int | None]:
        """Return the track_id of each row; None where it has none."""
        if self.track_id is None:
            return [None] * len(self)
        return [track if track >= 0 else None for track in self.track_id.tolist()]

    def to_records(self, labels: Sequence[str], digits: int = 4) -> list[dict[str, Any]]:
        """Return the rows as plain JSON types.

        Args:
            labels: name of each class, by class_id.
            digits: number of decimals of scores and coordinates.

        Returns:
            One ``{"label", "score", "box": [x1, y1, x2, y2], "track_id"}`` per row, boxes in
            pixels of the source, ``track_id`` as in `track_numbers`. Rows that have key points
            also have ``"keypoints": [[x, y, score], ...]``; those that heads found out about,
            ``"attributes"`` by name; tracks ``"seen_s"``, for how long they have been in view. The
            rest of ``data`` is left out.
        """
        rows = zip(
            self.class_id.tolist(),
            self.score.tolist(),
            self.xyxy.tolist(),
            self.track_numbers(),
            strict=True,
        )
        records: list[dict[str, Any]] = [
            {
                "label": labels[class_id],
                "score": round(score, digits),
                "box": [round(edge, digits) for edge in box],
                "track_id": track,
            }
            for class_id, score, box, track in rows
        ]
        if "seen_s" in self.data:
            for record, seconds in zip(records, self.data["seen_s"].tolist(), strict=True):
                record["seen_s"] = round(seconds, 2)
        for record, more in zip(records, self.further_records(digits), strict=True):
            record.update(more)
        return records

    def further_records(self, digits: int = 4) -> list[dict[str, Any]]:
        """Return key points and attributes of each row as `to_records` has them; rows without
        either have an empty dict.

        Args:
            digits: number of decimals of key points.
        """
        records: list[dict[str, Any]] = [{} for _ in range(len(self))]
        points = self.data.get("keypoints")
        if points is not None:
            for row in np.flatnonzero(points[:, :, 2].any(axis=1)).tolist():
                rounded = [[round(x, digits) for x in point] for point in points[row].tolist()]
                records[row]["keypoints"] = rounded
        attributes = self.data.get(ATTRIBUTES)
        if attributes is not None:
            for record, known in zip(records, attributes.tolist(), strict=True):
                if known:
                    record[ATTRIBUTES] = known
        return records


_FIELDS = tuple(f.name for f in fields(Detections))


def _concatenated(name: str, arrays: Sequence[NDArray[Any] | None]) -> NDArray[Any]:
    """Return the arrays of one name in `Detections.data`, one after the other."""
    present = [array for array in arrays if array is not None]
    if len(present) < len(arrays):
        raise ValueError(
            f"data[{name!r}]: wanted in all parts, got {len(present)} of {len(arrays)}"
        )
    shapes = {array.shape[1:] for array in present}
    if len(shapes) > 1:
        raise ValueError(f"data[{name!r}]: wanted rows of one shape, got {sorted(shapes)}")
    return np.concatenate(present)


def _frozen(
    name: str, value: Any, n: int, dtype: type | None = None, ndim: int | None = None
) -> NDArray[Any]:
    """Return a read-only copy of ``value``; check its length n, and dtype and ndim if given."""
    array = np.asarray(value)
    if array.ndim == 0 or len(array) != n or (ndim is not None and array.ndim != ndim):
        raise ValueError(f"{name}: wanted length {n}, one entry per box, got shape {array.shape}")
    # Narrowing (float64 to float32) is fine; a change of kind (1.5 to class 1) would be a bug.
    # Most arrays have the type already: comparing types first saves a slow call.
    if (
        dtype is not None
        and array.dtype.type is not dtype
        and array.size
        and not np.can_cast(array.dtype, dtype, "same_kind")
    ):
        raise ValueError(f"{name}: wanted {np.dtype(dtype)}, got {array.dtype}")
    array = np.array(array, dtype)
    array.flags.writeable = False
    return array
