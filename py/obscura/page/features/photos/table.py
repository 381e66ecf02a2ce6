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


class Table:
    """Rows of pictures, by the number of the picture. A row takes 28 bytes."""

    def __init__(self) -> None:
        self._count = 0
        self._rows = _empty(FIRST_ROWS)
        self._spans: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return self._count

    def __contains__(self, picture: int) -> bool:
        return picture in self._spans

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, of which a part may not be in use yet."""
        return int(sum(array.nbytes for array in self._rows.values()))

    def add(self, picture: int, found: Detections) -> None:
        """Add what was found in a picture, best first; it must not be there yet."""
        if picture in self._spans:
            raise ValueError(f"picture: {picture} is there already")
        found = found[:MOST_ROWS]
        start, stop = self._count, self._count + len(found)
        while stop > len(self._rows["score"]):
            more = _empty(len(self._rows["score"]))
            self._rows = {name: np.concatenate([a, more[name]]) for name, a in self._rows.items()}
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
        start, stop = self._spans.get(picture, (0, 0))
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


def _empty(rows: int) -> dict[str, NDArray[Any]]:
    return {
        "xyxy": np.zeros((rows, 4), np.float32),
        "score": np.zeros(rows, np.float32),
        "class_id": np.zeros(rows, np.int32),
        "picture": np.zeros(rows, np.int32),
    }
