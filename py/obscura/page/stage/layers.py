"""Layers: each draws one kind of thing over the picture. The first draws boxes and labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.drawing import colour, ink, place_labels
from obscura.page.stage.placement import Placement
from obscura.page.words.text import percent, pixels
from obscura.update import Update

FONT = '600 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
CHIP_HEIGHT = 22
CHIP_PADDING = 7
CASING = "rgba(0, 0, 0, 0.65)"


class Layer(Protocol):
    """Draws one kind of thing over the picture."""

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """Draw an update.

        Args:
            context: the 2D context of a canvas that covers the view, in CSS pixels.
            place: where the picture lies in the view.
        """


class BoxLayer:
    """Boxes and labels; one of them can be selected."""

    def __init__(self, context: Any) -> None:
        """
        Args:
            context: the one that `draw` is called with. Looking up a method costs more than calling
                it, so methods used often are stored.
        """
        self._context = context
        self._stroke_rect, self._fill_text = context.strokeRect, context.fillText
        self._begin_path, self._rect, self._round_rect = (
            context.beginPath, context.rect, context.roundRect,
        )  # fmt: skip
        self._fill, self._stroke = context.fill, context.stroke
        self._widths: dict[str, float] = {}
        self._boxes: NDArray[np.float32] = np.empty((0, 4), np.float32)
        self.labels: Sequence[str] = ()
        """Names of the classes, by class_id."""
        self.names = True
        """Whether labels are shown."""
        self.selected: int | None = None
        """Row of the selected detection."""
        self.point: tuple[float, float] | None = None
        """Where a person points, in CSS pixels of the view: this selects the smallest box there,
        frame after frame, whatever its row is by then."""

    def draw(self, context: Any, update: Update, place: Placement) -> None:  # noqa: ARG002  (kept)
        """See `Layer`."""
        detections = update.detections
        count = len(detections)
        if self.selected is not None and self.selected >= count:
            self.selected = None
        if not count:
            return
        self._boxes = place.to_view(detections.xyxy)
        if self.point is not None:
            self.selected = smallest_at(self._boxes, *self.point)
        class_ids = detections.class_id.tolist()
        colours = [colour(class_id) for class_id in class_ids]
        names = [f"{self.labels[class_id]} " for class_id in class_ids]
        scores = [percent(score) for score in detections.score.tolist()]
        if self.selected is not None:  # with its size in the picture, too
            x1, y1, x2, y2 = detections.xyxy[self.selected].tolist()
            scores[self.selected] += f" · {pixels(x2 - x1, y2 - y1)}"
        captions = [name + score for name, score in zip(names, scores, strict=True)]
        widths = [
            self._width(name) + self._width(score) + 2 * CHIP_PADDING
            for name, score in zip(names, scores, strict=True)
        ]
        origin = np.array([place.left, place.top], np.float32)
        corners = place_labels(
            self._boxes - np.tile(origin, 2),
            np.array(widths, np.float32),
            CHIP_HEIGHT,
            place.right - place.left,
            place.bottom - place.top,
        )
        boxes, corners_xy = self._boxes.tolist(), (corners + origin).tolist()
        self._draw_boxes(boxes, colours)
        # The least certain ones first, so that the most certain ones lie on top.
        for row in reversed(range(len(boxes) if self.names else 0)):
            self._draw_chip(boxes[row], colours[row], captions[row], corners_xy[row], widths[row])

    def _draw_boxes(self, boxes: list[list[float]], colours: list[str]) -> None:
        """Draw the outlines, least certain first, over a dark casing drawn as one path."""
        context = self._context
        sides = [(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in boxes]
        self._begin_path()
        for side in sides:
            self._rect(*side)
        context.strokeStyle, context.lineWidth = CASING, 4
        self._stroke()
        context.lineWidth = 2
        last = ""
        for side, shade in zip(reversed(sides), reversed(colours), strict=True):
            if shade != last:
                context.strokeStyle = last = shade
            self._stroke_rect(*side)
        if self.selected is not None:
            context.strokeStyle, context.lineWidth = CASING, 6
            self._stroke_rect(*sides[self.selected])
            context.strokeStyle, context.lineWidth = colours[self.selected], 4
            self._stroke_rect(*sides[self.selected])

    def _draw_chip(
        self, box: list[float], fill: str, caption: str, corner: list[float], width: float
    ) -> None:
        context = self._context
        x, y = corner
        x1, y1, x2, y2 = box
        if y > y2 or y + CHIP_HEIGHT < y1 or x > x2 or x + width < x1:  # moved aside: lead back
            context.strokeStyle = fill
            context.lineWidth = 1
            self._begin_path()
            context.moveTo(min(max(x1, x), x + width), y + CHIP_HEIGHT / 2)
            context.lineTo(x1, y1)
            self._stroke()
        context.fillStyle = fill
        self._begin_path()
        self._round_rect(x, y, width, CHIP_HEIGHT, 4)
        self._fill()
        context.fillStyle = ink(fill)
        self._fill_text(caption, x + CHIP_PADDING, y + CHIP_HEIGHT / 2 + 0.5)

    def _width(self, words: str) -> float:
        """Return a width in CSS pixels, measured once. Names and scores are measured apart, because
        there are fewer of them than of their combinations."""
        if words not in self._widths:
            if len(self._widths) > 5000:
                self._widths.clear()
            self._widths[words] = self._context.measureText(words).width
        return self._widths[words]


def smallest_at(boxes: NDArray[np.float32], x: float, y: float) -> int | None:
    """Return the row of the smallest box around a point; None if no box is there.

    Args:
        boxes: `(n, 4)` xyxy, in the unit of the point.
    """
    inside = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    rows = np.flatnonzero(inside)
    if not len(rows):
        return None
    sides = boxes[rows, 2:] - boxes[rows, :2]
    return int(rows[np.argmin(sides[:, 0] * sides[:, 1])])
