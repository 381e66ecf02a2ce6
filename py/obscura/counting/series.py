"""Counts over time: what happened at lines and in zones per minute, hour and day. Pure Python.

A `Series` is bounded: of each kind it keeps the latest `KEPT` periods that had analysed frames.
Times are epoch seconds of the wall clock, which the caller gives, beside the source's own.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from obscura.counting.counter import Counter
from obscura.counting.events import Crossing, ZoneEntered, ZoneLeft
from obscura.counting.periods import (
    ALL,
    KEPT,
    PERIODS,
    Bucket,
    Key,
    Period,
    SeriesError,
    from_row,
    period_start,
    to_row,
)
from obscura.spreadsheet import text_cell
from obscura.update import Update

GAP_S = 5.0
"""Longest time between two frames that still counts as observed. During a longer one, such as a
pause, nobody knows who was inside."""
FORMAT = 1
COLUMNS = (
    "wall_time", "media_time_s", "observed_s", "kind", "name", "class", "in", "out",
    "inside_mean", "inside_peak",
)  # fmt: skip
ALL_CLASSES = "all classes"


class Changes(NamedTuple):
    """What changed in a series.

    Attributes:
        rows: periods that changed, as plain JSON types: each replaces the stored row of the same
            "period" and "start_s".
        dropped: period and start_s of those that are no longer kept.
    """

    rows: list[dict[str, Any]]
    dropped: list[tuple[Period, float]]


class Series:
    """Counts per minute, hour and day.

    >>> from datetime import timezone
    >>> from obscura.counting import Counter, Line, Shapes
    >>> from obscura.detections import Detections
    >>> from obscura.update import FrameInfo, Update
    >>> counter = Counter(Shapes((Line("door", (0.5, 1.0), (0.5, 0.0)),)))
    >>> series = Series(timezone.utc)
    >>> for index, left in enumerate((10, 30, 50, 70)):
    ...     person = Detections([[left, 20, left + 10, 60]], [0.9], [0], [1])
    ...     update = Update(FrameInfo(index, index / 10, 100, 100), person)
    ...     series.take(counter.update(update), 1e9 + index / 10, ("person",), counter)
    >>> series.buckets("minute")[0].lines
    {('door', ''): [1, 0], ('door', 'person'): [1, 0]}
    """

    def __init__(self, time_zone: tzinfo | None = None) -> None:
        """
        Args:
            time_zone: where hours and days begin; None for this device's time zone.
        """
        self._time_zone = time_zone
        self.clear()

    def clear(self) -> None:
        """Forget all counts."""
        self._buckets: dict[Period, dict[float, Bucket]] = {period: {} for period in PERIODS}
        self._changed: set[tuple[Period, float]] = set()
        self._dropped: list[tuple[Period, float]] = []
        self._previous: tuple[float, dict[Key, int]] | None = None

    # ---- while counting --------------------------------------------------------------------------

    def take(self, update: Update, wall_s: float, labels: Sequence[str], counter: Counter) -> None:
        """Add one analysed frame, once.

        Args:
            update: with the events of this frame, as ``counter`` returned it.
            wall_s: when the frame was captured, in epoch seconds.
            labels: name of each class, by class_id.
            counter: knows who is in the zones now.

        Raises:
            ValueError: wall_s is no time between the years 1 and 9999.
        """
        inside = _inside(counter, labels)
        buckets = self._at(wall_s, update.frame.time_s)
        self._observe(wall_s)
        self._previous = (wall_s, inside)
        for bucket in buckets:
            for line in counter.lines:
                bucket.line(line, ALL)
            for (zone, label), number in inside.items():
                figures = bucket.zone(zone, label)
                figures.peak = max(figures.peak, number)
            for event in update.events:
                _count(bucket, event, labels)

    def pause(self) -> None:
        """Do not count the time until the next frame as observed: another source follows."""
        self._previous = None

    def _observe(self, now_s: float) -> None:
        """Add the time since the previous frame, and who was inside during it, to the periods that
        it lies in."""
        if self._previous is None:
            return
        before_s, inside = self._previous
        if not 0 < now_s - before_s <= GAP_S:
            return
        for period in PERIODS:
            split = min(max(self._start(period, now_s), before_s), now_s)
            for begun_s, ended_s in ((before_s, split), (split, now_s)):
                bucket = self._buckets[period].get(self._start(period, begun_s))
                if ended_s <= begun_s or bucket is None:  # nothing, or no longer kept
                    continue
                bucket.observed_s += ended_s - begun_s
                self._changed.add((period, bucket.start_s))
                for (zone, label), number in inside.items():
                    bucket.zone(zone, label).inside_s += number * (ended_s - begun_s)

    def _at(self, wall_s: float, media_s: float) -> list[Bucket]:
        """Return the buckets of a time, and begin those that there are not yet."""
        found = []
        for period in PERIODS:
            start_s, buckets = self._start(period, wall_s), self._buckets[period]
            if start_s not in buckets:
                buckets[start_s] = Bucket(period, start_s, wall_s, media_s)
                self._bound(period)
            self._changed.add((period, start_s))
            if start_s in buckets:  # not older than all that is kept
                found.append(buckets[start_s])
        return found

    def _bound(self, period: Period) -> None:
        buckets = self._buckets[period]
        while len(buckets) > KEPT[period]:
            oldest = min(buckets)
            del buckets[oldest]
            self._changed.discard((period, oldest))
            self._dropped.append((period, oldest))

    def _start(self, period: Period, wall_s: float) -> float:
        """Return when the period that a time lies in began."""
        return period_start(period, wall_s, self._time_zone)

    # ---- results ---------------------------------------------------------------------------------

    def buckets(self, period: Period) -> list[Bucket]:
        """Return the periods in which frames were analysed, oldest first. They go on counting."""
        return [bucket for _, bucket in sorted(self._buckets[period].items())]

    def rename(self, kind: str, old: str, new: str) -> None:
        """Go on with a line or zone under another name.

        What was counted earlier under the new name is added to it.

        Args:
            kind: "line" or "zone".
        """
        for period in PERIODS:
            for start_s, bucket in self._buckets[period].items():
                if bucket.rename(kind, old, new):
                    self._changed.add((period, start_s))

    def reverse(self, line: str) -> None:
        """Go on with a line whose direction was reversed: in and out change places."""
        for period in PERIODS:
            for start_s, bucket in self._buckets[period].items():
                if bucket.reverse(line):
                    self._changed.add((period, start_s))

    def restore(self, row: Any) -> None:
        """Add one stored period, a row that `changes` gave, to what has been counted since.

        Raises:
            SeriesError: it is damaged; the message names what is wrong, and nothing was added.
        """
        bucket = from_row(row)
        mine = self._buckets[bucket.period].get(bucket.start_s)
        if mine is None:
            self._buckets[bucket.period][bucket.start_s] = bucket
            self._bound(bucket.period)
        else:
            mine.add(bucket)
            self._changed.add((bucket.period, bucket.start_s))

    def merge(self, other: Series) -> None:
        """Add what another series counted at other times, or elsewhere."""
        for period in PERIODS:
            for start_s, bucket in other._buckets[period].items():
                mine = self._buckets[period].setdefault(
                    start_s, Bucket(period, start_s, bucket.wall_s, bucket.media_s)
                )
                mine.add(bucket)
                self._changed.add((period, start_s))
            self._bound(period)

    def to_csv(self, period: Period, *, wall: bool = True) -> str:
        """Return the counts of all minutes, hours or days as CSV text (RFC 4180).

        One row per period, line or zone, and class, with the columns `COLUMNS`
        (docs/counting.md); those of all classes together have the class `ALL_CLASSES`.

        Args:
            period: "minute", "hour" or "day".
            wall: whether the times of the wall clock are known; else that column is empty.
        """
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for bucket in self.buckets(period):
            when = datetime.fromtimestamp(bucket.start_s, self._time_zone)
            # A naive time is this device's; astimezone adds its offset.
            start = when.astimezone(self._time_zone).isoformat(timespec="seconds") if wall else ""
            times = (start, round(bucket.media_s, 3), round(bucket.observed_s, 3))
            for (name, label), (entered, left) in sorted(bucket.lines.items()):
                names = ("line", text_cell(name), text_cell(label or ALL_CLASSES))
                writer.writerow((*times, *names, entered, left, "", ""))
            for (name, label), each in sorted(bucket.zones.items()):
                names = ("zone", text_cell(name), text_cell(label or ALL_CLASSES))
                mean = round(bucket.mean_inside(name, label), 3)
                writer.writerow((*times, *names, each.entries, each.exits, mean, each.peak))
        return text.getvalue()

    # ---- stored ----------------------------------------------------------------------------------

    def to_json(self) -> str:
        """Return the series as JSON text, for `from_json`."""
        rows = [to_row(bucket) for period in PERIODS for bucket in self.buckets(period)]
        return json.dumps({"format": FORMAT, "periods": rows}, ensure_ascii=False)

    def changes(self) -> Changes:
        """Return what changed since the last call, to store every few seconds what is new."""
        changed, dropped = sorted(self._changed), self._dropped
        self._changed, self._dropped = set(), []
        return Changes(
            [to_row(self._buckets[period][start_s]) for period, start_s in changed], dropped
        )

    @classmethod
    def from_json(cls, text: str, time_zone: tzinfo | None = None) -> Series:
        """Return the series of a text that `to_json` made.

        Raises:
            SeriesError: it is damaged, or of another version; the message names what is wrong.
        """
        try:
            table = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SeriesError("The stored counts are damaged", str(error)[:80]) from error
        if not isinstance(table, dict) or not isinstance(table.get("periods"), list):
            raise SeriesError("The stored counts are damaged", '"periods" is missing')
        if table.get("format") != FORMAT:
            raise SeriesError(
                "The stored counts are of another version", repr(table.get("format"))[:40]
            )
        return cls.from_rows(table["periods"], time_zone)

    @classmethod
    def from_rows(cls, rows: Iterable[Any], time_zone: tzinfo | None = None) -> Series:
        """Return the series of rows that `changes` gave.

        Raises:
            SeriesError: one is damaged; the message names what is wrong.
        """
        series = cls(time_zone)
        for row in rows:
            bucket = from_row(row)
            if bucket.start_s in series._buckets[bucket.period]:
                raise SeriesError("The stored counts are damaged", "a period is there twice")
            series._buckets[bucket.period][bucket.start_s] = bucket
        for period in PERIODS:
            series._bound(period)
        return series


def _inside(counter: Counter, labels: Sequence[str]) -> dict[Key, int]:
    """Return who is in the zones, by zone and class, and by zone and `ALL`."""
    inside = {}
    for name, zone in counter.zones.items():
        classes = zone.inside
        inside[name, ALL] = classes.total()
        for class_id, number in classes.items():
            inside[name, labels[class_id]] = number
    return inside


def _count(bucket: Bucket, event: object, labels: Sequence[str]) -> None:
    """Add an event to a bucket, if it is of a line or zone."""
    if isinstance(event, Crossing):
        for label in (labels[event.class_id], ALL):
            bucket.line(event.line, label)[event.direction == "out"] += 1
    elif isinstance(event, ZoneEntered):
        for label in (labels[event.class_id], ALL):
            bucket.zone(event.zone, label).entries += 1
    elif isinstance(event, ZoneLeft):
        for label in (labels[event.class_id], ALL):
            bucket.zone(event.zone, label).exits += 1
