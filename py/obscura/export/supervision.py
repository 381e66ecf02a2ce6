"""Supervision: detections as `supervision` has them, and back.

That library draws, counts and evaluates; it is imported only when this is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from obscura.detections import Detections
from obscura.extras import need

NAME = "class_name"
"""Under which supervision keeps the names of classes, row by row."""


def to_supervision(found: Detections, labels: Sequence[str]) -> Any:
    """Return a ``supervision.Detections`` of the same rows, with copies of all arrays.

    Args:
        found: the rows; what ``data`` has goes along, key points and attributes too.
        labels: names of the classes, by class_id.

    Raises:
        ToolMissing: supervision is not installed.
    """
    theirs = need("supervision", "This is for supervision", "supervision")
    names = np.array([labels[each] for each in found.class_id.tolist()], dtype=np.str_)
    return theirs.Detections(
        xyxy=found.xyxy.copy(),
        confidence=found.score.copy(),
        class_id=found.class_id.astype(np.int64),
        tracker_id=None if found.track_id is None else found.track_id.copy(),
        data={**{name: array.copy() for name, array in found.data.items()}, NAME: names},
    )


def from_supervision(theirs: Any) -> Detections:
    """Return the rows of a ``supervision.Detections``.

    Rows without scores have the score 1, and rows without classes the class 0. Masks are left out,
    and so are the names of classes, which are the model's.

    Raises:
        ValueError: an array has another length or type; the message names it.
    """
    count = len(theirs.xyxy)
    scores, classes = theirs.confidence, theirs.class_id
    return Detections(
        xyxy=theirs.xyxy,
        score=np.ones(count, np.float32) if scores is None else scores,
        class_id=np.zeros(count, np.int32) if classes is None else classes,
        track_id=theirs.tracker_id,
        data={name: np.asarray(each) for name, each in theirs.data.items() if name != NAME},
    )
