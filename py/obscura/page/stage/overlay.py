"""Boxes and labels over the picture, at the screen's own resolution.

The canvas covers the view; the picture inside it is fitted like CSS `object-fit: contain`.
Detections stay in source pixels: mirroring and scaling happen here and nowhere else, so labels are
never mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from js import window
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.drawing import colour, ink, place_labels
from obscura.page.words.text import percent, pixels

FONT = '600 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
CHIP_HEIGHT = 22
CHIP_PADDING = 7
CASING = "rgba(0, 0, 0, 0.65)"


class Overlay:
    """Draws the latest detections; redraws them when the view changes its size."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._context = canvas.getContext("2d")
        # Looking a method up costs more than calling it, so the much used ones are kept.
        context = self._context
        self._stroke_rect, self._fill_text = context.strokeRect, context.fillText
        self._begin_path, self._rect, self._round_rect = (
            context.beginPath, context.rect, context.roundRect,
        )  # fmt: skip
        self._fill, self._stroke = context.fill, context.stroke
        self._view: tuple[int, int] | None = None  # width and height in CSS pixels, once asked for
        self._ratio = 0.0  # of the screen's pixels to those
        self._widths: dict[str, float] = {}
        self._source = (1, 1)
        self._mirrored = False
        self._detections = Detections.empty()
        self._labels: Sequence[str] = ()
        self._boxes: NDArray[np.float32] = np.empty((0, 4), np.float32)
        self.selected: int | None = None
        """Row of the detection that a person chose in the list."""
        self.point: tuple[float, float] | None = None
        """Where a person points, in CSS pixels of the view: it selects what lies there, frame after
        frame, whatever row that is by then."""

    def show(
        self,
        detections: Detections,
        labels: Sequence[str],
        source_size: tuple[int, int],
        *,
        mirrored: bool = False,
    ) -> None:
        """Draw detections (xyxy in pixels of a source of this width and height)."""
        self._detections, self._labels = detections, labels
        self._source, self._mirrored = source_size, mirrored
        if self.selected is not None and self.selected >= len(detections):
            self.selected = None
        self.redraw()

    def clear(self) -> None:
        """Remove all boxes."""
        self.show(Detections.empty(), (), (1, 1))

    def resize(self) -> None:
        """Draw again, for the canvas has another size on the page."""
        self._view = None
        self.redraw()

    def redraw(self) -> None:
        """Draw again."""
        context = self._context
        if self._view is None:  # asked for each time, the browser would lay out the page per frame
            self._view = (self._canvas.clientWidth, self._canvas.clientHeight)
            self._ratio = 0.0
        width, height = self._view
        ratio = window.devicePixelRatio or 1
        if ratio != self._ratio:  # it changes with the screen that the window is moved to
            self._fit(width, height, ratio)
        context.clearRect(0, 0, width, height)
        self._boxes = self._to_view(width, height)
        if not len(self._boxes):
            return
        if self.point is not None:
            self.selected = self._row_at(*self.point)
        class_ids = self._detections.class_id.tolist()
        colours = [colour(class_id) for class_id in class_ids]
        names = [f"{self._labels[class_id]} " for class_id in class_ids]
        scores = [percent(score) for score in self._detections.score.tolist()]
        if self.selected is not None:  # with its size in the picture, too
            x1, y1, x2, y2 = self._detections.xyxy[self.selected].tolist()
            scores[self.selected] += f" · {pixels(x2 - x1, y2 - y1)}"
        captions = [name + score for name, score in zip(names, scores, strict=True)]
        widths = [
            self._width(name) + self._width(score) + 2 * CHIP_PADDING
            for name, score in zip(names, scores, strict=True)
        ]
        left, top, right, bottom = self._picture(width, height)
        origin = np.array([left, top], np.float32)
        corners = place_labels(
            self._boxes - np.tile(origin, 2),
            np.array(widths, np.float32),
            CHIP_HEIGHT,
            right - left,
            bottom - top,
        )
        boxes, corners_xy = self._boxes.tolist(), (corners + origin).tolist()
        self._draw_boxes(boxes, colours)
        # Faint ones first, so that the certain ones lie on top.
        for row in reversed(range(len(boxes))):
            self._draw_chip(boxes[row], colours[row], captions[row], corners_xy[row], widths[row])

    def _fit(self, width: int, height: int, ratio: float) -> None:
        """Give the canvas its size on the screen, and all that it forgets with that."""
        context = self._context
        self._ratio = ratio
        self._canvas.width, self._canvas.height = round(width * ratio), round(height * ratio)
        context.setTransform(ratio, 0, 0, ratio, 0, 0)
        context.font = FONT
        context.textBaseline = "middle"
        context.lineJoin = "round"

    def _row_at(self, x: float, y: float) -> int | None:
        """The smallest box under a point in CSS pixels of the view; None where there is none."""
        boxes = self._boxes
        inside = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
        rows = np.flatnonzero(inside)
        if not len(rows):
            return None
        sides = boxes[rows, 2:] - boxes[rows, :2]
        return int(rows[np.argmin(sides[:, 0] * sides[:, 1])])

    def _draw_boxes(self, boxes: list[list[float]], colours: list[str]) -> None:
        """The outlines, faint ones first; beneath them all a dark casing, drawn as one path."""
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

    def _picture(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Where the picture lies in the view, as xyxy in CSS pixels."""
        scale = min(width / self._source[0], height / self._source[1])
        shown_width, shown_height = self._source[0] * scale, self._source[1] * scale
        left, top = (width - shown_width) / 2, (height - shown_height) / 2
        return left, top, left + shown_width, top + shown_height

    def _to_view(self, width: float, height: float) -> NDArray[np.float32]:
        """The boxes in CSS pixels of the view, mirrored if the picture is."""
        left, top, right, _ = self._picture(width, height)
        boxes = self._detections.xyxy * ((right - left) / self._source[0])
        boxes = boxes + np.array([left, top, left, top], np.float32)
        if self._mirrored:
            boxes[:, [0, 2]] = left + right - boxes[:, [2, 0]]
        return boxes.astype(np.float32, copy=False)

    def _width(self, words: str) -> float:
        """Width in CSS pixels, measured once. Names and scores come apart: there are fewer."""
        if words not in self._widths:
            if len(self._widths) > 5000:
                self._widths.clear()
            self._widths[words] = self._context.measureText(words).width
        return self._widths[words]
