"""Skeletons and key points: what heads that find points have found (a layer). Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from obscura.drawing import colour
from obscura.heads import Assembly
from obscura.heads.crops import moved
from obscura.page.live.analysis import Analysis
from obscura.page.stage.layers import OPACITY
from obscura.page.stage.placement import Placement
from obscura.update import Update

JOINTS = 17
BONES = (
    (0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12),
    (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
"""Pairs of the 17 joints of COCO: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles;
the left one first."""
LEAST_SCORE = 0.3
CASING = "rgba(0, 0, 0, 0.75)"
CORE = "#fff"
BONE, JOINT = 2.5, 3.0
"""Width of a bone and radius of a joint, in CSS pixels of a large skeleton."""
LARGE_SIDE = 200
"""Height of an object in CSS pixels from which its lines are as wide as that."""
THIN = 0.6
FULL_TURN = 6.2832


class Skeletons:
    """Draws the joints of people with bones between them, and other key points as dots.

    Lines in the colour of the class and white joints, both on a dark casing, stay readable on dark,
    bright and busy pictures.
    """

    def __init__(self, assembly: Callable[[], Assembly | None], analysis: Analysis) -> None:
        """
        Args:
            assembly: returns the heads in use.
            analysis: has the latest update, with the boxes as they were found.
        """
        self._assembly, self._analysis = assembly, analysis

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """See `stage.layers.Layer`."""
        found = update.detections
        assembly = self._assembly()
        if assembly is None or not len(found):
            return
        names = [each.name for each in assembly.heads if each.gives.points]
        opacity = found.data.get(OPACITY)
        sides = place.to_view(found.xyxy)
        heights = (sides[:, 3] - sides[:, 1]).tolist()
        for name in ("keypoints", *names):
            points = found.data.get(name)
            if points is None:
                continue
            seen = points[:, :, 2] >= LEAST_SCORE
            for row in np.flatnonzero(seen.any(axis=1)).tolist():
                context.globalAlpha = 1.0 if opacity is None else float(opacity[row])
                xy = self._where(points[row, :, :2], row, update)
                xy = place.to_view(np.concatenate([xy, xy], axis=1))[:, :2]
                bones = BONES if name in names and len(xy) == JOINTS else ()
                shade = colour(int(found.class_id[row]))
                _draw(context, xy.tolist(), seen[row].tolist(), bones, shade, heights[row])
        context.globalAlpha = 1.0

    def _where(self, xy: Any, row: int, update: Update) -> Any:
        """Return where points are by now: they move along with the box, which glides."""
        latest, found = self._analysis.update, update.detections
        if latest is None or latest.frame is not update.frame:
            return xy
        if latest.detections is found or len(latest.detections) != len(found):
            return xy
        return moved(xy, latest.detections.xyxy[row], found.xyxy[row])


def _draw(
    context: Any,
    points: Sequence[Sequence[float]],
    seen: Sequence[bool],
    bones: Sequence[tuple[int, int]],
    shade: str,
    height: float,
) -> None:
    size = min(max(height / LARGE_SIDE, THIN), 1.0)
    lines = [(points[a], points[b]) for a, b in bones if seen[a] and seen[b]]
    context.lineCap = "round"
    for width, stroke in ((BONE + 2.5, CASING), (BONE, shade)) if lines else ():
        context.beginPath()
        for start, end in lines:
            context.moveTo(*start)
            context.lineTo(*end)
        context.lineWidth, context.strokeStyle = width * size, stroke
        context.stroke()
    context.lineCap = "butt"
    shown = [point for point, there in zip(points, seen, strict=True) if there]
    for radius, fill in ((JOINT + 1.25, CASING), (JOINT, shade), (JOINT - 1.25, CORE)):
        context.beginPath()
        for x, y in shown:
            context.moveTo(x + radius * size, y)
            context.arc(x, y, radius * size, 0, FULL_TURN)
        context.fillStyle = fill
        context.fill()
