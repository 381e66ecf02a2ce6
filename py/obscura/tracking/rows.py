"""Rows of detections as the tracker takes and shows them. Pure numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections

Facts = dict[str, NDArray[np.float64]]
"""What is known of each track, by name, see `Tracker.predict`: each ``(n,)``."""


def reaches(score: NDArray[np.float32], least: float) -> NDArray[np.bool_]:
    """Compare as float32, which scores come as: 0.9 there is a little less than 0.9."""
    reached: NDArray[np.bool_] = score >= np.float32(least)
    return reached


def followed(found: Detections, rows: NDArray[np.int64], facts: Facts) -> Detections:
    """Return the detections that have a track, in these rows, with what is known of it."""
    if len(rows) < len(found):
        found = found[rows]
    return Detections.owning(
        found.xyxy, found.score, found.class_id, found.track_id, {**found.data, **facts}
    )


def alone(found: Detections) -> Detections:
    """Return detections without a track, with the same arrays as `followed`."""
    none = np.zeros(len(found))
    facts = {"seen_s": none, "missed_s": none, "best": found.score.astype(np.float64)}
    return found.replace(data={**found.data, **facts})


def like(found: Detections, held: Detections) -> Detections:
    """Return tracks that were not found, with all arrays of those that were; 0 in what is new."""
    blank = {
        name: np.zeros((len(held), *array.shape[1:]), array.dtype)
        for name, array in found.data.items()
    }
    return held.replace(data=blank | held.data)
