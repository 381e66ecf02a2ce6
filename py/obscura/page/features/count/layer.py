"""Layer of lines and zones, with what was counted and, while one is edited, its points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import hypot
from typing import Any

from obscura.counting import Counter, Line, Shapes, Zone
from obscura.counting.shapes import Point, points
from obscura.drawing import ink
from obscura.page.features.count import words
from obscura.page.features.count.editor import Editor
from obscura.page.features.count.edits import SHADES, Shape, all_shapes
from obscura.page.features.count.grips import View
from obscura.page.features.count.ledger import Ledger
from obscura.page.stage.layers import FACE
from obscura.page.stage.placement import Placement
from obscura.update import Update

CASING = "rgba(0, 0, 0, 0.65)"
DRAFT = "#ffffff"
ARROW = 26.0
"""Length of a line's arrow in CSS pixels."""
LABEL = 22.0
"""Height of a caption."""
MOST_CAPTION = 360.0
"""Width of a caption's text, at most: of a longer one the name is cut."""
INSET = 7.0
"""Between a caption's text and its edges."""
MARGIN = 4.0
"""Between a caption and the edge of the view, at least."""
HANDLE = 7.0
"""Radius of a point that can be moved."""


Edges = tuple[float, float, float, float]


class ShapeLayer:
    """Draws what an editor holds."""

    def __init__(self, editor: Editor, ledger: Ledger) -> None:
        self.editor, self.ledger = editor, ledger
        self.shown = False
        self.covered: Callable[[], Edges] = lambda: (0.0, 0.0, 0.0, 0.0)
        """Returns how much of the view's edges lies under controls; see `stage.overlay.Overlay`."""
        self.view: View | None = None
        """How it was drawn last on the screen; pointers are read by it."""

    def draw(self, context: Any, update: Update, place: Placement) -> None:
        """See `stage.layers.Layer`."""
        if not self.shown:
            return
        frame, editor = update.frame, self.editor
        view = View(place, frame.width, frame.height)
        covered = (0.0, 0.0, 0.0, 0.0)
        if context.canvas.isConnected:  # that of a snapshot is not
            self.view, covered = view, self.covered()
        unit = context.getTransform().a
        left, top, right, bottom = covered
        width, height = context.canvas.width / unit, context.canvas.height / unit
        room = (left, top, width - right, height - bottom)
        for index, shape in enumerate(all_shapes(editor.shapes)):
            shade = shade_of(shape, index)
            chosen = editor.chosen is not None and editor.chosen.name == shape.name
            places = [view.shown(point) for point in points(shape)]
            _path(context, places, closed=isinstance(shape, Zone))
            if isinstance(shape, Zone):
                context.globalAlpha = 0.2
                context.fillStyle = shade
                context.fill()
                context.globalAlpha = 1
            _stroke(context, shade, 4 if chosen else 2.5)
            if isinstance(shape, Line):
                _arrow(context, view, shape, shade)
            _label(context, places, shape.name, words.counts(self.ledger, shape), shade, room)
            if chosen:
                point = editor.chosen.point if editor.chosen else None
                for number, (x, y) in enumerate(places):
                    _handle(context, x, y, shade, filled=number == point)
        if editor.drawing:
            self._draw_draft(context, view)

    def apart(self, labels: Sequence[str]) -> FileShapeLayer:
        """See `stage.layers.Apart`."""
        own = FileShapeLayer(self.editor.shapes, labels)
        own.shown = self.shown
        return own

    def _draw_draft(self, context: Any, view: View) -> None:
        editor = self.editor
        points = [view.shown(point) for point in editor.draft]
        cursor = [view.shown(editor.cursor)] if editor.cursor else []
        if points:
            _path(context, points + cursor, closed=False)
            _stroke(context, DRAFT, 2.5)
        for x, y in points + cursor:
            _handle(context, x, y, DRAFT, filled=False)


