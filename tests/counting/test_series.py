"""Series: counts per minute, hour and day, their bounds, and their stored form."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from obscura.counting import (
    Counter,
    Crossing,
    Line,
    Series,
    SeriesError,
    Shapes,
    Zone,
    ZoneEntered,
    ZoneLeft,
)
from obscura.counting import periods as periods_module
from obscura.counting.periods import period_start
from obscura.detections import Detections
from obscura.update import Event, FrameInfo, Update

LABELS = ("person", "car")
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC).timestamp()
SHAPES = Shapes(
    (Line("door", (0.5, 1.0), (0.5, 0.0)),),
    (Zone("till", ((0, 0), (1, 0), (1, 1), (0, 1)), anchor="centre", enter_s=0),),
)


def frame(media_s: float, *events: Event, tracks: tuple[int, ...] = ()) -> Update:
    size = len(tracks)
    boxes = np.tile(np.array([10, 20, 20, 60], np.float32), (size, 1))
    found = Detections(boxes, np.ones(size), np.zeros(size, int), np.array(tracks, int))
    return Update(FrameInfo(int(media_s * 10), float(media_s), 100, 100), found, events)


def crossing(class_id: int = 0, direction: str = "in") -> Crossing:
    return Crossing(0.0, 1, class_id, (0.5, 0.5), "door", direction)


def filled() -> Series:
    """One minute with four crossings, an entry and an exit; another one two hours later."""
    series, counter = Series(UTC), Counter(SHAPES)
    series.take(frame(1, crossing(), crossing(1), crossing(1, "out")), NOON + 1, LABELS, counter)
    series.take(
        frame(2, ZoneEntered(2.0, 1, 0, (0, 0), "till"), ZoneLeft(2.0, 1, 0, (0, 0), "till", 1.0)),
        NOON + 2,
        LABELS,
        counter,
    )
    series.take(frame(7200, crossing()), NOON + 7200, LABELS, counter)
    return series


def test_each_event_counts_in_its_minute_its_hour_and_its_day() -> None:
    series = filled()

    (day,) = series.buckets("day")
    assert day.lines == {("door", ""): [3, 1], ("door", "person"): [2, 0], ("door", "car"): [1, 1]}
    assert [each.lines["door", ""] for each in series.buckets("hour")] == [[2, 1], [1, 0]]
    assert [each.start_s for each in series.buckets("minute")] == [NOON, NOON + 7200]
    till = day.zones["till", "person"]
    assert (till.entries, till.exits) == (1, 1)


def test_times_are_those_of_the_clock_on_the_wall_and_of_the_source() -> None:
    first = filled().buckets("minute")[1]

    assert (first.wall_s, first.media_s) == (NOON + 7200, 7200)


def test_mean_and_peak_of_those_inside() -> None:
    """Nobody for 10 s, one for 20 s, two for 10 s: 1 on average."""
    series, counter = Series(UTC), Counter(SHAPES)
    for tenth in range(401):
        tracks = (1, 2) if tenth >= 300 else (1,) if tenth >= 100 else ()
        update = counter.update(frame(tenth / 10, tracks=tracks))
        series.take(update, NOON + tenth / 10, LABELS, counter)

    (minute,) = series.buckets("minute")
    assert minute.observed_s == pytest.approx(40)
    assert minute.mean_inside("till") == pytest.approx(1.0)
    assert minute.mean_inside("till", "person") == pytest.approx(1.0)
    assert minute.zones["till", "person"].peak == minute.zones["till", ""].peak == 2


def test_who_stays_over_the_turn_of_the_minute_is_in_both() -> None:
    series, counter = Series(UTC), Counter(SHAPES)
    for second in range(0, 9, 2):
        update = counter.update(frame(second, tracks=(1,)))
        series.take(update, NOON + 55 + second, LABELS, counter)

    before, after = series.buckets("minute")
    assert (before.observed_s, after.observed_s) == pytest.approx((5, 3))
    assert before.mean_inside("till") == after.mean_inside("till") == 1


def test_a_pause_is_not_observed() -> None:
    series, counter = Series(UTC), Counter(SHAPES)
    for second in (0, 1, 31, 32):
        series.take(frame(second), NOON + second, LABELS, counter)
    series.pause()
    series.take(frame(33), NOON + 33, LABELS, counter)

    assert series.buckets("minute")[0].observed_s == 2


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    series, counter = Series(UTC), Counter(SHAPES)
    for wall_s in (NOON, NOON + 1, NOON - 3600, NOON - 3599):
        series.take(frame(0, crossing()), wall_s, LABELS, counter)

    assert [each.lines["door", ""] for each in series.buckets("minute")] == [[2, 0], [2, 0]]
    assert series.buckets("day")[0].observed_s == 2


def test_days_begin_at_midnight_where_people_are_also_when_the_clock_changes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=berlin)  # a day of 23 hours
    for hour in (0, 4, 23):
        when = spring.replace(hour=hour, minute=30).timestamp()
        assert period_start("day", when, berlin) == spring.timestamp()
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)  # this hour comes twice
    first = twice.replace(fold=0).timestamp()
    second = twice.replace(fold=1).timestamp()
    assert period_start("hour", second, berlin) - period_start("hour", first, berlin) == 3600
    half = timezone(timedelta(hours=5, minutes=30))
    assert period_start("hour", NOON, half) == NOON - 1800


def test_the_oldest_periods_go_and_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obscura.counting.series.KEPT", {"minute": 3, "hour": 2, "day": 2})
    series, counter = Series(UTC), Counter(SHAPES)
    for minute in range(5):
        series.take(frame(60 * minute), NOON + 60 * minute, LABELS, counter)

    assert [each.start_s for each in series.buckets("minute")] == [NOON + 60 * n for n in (2, 3, 4)]
    assert series.changes().dropped == [("minute", NOON), ("minute", NOON + 60)]


def test_a_year_of_minutes_stays_within_the_bounds() -> None:
    series, counter = Series(UTC), Counter(Shapes())
    for minute in range(20_000):
        series.take(frame(minute), NOON + 60 * minute, LABELS, counter)

    assert len(series.buckets("minute")) == periods_module.KEPT["minute"] == 2880
    assert len(series.buckets("hour")) == 334


def test_two_series_add_up() -> None:
    series, other = filled(), filled()

    series.merge(other)

    minute = series.buckets("minute")[0]
    assert minute.lines["door", ""] == [4, 2]
    assert minute.observed_s == 2
    assert other.buckets("minute")[0].lines["door", ""] == [2, 1]


def test_a_time_that_is_none_is_refused() -> None:
    for wall_s in (float("nan"), float("inf"), 1e300):
        with pytest.raises(ValueError, match="wall_s"):
            Series(UTC).take(frame(0), wall_s, LABELS, Counter(SHAPES))


# ---- stored --------------------------------------------------------------------------------------


def test_a_series_survives_its_json_form() -> None:
    series = filled()

    again = Series.from_json(series.to_json(), UTC)

    assert again.to_json() == series.to_json()
    assert again.buckets("minute") == series.buckets("minute")


def test_changes_stored_row_by_row_give_the_series_again() -> None:
    series, counter, stored = filled(), Counter(SHAPES), {}
    for wall_s in (NOON + 7201, NOON + 7300):
        for row in series.changes().rows:
            stored[row["period"], row["start_s"]] = row
        series.take(frame(0, crossing()), wall_s, LABELS, counter)
    last = series.changes().rows
    stored |= {(row["period"], row["start_s"]): row for row in last}

    assert len(last) == 3  # the minute, the hour and the day
    assert series.changes().rows == []
    assert Series.from_rows(json.loads(json.dumps(list(stored.values()))), UTC).to_json() == (
        series.to_json()
    )


def damaged(**values: Any) -> str:
    table = json.loads(filled().to_json())
    table["periods"][0] |= values
    return json.dumps(table)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "damaged"),
        ("[" * 100_000, "damaged"),
        ("[]", "periods"),
        ('{"format": 1, "periods": {}}', "periods"),
        ('{"format": 2, "periods": []}', "another version"),
        ('{"format": 1, "periods": [1]}', "lacks fields"),
        (damaged(more=1), "others"),
        (damaged(period="week"), "week"),
        (damaged(period=[]), r"\[\]"),
        (damaged(start_s="0"), "number '0'"),
        (damaged(start_s=float("nan")), "number nan"),
        (damaged(start_s=10**400), "number 1000"),
        (damaged(observed_s=-1), "number -1"),
        (damaged(lines=[["door", "person", 1]]), "person"),
        (damaged(lines=[["door", "person", 1, -1]]), "count -1"),
        (damaged(lines=[["door", "person", True, 1]]), "count True"),
        (damaged(lines=[["door", 3, 1, 1]]), "name 3"),
        (damaged(lines=[["d" * 10_000, "person", 1, 1]]), "name 'ddd"),
        (damaged(zones=[["till", "", 1, 1, "x", 1]]), "number 'x'"),
        (damaged(zones={}), "{}"),
        (damaged(period="day", start_s=NOON - 43200), "twice"),
    ],
)
def test_damage_is_refused_and_named(text: str, cause: str) -> None:
    with pytest.raises(SeriesError, match=cause):
        Series.from_json(text)


# ---- CSV -----------------------------------------------------------------------------------------


def test_csv_has_the_time_on_the_wall_and_in_the_source() -> None:
    """(ultralytics #9308)"""
    text = filled().to_csv("minute")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert text.splitlines()[0] == (
        "wall_time,media_time_s,observed_s,kind,name,class,in,out,inside_mean,inside_peak"
    )
    assert "\r\n" in text
    assert (rows[0]["wall_time"], rows[0]["media_time_s"]) == (
        "2026-03-04T12:00:00+00:00",
        "1.0",
    )
    assert (rows[0]["kind"], rows[0]["class"], rows[0]["in"]) == ("line", "all classes", "2")
    assert [(row["class"], row["in"], row["out"]) for row in rows if row["kind"] == "line"][:3] == [
        ("all classes", "2", "1"),
        ("car", "1", "1"),
        ("person", "1", "0"),
    ]
    assert rows[-1]["wall_time"] == "2026-03-04T14:00:00+00:00"


def test_a_quiet_minute_is_a_row_of_zeros() -> None:
    series = Series(UTC)
    series.take(frame(0), NOON, LABELS, Counter(SHAPES))

    rows = list(csv.DictReader(io.StringIO(series.to_csv("minute"))))
    assert [(row["name"], row["in"], row["out"]) for row in rows] == [
        ("door", "0", "0"),
        ("till", "0", "0"),
    ]


def test_where_the_time_on_the_wall_is_not_known_its_column_is_empty() -> None:
    rows = list(csv.DictReader(io.StringIO(filled().to_csv("hour", wall=False))))

    assert {row["wall_time"] for row in rows} == {""}


def test_a_name_is_no_formula_to_a_spreadsheet() -> None:
    series, shapes = Series(UTC), Shapes((Line('=HYPERLINK("x")', (0, 0), (1, 1)),))
    series.take(frame(0), NOON, LABELS, Counter(shapes))

    (row,) = csv.DictReader(io.StringIO(series.to_csv("day")))
    assert row["name"] == '\'=HYPERLINK("x")'


def rows_of(series: Series) -> list[dict[str, Any]]:
    return series.changes().rows


def test_stored_periods_are_added_to_what_was_counted_since() -> None:
    stored, counter = rows_of(filled()), Counter(SHAPES)
    series = Series(UTC)
    series.take(frame(1, crossing()), NOON + 30, LABELS, counter)
    series.changes()

    for row in stored:
        series.restore(row)

    assert [each.lines["door", ""] for each in series.buckets("minute")] == [[3, 1], [1, 0]]
    changed = [(row["period"], row["start_s"]) for row in rows_of(series)]
    assert ("minute", NOON) in changed
    assert ("minute", NOON + 7200) not in changed, "it is stored as it is"


def test_a_damaged_stored_period_adds_nothing() -> None:
    series = Series(UTC)
    row = rows_of(filled())[0]

    with pytest.raises(SeriesError):
        series.restore({**row, "lines": [["door", "", 1]]})

    assert [series.buckets(period) for period in ("minute", "hour", "day")] == [[], [], []]


@pytest.mark.parametrize(("kind", "old"), [("line", "door"), ("zone", "till")])
def test_a_renamed_line_or_zone_keeps_its_counts(kind: str, old: str) -> None:
    series, same = filled(), filled()
    series.changes()

    series.rename(kind, old, "new")

    for bucket, before in zip(series.buckets("hour"), same.buckets("hour"), strict=True):
        now, then = (getattr(each, f"{kind}s") for each in (bucket, before))
        assert now == {("new", label): figures for (_, label), figures in then.items()}
    assert {row["period"] for row in rows_of(series)} == {"minute", "hour", "day"}


def test_a_new_name_that_was_counted_under_before_adds_up() -> None:
    series = filled()
    gate = Counter(Shapes((Line("gate", (0.5, 1.0), (0.5, 0.0)),)))
    event = Crossing(0.0, 1, 0, (0.5, 0.5), "gate", "out")
    series.take(frame(3, event), NOON + 3, LABELS, gate)

    series.rename("line", "gate", "door")

    assert series.buckets("minute")[0].lines["door", ""] == [2, 2]


def test_of_a_line_that_was_turned_round_in_and_out_change_places() -> None:
    series = filled()
    series.changes()

    series.reverse("door")

    assert [each.lines["door", ""] for each in series.buckets("minute")] == [[1, 2], [0, 1]]
    assert len(rows_of(series)) == 5
    series.changes()
    series.reverse("gate")
    assert rows_of(series) == []
