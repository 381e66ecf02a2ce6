"""What bench/growing.py runs in the page after bench/growing_work.py: also draws on an overlay."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from growing_work import HEIGHT, WIDTH, costs
from js import document

from obscura.page.browser.canvas import new_path
from obscura.page.features.track.glide import Glide
from obscura.page.features.track.trails import Trails
from obscura.page.stage.overlay import Overlay
from obscura.tracking import Tracker
from obscura.update import Update


def drawn_costs(count: int, classes: int) -> dict[str, float]:
    """Return `costs` with boxes, labels and trails drawn on a canvas of the page."""
    canvas = document.createElement("canvas")
    canvas.style.cssText = f"position: fixed; inset: 0; width: {WIDTH}px; height: {HEIGHT}px"
    document.body.append(canvas)
    overlay, trails = Overlay(canvas), Trails(new_path)
    overlay.layers.append(trails)
    analysis: Any = SimpleNamespace(update=None, answer=None)
    glides: list[Glide] = []

    def draw(tracker: Tracker, update: Update, model: Any) -> None:
        now_ms = update.frame.time_s * 1000
        if not glides:
            glides.append(
                Glide(
                    analysis,
                    tracker,
                    moving=lambda: True,
                    showing_ms=lambda: float(analysis.answer.captured_ms),
                    now_ms=lambda: float(analysis.answer.captured_ms),
                )
            )
            overlay.motion = glides[0].moved
        analysis.update = update
        analysis.answer = SimpleNamespace(moving=True, captured_ms=now_ms)
        trails.take(update)
        overlay.draw(update, model.labels)

    told = costs(count, classes, draw)
    canvas.remove()
    return told


def report(cases: list[list[int]]) -> str:
    """Return the costs of each number of objects and of classes, as JSON."""
    return json.dumps([drawn_costs(*case) for case in cases])
