"""What was counted, by class: it outlives tracks, models and edits, and comes back with undo."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import replace

import numpy as np

from obscura.counting import Counter, Line, Shapes, Zone
from obscura.detections import Detections
from obscura.page.features.count import words
from obscura.page.features.count.ledger import MOST_DELETED, Ledger
from obscura.update import FrameInfo, Update

DOOR = Line("door", (0.5, 1.0), (0.5, 0.0))
YARD = Zone("yard", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)), enter_s=0.0)
SHAPES = Shapes((DOOR,), (YARD,))
LABELS = ("person", "dog")


class Desk:
    """A counter and its ledger, as the page has them."""

    def __init__(self, shapes: Shapes = SHAPES) -> None:
        self.counter, self.ledger = Counter(shapes), Ledger(shapes)
        self.time_s, self.track = 0.0, 0

    def walk(
        self, class_id: int = 0, labels: tuple[str, ...] = LABELS, *, back: bool = False
    ) -> None:
        """Somebody goes from the left of the door to the right, or back."""
        self.track += 1
        steps = np.linspace(0.2, 0.8, 7).tolist()
        for x in reversed(steps) if back else steps:
            self.time_s += 0.1
            box = [100 * x - 5, 40, 100 * x + 5, 60]
            row = Detections([box], [0.9], [class_id], [self.track])
            self.counter.update(Update(FrameInfo(0, self.time_s, 100, 100), row))
            self.ledger.take(self.counter, labels)

    def change(self, shapes: Shapes) -> None:
        self.counter.change(shapes)
        self.ledger.change(shapes)

    def seek(self) -> None:
        """The video goes to another time, or another model is used: all tracks are forgotten."""
        self.counter.reset()
        self.ledger.take(self.counter, LABELS)


def test_counts_survive_seeking_and_nobody_is_left_inside() -> None:
    desk = Desk()
    desk.walk()
    assert desk.ledger.inside["yard"] == {"person": 1}
    desk.seek()
    desk.walk()

    assert desk.ledger.as_dict() == {
        "lines": {"door": {"in": {"person": 2}, "out": {}}},
        "zones": {
            "yard": {"inside": {"person": 1}, "entered": {"person": 2}, "left": {"person": 1}}
        },
    }


def test_counts_keep_their_class_under_a_model_that_numbers_classes_otherwise() -> None:
    desk = Desk()
    desk.walk(0)
    desk.seek()
    desk.walk(0, ("forklift",))
    desk.seek()
    desk.walk(1)

    assert desk.ledger.as_dict()["lines"]["door"]["in"] == {"person": 1, "forklift": 1, "dog": 1}


def test_counts_by_class_are_shown_once_there_are_several_classes() -> None:
    desk = Desk()
    desk.walk(0)
    assert words.counts_by_class(desk.ledger, DOOR) == []
    desk.walk(0, back=True)
    desk.walk(1)

    assert words.counts(desk.ledger, DOOR) == "in 2 · out 1"
    assert words.counts_by_class(desk.ledger, DOOR) == ["dog in 1 · out 0", "person in 1 · out 1"]
    assert words.counts_by_class(desk.ledger, YARD)[0] == "dog 1 inside · 1 entered"


def test_a_line_that_is_moved_or_renamed_or_recoloured_keeps_its_counts() -> None:
    desk = Desk()
    desk.walk()
    for line in (
        replace(DOOR, start=(0.4, 1.0)),
        replace(DOOR, start=(0.4, 1.0), name="gate"),
        replace(DOOR, start=(0.4, 1.0), name="gate", colour="#00ff00", anchor="centre"),
    ):
        desk.change(Shapes((line,), (YARD,)))
        assert desk.ledger.totals(line.name) == {"in": 1}


def test_a_line_that_is_reversed_swaps_its_counts_and_back() -> None:
    desk = Desk()
    desk.walk()
    desk.change(Shapes((replace(DOOR, start=DOOR.end, end=DOOR.start),), (YARD,)))
    assert desk.ledger.totals("door") == {"out": 1}
    desk.walk()
    assert desk.ledger.totals("door") == {"out": 2}
    desk.change(SHAPES)

    assert desk.ledger.totals("door") == {"in": 2}


def test_a_deletion_that_is_undone_brings_the_counts_back() -> None:
    desk = Desk()
    desk.walk()
    desk.change(Shapes())
    desk.change(SHAPES)

    assert desk.ledger.totals("door") == {"in": 1}
    assert desk.ledger.totals("yard") == {"entered": 1}


def test_a_new_line_of_the_same_name_begins_at_0() -> None:
    desk = Desk()
    desk.walk()
    desk.change(Shapes())
    desk.change(Shapes((replace(DOOR, start=(0.1, 0.1)),)))

    assert desk.ledger.empty


def test_a_zone_does_not_take_over_the_counts_of_a_line_of_the_same_name() -> None:
    desk = Desk()
    desk.walk()
    desk.change(Shapes((), (replace(YARD, name="door"),)))

    assert desk.ledger.totals("door") == {"entered": 1}, "those of the yard, which was renamed"


def test_what_was_reset_comes_back_on_top_of_what_was_counted_since() -> None:
    desk = Desk()
    desk.walk()
    cleared = desk.ledger.clear()
    assert desk.ledger.empty
    desk.walk()
    desk.ledger.add(cleared)

    assert desk.ledger.totals("door") == {"in": 2}


def test_who_is_inside_stays_inside_while_a_zone_is_edited() -> None:
    desk = Desk()
    desk.walk()
    desk.change(Shapes((DOOR,), (replace(YARD, name="garden", colour="#00ff00"),)))

    assert desk.ledger.inside == {"garden": {"person": 1}}


def test_the_counts_of_deleted_lines_are_bounded() -> None:
    ledger = Ledger(Shapes())
    for number in range(MOST_DELETED + 50):
        ledger.change(Shapes((Line("x", (0, 0), (1, number / 1000)),)))
        ledger.change(Shapes())

    assert len(ledger._deleted) == MOST_DELETED


def test_sums_of_lines_that_are_not_in_force_are_kept_until_they_are() -> None:
    """As a person's own are, while the address gives others."""
    stored = {"own": Tally({("in", "person"): 2})}
    ledger = Ledger(Shapes((Line("given", (0.5, 1.0), (0.5, 0.0)),)))

    ledger.add(stored)
    assert ledger.sums == {"given": Tally()}
    assert ledger.absent == stored

    ledger.change(Shapes((Line("own", (0.2, 1.0), (0.2, 0.0)),)))
    assert ledger.sums == stored
    assert ledger.absent == {}
