"""Trails: where each tracked object has been in the last seconds, as a line. Pure Python."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.drawing import colour
from obscura.page.stage.layers import OPACITY
from obscura.page.stage.placement import Placement
from obscura.update import Update

TRAIL_S = 2.0
"""How far back a trail goes, in seconds."""
MOST_POINTS = 120
"""Points of one trail: two seconds at 60 frames per second."""
CASING = "rgba(0, 0, 0, 0.5)"

Row = tuple[int, str]
"""A track, and its foot as an SVG path has points."""


class _Trail:
    """Where one track has been, the oldest first."""

    __slots__ = ("points", "words")

    def __init__(self) -> None:
        self.points: deque[tuple[float, float, float]] = deque()  # time_s, x, y
        self.words: deque[str] = deque()  # the first of them, as an SVG path has them in the view

    def add(self, time_s: float, x: float, y: float) -> None:
        """Add where it is now; again for the same frame under other options."""
        if self.points and self.points[-1][0] >= time_s:
            self.points.pop()
            if len(self.words) > len(self.points):
                self.words.pop()
        self.points.append((time_s, x, y))
        if len(self.points) > MOST_POINTS:
            self.drop()

    def drop(self) -> None:
        """Forget the oldest point."""
        self.points.popleft()
        if self.words:
            self.words.popleft()


class Trails:
    """A layer, and the sink that feeds it: a line along the foot of each tracked object."""

    def __init__(self, new_path: Callable[[str], Any]) -> None:
        """
        Args:
            new_path: makes a path of the attribute `d` of an SVG `path`.
        """
        self.shown = True
        self._new_path = new_path
        self._trails: dict[int, _Trail] = {}  # by track
        # What does not change until the next update, because making it costs more than drawing it.
        self._place: Placement | None = None
        self._texts: dict[int, tuple[str, str]] = {}
        self._paths: dict[tuple[int, ...], Any] = {}

    def take(self, update: Update) -> None:
        """Take note of where the tracks of an update are."""
        detections, now = update.detections, update.frame.time_s
        self._texts.clear()
        self._paths.clear()
        if detections.track_id is None:
            self._trails.clear()
            return
        feet = detections.anchors("foot").tolist()
        for track_id, (x, y) in zip(detections.track_id.tolist(), feet, strict=True):
            if track_id >= 0:  # else it is not followed
                trail = self._trails.get(track_id)
                if trail is None:
                    trail = self._trails[track_id] = _Trail()
                trail.add(now, x, y)
        for track_id, trail in list(self._trails.items()):
            while trail.points and trail.points[0][0] < now - TRAIL_S:
                trail.drop()
            if not trail.points:
                del self._trails[track_id]

    def apart(self, labels: Sequence[str]) -> Trails:  # noqa: ARG002  (as `Apart` has it)
        """See `stage.layers.Apart`."""
        own = Trails(self._new_path)
        own.shown = self.shown
        return own

    def follow(self, every: Update, shown: Update) -> None:  # noqa: ARG002  (as above)
        """See `stage.layers.FileLayer`."""
        self.take(shown)

    def close(self) -> None:
        """Forget all trails."""
        for held in (self._trails, self._texts, self._paths):
            held.clear()

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """See `stage.layers.Layer`."""
        detections = update.detections
        if not self.shown or detections.track_id is None or not self._trails:
            return
        if place != self._place:
            self._place = place
            self._texts.clear()
            self._paths.clear()
            for trail in self._trails.values():
                trail.words.clear()
        if not self._texts:
            self._write(place)
        feet = _shown(detections.anchors("foot"), place)
        opacity = detections.data.get(OPACITY, np.ones(len(detections))).round(1).tolist()
        rows = zip(
            detections.track_id.tolist(), detections.class_id.tolist(), feet, opacity, strict=True
        )
        groups: dict[float, dict[str, list[Row]]] = {}
        for track_id, class_id, foot, opaque in rows:
            if opaque > 0 and track_id in self._texts:
                shades = groups.setdefault(opaque, {})
                shades.setdefault(colour(class_id), []).append((track_id, foot))
        for opaque, shades in groups.items():
            context.globalAlpha = opaque
            context.lineWidth = 5
            self._stroke(context, CASING, [row for each in shades.values() for row in each])
            context.lineWidth = 2.5
            for shade, each in shades.items():
                self._stroke(context, shade, each)
        context.globalAlpha = 1

    def _stroke(self, context: Any, shade: str, rows: list[Row]) -> None:
        """Draw the trails of these rows, up to where their boxes are drawn."""
        tracks = tuple(track_id for track_id, _ in rows)
        if tracks not in self._paths:
            self._paths[tracks] = self._new_path("".join(self._texts[each][0] for each in tracks))
        ends = "".join(f"M{self._texts[each][1]}L{foot}" for each, foot in rows)
        context.strokeStyle = shade
        context.stroke(self._paths[tracks])
        context.stroke(self._new_path(ends))

    def _write(self, place: Placement) -> None:
        """Write each trail of more than one point as an SVG path, and the last point before the one
        where the track is now. Of most trails one point is new."""
        trails = self._trails.values()
        new = [(x, y) for each in trails for _, x, y in islice(each.points, len(each.words), None)]
        words = iter(_shown(np.array(new, np.float32).reshape(-1, 2), place))
        for track_id, trail in self._trails.items():
            count = len(trail.points)
            trail.words.extend(islice(words, count - len(trail.words)))
            if count > 1:
                before = list(islice(trail.words, count - 1))
                self._texts[track_id] = ("M" + "L".join(before), before[-1])


def _shown(points: NDArray[np.float32], place: Placement) -> list[str]:
    """Return points of the source, ``(n, 2)``, as an SVG path has them in the view."""
    boxes = place.to_view(np.concatenate([points, points], axis=1)).tolist()
    return [f"{x:.1f} {y:.1f}" for x, y, _, _ in boxes]
