"""What people read about counts over time. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from obscura.counting.periods import Period

NOT_STORED = (
    "This browser isn't storing the counts. They are lost when you close or reload this page."
)
EMPTY = "Nothing counted yet. Start a camera or video, and draw a line or a zone."
NO_CHART = "The chart could not be loaded. Here is the table instead."
TABLE, CHART = "Show as table", "Show as chart"
SAVED = "Saved as {name}"
GROUPS = {"line": "Lines", "zone": "Zones"}
COLUMNS = {
    "line": ("In", "Out"),
    "zone": ("Entered", "Left", "Inside on average", "Most inside"),
}


MOST_LETTERS = 30
"""Of a name within a sentence."""


def damaged(count: int) -> str:
    """Return that stored counts are damaged."""
    if count == 1:
        return "One of the stored counts was damaged and has been left out."
    return f"{count} of the stored counts were damaged and have been left out."


def moment(period: Period, start_s: float) -> str:
    """Return when a period began, in this device's time zone."""
    when = datetime.fromtimestamp(start_s)
    day = f"{when.day} {when:%b}"
    return f"{when:%a} {day}" if period == "day" else f"{day}, {when:%H:%M}"


def tick(period: Period, start_s: float, previous_s: float | None) -> str:
    """Return what stands below a tick of the time axis: the time, and the day where it begins."""
    when = datetime.fromtimestamp(start_s)
    day = f"{when.day} {when:%b}"
    if period == "day":
        return day
    new = previous_s is None or datetime.fromtimestamp(previous_s).date() != when.date()
    return f"{when:%H:%M}\n{day}" if new else f"{when:%H:%M}"


def number(value: float) -> str:
    """Return a count, or an average with one decimal."""
    return f"{value:g}" if isinstance(value, int) else f"{value:.1f}"


def values(kind: str, row: Sequence[float]) -> str:
    """Return what was counted in one period."""
    pairs = zip(COLUMNS[kind], row, strict=True)
    return ", ".join(f"{title.lower()} {number(value)}" for title, value in pairs)


def summary(
    name: str, kind: str, period: Period, starts: Sequence[float], rows: Sequence[Sequence[float]]
) -> str:
    """Return a sentence about what the chart shows.

    Args:
        name: of the line or zone; a long one is cut, because it stands above, too.
        starts: of the periods shown, oldest first; at least one.
        rows: what was counted in each.
    """
    first, second = (sum(row[index] for row in rows) for index in (0, 1))
    what = f"{first:g} in and {second:g} out"
    if kind == "zone":
        most = max(row[3] for row in rows)
        what = f"{first:g} entered, {second:g} left, and at most {most:g} were inside at once"
    busiest = max(range(len(rows)), key=lambda index: rows[index][0] + rows[index][1])
    begun = moment(period, starts[0])
    if len(name) > MOST_LETTERS:
        name = f"{name[: MOST_LETTERS - 1].rstrip()}…"
    if len(rows) == 1:
        return f"{name}: {what}, in the {period} of {begun}."
    sentence = f"{name}: {what}, from {begun} to {_briefly(period, starts[-1], begun)}."
    if first + second:
        sentence += f" The busiest {period} was {_briefly(period, starts[busiest], begun)}."
    return sentence


def _briefly(period: Period, start_s: float, begun: str) -> str:
    """Return when a period began, without the day that was named before."""
    when = moment(period, start_s)
    day, comma, hour = when.partition(", ")
    return hour if comma and begun.startswith(f"{day}, ") else when
