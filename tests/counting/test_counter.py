"""Counting: every complaint about other counters, with its true answer."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.counting import (
    Counter,
    Crossing,
    Line,
    Shapes,
    Zone,
    ZoneEntered,
    ZoneLeft,
)
from obscura.detections import Detections
from obscura.update import Event, FrameInfo, Update

WIDTH, HEIGHT = 640, 480
TALL = 96  # pixels, a fifth of the picture
ACROSS = Line("door", (0.5, 1.0), (0.5, 0.0))  # upwards: from left to right is in
SQUARE = Zone("square", ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)), enter_s=0, leave_s=0)

Walk = list[tuple[float, float] | None]


def update(
    index: int,
    rows: dict[int, tuple[float, float] | None],
    fps: float = 10,
    class_id: int = 0,
) -> Update:
    """Return a frame in which the feet of these tracks are at these places."""
    seen = {number: place for number, place in rows.items() if place is not None}
    feet = np.array([[x * WIDTH, y * HEIGHT] for x, y in seen.values()]).reshape(-1, 2)
    boxes = np.concatenate([feet - np.array([20, TALL]), feet + np.array([20, 0])], axis=1)
    detections = Detections(
        boxes, np.full(len(seen), 0.9), np.full(len(seen), class_id, np.int32), list(seen)
    )
    return Update(FrameInfo(index, index / fps, WIDTH, HEIGHT), detections)


def walk(counter: Counter, *walks: Walk, fps: float = 10) -> list[Event]:
    """Let tracks 1, 2, ... walk; return the events."""
    events: list[Event] = []
    for index in range(max(map(len, walks))):
        rows = {
            number: places[index] if index < len(places) else None
            for number, places in enumerate(walks, 1)
        }
        events += counter.update(update(index, rows, fps)).events
    return events


def straight(start: tuple[float, float], end: tuple[float, float], steps: int = 20) -> Walk:
    return [
        (start[0] + (end[0] - start[0]) * i / steps, start[1] + (end[1] - start[1]) * i / steps)
        for i in range(steps + 1)
    ]


def crossings(events: list[Event]) -> list[tuple[int, str]]:
    return [(each.track_id, each.direction) for each in events if isinstance(each, Crossing)]


def test_from_left_to_right_is_in_and_back_is_out() -> None:
    counter = Counter(Shapes((ACROSS,)))
    there = straight((0.3, 0.5), (0.7, 0.5))

    events = walk(counter, there + there[::-1])

    assert crossings(events) == [(1, "in"), (1, "out")]
    assert counter.lines["door"].counts == {(0, "in"): 1, (0, "out"): 1}


def test_the_meaning_of_in_and_out_follows_the_arrow_alone() -> None:
    """(ultralytics #15697)"""
    turned = Counter(Shapes((Line("door", ACROSS.end, ACROSS.start),)))

    assert crossings(walk(turned, straight((0.3, 0.5), (0.7, 0.5)))) == [(1, "out")]


def test_jitter_on_the_line_counts_nothing() -> None:
    """(supervision #2598, opendatacam #204)"""
    counter = Counter(Shapes((ACROSS,)))
    rng = np.random.default_rng(0)
    jitter = [(0.5 + x, 0.5) for x in rng.normal(0, 0.004, 500)]

    assert crossings(walk(counter, jitter)) == []


def test_who_lingers_on_the_line_and_goes_on_counts_once() -> None:
    counter = Counter(Shapes((ACROSS,)))
    rng = np.random.default_rng(0)
    lingering = [(0.5 + x, 0.5) for x in rng.normal(0, 0.004, 200)]

    way = straight((0.3, 0.5), (0.5, 0.5)) + lingering + straight((0.5, 0.5), (0.7, 0.5))
    assert crossings(walk(counter, way)) == [(1, "in")]


def test_who_turns_round_on_the_line_does_not_count() -> None:
    counter = Counter(Shapes((ACROSS,)))
    there = straight((0.3, 0.5), (0.51, 0.5))

    assert crossings(walk(counter, there + there[::-1])) == []


def test_a_way_past_the_end_of_the_segment_counts_nothing() -> None:
    """(supervision #1838, #518)"""
    short = Line("door", (0.5, 0.6), (0.5, 0.4))
    counter = Counter(Shapes((short,)))

    past = straight((0.3, 0.8), (0.7, 0.8))
    round_it = [*past, *straight((0.7, 0.8), (0.7, 0.5)), *straight((0.7, 0.5), (0.3, 0.5))]

    assert crossings(walk(counter, past)) == []
    assert crossings(walk(Counter(Shapes((short,))), round_it)) == [(1, "out")]


@pytest.mark.parametrize("steps", [1, 2, 3, 40])
def test_few_frames_or_many_count_the_same(steps: int) -> None:
    counter = Counter(Shapes((ACROSS,)))

    assert crossings(walk(counter, straight((0.2, 0.5), (0.8, 0.5), steps))) == [(1, "in")]


def test_an_occlusion_at_the_line_is_bridged() -> None:
    """(supervision #132, #1720)"""
    counter = Counter(Shapes((ACROSS,)))
    way: Walk = list(straight((0.3, 0.5), (0.7, 0.5)))
    way[7:14] = [None] * 7

    assert crossings(walk(counter, way)) == [(1, "in")]


def test_rows_without_a_track_never_count() -> None:
    """Unconfirmed rows are not tracks (supervision #2578)."""
    counter = Counter(Shapes((ACROSS,)))
    events: list[Event] = []

    for index, place in enumerate(straight((0.3, 0.5), (0.7, 0.5))):
        events += counter.update(update(index, {-1: place})).events

    assert events == []


def test_many_cross_at_once_each_in_their_direction() -> None:
    counter = Counter(Shapes((ACROSS,)))
    right, left = straight((0.3, 0.5), (0.7, 0.5)), straight((0.7, 0.7), (0.3, 0.7))

    assert sorted(crossings(walk(counter, right, left, right))) == [
        (1, "in"),
        (2, "out"),
        (3, "in"),
    ]


@pytest.mark.parametrize("height", [0.9999, 1.0, 1.05])
def test_who_is_cut_off_by_the_lower_edge_crosses_a_line_that_reaches_to_it(height: float) -> None:
    there = straight((0.3, height), (0.7, height))

    assert crossings(walk(Counter(Shapes((ACROSS,))), there + there[::-1])) == [
        (1, "in"),
        (1, "out"),
    ]


@pytest.mark.parametrize("place", [(0.5, 1.0), (0.5, 1.05), (0.0, 0.5), (1.0, 0.5), (0.0, 1.0)])
def test_who_stands_at_an_edge_is_in_a_zone_that_reaches_to_it(place: tuple[float, float]) -> None:
    whole = Zone("all", ((0, 0), (1, 0), (1, 1), (0, 1)), enter_s=0)
    counter = Counter(Shapes(zones=(whole,)))

    walk(counter, [place] * 3)

    assert counter.zones["all"].inside == {0: 1}


# ---- zones ---------------------------------------------------------------------------------------


def test_a_walk_through_a_zone_is_an_entry_an_exit_and_the_time_between() -> None:
    counter = Counter(Shapes(zones=(SQUARE,)))

    entered, left = walk(counter, straight((0.3, 0.5), (0.7, 0.5), 40))

    assert isinstance(entered, ZoneEntered)
    assert isinstance(left, ZoneLeft)
    assert (entered.time_s, left.time_s) == pytest.approx((1.1, 2.9), abs=0.11)
    assert left.dwell_s == pytest.approx(left.time_s - entered.time_s)
    zone = counter.zones["square"]
    assert (zone.entries[0], zone.exits[0], zone.inside[0]) == (1, 1, 0)


def test_the_stay_goes_on_through_an_occlusion() -> None:
    """Dwell time does not begin again (supervision #1855)."""
    counter = Counter(Shapes(zones=(SQUARE,)))
    way: Walk = [(0.5, 0.5)] * 60
    way[20:35] = [None] * 15

    walk(counter, way)

    assert counter.zones["square"].inside[0] == 1
    assert counter.zones["square"].dwelling_s(5.9) == {1: pytest.approx(5.9)}


def test_who_is_lost_in_a_zone_has_left_it() -> None:
    """It does not show one for ever (frigate #7190)."""
    counter = Counter(Shapes(zones=(SQUARE,)))

    events = walk(counter, [(0.5, 0.5)] * 10 + [None] * 25)

    (left,) = (each for each in events if isinstance(each, ZoneLeft))
    assert left.time_s == pytest.approx(0.9)
    assert left.dwell_s == pytest.approx(0.9)
    assert counter.zones["square"].inside[0] == 0


def test_delays_keep_short_visits_and_short_absences_out() -> None:
    slow = Zone("square", SQUARE.corners, enter_s=0.5, leave_s=0.5)
    counter = Counter(Shapes(zones=(slow,)))
    inside, outside = (0.5, 0.5), (0.8, 0.5)
    way: Walk = [inside] * 3 + [outside] * 10 + [inside] * 20 + [outside] * 3 + [inside] * 10

    events = walk(counter, way)

    (entered,) = events
    assert isinstance(entered, ZoneEntered)
    assert entered.time_s == pytest.approx(1.3)


def test_a_zone_with_a_dent_contains_what_lies_in_it_only() -> None:
    dented = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.5, 0.4), (0.2, 0.8))
    counter = Counter(Shapes(zones=(Zone("zone", dented, enter_s=0),)))

    walk(counter, [(0.5, 0.7)] * 3, [(0.25, 0.5)] * 3)

    assert counter.zones["zone"].dwelling_s(0.2).keys() == {2}


