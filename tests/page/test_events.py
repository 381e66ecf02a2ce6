"""Events in the page: their order, their times, their words, and how often people are alerted."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from obscura.export.events import NAMES
from obscura.page.features.events import words
from obscura.page.features.events.alerts import TONES, Chime, Digest
from obscura.page.features.events.log import KINDS, MOST_MOMENTS, Entry, Log, Moments

ALL = ("crossings", "zones", "views")
NUMBERS = count()


def entry(time_s: float, event: str = "crossing", source: int = 0) -> Entry:
    return Entry((source, time_s, next(NUMBERS)), {"event": event}, f"{time_s:g}")


def times(log: Log, *kinds: str) -> list[str]:
    return [each.when for each in log.newest_first(kinds or ALL)]


def test_every_event_is_of_a_kind_that_can_be_chosen_and_heard() -> None:
    assert KINDS.keys() == set(NAMES.values())
    assert set(KINDS.values()) == set(ALL) == TONES.keys()
    assert len(set(TONES.values())) == len(TONES)


# ---- the log -------------------------------------------------------------------------------------


def test_what_is_reported_late_is_listed_where_it_happened() -> None:
    log = Log()
    log.add(entry(1, "appeared"))
    log.add(entry(5, "crossing"))
    log.add(entry(9, "appeared"))
    log.add(entry(4, "zone_left"))
    log.add(entry(3, "vanished"))
    log.add(entry(0, "appeared", source=1))  # another source has times of its own

    assert times(log) == ["0", "9", "5", "4", "3", "1"]
    assert times(log, "crossings", "zones") == ["5", "4"]
    assert times(log, "views") == ["0", "9", "3", "1"]
    assert [each.when for each in log.oldest_first(ALL)] == times(log)[::-1]
    assert [*log.newest_first([])] == []


@pytest.mark.parametrize(
    "happened", [("appeared", "crossing", "zone_entered"), ("zone_left", "crossing", "vanished")]
)
def test_events_of_one_frame_are_listed_in_the_order_in_which_they_happened(
    happened: tuple[str, ...],
) -> None:
    log = Log()
    for event in happened:
        log.add(entry(1, event))

    assert tuple(each.record["event"] for each in log.oldest_first(ALL)) == happened
    assert tuple(each.record["event"] for each in log.newest_first(ALL)) == happened[::-1]


def test_the_log_is_bounded_and_the_kind_with_the_most_gives_way() -> None:
    log = Log(most=10)
    for time_s in range(3):
        log.add(entry(time_s, "crossing"))
    for time_s in range(3, 100):
        log.add(entry(time_s, "appeared"))

    assert len(log) == 10
    assert times(log, "crossings") == ["2", "1", "0"], "who comes and goes hides no crossing"
    assert times(log, "views") == [str(time_s) for time_s in range(99, 92, -1)]


def test_a_cleared_log_can_be_had_back_with_what_came_since() -> None:
    log = Log()
    assert not log.can_restore
    log.add(entry(1))
    log.add(entry(2, "appeared"))

    log.clear()
    assert len(log) == 0
    log.clear()  # there is nothing to clear, and nothing is lost by it
    assert log.can_restore
    log.add(entry(3))
    log.restore()

    assert times(log) == ["3", "2", "1"]
    assert not log.can_restore


# ---- times ---------------------------------------------------------------------------------------


def test_times_are_those_of_the_video_in_each_of_its_rounds() -> None:
    moments = Moments()
    for time_s, media_s in ((8.0, 8.0), (9.0, 9.0), (9.001, 0.0), (10.001, 1.0)):
        moments.add(time_s, media_s)

    assert moments.at(10.001) == 1
    assert moments.at(9.001) == 0
    assert moments.at(9.0) == 9
    assert moments.at(8.0) == 8
    assert moments.at(8.5) == 8.5
    assert moments.at(6.0) == 6, "before all that is remembered"
    assert moments.at(-1.0) == 0, "no video has times before its beginning"


def test_another_source_has_other_times_and_memory_is_bounded() -> None:
    moments = Moments()
    for number in range(3 * MOST_MOMENTS):
        moments.add(number, number + 100)
    assert moments.at(0) == 100, "by the oldest frame that is remembered"

    moments.clear()
    moments.add(7.0, 1.0)

    assert moments.at(7.0) == 1


# ---- alerts --------------------------------------------------------------------------------------


def test_many_events_make_one_sentence_every_few_seconds() -> None:
    digest = Digest(every_ms=5000)
    assert digest.take(0) == ""
    digest.add("a")
    assert digest.take(10) == "a"
    for each in "bcd":
        digest.add(each)
    assert digest.take(5009) == ""
    assert digest.take(5010) == "d, and 2 more"
    assert digest.take(60_000) == ""

    digest.add("e")
    digest.clear()
    assert digest.take(90_000) == ""


def test_there_is_at_most_one_tone_a_second() -> None:
    chime = Chime()

    tones = [chime.tones(kind, ms) for kind, ms in (("zones", 0), ("crossings", 999))]

    assert tones == [TONES["zones"], ()]
    assert chime.tones("crossings", 1000) == TONES["crossings"]


# ---- words ---------------------------------------------------------------------------------------

SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({"event": "appeared"}, "person 3 came into view"),
    ({"event": "vanished", "seen_s": 12.4}, "person 3 went out of view after 12 s"),
    ({"event": "crossing", "line": "door", "direction": "in"}, "person 3 crossed door (in)"),
    ({"event": "zone_entered", "zone": "till"}, "person 3 entered till"),
    ({"event": "zone_left", "zone": "till", "dwell_s": 90}, "person 3 left till after 1 min"),
]


@pytest.mark.parametrize(("details", "sentence"), SENTENCES)
def test_an_event_is_a_sentence(details: dict[str, Any], sentence: str) -> None:
    assert words.sentence({"label": "person", "track_id": 3, **details}) == sentence


def test_every_event_has_a_sentence() -> None:
    assert {details["event"] for details, _ in SENTENCES} == set(NAMES.values())


def test_times_are_those_of_the_video_or_of_the_clock_on_the_wall() -> None:
    assert words.when(67.9, None) == "1:07"
    assert words.when(67.9, 1_000_000_001.0)[-2:] == "41"  # zones differ by quarters of an hour


def test_an_empty_list_says_what_to_do() -> None:
    def says(
        *kinds: str,
        live: bool = True,
        counting: bool = True,
        lines: tuple[str, ...] = (),
        zones: tuple[str, ...] = (),
    ) -> str:
        drawn = {"lines": lines, "zones": zones}
        return words.empty(kinds, live=live, counting=counting, drawn=drawn)

    both = ("crossings", "zones")
    assert says() == words.EMPTY["none"]
    assert says(*both, live=False).startswith("Start the camera or open a video.")
    assert "comes into view" in says("crossings", "views", counting=False)
    assert says(*both, counting=False).startswith("Switch Count on")
    assert says(*both).startswith("Draw a line or a zone under Count.")
    assert says("zones", lines=("door",)).startswith("Draw a zone under Count.")
    assert says("crossings", zones=("yard",)).startswith("Draw a line under Count.")
    assert says(*both, lines=("door",)).startswith("Nothing yet.")
    assert says(*both, zones=("yard",)).startswith("Nothing yet.")
