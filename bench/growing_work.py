"""What bench/growing.py times: frames of many objects, decoded, tracked and drawn. Pure Python."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from obscura.cards.card import InputSpec, ModelCard, ModelFile
from obscura.families.decode import Outputs, decode
from obscura.live.timing import median
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

WIDTH, HEIGHT = 1280, 720
STEP_S = 0.1
FRAMES, FIRST = 60, 10
"""Frames that are computed, and those of them that are not counted."""


def card(classes: int) -> ModelCard:
    """Return the card of a sealed model with this number of classes."""
    labels = tuple(f"class {index}" for index in range(classes))
    file = ModelFile("model.onnx", 1, "0" * 64)
    size = InputSpec(300, 300, "stretch")
    return ModelCard(
        "growing",
        "Growing",
        "",
        "ssd",
        labels,
        "MIT",
        file,
        {},
        size,
        None,
        1000,
        0.5,
        0.5,
        None,
        {},
    )


def outputs(index: int, count: int, classes: int) -> Outputs:
    """Return what a model finds in a frame: objects in rows that drift to the right and waver, each
    found twice, as SSD does it; the best rows first."""
    rows = np.arange(count)
    wide = max(1, int(np.ceil(np.sqrt(count * 16 / 9))))
    size = 0.75 / wide
    left = (rows % wide) / wide + 0.0004 * index + 0.003 * np.sin(index + rows)
    top = (rows // wide) * 16 / 9 / wide
    boxes = np.stack([left, top, left + size, top + size * 1.4], axis=1)
    again = boxes + size * 0.06
    scores = 0.9 + 0.05 * np.sin(0.7 * index + rows)
    order = np.argsort(-np.concatenate([scores, scores - 0.2]), kind="stable")
    return Outputs(
        np.concatenate([boxes, again]).astype(np.float32)[order],
        np.concatenate([scores, scores - 0.2]).astype(np.float32)[order],
        np.concatenate([rows, rows]).astype(np.int32)[order] % np.int32(classes),
    )


def costs(
    count: int, classes: int, draw: Callable[[Tracker, Update, Any], None] | None = None
) -> dict[str, float]:
    """Return the median milliseconds of each stage for a frame of `count` objects.

    Args:
        draw: draws an update of the tracker and the card; None to draw nothing.
    """
    model, tracker = card(classes), Tracker()
    tracker.use_card(model)
    spent: dict[str, list[float]] = {"decode": [], "track": [], "draw": []}
    for index in range(FRAMES):
        found, frame = (
            outputs(index, count, classes),
            FrameInfo(index, index * STEP_S, WIDTH, HEIGHT),
        )
        begun = time.perf_counter()
        detections = decode(found, model, (WIDTH, HEIGHT), threshold=tracker.options.live)
        decoded = time.perf_counter()
        update = tracker.visible(tracker.update(Update(frame, detections)), model.threshold)
        tracked = time.perf_counter()
        if draw is not None:
            draw(tracker, update, model)
        drawn = time.perf_counter()
        assert len(update.detections) == count
        if index >= FIRST:
            for stage, seconds in zip(
                spent, (decoded - begun, tracked - decoded, drawn - tracked), strict=True
            ):
                spent[stage].append(seconds * 1000)
    return {stage: median(ms) for stage, ms in spent.items() if ms}
