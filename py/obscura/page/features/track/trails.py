"""Trails: where each tracked object has been in the last seconds, as a line. Pure Python."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from obscura.drawing import colour
from obscura.page.stage.placement import Placement
from obscura.update import Update

TRAIL_S = 2.0
"""How far back a trail goes, in seconds."""
MOST_POINTS = 120
"""Points of one trail: two seconds at 60 frames per second."""
CASING = "rgba(0, 0, 0, 0.5)"


class Trails:
    """A layer, and the sink that feeds it: a line along the foot of each tracked object."""

    def __init__(self) -> None:
        self.shown = True
        self._points: dict[int, deque[tuple[float, float, float]]] = {}  # time_s, x, y by track

    def take(self, update: Update) -> None:
        """Take note of where the tracks of an update are."""
        detections, now = update.detections, update.frame.time_s
        if detections.track_id is None:
            self._points.clear()
            return
        feet = detections.anchors("foot").tolist()
        for track_id, (x, y) in zip(detections.track_id.tolist(), feet, strict=True):
            points = self._points.setdefault(track_id, deque(maxlen=MOST_POINTS))
            if points and points[-1][0] >= now:
                points.pop()  # the same frame under other options
            points.append((now, x, y))
        for track_id, points in list(self._points.items()):
            while points and points[0][0] < now - TRAIL_S:
                points.popleft()
            if not points:
                del self._points[track_id]

    def close(self) -> None:
        """Forget all trails."""
        self._points.clear()

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """See `stage.layers.Layer`."""
        detections = update.detections
        if not self.shown or detections.track_id is None or not self._points:
            return
        feet = detections.anchors("foot").tolist()
        rows = zip(detections.track_id.tolist(), detections.class_id.tolist(), feet, strict=True)
        for track_id, class_id, foot in rows:
            points = [(x, y) for _, x, y in self._points.get(track_id, ())][:-1]
            if not points:
                continue
            corners = np.array([*points, foot], np.float32)  # to where the box is drawn
            line = place.to_view(np.concatenate([corners, corners], axis=1))[:, :2].tolist()
            context.beginPath()
            context.moveTo(*line[0])
            for point in line[1:]:
                context.lineTo(*point)
            for style, width in ((CASING, 5), (colour(class_id), 2.5)):
                context.strokeStyle, context.lineWidth = style, width
                context.stroke()
