"""Figures of the chart and the table: what was counted at one line or zone. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from obscura.counting import Series, Shapes
from obscura.counting.periods import ALL, Bucket, Period
from obscura.page.features.count.ledger import Ledger

SHOWN = {"minute": 60, "hour": 48, "day": 31}
"""Number of periods side by side."""
STEP_S = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


class Choice(NamedTuple):
    """A line or zone: its kind, "line" or "zone", and its name."""

    kind: str
    name: str


class Figures(NamedTuple):
    """What is shown at once.

    Attributes:
        starts: of the periods in which something was analysed, in epoch seconds, oldest first.
        rows: of each period, of a line: in, out; of a zone: entries, exits, how many were inside on
            average and at most.
        begin_s, end_s: the first and last period that there is room for.
        earlier_s, later_s: `end_s` of what lies before and after, None if there is nothing;
            infinite for the latest, whatever that is by then.
    """

    starts: list[float]
    rows: list[tuple[float, ...]]
    begin_s: float
    end_s: float
    earlier_s: float | None
    later_s: float | None


def choices(shapes: Shapes, series: Series) -> list[Choice]:
    """Return lines, then zones: of both those that there are, then those of earlier."""
    now = [Choice("line", line.name) for line in shapes.lines]
    now += [Choice("zone", zone.name) for zone in shapes.zones]
    earlier: dict[Choice, None] = {}
    for bucket in series.buckets("day"):
        earlier |= {Choice("line", name): None for name, _ in bucket.lines}
        earlier |= {Choice("zone", name): None for name, _ in bucket.zones}
    every = now + [choice for choice in earlier if choice not in now]
    return sorted(every, key=lambda choice: choice.kind)


def counted_names(series: Series, ledger: Ledger) -> set[str]:
    """Return the names of lines and zones, also of deleted ones, at which something was counted:
    who gives one to another shape has it go on with these counts."""
    names = {name for name, sums in (ledger.absent | ledger.sums).items() if sums.total()}
    for bucket in series.buckets("day"):
        names |= {name for (name, _), row in bucket.lines.items() if any(row)}
        names |= {name for (name, _), row in bucket.zones.items() if row.entries or row.peak}
    return names


def figures(
    series: Series, choice: Choice, period: Period, end_s: float | None = None
) -> Figures | None:
    """Return the figures of a line or zone; None if it was never counted at.

    Args:
        end_s: the last period that there is to be room for; None for the latest.
    """
    buckets = [bucket for bucket in series.buckets(period) if _has(bucket, choice)]
    if not buckets:
        return None
    latest_s = buckets[-1].start_s
    end_s = latest_s if end_s is None else min(end_s, latest_s)
    span_s = (SHOWN[period] - 1) * STEP_S[period]
    begin_s = end_s - span_s
    # Days have 23 to 25 hours, so they begin up to an hour beside whole steps.
    shown = [
        each for each in buckets if begin_s - 3700 * (period == "day") <= each.start_s <= end_s
    ]
    before = [each.start_s for each in buckets if each.start_s < (shown or buckets)[0].start_s]
    after = [each.start_s for each in buckets if each.start_s > end_s]
    return Figures(
        [bucket.start_s for bucket in shown],
        [_row(bucket, choice) for bucket in shown],
        begin_s,
        end_s,
        before[-1] if before else None,
        (after[0] + span_s if after[0] + span_s < latest_s else inf) if after else None,
    )


def _has(bucket: Bucket, choice: Choice) -> bool:
    table = bucket.lines if choice.kind == "line" else bucket.zones
    return (choice.name, ALL) in table


def _row(bucket: Bucket, choice: Choice) -> tuple[float, ...]:
    if choice.kind == "line":
        return tuple(bucket.lines[choice.name, ALL])
    zone = bucket.zones[choice.name, ALL]
    return (zone.entries, zone.exits, bucket.mean_inside(choice.name, ALL), zone.peak)


def columns(rows: Sequence[tuple[float, ...]], drawn: int) -> list[list[float]]:
    """Return the first columns of rows, as a chart draws them."""
    return [[row[index] for row in rows] for index in range(drawn)]
