"""Layers: each draws one kind of thing over the picture. The first draws boxes and labels."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.detections import Detections
from obscura.drawing import colour, ink, place_labels
from obscura.page.stage.placement import Placement
from obscura.page.words.objects import further_words, object_names
from obscura.page.words.text import percent, pixels
from obscura.update import Update

FACE = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
CASING = "rgba(0, 0, 0, 0.65)"
OPACITY = "opacity"
"""In the ``data`` of detections: ``(n,)``, how opaque each is drawn, 0..1; without it, all are."""
UNIT_SIDE = 720
"""Shorter side of the view, in CSS pixels, from which text and lines grow with it."""
MOST_UNIT = 2.0
SMALL_SIDE = 52
"""A box with a shorter side below this many units has a small label."""
TINY_SIDE = 22
"""A box with both sides below this is a dot, from which a line leads to its label."""


class Chip(NamedTuple):
    """Size of a label, in units (`BoxLayer.unit`)."""

    font: float
    height: float
    padding: float


CHIP, SMALL_CHIP = Chip(13, 22, 7), Chip(10.5, 16, 4)


class _Placed(NamedTuple):
    """Labels as they were placed."""

    chips: list[Chip]
    captions: list[tuple[str, str]]
    widths: list[float]
    offsets: NDArray[np.float32]
    """`(n, 2)` from the left and upper edge of each box to those of its label, in CSS pixels."""


class Layer(Protocol):
    """Draws one kind of thing over the picture."""

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """Draw an update.

        Args:
            context: the 2D context of a canvas that covers the view, in CSS pixels.
            place: where the picture lies in the view.
        """


class FileLayer(Layer, Protocol):
    """A layer over the frames of a file, which are drawn while something else may be in view."""

    def follow(self, every: Update, shown: Update) -> None:
        """Take note of the next frame, before it is drawn.

        Args:
            every: with all rows of the classes that are not hidden.
            shown: with those that are shown.
        """


class Apart(Protocol):
    """A layer that can be drawn over the frames of a file, too."""

    def apart(self, labels: Sequence[str]) -> FileLayer:
        """Return such a layer that begins with a file's first frame, as this one is set now.

        Args:
            labels: names of the classes, by class_id.
        """


class BoxLayer:
    """Boxes and labels; one of them can be selected.

    Labels do not hide what they name: small boxes have small ones, and a box that is hardly larger
    than a letter is a dot with a line to its label.
    """

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
        self._widths: dict[tuple[str, Chip], float] = {}
        self._font = ""
        self._boxes: NDArray[np.float32] = np.empty((0, 4), np.float32)
        self._placed: _Placed | None = None  # as placed last
        self.moved = False
        """Whether what is drawn next is what was drawn last, with boxes that have moved a little:
        then labels keep their places beside their boxes."""
        self.unit = 1.0
        """CSS pixels per unit; text and lines are larger on large screens."""
        self.labels: Sequence[str] = ()
        """Names of the classes, by class_id."""
        self.names = self.percentages = True
        """Whether labels are shown, and whether with scores."""
        self.clear: tuple[float, float, float, float] | None = None
        """Left, top, right and bottom edge of what no control covers, in CSS pixels: labels stay
        inside. None for no limit."""
        self.selected: int | None = None
        """Row of the selected detection."""
        self.point: tuple[float, float] | None = None
        """Where a person points, in CSS pixels of the view: this selects the smallest box there,
        frame after frame, whatever its row is by then."""

    def reset(self, unit: float) -> None:
        """Adapt to a canvas that was resized, which clears its state."""
        self._font = ""
        if unit != self.unit:
            self.unit = unit
            self._widths.clear()

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """See `Layer`."""
        detections = update.detections
        count = len(detections)
        if self.selected is not None and self.selected >= count:
            self.selected = None
        if not count:
            self._placed = None
            return
        self._boxes = place.to_view(detections.xyxy)
        if self.point is not None:
            self.selected = smallest_at(self._boxes, *self.point)
        colours = [colour(class_id) for class_id in detections.class_id.tolist()]
        sides = (self._boxes[:, 2:] - self._boxes[:, :2]) / self.unit
        tiny = (sides.max(axis=1) < TINY_SIDE).tolist()
        small = (sides.min(axis=1) < SMALL_SIDE).tolist()
        boxes = self._boxes.tolist()
        labels = self._labels(detections, place, tiny, small) if self.labelled else None
        opacity = detections.data.get(OPACITY)
        opaque = range(count) if opacity is None else np.flatnonzero(opacity >= 1).tolist()
        self._draw_rows(opaque, boxes, colours, tiny, labels)
        if opacity is None:
            return
        for row in np.flatnonzero((opacity > 0) & (opacity < 1)).tolist():
            context.globalAlpha = float(opacity[row])
            self._draw_rows([row], boxes, colours, tiny, labels)
        context.globalAlpha = 1

    @property
    def labelled(self) -> bool:
        """Whether any label is drawn."""
        return self.names or self.selected is not None

    def _labels(
        self, detections: Detections, place: Placement, tiny: list[bool], small: list[bool]
    ) -> _Placed:
        """Return the labels, and where they lie beside their boxes."""
        placed = self._placed
        if self.moved and placed is not None and len(placed.chips) == len(detections):
            return placed
        chips = [SMALL_CHIP if each else CHIP for each in small]
        captions = self._captions(detections)
        widths = [self._width(*each) for each in zip(captions, chips, strict=True)]
        offsets = self._corners(place, widths, chips, tiny) - self._boxes[:, :2]
        self._placed = _Placed(chips, captions, widths, offsets)
        return self._placed

    def _draw_rows(
        self,
        rows: Sequence[int],
        boxes: list[list[float]],
        colours: list[str],
        tiny: list[bool],
        labels: _Placed | None,
    ) -> None:
        """Draw these boxes, and their labels over them."""
        self._draw_boxes(rows, boxes, colours, tiny)
        if labels is None:
            return
        chips, captions, widths, offsets = labels
        corners = (self._boxes[:, :2] + offsets).tolist()
        # The least certain ones first, so that the most certain ones lie on top; and all of one
        # size at once, because changing the font is slow.
        for chip in (SMALL_CHIP, CHIP):
            for row in reversed(rows):
                if chips[row] is chip and captions[row][1]:
                    self._draw_chip(boxes[row], colours[row], captions[row][1], corners[row],
                                    widths[row], chip, led=tiny[row])  # fmt: skip

    def _captions(self, detections: Detections) -> list[tuple[str, str]]:
        """Return the caption of each row: the name, and the whole text; "" for none."""
        scores = [f" {percent(score)}" if self.percentages else "" for score in detections.score]
        further = further_words(detections, scores)
        whole = names = object_names(detections, self.labels)
        if not self.names:
            names, further = [""] * len(names), [""] * len(further)
        row = self.selected
        if row is not None:  # with all its numbers, whatever is switched off
            x1, y1, x2, y2 = detections.xyxy[row].tolist()
            names[row] = whole[row]
            further[row] = f" {percent(float(detections.score[row]))} · {pixels(x2 - x1, y2 - y1)}"
        return [(name, name + more) for name, more in zip(names, further, strict=True)]

    def _corners(
        self, place: Placement, widths: list[float], chips: list[Chip], tiny: list[bool]
    ) -> NDArray[np.float32]:
        """Return the left and upper edge of each label, within what is seen of the picture."""
        left, top, right, bottom = self.clear or (-inf, -inf, inf, inf)
        x, y = max(place.left, left), max(place.top, top)
        right, bottom = min(place.right, right), min(place.bottom, bottom)
        boxes = self._boxes - np.array([x, y, x, y], np.float32)
        # Beside a dot, not on it.
        room = np.where(tiny, TINY_SIDE * self.unit / 2, 0).astype(np.float32)[:, None]
        boxes += np.concatenate([-room, -room, room, room], axis=1)
        heights = np.array([chip.height for chip in chips], np.float32) * np.float32(self.unit)
        corners = place_labels(
            boxes, np.array(widths, np.float32), heights, max(right - x, 1), max(bottom - y, 1)
        )
        placed: NDArray[np.float32] = corners + np.array([x, y], np.float32)
        return placed

    def _draw_boxes(
        self, rows: Sequence[int], boxes: list[list[float]], colours: list[str], tiny: list[bool]
    ) -> None:
        """Draw the outlines, least certain first, over a dark casing drawn as one path."""
        context, unit = self._context, self.unit
        sides = {}
        self._begin_path()
        for row in rows:
            x1, y1, x2, y2 = boxes[row]
            side = dot(boxes[row], unit) if tiny[row] else (x1, y1, x2 - x1, y2 - y1)
            sides[row] = side
            self._rect(*side)
        context.strokeStyle, context.lineWidth = CASING, 4 * unit
        self._stroke()
        context.lineWidth = 2 * unit
        last = ""
        for row in reversed(rows):
            if colours[row] != last:
                context.strokeStyle = last = colours[row]
            self._stroke_rect(*sides[row])
        if self.selected in sides:
            context.strokeStyle, context.lineWidth = CASING, 6 * unit
            self._stroke_rect(*sides[self.selected])
            context.strokeStyle, context.lineWidth = colours[self.selected], 4 * unit
            self._stroke_rect(*sides[self.selected])

    def _draw_chip(
        self,
        box: list[float],
        fill: str,
        caption: str,
        corner: list[float],
        width: float,
        chip: Chip,
        *,
        led: bool,
    ) -> None:
        """Draw a label; `led`: with a line to its box, even if they touch."""
        context, unit = self._context, self.unit
        x, y = corner
        height = chip.height * unit
        x1, y1, x2, y2 = box
        if led or y > y2 or y + height < y1 or x > x2 or x + width < x1:  # moved aside: lead back
            if led:
                x1, y1 = (x1 + x2) / 2, (y1 + y2) / 2
            context.strokeStyle = fill
            context.lineWidth = unit
            self._begin_path()
            context.moveTo(min(max(x1, x), x + width), y + height / 2)
            context.lineTo(x1, y1)
            self._stroke()
        context.fillStyle = fill
        self._begin_path()
        self._round_rect(x, y, width, height, 4 * unit)
        self._fill()
        context.fillStyle = ink(fill)
        self._use_font(chip)
        self._fill_text(caption, x + chip.padding * unit, y + height / 2 + 0.5)

    def _use_font(self, chip: Chip) -> None:
        font = f"600 {chip.font * self.unit:g}px {FACE}"
        if font != self._font:
            self._context.font = self._font = font

    def _width(self, caption: tuple[str, str], chip: Chip) -> float:
        """Return the width of a label in CSS pixels. Names and scores are measured apart, once
        each, because there are fewer of them than of their combinations."""
        name, whole = caption
        return (
            self._measured(name, chip)
            + self._measured(whole[len(name) :], chip)
            + 2 * chip.padding * self.unit
        )

    def _measured(self, words: str, chip: Chip) -> float:
        if (words, chip) not in self._widths:
            if len(self._widths) > 5000:
                self._widths.clear()
            self._use_font(chip)
            self._widths[words, chip] = self._context.measureText(words).width
        return self._widths[words, chip]


def dot(box: list[float], unit: float) -> tuple[float, ...]:
    """Return x, y, width, height of a square in the middle of a box, which its outline fills."""
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2 - unit, (y1 + y2) / 2 - unit, 2 * unit, 2 * unit


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
