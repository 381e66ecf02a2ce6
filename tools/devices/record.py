"""Records of devices: what bench.html's "Copy as JSON" gives, read from files and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = 1
FOLDER = Path("bench") / "devices"

MOST = 1e9
"""No number of a record is larger."""


class RecordError(Exception):
    """A file is not a record; the message names the file, the key, the value and what is wanted."""


class PlanFigures(NamedTuple):
    """A way to run that worked on the device."""

    name: str
    backend: str
    threads: int
    half: bool
    median_ms: float
    p95_ms: float
    opening_ms: float


@dataclass(frozen=True)
class Record:
    """A device and what was measured on it.

    Attributes:
        title: the device's name.
        gpu: as the browser names it; "" for none.
        plans: those with figures.
        faces_ms: cost of finding faces, in milliseconds a frame; None if it was not measured.
        tracker_ms: cost of the tracker in milliseconds a frame, by number of objects.
    """

    title: str
    obscura: str
    date: str
    browser: str
    system: str
    cores: int
    gpu: str
    plans: tuple[PlanFigures, ...]
    faces_ms: float | None
    tracker_ms: Mapping[int, float]

    @property
    def fastest(self) -> PlanFigures:
        """The plan with the shortest median frame."""
        return min(self.plans, key=lambda plan: plan.median_ms)


def read_all(folder: Path) -> list[Record]:
    """Return the records of a folder, the fastest device first.

    Raises:
        RecordError: a file is not a record.
    """
    records = [read(path) for path in sorted(folder.glob("*.json"))]
    return sorted(records, key=lambda record: record.fastest.median_ms)


def read(path: Path) -> Record:
    """Return the record in a file; its title is that of the file unless it has one.

    Raises:
        RecordError: the file is not a record.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordError(f"{path.name}: wanted JSON, but it cannot be read ({error})") from None
    values = _Values(path.name, "", told)
    schema = values.take("schema", int)
    if schema != SCHEMA:
        raise values.error("schema", schema, f"{SCHEMA}: measure again with this version")
    plans = [_plan(each) for each in values.rows("plans")]
    heads = [
        each.number("frame_ms") for each in values.rows("heads")
        if each.take("name", str) == "faces" and "why" not in each
    ]  # fmt: skip
    # Some browsers' clocks have steps of a millisecond: then the tracker takes none.
    tracker = {each.count("objects"): each.number("ms", least=0) for each in values.rows("tracker")}
    made = [plan for plan in plans if plan is not None]
    if not made:
        raise values.error("plans", [], "at least one way to run that has figures")
    return Record(
        title=values.optional("title") or path.stem.replace("-", " "),
        obscura=values.text("obscura"),
        date=_date(values),
        browser=values.text("browser"),
        system=values.text("os"),
        cores=values.count("cores"),
        gpu=values.optional("gpu"),
        plans=tuple(made),
        faces_ms=heads[0] if heads else None,
        tracker_ms=tracker,
    )


def _plan(values: _Values) -> PlanFigures | None:
    """Return the figures of a way to run; None if it has a reason instead."""
    name, backend = values.text("name"), values.text("backend")
    threads, half = values.count("threads"), values.take("half", bool)
    if "why" in values:
        values.text("why")
        return None
    figures = [values.number(key) for key in ("median_ms", "p95_ms", "opening_ms")]
    if figures[1] < figures[0]:
        raise values.error("p95_ms", figures[1], f"at least the median, {figures[0]}")
    return PlanFigures(name, backend, threads, half, *figures)


def _date(values: _Values) -> str:
    text = values.text("date")
    try:
        exact = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) and date.fromisoformat(text)
    except ValueError:
        exact = None
    if not exact:
        raise values.error("date", text, "a day as YYYY-MM-DD")
    return text


class _Values:
    """An object of the file, whose values are checked as they are taken."""

    def __init__(self, file: str, place: str, told: object) -> None:
        self._file, self._place = file, place
        if not isinstance(told, dict):
            raise RecordError(
                f"{file}: {place or 'the file'}: wanted an object, got {_short(told)}"
            )
        self._told: dict[str, Any] = told

    def __contains__(self, key: str) -> bool:
        return key in self._told

    def error(self, key: str, value: object, wanted: str) -> RecordError:
        """Return the error of a value."""
        return RecordError(f"{self._file}: {self._at(key)}: wanted {wanted}, got {_short(value)}")

    def take(self, key: str, kind: type) -> Any:
        """Return the value of a key, of exactly this type."""
        if key not in self._told:
            raise RecordError(f"{self._file}: {self._at(key)} is missing")
        value = self._told[key]
        if type(value) is not kind:
            raise self.error(key, value, _KINDS[kind])
        return value

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = str(self.take(key, str)).strip()
        if not value:
            raise self.error(key, value, "a text that is not empty")
        return value

    def optional(self, key: str) -> str:
        """Return a text; "" if it is missing or null."""
        return "" if self._told.get(key) is None else self.text(key)

    def count(self, key: str) -> int:
        """Return a whole number above zero."""
        value = int(self.take(key, int))
        if value < 1:
            raise self.error(key, value, "a whole number above 0")
        return value

    def number(self, key: str, least: float | None = None) -> float:
        """Return a finite number above zero, or from ``least`` on."""
        if key not in self._told:
            raise RecordError(f"{self._file}: {self._at(key)} is missing")
        value: Any = self._told[key]
        low = least is None and value == 0
        if type(value) not in (int, float) or not (least or 0) <= value < MOST or low:
            raise self.error(key, value, "a number above 0" if least is None else "a number")
        return float(value)

    def rows(self, key: str) -> list[_Values]:
        """Return the objects of a list."""
        rows = self.take(key, list)
        return [_Values(self._file, f"{self._at(key)}[{i}]", row) for i, row in enumerate(rows)]

    def _at(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key


_KINDS = {int: "a whole number", str: "a text", bool: "true or false", list: "a list"}


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
