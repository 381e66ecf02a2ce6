"""Lines and zones: what is counted, and where. Pure data, with its JSON form.

Coordinates are relative to the picture, 0..1 from its left and upper edge, so that they hold for
any resolution of the same view.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf, isfinite
from typing import Any, TypeVar

from obscura.errors import ObscuraError

Point = tuple[float, float]
ANCHORS = ("centre", "foot")
FORMAT = 1
MOST_SHAPES = 100
MOST_CORNERS = 100
MOST_NAME = 80
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of the text around a name (Unicode, UAX 9)."""
LEAST_LENGTH = 1e-3
"""Of a line, in fractions of the picture: shorter ones have no direction that can be seen."""
LEAST_AREA = 1e-9
"""Of a triangle of corners, twice its area in fractions of the picture: below it lie on a line."""


class ShapesError(ObscuraError):
    """Lines or zones are not valid."""

    code = "shapes"
    remedy = "Correct it in the file."


@dataclass(frozen=True, slots=True)
class Line:
    """A segment that objects cross.

    Seen along the segment from start to end, who goes from its left to its right side comes *in*,
    and who goes from right to left goes *out*. The picture's y axis points down: a line drawn from
    the bottom to the top counts those who go from left to right in the picture as in.

    Attributes:
        name: unique among lines and zones.
        start: x, y.
        end: x, y.
        anchor: the point of a box that has to cross: "centre", or "foot", the middle of its lower
            edge.
        colour: "#rrggbb"; "" for the program's choice.
        band: half the width of the band around the line that an object has to leave before its
            crossing counts, in heights of its box. It keeps those who stand on the line from being
            counted again and again.

    Raises:
        ShapesError: a value is not valid.
    """

    name: str
    start: Point
    end: Point
    anchor: str = "foot"
    colour: str = ""
    band: float = 0.15

    def __post_init__(self) -> None:
        _check(self.name, self.anchor, (self.start, self.end), self.colour)
        if hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]) < LEAST_LENGTH:
            raise ShapesError(
                f"The line {self.name!r} has no length", remedy="Move one of its ends."
            )
        if not 0 <= self.band <= 1:
            raise ShapesError(f"The band of {self.name!r} is not a number from 0 to 1", self.band)


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon that objects enter and leave.

    Attributes:
        name: unique among lines and zones.
        corners: x, y of at least three corners; the last is joined to the first.
        anchor: the point of a box that has to be inside; see `Line`.
        colour: see `Line`.
        enter_s: seconds an object has to stay inside before it has entered.
        leave_s: seconds it has to stay outside before it has left.

    Raises:
        ShapesError: a value is not valid.
    """

    name: str
    corners: tuple[Point, ...]
    anchor: str = "foot"
    colour: str = ""
    enter_s: float = 0.3
    leave_s: float = 0.5

    def __post_init__(self) -> None:
        _check(self.name, self.anchor, self.corners, self.colour)
        if not 3 <= len(self.corners) <= MOST_CORNERS:
            raise ShapesError(
                f"The zone {self.name!r} has {len(self.corners)} corners",
                remedy=f"Give it 3 to {MOST_CORNERS}.",
            )
        if not _has_area(self.corners):
            raise ShapesError(f"The zone {self.name!r} has no area", remedy="Move a corner.")
        for seconds in (self.enter_s, self.leave_s):
            if not 0 <= seconds <= 3600:
                raise ShapesError(
                    f"A delay of {self.name!r} is not a number of seconds from 0 to 3600", seconds
                )


@dataclass(frozen=True, slots=True)
class Shapes:
    """All lines and zones of a view.

    Raises:
        ShapesError: two have the same name, or there are too many.
    """

    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines] + [zone.name for zone in self.zones]
        if len(names) > MOST_SHAPES:
            raise ShapesError(
                f"There are {len(names)} shapes", remedy=f"Use {MOST_SHAPES} at most."
            )
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ShapesError(
                "Two shapes have the same name", min(twice), remedy="Give each its own name."
            )


_Shape = TypeVar("_Shape", Line, Zone)


def points(shape: Line | Zone) -> tuple[Point, ...]:
    """Return the points of a shape: start and end, or the corners."""
    return (shape.start, shape.end) if isinstance(shape, Line) else shape.corners


def carried(before: Shapes, after: Shapes) -> list[tuple[Line, Line] | tuple[Zone, Zone]]:
    """Return the lines and zones that go on, each before and after a change.

    A shape goes on if it has the same name and kind as one before (it was moved), or else the same
    points (it was renamed).
    """
    return [*_carried(before.lines, after.lines), *_carried(before.zones, after.zones)]


def _carried(before: Sequence[_Shape], after: Sequence[_Shape]) -> list[tuple[_Shape, _Shape]]:
    names = {shape.name for shape in after}
    former = {shape.name: shape for shape in before}
    gone = {points(shape): shape for shape in before if shape.name not in names}
    pairs = []
    for shape in after:
        known = former.get(shape.name) or gone.pop(points(shape), None)
        if known is not None:
            pairs.append((known, shape))
    return pairs


def _check(name: str, anchor: str, points: Sequence[Point], colour: str) -> None:
    if not name.strip() or len(name) > MOST_NAME:
        raise ShapesError(
            "A line or zone has no proper name", repr(name)[:MOST_NAME], remedy="Give it a name."
        )
    if any(unicodedata.category(each) in ("Cc", "Cs") or each in TURNING for each in name):
        raise ShapesError(
            "A name has a character that cannot be shown, or that turns text around",
            ascii(name)[:MOST_NAME],
            remedy="Leave it out.",
        )
    if anchor not in ANCHORS:
        raise ShapesError(
            f"The anchor of {name!r} is unknown", anchor, remedy='Use "centre" or "foot".'
        )
    for point in points:
        if not all(isfinite(value) and -1 <= value <= 2 for value in point):
            raise ShapesError(
                f"A point of {name!r} is not valid",
                point,
                remedy="Use fractions of the picture, 0..1.",
            )
    digits = colour[1:]
    if colour and not (
        colour[0] == "#" and len(digits) == 6 and set(digits.lower()) <= set("0123456789abcdef")
    ):
        raise ShapesError(f"The colour of {name!r} is not valid", colour, remedy='Use "#rrggbb".')


def to_json(shapes: Shapes) -> str:
    """Return shapes as JSON text (schema in docs/counting.md)."""
    return json.dumps(
        {
            "format": FORMAT,
            "lines": [
                {
                    "name": line.name, "start": line.start, "end": line.end,
                    "anchor": line.anchor, "colour": line.colour, "band": line.band,
                }
                for line in shapes.lines
            ],
            "zones": [
                {
                    "name": zone.name, "corners": zone.corners, "anchor": zone.anchor,
                    "colour": zone.colour, "enter_s": zone.enter_s, "leave_s": zone.leave_s,
                }
                for zone in shapes.zones
            ],
        },
        ensure_ascii=False,
        indent=1,
    )  # fmt: skip


def _has_area(corners: Sequence[Point]) -> bool:
    """Whether not all corners lie on one line."""
    (x0, y0), *others = corners
    return any(
        abs((x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)) > LEAST_AREA
        for x1, y1 in others
        for x2, y2 in others
    )


def from_json(text: str | bytes) -> Shapes:
    """Return the shapes of a JSON text that `to_json` or a person wrote.

    Args:
        text: bytes may be UTF-8, UTF-16 or UTF-32, also with the mark at the beginning by which
            some editors tell these apart.

    Raises:
        ShapesError: it is not valid; the message names what is wrong.
    """
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ShapesError(
            "This is not valid JSON",
            str(error)[:80],
            remedy="Correct it there, or export it again.",
        ) from error
    number = table.get("format") if isinstance(table, dict) else None
    if type(number) is not int or number != FORMAT:
        raise ShapesError(
            "This is not a file of lines and zones", remedy=f'Its "format" has to be {FORMAT}.'
        )
    unknown = sorted(table.keys() - {"format", "lines", "zones"})
    if unknown:
        raise ShapesError(
            f"The file has an unknown key {unknown[0][:40]!r}",
            remedy='Only "format", "lines" and "zones" may stand there.',
        )
    if not table.keys() & {"lines", "zones"}:
        raise ShapesError(
            "The file has neither lines nor zones", remedy='Write "lines" or "zones" into it.'
        )
    return Shapes(
        tuple(_line(row) for row in _rows(table, "lines")),
        tuple(_zone(row) for row in _rows(table, "zones")),
    )


_KINDS = {str: "text", list: "a list", float: "a number"}


def _rows(table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    rows = table.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ShapesError(
            f'"{key}" is not a list', remedy="Write [ and ] around the lines or zones, each in { }."
        )
    return rows


def _line(row: Mapping[str, Any]) -> Line:
    values = _known(row, {"name": str, "start": list, "end": list, "anchor": str, "colour": str,
                          "band": float}, ("name", "start", "end"))  # fmt: skip
    values["start"], values["end"] = _point(values["start"]), _point(values["end"])
    return Line(**values)


def _zone(row: Mapping[str, Any]) -> Zone:
    values = _known(row, {"name": str, "corners": list, "anchor": str, "colour": str,
                          "enter_s": float, "leave_s": float}, ("name", "corners"))  # fmt: skip
    values["corners"] = tuple(_point(corner) for corner in values["corners"])
    return Zone(**values)


def _known(
    row: Mapping[str, Any], kinds: Mapping[str, type], needed: Sequence[str]
) -> dict[str, Any]:
    missing = [key for key in needed if key not in row]
    if missing:
        raise ShapesError(f'{_title(row)} has no "{missing[0]}"', remedy="Add it.")
    values = {}
    for key, value in row.items():
        if key not in kinds:
            raise ShapesError(
                f"{_title(row)} has an unknown key",
                key[:40],
                remedy="Remove it, or correct its name.",
            )
        kind = kinds[key]
        number = kind is float and isinstance(value, int) and not isinstance(value, bool)
        if not (isinstance(value, kind) or number):
            raise ShapesError(
                f'"{key}" of {_title(row, inside=True)} is not {_KINDS[kind]}', repr(value)[:40]
            )
        values[key] = _float(value) if kind is float else value
    return values


def _point(value: Any) -> Point:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or not all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in value)
    ):
        raise ShapesError(
            "A point is not a pair of numbers", repr(value)[:40], remedy="Write it as [0.5, 1.0]."
        )
    return _float(value[0]), _float(value[1])


def _float(value: float) -> float:
    """Return a number of a file as float; infinity, which no shape takes, if it is too large."""
    try:
        return float(value)
    except OverflowError:
        return inf


def _title(row: Mapping[str, Any], *, inside: bool = False) -> str:
    """Return what an error calls a line or zone of a file: its name, if it has one.

    Args:
        inside: whether it stands within a sentence.
    """
    name = row.get("name")
    if isinstance(name, str) and name.strip():
        return repr(name[:MOST_NAME])
    return "a line or zone" if inside else "A line or zone"
