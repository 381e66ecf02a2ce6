"""Grips: what of a line or zone is pointed at, in pixels of the view. Pure Python."""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

import numpy as np

from obscura.counting import Shapes, Zone
from obscura.counting.counter import contains
from obscura.counting.shapes import Point, points
from obscura.page.features.count.edits import Shape, all_shapes, find
from obscura.page.stage.placement import Placement


class Hand(NamedTuple):
    """How exactly somebody points, in CSS pixels."""

    reach: float
    """From a point or line at which it is still taken hold of."""
    snap: float
    """From the picture's edge at which a point moves onto it."""
    slop: float
    """That it may move while pressed before it drags something."""


MOUSE = Hand(reach=8.0, snap=8.0, slop=2.0)
FINGER = Hand(reach=22.0, snap=16.0, slop=8.0)
"""Targets are 44 px wide (WCAG 2.2, success criterion 2.5.5)."""


class Grip(NamedTuple):
    """A line or zone, or one of its points."""

    name: str
    """Of the line or zone."""
    point: int | None = None
    """Index of the end or corner; None for the whole shape."""


class View(NamedTuple):
    """A picture in the view: maps its relative coordinates to CSS pixels and back."""

    place: Placement
    width: int
    """Pixels of the source."""
    height: int

    def relative(self, at: Point) -> Point:
        """Return the point of the picture, 0..1, at a point of the view."""
        x, y = self.place.to_source(*at)
        return x / self.width, y / self.height

    def shown(self, point: Point) -> Point:
        """Return where in the view a point of the picture is."""
        x, y = point[0] * self.width, point[1] * self.height
        left, top = self.place.to_view(np.array([[x, y, x, y]], np.float32))[0, :2].tolist()
        return left, top

    def span(self, pixels: float) -> Point:
        """Return a number of CSS pixels as fractions of the picture's width and height."""
        return (
            pixels / self.place.scale / self.width,
            pixels / self.place.scale / self.height,
        )


def grips(shapes: Shapes) -> list[Grip]:
    """Return every grip: each shape, then its points."""
    return [
        Grip(shape.name, point)
        for shape in all_shapes(shapes)
        for point in (None, *range(len(points(shape))))
    ]


def next_shape(shapes: Shapes, chosen: Grip | None, step: int) -> Grip | None:
    """Return the shape after (step 1) or before (-1) the selected one, None beyond the last; the
    first or last one if none is selected."""
    names = [shape.name for shape in all_shapes(shapes)]
    if chosen is None:
        index = 0 if step > 0 else len(names) - 1
    else:
        index = names.index(chosen.name) + step
    return Grip(names[index]) if 0 <= index < len(names) else None


def next_point(shapes: Shapes, chosen: Grip, step: int) -> Grip:
    """Return the point after (step 1) or before (-1) the selected one; beyond the last, the whole
    shape, and after that its first point again."""
    count = len(points(find(shapes, chosen.name)))
    place = 0 if chosen.point is None else chosen.point + 1  # 0: the whole shape
    place = (place + step) % (count + 1)
    return Grip(chosen.name, place - 1 if place else None)


def hit(
    shapes: Shapes, at: Point, view: View, reach: float, chosen: str | None = None
) -> Grip | None:
    """Return the grip at a point of the view; None if there is none.

    Points come before lines and edges, these before the inside of zones; a nearer one before one
    farther away, those of the chosen shape before those of others, the smaller zone before the
    larger one.

    Args:
        at: x, y in CSS pixels of the view.
        reach: CSS pixels from which a point or line can be held.
        chosen: name of the selected shape.
    """
    found: list[tuple[tuple[int, bool, float], Grip]] = []
    for shape in all_shapes(shapes):
        corners = [view.shown(point) for point in points(shape)]
        other = shape.name != chosen
        for index, corner in enumerate(corners):
            distance = hypot(corner[0] - at[0], corner[1] - at[1])
            if distance <= reach:
                found.append(((0, other, distance), Grip(shape.name, index)))
        distance = min(to_segment(at, a, b) for a, b in _edges(shape, corners))
        if distance <= reach:
            found.append(((1, other, distance), Grip(shape.name)))
        if isinstance(shape, Zone) and contains(corners, at):
            found.append(((2, False, _area(corners)), Grip(shape.name)))
    return min(found)[1] if found else None


def to_segment(at: Point, a: Point, b: Point) -> float:
    """Return the distance of a point from a segment."""
    along = (b[0] - a[0], b[1] - a[1])
    length = along[0] ** 2 + along[1] ** 2
    part = ((at[0] - a[0]) * along[0] + (at[1] - a[1]) * along[1]) / length if length else 0.0
    part = min(max(part, 0.0), 1.0)
    return hypot(a[0] + part * along[0] - at[0], a[1] + part * along[1] - at[1])


def _edges(shape: Shape, corners: list[Point]) -> list[tuple[Point, Point]]:
    following = corners[1:] + corners[:1] if isinstance(shape, Zone) else corners[1:]
    return list(zip(corners, following, strict=False))


def _area(corners: list[Point]) -> float:
    """Return the area of a polygon (shoelace formula)."""
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2
