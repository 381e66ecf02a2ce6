"""What bench/tracking/drawing.py runs in the page, which calls `report`."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
from js import document

from obscura.detections import Detections
from obscura.live.timing import median, quantile
from obscura.page.browser.canvas import new_path
from obscura.page.features.track.glide import Glide
from obscura.page.features.track.trails import Trails
from obscura.page.stage.overlay import Overlay
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

CLASSES = 5
LABELS = tuple(f"class {index}" for index in range(CLASSES))
STEP_S, FRAME_MS = 0.1, 1000 / 60
FRAMES = 400


def found(index: int, count: int, *, moving: bool) -> Detections:
    """Return objects that walk to the right, in rows over the whole picture."""
    rows = np.arange(count)
    left = 20 + 60 * (rows % 18) + (index * 6.0 if moving else 0)
    top = 20 + 200 * (rows // 18)
    boxes = np.stack([left, top, left + 50, top + 150], axis=1)
    return Detections(boxes, np.full(count, 0.9), (rows % CLASSES).astype(np.int32))


def costs(count: int, *, moving: bool) -> list[float]:
    """Return milliseconds of each frame of the display."""
    canvas = document.createElement("canvas")
    canvas.style.cssText = "position: fixed; inset: 0; width: 1280px; height: 720px"
    document.body.append(canvas)
    overlay, tracker, trails = Overlay(canvas), Tracker(), Trails(new_path)
    overlay.layers.append(trails)
    now = [0.0]
    analysis: Any = SimpleNamespace(update=None, answer=None)
    glide = Glide(
        analysis,
        tracker,
        moving=lambda: True,
        showing_ms=lambda: now[0],
        now_ms=lambda: now[0],
    )
    overlay.motion = glide.moved
    times = []
    for index in range(FRAMES // 6):
        update = tracker.update(
            Update(FrameInfo(index, index * STEP_S, 1280, 720), found(index, count, moving=moving))
        )
        update = tracker.visible(update, 0.5)
        analysis.update = update
        analysis.answer = SimpleNamespace(moving=True, captured_ms=now[0])
        trails.take(update)
        overlay.draw(update, LABELS)
        until = now[0] + 1000 * glide.lasts_s()
        for _ in range(6):
            now[0] += FRAME_MS
            begun = time.perf_counter()
            if now[0] < until and glide.due():
                overlay.glide()
            if index > 20:
                times.append((time.perf_counter() - begun) * 1000)
    canvas.remove()
    return times


def figures(count: int) -> dict[str, float]:
    """Return what drawing so many objects costs."""
    moving, still = costs(count, moving=True), costs(count, moving=False)
    return {
        "objects": count,
        "moving": median(moving),
        "moving_95": quantile(moving, 0.95),
        "still": median(still),
    }


def report(counts: list[int]) -> str:
    """Return the figures of each number of objects as JSON."""
    return json.dumps([figures(count) for count in counts])
