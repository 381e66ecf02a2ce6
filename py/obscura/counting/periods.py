"""Periods of counts: what happened in one minute, hour or day, and its stored form. Pure Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from math import isfinite
from typing import Any, Literal, get_args

from obscura.counting.shapes import MOST_NAME
from obscura.errors import ObscuraError

Period = Literal["minute", "hour", "day"]
PERIODS: tuple[Period, ...] = get_args(Period)
KEPT: Mapping[Period, int] = {"minute": 2 * 24 * 60, "hour": 90 * 24, "day": 5 * 366}
"""Number of periods kept: of minutes two days, of hours 90 days, of days five years."""
MOST_ROWS = 10_000
"""Shapes times classes in one period of a stored series; more are damage."""
ALL = ""
"""Class name of the figures that are of all classes together."""

Key = tuple[str, str]
"""Name of a line or zone, and name of a class."""


class SeriesError(ObscuraError):
    """A stored series is damaged, or of another version."""

    code = "series"
    remedy = "Delete the stored counts to begin new ones."


@dataclass(slots=True)
class ZoneFigures:
    """What happened in a zone in one period.

    Attributes:
        entries, exits: numbers.
        inside_s: seconds that objects were inside, added over all objects.
        peak: the most that were inside at once.
    """

    entries: int = 0
    exits: int = 0
    inside_s: float = 0.0
    peak: int = 0


@dataclass(slots=True)
class Bucket:
    """What happened in one period.

    Attributes:
        period: "minute", "hour" or "day".
        start_s: when it began, in epoch seconds.
        wall_s: of its first frame.
        media_s: the same frame's time within its source, in seconds.
        observed_s: seconds of the period in which frames were analysed.
        lines: crossings in and out, by line and class, and by line and `ALL`.
        zones: figures by zone and class, and by zone and `ALL`.
    """

    period: Period
    start_s: float
    wall_s: float
    media_s: float
    observed_s: float = 0.0
    lines: dict[Key, list[int]] = field(default_factory=dict)
    zones: dict[Key, ZoneFigures] = field(default_factory=dict)

    def mean_inside(self, zone: str, label: str = ALL) -> float:
        """Return how many were in a zone on average, over the time observed."""
        figures = self.zones.get((zone, label), ZoneFigures())
        # Of a single frame there is no time; who was in it was there.
        return figures.inside_s / self.observed_s if self.observed_s > 0 else float(figures.peak)

    def line(self, name: str, label: str) -> list[int]:
        """Return the crossings in and out of a line by a class, to be added to."""
        return self.lines.setdefault((name, label), [0, 0])

    def zone(self, name: str, label: str) -> ZoneFigures:
        """Return the figures of a zone and class, to be added to."""
        return self.zones.setdefault((name, label), ZoneFigures())

    def add(self, other: Bucket) -> None:
        """Add what was observed in the same period by somebody else, or at another time."""
        if other.wall_s < self.wall_s:
            self.wall_s, self.media_s = other.wall_s, other.media_s
        self.observed_s += other.observed_s
        for key, counts in other.lines.items():
            self._add_line(key, counts)
        for key, figures in other.zones.items():
            self._add_zone(key, figures)

    def rename(self, kind: str, old: str, new: str) -> bool:
        """Move the figures of a line or zone to another name; return whether there were any."""
        if kind == "line":
            moved = [key for key in self.lines if key[0] == old]
            for key in moved:
                self._add_line((new, key[1]), self.lines.pop(key))
        else:
            moved = [key for key in self.zones if key[0] == old]
            for key in moved:
                self._add_zone((new, key[1]), self.zones.pop(key))
        return bool(moved)

    def reverse(self, line: str) -> bool:
        """Swap in and out of a line; return whether it had any figures."""
        turned = [counts for (name, _), counts in self.lines.items() if name == line]
        for counts in turned:
            counts.reverse()
        return bool(turned)

    def _add_line(self, key: Key, counts: list[int]) -> None:
        mine = self.line(*key)
        mine[0] += counts[0]
        mine[1] += counts[1]

    def _add_zone(self, key: Key, more: ZoneFigures) -> None:
        figures = self.zone(*key)
        figures.entries += more.entries
        figures.exits += more.exits
        figures.inside_s += more.inside_s
        figures.peak = max(figures.peak, more.peak)


def period_start(period: Period, wall_s: float, time_zone: tzinfo | None = None) -> float:
    """Return when the period that a time lies in began, in epoch seconds.

    Hours and days begin as in the time zone, so a day has 23 or 25 hours when the clock changes.

    Raises:
        ValueError: wall_s is no time between the years 1 and 9999.
    """
    try:
        when = datetime.fromtimestamp(wall_s, time_zone)
        if period == "minute":
            begun = when.replace(second=0, microsecond=0)
        elif period == "hour":
            begun = when.replace(minute=0, second=0, microsecond=0)
        else:
            begun = when.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return begun.timestamp()
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"wall_s: wanted epoch seconds, got {wall_s}") from error


def to_row(bucket: Bucket) -> dict[str, Any]:
    """Return a period as plain JSON types."""
    return {
        "period": bucket.period,
        "start_s": bucket.start_s,
        "wall_s": bucket.wall_s,
        "media_s": bucket.media_s,
        "observed_s": round(bucket.observed_s, 3),
        "lines": [[*key, *counts] for key, counts in bucket.lines.items()],
        "zones": [
            [*key, each.entries, each.exits, round(each.inside_s, 3), each.peak]
            for key, each in bucket.zones.items()
        ],
    }


def from_row(row: Any) -> Bucket:
    """Return the period of a row that `to_row` made.

    Raises:
        SeriesError: it is damaged; the message names what is wrong.
    """
    keys = {"period", "start_s", "wall_s", "media_s", "observed_s", "lines", "zones"}
    if not isinstance(row, dict) or row.keys() != keys:
        raise SeriesError("The stored counts are damaged", "a period lacks fields, or has others")
    if row["period"] not in PERIODS:
        raise SeriesError("The stored counts are damaged", f"period {row['period']!r}"[:80])
    bucket = Bucket(
        row["period"],
        _number(row["start_s"], signed=True),
        _number(row["wall_s"], signed=True),
        _number(row["media_s"], signed=True),
        _number(row["observed_s"]),
    )
    for name, label, entered, left in _rows(row["lines"], 4):
        bucket.lines[_name(name), _name(label)] = [_whole(entered), _whole(left)]
    for name, label, entries, exits, inside_s, peak in _rows(row["zones"], 6):
        bucket.zones[_name(name), _name(label)] = ZoneFigures(
            _whole(entries), _whole(exits), _number(inside_s), _whole(peak)
        )
    return bucket


def _rows(value: Any, width: int) -> list[list[Any]]:
    if (
        not isinstance(value, list)
        or len(value) > MOST_ROWS
        or not all(isinstance(row, list) and len(row) == width for row in value)
    ):
        raise SeriesError("The stored counts are damaged", f"{value!r}"[:80])
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 10 * MOST_NAME:
        raise SeriesError("The stored counts are damaged", f"name {value!r}"[:80])
    return value


def _number(value: Any, *, signed: bool = False) -> float:
    # Beyond 1e11 s, the year 5138, no clock goes.
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not good or abs(value) > 1e11 or not isfinite(value) or (value < 0 and not signed):
        raise SeriesError("The stored counts are damaged", f"number {value!r}"[:80])
    return float(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1e15:
        raise SeriesError("The stored counts are damaged", f"count {value!r}"[:80])
    return value