class FileShapeLayer(ShapeLayer):
    """Draws lines and zones over the frames of a file, and counts in these from 0 on."""

    def __init__(self, shapes: Shapes, labels: Sequence[str]) -> None:
        super().__init__(Editor(shapes, lambda _shapes: None), Ledger(shapes))
        self._counter, self._labels = Counter(shapes), labels

    def follow(self, every: Update, shown: Update) -> None:  # noqa: ARG002  (as below)
        """See `stage.layers.FileLayer`."""
        self._counter.update(every)
        self.ledger.take(self._counter, self._labels)


def shade_of(shape: Shape, index: int) -> str:
    """Return the colour in which a shape is drawn, "#rrggbb".

    Args:
        index: of the shape among all.
    """
    return shape.colour or SHADES[index % len(SHADES)]


def _path(context: Any, points: Sequence[Point], *, closed: bool) -> None:
    context.beginPath()
    context.moveTo(*points[0])
    for point in points[1:]:
        context.lineTo(*point)
    if closed:
        context.closePath()


def _stroke(context: Any, shade: str, width: float) -> None:
    for style, thickness in ((CASING, width + 2.5), (shade, width)):
        context.strokeStyle, context.lineWidth = style, thickness
        context.stroke()


def _arrow(context: Any, view: View, line: Line, shade: str) -> None:
    """Draw an arrow from the middle of a line to the side that is in: its right, see `Line`."""
    (x1, y1), (x2, y2) = line.start, line.end
    width, height = view.width, view.height
    along = ((x2 - x1) * width, (y2 - y1) * height)
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    beside = (middle[0] - along[1] / width, middle[1] + along[0] / height)
    a, b = view.shown(middle), view.shown(beside)
    length = hypot(b[0] - a[0], b[1] - a[1])
    if not length:  # it is shorter than a pixel
        return
    unit = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
    tip = (a[0] + unit[0] * ARROW, a[1] + unit[1] * ARROW)
    back = (tip[0] - unit[0] * 10, tip[1] - unit[1] * 10)
    wing = (-unit[1] * 7, unit[0] * 7)
    _path(context, [a, tip], closed=False)
    _stroke(context, shade, 2.5)
    sides = [(back[0] + wing[0], back[1] + wing[1]), tip, (back[0] - wing[0], back[1] - wing[1])]
    _path(context, sides, closed=False)
    _stroke(context, shade, 2.5)


def _label(
    context: Any, places: Sequence[Point], name: str, counted: str, shade: str, room: Edges
) -> None:
    """Draw a caption at the upper left of a shape, clear of controls; none of a shape that lies
    outside of the view.

    Args:
        counted: what was counted at the shape.
        room: left, top, right and bottom of what no control covers, in CSS pixels.
    """
    x, y = min(places, key=lambda place: (place[1], place[0]))
    for axis in (0, 1):
        values = [place[axis] for place in places]
        if max(values) < room[axis] or min(values) > room[axis + 2]:
            return
    context.font = f"600 13px {FACE}"
    most = min(MOST_CAPTION, room[2] - room[0] - 2 * MARGIN - 2 * INSET)
    caption = words.caption(
        name, counted, lambda text: float(context.measureText(text).width) <= most
    )
    width = context.measureText(caption).width + 2 * INSET
    left = max(min(x + 8, room[2] - width - MARGIN), room[0] + MARGIN)
    top = max(min(y + 4, room[3] - LABEL - MARGIN), room[1] + MARGIN)
    context.beginPath()
    context.roundRect(left, top, width, LABEL, 4)
    context.fillStyle = shade
    context.fill()
    context.fillStyle = ink(shade)
    context.fillText(caption, left + INSET, top + LABEL / 2 + 0.5)


def _handle(context: Any, x: float, y: float, shade: str, *, filled: bool) -> None:
    context.beginPath()
    context.arc(x, y, HANDLE, 0, 6.2832)
    context.fillStyle = shade if filled else "#ffffff"
    context.fill()
    _stroke(context, shade, 2)
