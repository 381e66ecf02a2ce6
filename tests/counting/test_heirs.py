"""Heirs: a new id after an occlusion is the same object; another object is not."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.counting import Counter, Line, Shapes, Zone
from obscura.counting.heirs import Heirs
from obscura.counting.sight import Sight
from obscura.detections import Detections
from obscura.update import FrameInfo, Update

SQUARE = Shapes(zones=(Zone("square", ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))),))
DOOR = Shapes(lines=(Line("door", (0.5, 1.0), (0.5, 0.0)),))


def frame(index: int, rows: dict[int, tuple[float, float]], fps: float = 10) -> Update:
    """Return a frame in which the feet of these tracks are at these places."""
    boxes = [[640 * x - 20, 480 * y - 96, 640 * x + 20, 480 * y] for x, y in rows.values()]
    found = Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(rows), 0.9, np.float32),
        np.zeros(len(rows), np.int32),
        np.array(list(rows), np.int64),
    )
    return Update(FrameInfo(index, index / fps, 640, 480), found)


def sight(
    track_id: int,
    time_s: float,
    place: tuple[float, float] = (0.5, 0.5),
    height: float = 0.2,
    class_id: int = 0,
) -> Sight:
    anchors = {"foot": place, "centre": (place[0], place[1] - height / 2)}
    return Sight(time_s, track_id, class_id, anchors, height)


@pytest.mark.parametrize(
    "new",
    [
        sight(2, 1.0, place=(0.9, 0.5)),  # too far away
        sight(2, 1.0, height=0.1),  # too small
        sight(2, 1.0, class_id=1),  # of another class
    ],
)
def test_another_object_is_no_heir(new: Sight) -> None:
    heirs = Heirs()
    heirs.find([sight(1, 0.0)], 0.0, 1.5)

    assert heirs.find([new], 1.0, 1.5) == {}


def test_who_is_lost_at_the_border_has_left() -> None:
    heirs = Heirs()
    heirs.find([sight(1, 0.0, place=(0.02, 0.5))], 0.0, 1.5)

    assert heirs.find([sight(2, 0.5, place=(0.02, 0.5))], 0.5, 1.5) == {}


def test_a_track_that_is_still_seen_has_no_heir() -> None:
    heirs = Heirs()
    heirs.find([sight(1, 0.0)], 0.0, 1.5)

    assert heirs.find([sight(1, 0.1), sight(2, 0.1)], 0.1, 1.5) == {}


def test_the_nearer_of_two_is_the_heir() -> None:
    heirs = Heirs()
    heirs.find([sight(1, 0.0)], 0.0, 1.5)

    found = heirs.find([sight(2, 0.5, (0.52, 0.5)), sight(3, 0.5, (0.5, 0.5))], 0.5, 1.5)

    assert found == {3: 1}


def test_traces_that_are_forgotten_have_no_heir() -> None:
    heirs = Heirs()
    heirs.find([sight(1, 0.0)], 0.0, 1.5)
    heirs.forget(0.5)

    assert heirs.find([sight(2, 1.0)], 1.0, 1.5) == {}


@pytest.mark.parametrize("gap", [1, 5, 15])
def test_a_new_id_in_a_zone_is_neither_an_entry_nor_an_exit(gap: int) -> None:
    counter = Counter(SQUARE)
    for index in range(10):
        counter.update(frame(index, {1: (0.5, 0.5)}))
    for index in range(10, 10 + gap):
        counter.update(frame(index, {}))
    for index in range(10 + gap, 60):
        counter.update(frame(index, {2: (0.5, 0.5)}))

    zone = counter.zones["square"]
    assert (zone.entries[0], zone.exits[0], zone.inside[0]) == (1, 0, 1)


def test_a_crossing_while_the_object_is_hidden_counts_once_it_has_another_id() -> None:
    counter = Counter(DOOR)
    for index, place in enumerate([(0.2 + 0.02 * step, 0.6) for step in range(31)]):
        hidden = 0.45 < place[0] < 0.55
        counter.update(frame(index, {} if hidden else {1 if place[0] < 0.5 else 2: place}))

    assert counter.lines["door"].counts == {(0, "in"): 1}
