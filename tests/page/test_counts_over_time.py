"""History of counts: what is stored, read again, left out and deleted; the figures of the chart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from math import inf
from typing import Any

import pytest

from obscura.counting import Counter, Crossing, Line, Series, Shapes, Zone, ZoneEntered
from obscura.detections import Detections
from obscura.page.features.count import MOST_SOURCES, edits, figures, history_words
from obscura.page.features.count.edits import reversed_line
from obscura.page.features.count.figures import Choice
from obscura.page.features.count.history import MOST_OPEN, History, Key
from obscura.update import Event, FrameInfo, Update

from .fakes import run

NOON = 1_772_625_600.0
LABELS = ("person", "car")
DOOR = Line("door", (0.5, 1.0), (0.5, 0.0))
TILL = Zone("till", ((0, 0), (1, 0), (1, 1)))
SHAPES = Shapes((DOOR,), (TILL,))


class Memory:
    """A store that can fail."""

    def __init__(self) -> None:
        self.records: dict[Key, str | None] = {}
        self.writes = 0
        self.broken = False

    async def read(self, *prefix: str) -> list[tuple[Key, str | None]]:
        await asyncio.sleep(0)
        self._check()
        found = [each for each in self.records.items() if each[0][: len(prefix)] == prefix]
        return sorted(found, key=lambda each: [str(part) for part in each[0]])

    async def write(self, records: Mapping[Key, str | None]) -> None:
        await asyncio.sleep(0)
        self._check()
        self.writes += 1
        for key, text in records.items():
            if text is None:
                self.records.pop(key, None)
            else:
                self.records[key] = text

    async def clear(self) -> None:
        self.records.clear()

    def _check(self) -> None:
        if self.broken:
            raise OSError("no room")


class Visit(History):
    """A visit to the page, in which somebody walks in at the door whenever the test says so."""

    def __init__(self, store: Memory, source: str = "cam", shapes: Shapes = SHAPES) -> None:
        self.now_s, self.said, self.may = NOON, [], True
        super().__init__(
            store,
            now_s=lambda: self.now_s,
            may_store=lambda: self.may,
            say=self.said.append,
            loaded=lambda: None,
        )
        self.counter = Counter(shapes)
        self.enter(source, shapes)

    said: list[str]

    def comes_in(self, times: int = 1, *events: Event, label: str = "person") -> None:
        assert self.source is not None
        class_id = LABELS.index(label)
        line = self.source.shapes.lines[0].name
        crossing = Crossing(0.0, 1, class_id, (0.5, 0.5), line, "in")
        self.counter.lines[line].counts[class_id, "in"] += times
        self.source.ledger.take(self.counter, LABELS)
        frame = FrameInfo(0, 3.0, 100, 100)
        update = Update(frame, Detections.empty(), (*[crossing] * times, *events))
        self.take(update, LABELS, self.counter, 7.0)

    def edit(self, shapes: Shapes) -> None:
        self.counter.change(shapes)
        self.change(shapes)

    def total(self, line: str = "door", kind: str = "in") -> int:
        assert self.source is not None
        return self.source.ledger.totals(line)[kind]

    def minutes(self, line: str = "door") -> list[list[int]]:
        assert self.source is not None
        return [bucket.lines[line, ""] for bucket in self.source.series.buckets("minute")]


def test_the_next_visit_goes_on_where_the_last_one_ended() -> None:
    store = Memory()
    first = Visit(store)
    first.comes_in(3)
    run(first.flush())
    first.comes_in(2, label="car")
    run(first.flush())

    second = Visit(store)
    second.now_s += 60
    second.comes_in()
    run(second.flush())

    assert second.total() == 6
    assert second.minutes() == [[5, 0], [1, 0]]
    third = Visit(store)
    run(third.flush())
    assert (third.total(), third.minutes()) == (6, [[5, 0], [1, 0]])
    assert third.said == []


def test_what_was_counted_before_the_stored_counts_came_is_added_once() -> None:
    store = Memory()
    first = Visit(store)
    first.comes_in(3)
    run(first.flush())

    second = Visit(store)
    second.comes_in(2)
    run(second.flush())
    second.comes_in(1)
    run(second.flush())

    third = Visit(store)
    run(third.flush())
    assert (third.total(), third.minutes()) == (6, [[6, 0]])


def test_nothing_is_written_where_nothing_has_changed() -> None:
    store = Memory()
    visit = Visit(store)
    visit.comes_in()
    for _ in range(3):
        run(visit.flush())

    assert store.writes == 1


def test_each_camera_and_video_has_counts_of_its_own() -> None:
    store = Memory()
    visit = Visit(store)
    visit.comes_in(3)
    visit.enter("video clip.mp4", SHAPES)
    visit.comes_in(1)
    run(visit.flush())
    assert visit.total() == 1
    visit.enter("cam", SHAPES)
    run(visit.flush())

    assert visit.total() == 3, "and not twice that, read again"
    assert Visit(store, "video clip.mp4").total() == 0, "it is read when it is flushed"


def test_a_line_keeps_its_past_under_another_name_and_turned_round() -> None:
    store = Memory()
    visit = Visit(store)
    visit.comes_in(3)
    gate = Line("gate", DOOR.start, DOOR.end)
    visit.edit(Shapes((gate,), (TILL,)))
    assert (visit.total("gate"), visit.minutes("gate")) == (3, [[3, 0]])

    visit.edit(Shapes((reversed_line(gate),), (TILL,)))

    assert (visit.total("gate", "out"), visit.minutes("gate")) == (3, [[0, 3]])
    run(visit.flush())
    later = Visit(store, shapes=Shapes((reversed_line(gate),), (TILL,)))
    run(later.flush())
    assert (later.total("gate", "out"), later.minutes("gate")) == (3, [[0, 3]])


@pytest.mark.parametrize("flushed", [False, True], ids=["before it was read", "after"])
def test_what_is_cleared_is_deleted(flushed: bool) -> None:
    store = Memory()
    first = Visit(store)
    first.comes_in(3)
    run(first.flush())

    second = Visit(store)
    if flushed:
        run(second.flush())
    second.clear()
    run(second.flush())

    assert (second.total(), second.minutes()) == (0, [])
    third = Visit(store)
    run(third.flush())
    assert (third.total(), third.minutes()) == (0, [])


def test_clearing_is_undone() -> None:
    store = Memory()
    visit = Visit(store)
    visit.comes_in(3)
    run(visit.flush())

    undo = visit.clear()
    visit.comes_in(1)
    run(visit.flush())
    undo()
    run(visit.flush())

    assert (visit.total(), visit.minutes()) == (4, [[4, 0]])
    later = Visit(store)
    run(later.flush())
    assert (later.total(), later.minutes()) == (4, [[4, 0]])


DAMAGE = {
    "no JSON": "{",
    "no object": "[1]",
    "not text": None,
    "deep": "[" * 100_000,
    "another form": '{"period": "minute", "start_s": 60.0}',
    "another period": json.dumps({"period": "hour", "start_s": 60.0}),
}


@pytest.mark.parametrize("text", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_period_is_left_out_said_and_deleted(text: str | None) -> None:
    store = Memory()
    first = Visit(store)
    first.comes_in(3)
    run(first.flush())
    store.records["rows", "cam", "minute", 60.0] = text

    second = Visit(store)
    run(second.flush())

    assert second.said == [history_words.damaged(1)]
    assert (second.total(), second.minutes()) == (3, [[3, 0]])
    assert ("rows", "cam", "minute", 60.0) not in store.records


@pytest.mark.parametrize(
    "sums",
    [
        *("x", [], {"door": 5}, {"door": [["in", "person"]]}, {"door": [["in", "person", -1]]}),
        *({"door": [["in", "person", True]]}, {"door": [["in", "person", 1e300]]}),
    ],
    ids=str,
)
def test_damaged_totals_are_left_out_and_said(sums: Any) -> None:
    store = Memory()
    first = Visit(store)
    first.comes_in(3)
    run(first.flush())
    table = {"format": 1, "stored_s": NOON, "sums": sums}
    store.records["totals", "cam"] = json.dumps(table)

    second = Visit(store)
    run(second.flush())

    assert second.said == [history_words.damaged(1)]
    assert (second.total(), second.minutes()) == (0, [[3, 0]])


def test_a_store_that_fails_is_said_once_and_tried_again() -> None:
    store = Memory()
    visit = Visit(store)
    run(visit.flush())
    store.broken = True
    visit.comes_in(2)
    for _ in range(3):
        run(visit.flush())
    assert visit.said == [history_words.NOT_STORED]
    assert visit.total() == 2

    store.broken = False
    visit.comes_in(1)
    run(visit.flush())

    later = Visit(store)
    run(later.flush())
    assert (later.total(), later.minutes()) == (3, [[3, 0]])


def test_what_could_not_be_read_is_not_overwritten() -> None:
    store = Memory()
    first = Visit(store)
    first.comes_in(3)
    run(first.flush())
    store.broken = True
    second = Visit(store)
    second.comes_in(1)
    run(second.flush())
    store.broken = False
    run(second.flush())

    assert (second.total(), second.minutes()) == (4, [[4, 0]])


def test_where_nothing_may_be_stored_nothing_is() -> None:
    store = Memory()
    visit = Visit(store)
    visit.may = False
    visit.comes_in()
    run(visit.flush())

    assert store.records == {}
    assert visit.said == []


def test_forgetting_deletes_everything() -> None:
    store = Memory()
    visit = Visit(store)
    visit.comes_in()
    run(visit.flush())
    visit.comes_in()

    run(visit.forget())
    visit.may = False
    run(visit.flush())

    assert store.records == {}


def test_the_sources_that_were_counted_at_longest_ago_make_room() -> None:
    store = Memory()
    for number in range(MOST_SOURCES + 2):
        visit = Visit(store, f"cam {number}")
        visit.now_s += number
        visit.comes_in()
        run(visit.flush())
    kept = {key[1] for key in store.records}

    assert kept == {f"cam {number}" for number in range(2, MOST_SOURCES + 2)}


def test_a_source_that_leaves_memory_is_written_and_read_again() -> None:
    store = Memory()
    visit = Visit(store)
    run(visit.flush())
    visit.comes_in(3)
    for number in range(MOST_OPEN):
        visit.enter(f"video {number}", SHAPES)
    run(visit.flush())

    visit.enter("cam", SHAPES)
    run(visit.flush())

    assert (visit.total(), visit.minutes()) == (3, [[3, 0]])


# ---- the figures of the chart --------------------------------------------------------------------


def series(*minutes: int) -> Series:
    """Return a series in which somebody came in and entered the zone in each of these minutes."""
    visit = Visit(Memory())
    for minute in minutes:
        visit.now_s = NOON + 60 * minute
        visit.comes_in(1, ZoneEntered(0.0, 1, 0, (0, 0), "till"))
    assert visit.source is not None
    return visit.source.series


def test_figures_are_of_the_latest_hour_and_lead_to_the_earlier_ones() -> None:
    counted = series(0, 1, 200, 259, 260)

    latest = figures.figures(counted, Choice("line", "door"), "minute")

    assert latest is not None
    assert latest.starts == [NOON + 60 * each for each in (259, 260)]
    assert latest.rows == [(1, 0), (1, 0)]
    assert (latest.earlier_s, latest.later_s) == (NOON + 60 * 200, None)
    middle = figures.figures(counted, Choice("line", "door"), "minute", latest.earlier_s)
    assert middle is not None
    assert middle.starts == [NOON + 60 * 200]
    assert (middle.earlier_s, middle.later_s) == (NOON + 60, inf)
    first = figures.figures(counted, Choice("line", "door"), "minute", middle.earlier_s)
    assert first is not None
    assert first.starts == [NOON, NOON + 60]
    assert (first.earlier_s, first.later_s) == (None, NOON + 60 * (200 + 59))


def test_the_figures_of_a_zone_are_entries_exits_and_who_was_inside() -> None:
    found = figures.figures(series(0), Choice("zone", "till"), "hour")

    assert found is not None
    assert found.rows == [(1, 0, 0.0, 0)]


def test_what_was_never_counted_at_has_no_figures() -> None:
    assert figures.figures(series(0), Choice("line", "till"), "day") is None
    assert figures.figures(Series(), Choice("line", "door"), "day") is None


def test_lines_and_zones_that_are_gone_come_after_those_that_there_are() -> None:
    exit_ = Line("exit", (0, 0), (1, 1))

    found = figures.choices(Shapes((exit_,)), series(0))

    assert found == [Choice("line", "exit"), Choice("line", "door"), Choice("zone", "till")]


def test_a_deleted_lines_name_is_not_free_while_its_counts_are_kept() -> None:
    def used(visit: Visit) -> set[str]:
        assert visit.source is not None
        return figures.counted_names(visit.source.series, visit.source.ledger)

    store = Memory()
    first = Visit(store)
    assert used(first) == set(), "nothing was counted"
    first.comes_in(3)
    assert used(first) == {"door"}, "nobody was in the zone"
    first.edit(Shapes((), (TILL,)))
    assert used(first) == {"door"}
    run(first.flush())

    second = Visit(store, shapes=Shapes((), (TILL,)))
    run(second.flush())

    assert used(second) == {"door"}
    assert edits.free_name(Shapes(), "door", {"door 1"}) == "door 2"
    second.clear()
    assert used(second) == set(), "the counts were deleted"


def test_a_summary_names_the_sums_and_the_busiest_period() -> None:
    rows = [(1, 0), (5, 2), (0, 1)]
    starts = [NOON, NOON + 60, NOON + 120]

    said = history_words.summary("door", "line", "minute", starts, rows)

    assert said.startswith("door: 6 in and 3 out, from 4 Mar, ")
    hour = history_words.moment("minute", NOON + 60).partition(", ")[2]
    assert said.endswith(f"The busiest minute was {hour}.")
    said = history_words.summary("door " * 16, "line", "minute", starts, rows)
    assert said.startswith("door door door door door door…: 6 in and 3 out"), "a long name is cut"


@pytest.mark.parametrize(("value", "text"), [(3, "3"), (0, "0"), (1.25, "1.2"), (2.0, "2.0")])
def test_counts_have_no_decimals_and_averages_one(value: float, text: str) -> None:
    assert history_words.number(value) == text


def test_what_is_counted_in_the_sample_clip_is_never_stored() -> None:
    memory = Memory()
    history = History(
        memory,
        now_s=lambda: NOON,
        may_store=lambda: True,
        passing=lambda name: name == "video Sample clip",
        say=lambda _sentence: None,
        loaded=lambda: None,
    )
    counter = Counter(SHAPES)
    for name in ("video Sample clip", "video mine.mp4"):
        history.enter(name, SHAPES)
        for index, x in enumerate((40, 60)):
            row = Detections([[x - 5, 40, x + 5, 60]], [0.9], [0], [1])
            update = counter.update(Update(FrameInfo(index, index / 10, 100, 100), row))
            history.take(update, LABELS, counter, index / 10)
        run(history.flush())

    assert {key[1] for key in memory.records} == {"video mine.mp4"}
