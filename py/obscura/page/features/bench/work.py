"""Input and statistics of the benchmark: generated rows of any number, medians. Pure Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.families.decode import Outputs
from obscura.live.timing import median, quantile
from obscura.update import FrameInfo, Update

BOXES = (0, 10, 30, 100, 200, 300)
CLASSES = (1, 10, 80, 300, 1000)
ROWS = 100
"""Number of boxes in the measurement by number of classes."""
TRACKED = (2, 20, 100)
"""Numbers of objects that the tracker follows."""
FPS = 15


def boxes_in_view(count: int, classes: int) -> Outputs:
    """Return `count` boxes on a grid, none overlapping another, all with a high score.

    Returns:
        boxes float32 ``(count, 4)`` xyxy in 0..1, scores falling from 0.99, classes in turn.
    """
    side = max(1, int(np.ceil(np.sqrt(count))))
    place = np.arange(count)
    left, top = (place % side) / side, (place // side) / side
    size = 0.8 / side
    boxes = np.stack([left, top, left + size, top + size], axis=1).astype(np.float32)
    scores = np.linspace(0.99, 0.6, count, dtype=np.float32)
    return Outputs(boxes, scores, (place % classes).astype(np.int32))


def walk(count: int, index: int) -> Update:
    """Return a frame in which this many objects have walked on; like detections, they tremble.

    Args:
        count: number of objects.
        index: of the frame, at `FPS` frames a second.
    """
    side = max(1, int(np.ceil(np.sqrt(count))))
    size = 600 / side
    place = np.arange(count)
    left = (place % side) * size + 1.5 * index
    top = place // side * size
    tremble = np.sin(place * 7 + index * 3)
    boxes = np.stack([left, top, left + 0.4 * size, top + 0.8 * size], axis=1)
    boxes += 0.01 * size * tremble[:, None]
    scores = (0.94 + 0.03 * tremble).astype(np.float32)
    found = Detections(boxes.astype(np.float32), scores, np.zeros(count, np.int32))
    return Update(FrameInfo(index, index / FPS, 1280, 720), found)


def with_classes(card: ModelCard, count: int) -> ModelCard:
    """Return the card as of a model with this number of classes."""
    labels = tuple(f"class {number + 1}" for number in range(count))
    return dataclasses.replace(card, labels=labels)


def summary(frames: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Summarise the time of frames, given the milliseconds of each by stage.

    Returns:
        ``median`` and ``p95`` of whole frames, ``stages`` (the median of each), and ``count``.
    """
    totals = [sum(frame.values()) for frame in frames]
    return {
        "count": len(frames),
        "median": median(totals),
        "p95": quantile(totals, 0.95),
        "stages": medians(frames),
    }


def medians(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median of each key over rows that have the same keys."""
    return {key: median([row[key] for row in rows]) for key in rows[0]}
