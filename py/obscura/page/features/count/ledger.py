"""Ledger: what was counted at the lines and zones of one camera or video. Pure Python.

A `Counter` counts by track and by the model's number of a class, and only what happens. A ledger
keeps the sums by the name of the class: they outlive the tracks, another model, and edits, and come
back when the deletion of a line is undone.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from typing import Any

from obscura.counting import Counter, Line, Shapes
from obscura.counting.shapes import carried, points
from obscura.page.features.count.edits import Shape, all_shapes, reversed_line

MOST_DELETED = 200
"""Deleted lines and zones whose counts are kept, for undo."""
LINE_KINDS = ("in", "out")
ZONE_KINDS = ("entered", "left")
OTHER_WAY = {"in": "out", "out": "in"}

Sums = Tally[tuple[str, str]]
"""Numbers by kind ("in", "out"; "entered", "left") and name of the class."""


class Ledger:
    """Sums of counts.

    Attributes:
        sums: by name of the line or zone.
        absent: those of lines and zones that are not in force now, such as a person's own while the
            address gives others.
        inside: who is in each zone now, by name of the zone and of the class.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.sums: dict[str, Sums] = {}
        self.absent: dict[str, Sums] = {}
        self.inside: dict[str, Tally[str]] = {}
        self._shapes = Shapes()
        self._deleted: dict[Shape, Sums] = {}
        self.change(shapes)

    @property
    def empty(self) -> bool:
        """Whether nothing was counted."""
        return not any(self.sums.values())

    def take(self, counter: Counter, labels: Sequence[str]) -> None:
        """Take over what a counter at the same lines and zones has counted; it begins at 0 again.

        Args:
            labels: names of the classes, by class_id.
        """
        for name, line in counter.lines.items():
            for (class_id, direction), count in line.counts.items():
                self.sums[name][direction, labels[class_id]] += count
        for name, zone in counter.zones.items():
            for kind, tally in (("entered", zone.entries), ("left", zone.exits)):
                for class_id, count in tally.items():
                    self.sums[name][kind, labels[class_id]] += count
            self.inside[name] = Tally(
                {labels[class_id]: count for class_id, count in zone.inside.items()}
            )
        counter.clear()

    def change(self, shapes: Shapes) -> list[tuple[Shape, Shape]]:
        """Go on at other lines and zones; return those that go on, each before and after.

        The sums stay with a shape of the same name and kind (it was moved), or of the same points
        (it was renamed). Of a line whose direction was reversed, in and out change places: who came
        in had gone where out is now. A shape that was deleted and comes back has its sums again.
        """
        after = all_shapes(shapes)
        pairs = {shape.name: former for former, shape in carried(self._shapes, shapes)}
        gone = [shape for shape in all_shapes(self._shapes) if shape not in pairs.values()]
        old = self.sums
        self.sums = {}
        for shape in after:
            former = pairs.get(shape.name)
            if former is None:
                own = self._deleted.pop(shape, Tally())
                self.sums[shape.name] = own + self.absent.pop(shape.name, Tally())
            else:
                self.sums[shape.name] = _turned(old[former.name], former, shape)
        self._deleted |= {shape: old[shape.name] for shape in gone}
        self._deleted = dict(list(self._deleted.items())[-MOST_DELETED:])
        inside = {name: self.inside.get(shape.name) for name, shape in pairs.items()}
        self.inside = {zone.name: inside.get(zone.name) or Tally() for zone in shapes.zones}
        self._shapes = shapes
        return [(pairs[shape.name], shape) for shape in after if shape.name in pairs]

    def clear(self) -> dict[str, Sums]:
        """Begin at 0 again; return what was counted until now."""
        former = self.sums
        self.sums = {name: Tally() for name in former}
        return former

    def add(self, sums: dict[str, Sums]) -> None:
        """Add what `clear` has returned, or what was stored, to what was counted since."""
        for name, each in sums.items():
            if name in self.sums:
                self.sums[name] += each
            else:
                self.absent[name] = self.absent.get(name, Tally()) + each
        self.absent = dict(list(self.absent.items())[-MOST_DELETED:])

    def totals(self, name: str, label: str | None = None) -> Tally[str]:
        """Return the sums of a line or zone by kind, of one class or (None) of all."""
        totals: Tally[str] = Tally()
        for (kind, of), count in self.sums[name].items():
            if label in (None, of):
                totals[kind] += count
        return totals

    def labels(self, name: str) -> list[str]:
        """Return the names of the classes that were counted at a line or zone."""
        return sorted({label for _, label in self.sums[name]})

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values (docs/automation.md): of lines by direction, of zones
        by what happened, then by class."""
        lines = {
            line.name: {kind: self._of(line.name, kind) for kind in LINE_KINDS}
            for line in self._shapes.lines
        }
        zones = {
            zone.name: {
                "inside": dict(self.inside[zone.name]),
                **{kind: self._of(zone.name, kind) for kind in ZONE_KINDS},
            }
            for zone in self._shapes.zones
        }
        return {"lines": lines, "zones": zones}

    def _of(self, name: str, kind: str) -> dict[str, int]:
        return {label: count for (each, label), count in self.sums[name].items() if each == kind}


def _turned(sums: Sums, before: Shape, after: Shape) -> Sums:
    """Return the sums of a line in the direction that it has now."""
    if not is_reversed(before, after):
        return sums
    return Tally({(OTHER_WAY[kind], label): count for (kind, label), count in sums.items()})


def is_reversed(before: Shape, after: Shape) -> bool:
    """Whether a line has the opposite direction now."""
    return isinstance(before, Line) and points(after) == points(reversed_line(before))
