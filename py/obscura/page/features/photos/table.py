"""Table: what was found in many pictures, row by row in flat arrays. Pure Python.

Rows are kept down to `live.results.LEAST`, so that a higher threshold needs no new inference:
non-maximum suppression goes from the best row down, so what is left of the rows above a threshold
is what the same suppression leaves of these rows alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections

MOST_ROWS = 100
"""Rows of a picture that are kept, the best of them."""
FIRST_ROWS = 256
NOWHERE = -1


class Table:
    """Rows of pictures, by the number of the picture. A row takes 28 bytes, a picture 8."""

    def __init__(self) -> None:
        self._count = 0
        self._rows: dict[str, NDArray[Any]] = {
            "xyxy": np.zeros((FIRST_ROWS, 4), np.float32),
            "score": np.zeros(FIRST_ROWS, np.float32),
            "class_id": np.zeros(FIRST_ROWS, np.int32),
            "picture": np.zeros(FIRST_ROWS, np.int32),
        }
        # Of each picture the first row, and the one after its last.
        self._spans = np.full((FIRST_ROWS, 2), NOWHERE, np.int32)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, picture: int) -> bool:
        return bool(picture < len(self._spans) and self._spans[picture, 0] != NOWHERE)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, of which a part may not be in use yet."""
        return int(sum(array.nbytes for array in (*self._rows.values(), self._spans)))

    def add(self, picture: int, found: Detections) -> None:
        """Add what was found in a picture, best first; it must not be there yet."""
        if picture in self:
            raise ValueError(f"picture: {picture} is there already")
        found = found[:MOST_ROWS]
        start, stop = self._count, self._count + len(found)
        for name in self._rows:  # one after another, so that no two are there twice
            self._rows[name] = _grown(self._rows[name], stop)
        self._spans = _grown(self._spans, picture + 1, NOWHERE)
        columns = {
            "xyxy": found.xyxy,
            "score": found.score,
            "class_id": found.class_id,
            "picture": picture,
        }
        for name, values in columns.items():
            self._rows[name][start:stop] = values
        self._spans[picture] = (start, stop)
        self._count = stop

    def of(self, picture: int) -> Detections:
        """Return what was found in a picture; nothing if it is not there."""
        start, stop = self._spans[picture].tolist() if picture in self else (0, 0)
        rows = {name: self._rows[name][start:stop] for name in ("xyxy", "score", "class_id")}
        return Detections(rows["xyxy"], rows["score"], rows["class_id"])

    def shown(
        self, threshold: float, classes: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """Return the pictures, classes and scores of the rows that are shown.

        Args:
            threshold: the lowest score.
            classes: ``(labels,)``, which classes are shown; None for all.
        """
        score = self._rows["score"][: self._count]
        class_id = self._rows["class_id"][: self._count]
        wanted = score >= np.float32(threshold)
        if classes is not None:
            wanted &= classes[class_id]
        return self._rows["picture"][: self._count][wanted], class_id[wanted], score[wanted]


def _grown(array: NDArray[Any], length: int, fill: int = 0) -> NDArray[Any]:
    """Return an array, or a larger copy of it if it is not that long."""
    if length <= len(array):
        return array
    grown = np.full((max(length, len(array) * 3 // 2), *array.shape[1:]), fill, array.dtype)
    grown[: len(array)] = array
    return grown
