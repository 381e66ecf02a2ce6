"""Edits of lines and zones: each returns new shapes. Pure Python.

Points are relative to the picture (0..1 from its left and upper edge), as in `counting.Shapes`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from obscura.counting import Line, Shapes, Zone
from obscura.counting.shapes import Point, points
from obscura.drawing import PALETTE

Shape = Line | Zone
LEAST_CORNERS = 3
SHADES = (*PALETTE[3:], *PALETTE[:3])
"""Colours of lines and zones, "#rrggbb": those of the classes, but so that the first ones are not
the colours of people, bicycles and cars, which they would be mistaken for."""


def all_shapes(shapes: Shapes) -> tuple[Shape, ...]:
    """Return the lines, then the zones."""
    return (*shapes.lines, *shapes.zones)


def find(shapes: Shapes, name: str) -> Shape:
    """Return the line or zone of a name.

    Raises:
        KeyError: there is none.
    """
    for shape in all_shapes(shapes):
        if shape.name == name:
            return shape
    raise KeyError(name)


def with_points(shape: Shape, places: Sequence[Point]) -> Shape:
    """Return the shape with other points.

    Raises:
        ShapesError: they make no valid line or zone.
    """
    if isinstance(shape, Line):
        start, end = places
        return replace(shape, start=start, end=end)
    return replace(shape, corners=tuple(places))


def added(shapes: Shapes, shape: Shape) -> Shapes:
    """Return the shapes and one more.

    Raises:
        ShapesError: its name is taken, or there are too many.
    """
    if isinstance(shape, Line):
        return replace(shapes, lines=(*shapes.lines, shape))
    return replace(shapes, zones=(*shapes.zones, shape))


def replaced(shapes: Shapes, name: str, shape: Shape) -> Shapes:
    """Return the shapes with another one in the place of the one of this name.

    Raises:
        ShapesError: two have the same name now.
    """
    return Shapes(
        tuple(shape if each.name == name and isinstance(shape, Line) else each
              for each in shapes.lines),
        tuple(shape if each.name == name and isinstance(shape, Zone) else each
              for each in shapes.zones),
    )  # fmt: skip


def removed(shapes: Shapes, name: str) -> Shapes:
    """Return the shapes without the one of this name."""
    return Shapes(
        tuple(line for line in shapes.lines if line.name != name),
        tuple(zone for zone in shapes.zones if zone.name != name),
    )


def moved(shape: Shape, point: int | None, by: Point) -> Shape:
    """Return the shape with one of its points moved, or all of them (None).

    No point that was inside the picture leaves it; a whole shape keeps its form.

    Raises:
        ShapesError: a line has no length any more.
    """
    places = list(points(shape))
    chosen = range(len(places)) if point is None else (point,)
    for axis in (0, 1):
        values = [places[index][axis] for index in chosen]
        least, most = min(0.0, -min(values)), max(0.0, 1 - max(values))
        step = min(max(by[axis], least), most)
        for index in chosen:
            pair = list(places[index])
            pair[axis] += step
            places[index] = (pair[0], pair[1])
    return with_points(shape, places)


def without_corner(zone: Zone, corner: int) -> Zone:
    """Return a zone without one of its corners.

    Raises:
        ShapesError: fewer than three are left.
    """
    return replace(zone, corners=zone.corners[:corner] + zone.corners[corner + 1 :])


def reversed_line(line: Line) -> Line:
    """Return a line whose *in* is its *out*, and the other way round."""
    return replace(line, start=line.end, end=line.start)


def free_name(shapes: Shapes, stem: str, used: Collection[str] = ()) -> str:
    """Return the first of "Line 1", "Line 2"... that no shape has.

    Args:
        used: names that are not free either.
    """
    taken = {shape.name for shape in all_shapes(shapes)}.union(used)
    number = 1
    while f"{stem} {number}" in taken:
        number += 1
    return f"{stem} {number}"


def free_colour(shapes: Shapes) -> str:
    """Return the first of `SHADES` that the fewest shapes have."""
    taken = [shape.colour for shape in all_shapes(shapes)]
    return min(SHADES, key=taken.count)


def snapped(point: Point, reach: Point) -> Point:
    """Return a point inside the picture, and on its edge where it is close to one.

    Args:
        reach: how close, in each direction, relative to the picture.
    """
    x, y = (_snapped(value, near) for value, near in zip(point, reach, strict=True))
    return x, y


def snapped_move(shape: Shape, by: Point, reach: Point) -> Point:
    """Return the move of a whole shape, such that it lies on an edge of the picture where it would
    be close to one.

    Args:
        by: how far it would move.
        reach: see `snapped`.
    """
    places = points(shape)
    moves = []
    for axis in (0, 1):
        values = [place[axis] for place in places]
        ways = [-min(values), 1 - max(values)]  # onto either edge
        nearest = min(ways, key=lambda way: abs(way - by[axis]))
        moves.append(nearest if abs(nearest - by[axis]) <= reach[axis] else by[axis])
    return moves[0], moves[1]


def _snapped(value: float, near: float) -> float:
    if value <= near:
        return 0.0
    return 1.0 if value >= 1 - near else value