def test_per_class_as_many_leave_as_entered_when_the_class_wavers() -> None:
    """Class flicker doubles no count, and leaves nobody over (supervision #194)."""
    counter = Counter(Shapes(zones=(SQUARE,)))
    way = [(0.5, 0.5)] * 10 + [(0.8, 0.5)] * 3

    events = [
        event
        for index, place in enumerate(way)
        for event in counter.update(update(index, {1: place}, class_id=index // 4)).events
    ]

    square = counter.zones["square"]
    assert (square.entries, square.exits, square.inside) == ({0: 1}, {0: 1}, {})
    assert [type(event).__name__ for event in events] == ["ZoneEntered", "ZoneLeft"]


def test_a_video_that_begins_again_leaves_nobody_in_a_zone() -> None:
    """It does not show one for ever (frigate #7190)."""
    counter = Counter(Shapes((ACROSS,), (SQUARE,)))
    walk(counter, [(0.5, 0.5)] * 50)

    again = counter.update(update(0, {2: (0.3, 0.5)}))

    (left,) = again.events
    assert isinstance(left, ZoneLeft)
    assert (left.track_id, left.dwell_s) == (1, pytest.approx(4.9))
    assert counter.zones["square"].inside == {}
    assert crossings(walk(counter, [None], straight((0.3, 0.5), (0.7, 0.5)))) == [(2, "in")]


def test_those_inside_and_their_dwell_times_are_by_class() -> None:
    counter = Counter(Shapes(zones=(SQUARE,)))
    for index in range(31):
        frame = update(index, {1: (0.5, 0.5), 2: (0.45, 0.5), 3: (0.5, 0.45), 4: (0.9, 0.9)})
        detections = frame.detections.replace(class_id=[0, 2, 2, 2])
        counter.update(Update(frame.frame, detections))

    square = counter.zones["square"]
    assert square.inside == {0: 1, 2: 2}
    assert square.dwelling_s(3.0) == {number: pytest.approx(3.0) for number in (1, 2, 3)}


@pytest.mark.parametrize("seconds", [1, 3, 10])
def test_one_frame_in_many_seconds_counts(seconds: int) -> None:
    """(ultralytics #18504)"""
    counter = Counter(Shapes((ACROSS,), (SQUARE,)))

    events = walk(counter, straight((0.3, 0.5), (0.7, 0.5), 4), fps=1 / seconds)

    assert crossings(events) == [(1, "in")]
    assert [type(e).__name__ for e in events if not isinstance(e, Crossing)] == [
        "ZoneEntered",
        "ZoneLeft",
    ]


# ---- both ----------------------------------------------------------------------------------------


def test_another_source_does_not_join_its_tracks_to_those_before_and_keeps_the_counts() -> None:
    counter = Counter(Shapes((ACROSS,), (SQUARE,)))
    walk(counter, straight((0.3, 0.5), (0.7, 0.5)))
    before = dict(counter.lines["door"].counts)

    counter.reset()

    assert crossings(walk(counter, [(0.3, 0.5)])) == []
    assert counter.lines["door"].counts == before == {(0, "in"): 1}


def test_shapes_hold_for_every_resolution() -> None:
    for scale in (1, 3):
        counter = Counter(Shapes((ACROSS,)))
        events: list[Event] = []
        for index, place in enumerate(straight((0.3, 0.5), (0.7, 0.5))):
            small = update(index, {1: place})
            frame = FrameInfo(index, index / 10, WIDTH * scale, HEIGHT * scale)
            detections = small.detections.replace(xyxy=small.detections.xyxy * scale)
            events += counter.update(Update(frame, detections)).events
        assert crossings(events) == [(1, "in")]


def test_memory_is_bounded_over_days() -> None:
    counter = Counter(Shapes((ACROSS,), (SQUARE,)))

    for index in range(5000):
        counter.update(update(index, {index: (0.5, 0.5)}))

    assert len(counter.lines["door"]._passages) < 25
    assert len(counter.zones["square"]._stays) < 25


# ---- edits while counting ------------------------------------------------------------------------


def counted() -> Counter:
    """A counter that one track has crossed and entered."""
    counter = Counter(Shapes((ACROSS,), (SQUARE,)))
    walk(counter, straight((0.3, 0.5), (0.7, 0.5)))
    return counter


def test_a_shape_that_is_renamed_or_moved_keeps_its_counts() -> None:
    counter = counted()

    counter.change(Shapes((Line("gate", ACROSS.start, ACROSS.end),), (SQUARE,)))
    counter.change(Shapes((Line("gate", (0.2, 1.0), (0.2, 0.0)),), (SQUARE,)))

    assert counter.lines["gate"].counts == {(0, "in"): 1}
    assert list(counter.lines) == ["gate"]
    assert counter.zones["square"].entries == {0: 1}


def test_a_line_moved_over_somebody_is_not_crossed_by_that() -> None:
    counter = Counter(Shapes((ACROSS,)))
    here = straight((0.3, 0.5), (0.31, 0.5), 10)
    walk(counter, here)

    counter.change(Shapes((Line("door", (0.2, 1.0), (0.2, 0.0)),)))

    assert crossings(walk(counter, here)) == []


def test_a_line_that_was_moved_counts_from_then_on() -> None:
    counter = counted()
    counter.change(Shapes((Line("door", (0.8, 1.0), (0.8, 0.0)),)))

    assert crossings(walk(counter, straight((0.7, 0.5), (0.95, 0.5)))) == [(1, "in")]
    assert counter.lines["door"].counts == {(0, "in"): 2}


def test_a_deleted_shape_is_gone_and_a_new_one_begins_at_nothing() -> None:
    counter = counted()

    counter.change(Shapes((Line("other", (0.2, 1.0), (0.2, 0.0)),)))

    assert counter.lines["other"].counts == {}
    assert counter.zones == {}


def test_counts_begin_again_at_nothing_on_request() -> None:
    counter = counted()

    counter.clear()

    assert counter.lines["door"].counts == {}
    square = counter.zones["square"]
    assert (square.entries, square.exits, square.dwell_s) == ({}, {}, {})


def seen_at(time_s: float, track_id: int, left: float, width: int = 100) -> Update:
    """Return a frame with one track, whose box is 20 by 40 pixels."""
    box = [[left, 30, left + 20, 70]]
    found = Detections(box, [0.9], [0], [track_id])
    return Update(FrameInfo(0, time_s, width, 100), found)


def test_nobody_goes_on_with_the_way_of_somebody_who_left_hours_ago() -> None:
    counter = Counter(Shapes((Line("door", (0.5, 1.0), (0.5, 0.0)),)))
    for i in range(10):
        counter.update(seen_at(i / 10, 1, 20))

    for i in range(10):
        counter.update(seen_at(36_000 + i / 10, 2, 60))

    assert not counter.lines["door"].counts


def test_who_is_inside_a_zone_that_is_moved_a_little_does_not_enter_again() -> None:
    zone = Zone("till", ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)))
    counter = Counter(Shapes(zones=(zone,)))
    for i in range(10):
        counter.update(seen_at(i / 10, 1, 40))
    moved = Zone("till", ((0.1, 0.11), *zone.corners[1:]))

    counter.change(Shapes(zones=(moved,)))
    for i in range(10, 20):
        counter.update(seen_at(i / 10, 1, 40))

    till = counter.zones["till"]
    assert (till.entries.total(), till.exits.total(), till.inside.total()) == (1, 0, 1)


def test_where_a_line_is_reversed_in_and_out_change_places() -> None:
    """(ultralytics #15697)"""
    counter = Counter(Shapes((Line("door", (0.5, 1.0), (0.5, 0.0)),)))
    for i in range(8):
        counter.update(seen_at(i / 10, 1, 10 * i))
    assert counter.lines["door"].counts == {(0, "in"): 1}

    counter.change(Shapes((Line("door", (0.5, 0.0), (0.5, 1.0)),)))

    assert counter.lines["door"].counts == {(0, "out"): 1}
