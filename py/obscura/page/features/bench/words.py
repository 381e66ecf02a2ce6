"""Text of the benchmark page: its tables, also as Markdown. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

READY = "Ready"
STOPPED = "Stopped. Results so far are below."
DONE = "Done"
TIME_IS_UP = "Time is up. What was measured is below."
MEASURING = "Measuring {what}"
LEFT = "at most {seconds} s left"
COPIED = "Copied"
NOT_COPIED = "The browser blocked copying. Select the text below and copy it."
NO_TIME = "not measured: stopped early"
NO_WAY = "not measured: no backend was measured before"
BOX_COUNT = "{count} boxes"
CLASS_COUNT = "{count} classes"

Results = Mapping[str, Any]


class Table(NamedTuple):
    """Table: the id of its element, its title, column headings and rows."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def tables(results: Results) -> list[Table]:
    """Return the results as tables; a row of two cells is a name and why it has no figures."""
    made = [
        Table(
            "backends",
            "One frame, by backend",
            ("", "frame", "95 % within", "capture", "inference", "decode", "draw",
             "frames per second", "opens in", "agrees"),
            [_or_why(row, "name", _backend) for row in results["backends"]],
        ),
        Table(
            "heads",
            "Looking closer",
            ("", "per frame", "one look", "parts looked at", "found", "opens in", "backend"),
            [_or_why(row, "name", _head) for row in results["heads"]],
        ),
        Table(
            "tracking",
            "Tracking",
            ("objects", "per frame"),
            [(str(row["count"]), ms(row["track"])) for row in results["tracking"]],
        ),
        Table(
            "models",
            "One frame, by model",
            ("", "input", "inference", "decode", "backend"),
            [_or_why(row, "title", _model) for row in results["models"]],
        ),
    ]  # fmt: skip
    for name, title in (("boxes", "More boxes"), ("classes", "More classes")):
        rows = [(str(row["count"]), ms(row["decode"]), ms(row["draw"])) for row in results[name]]
        made.append(Table(name, title, (name, "decode", "draw"), list(rows)))
    return made


def _or_why(
    row: Results, name: str, figures: Callable[[Results], tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the cells of a row: its name, and its figures or why there are none."""
    return (row[name], row["why"]) if "why" in row else (row[name], *figures(row))


def _backend(row: Results) -> tuple[str, ...]:
    figures = [ms(row["median"]), ms(row["p95"]), *map(ms, row["stages"].values())]
    rate = f"{1000 / row['median']:.0f}"
    return (*figures, rate, ms(row["opening"]), agrees(row["agreement"]))


def _head(row: Results) -> tuple[str, ...]:
    counts = str(row["crops"]), str(row["found"])
    return (ms(row["frame"]), ms(row["look"]), *counts, ms(row["opening"]), row["way"])


def _model(row: Results) -> tuple[str, ...]:
    return (row["input"], ms(row["inference"]), ms(row["decode"]), row["backend"])


def agrees(told: Results | None) -> str:
    """Return how closely the recorded answer was reproduced, in a few words.

    >>> agrees({"recorded": 2, "found": 2, "iou": 0.993, "score": 0.004})
    '2 of 2 boxes, overlap 0.99'
    """
    if told is None:
        return "nothing to compare with"
    return f"{told['found']} of {told['recorded']} boxes, overlap {told['iou']:.2f}"


def markdown(results: Results, advice: str) -> str:
    """Return the results as Markdown: what to choose, the device, then the tables with rows."""
    device = "\n".join(f"- {name}: {value}" for name, value in results["device"].items())
    parts = ["# Obscura on this device", *([advice] if advice else []), device]
    for table in tables(results):
        if table.rows:
            width = len(table.head)
            lines = [table.head, ("---",) * width]
            lines += [row + ("",) * (width - len(row)) for row in table.rows]
            body = "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)
            parts.append(f"## {table.title}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def cell(text: str) -> str:
    """Return a text without what would end its table cell."""
    return " ".join(text.replace("|", "\\|").split())


def ms(value: float) -> str:
    """Return milliseconds; times below 10 ms get two decimals."""
    return f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"
