"""Skeletons: the joints of people, and lines between them (a layer)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from obscura.drawing import colour
from obscura.heads import Assembly
from obscura.page.stage.placement import Placement
from obscura.update import Update

BONES = (
    (0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12),
    (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
"""Pairs of the 17 joints of COCO: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles;
the left one first."""
LEAST_SCORE = 0.3
CASING = "rgba(0, 0, 0, 0.65)"


class Skeletons:
    """Draws the points of heads that give 17 joints. Bright lines on a dark casing stay readable on
    any picture."""

    def __init__(self, assembly: Callable[[], Assembly | None]) -> None:
        """
        Args:
            assembly: returns the heads in use.
        """
        self._assembly = assembly

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """See `stage.layers.Layer`."""
        assembly, found = self._assembly(), update.detections
        if assembly is None or not len(found):
            return
        for stage in assembly.heads:
            if stage.gives.points == 17 and stage.name in found.data:
                points = found.data[stage.name]
                for row, class_id in enumerate(found.class_id.tolist()):
                    _draw(context, points[row], place, colour(class_id))


def _draw(context: Any, points: Any, place: Placement, shade: str) -> None:
    seen = points[:, 2] >= LEAST_SCORE
    if not seen.any():
        return
    shown = place.to_view(np.concatenate([points[:, :2], points[:, :2]], axis=1))[:, :2].tolist()
    context.lineCap = "round"
    for width, stroke in ((5.0, CASING), (2.5, shade)):
        context.beginPath()
        for a, b in BONES:
            if seen[a] and seen[b]:
                context.moveTo(*shown[a])
                context.lineTo(*shown[b])
        context.lineWidth, context.strokeStyle = width, stroke
        context.stroke()
    context.lineCap = "butt"
