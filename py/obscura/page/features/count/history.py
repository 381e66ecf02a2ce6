"""History of counts: sums and counts over time of each camera or video, kept across visits.

Pure Python. What changes is collected as records and written every few seconds, all or nothing; a
write that fails is tried again with the next one. Until a source's stored records have been read,
nothing is written for it, so nothing is overwritten.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Protocol

from obscura.counting import Counter, Line, Series, SeriesError, Shapes
from obscura.counting.periods import PERIODS
from obscura.page.features.count import MOST_SOURCES, history_words
from obscura.page.features.count.ledger import Ledger, Sums, is_reversed
from obscura.update import Update

Key = tuple[str | float, ...]
TOTALS, ROWS = "totals", "rows"
"""Keys are (TOTALS, source), and (ROWS, source, period, start in epoch seconds)."""
FORMAT = 1
MOST_OPEN = 8
"""Sources whose counts stay in memory; others are read again."""
MOST_COUNT = 10**15
SLICE = 100
"""Stored periods that are read before the page gets its turn: about 10 ms in a browser."""


class Store(Protocol):
    """Keeps texts on the device."""

    async def read(self, *prefix: str) -> list[tuple[Key, str | None]]:
        """Return the records whose keys begin so, in order; None for what is not text."""

    async def write(self, records: Mapping[Key, str | None]) -> None:
        """Write all records or none; None deletes one."""

    async def clear(self) -> None:
        """Delete all records."""


@dataclass(slots=True)
class Source:
    """The counts of one camera or video.

    Attributes:
        name: of the camera or video.
        shapes: its lines and zones.
        ledger: what was counted in all.
        series: the same over time.
        loaded: whether what is stored has been read.
        cleared: whether it was to be deleted before it had been read.
        written: the sums as they were written last.
    """

    name: str
    shapes: Shapes
    ledger: Ledger
    series: Series = field(default_factory=Series)
    loaded: bool = False
    cleared: bool = False
    written: Any = None


class History:
    """Keeps counts, and writes them to a store."""

    def __init__(
        self,
        store: Store,
        *,
        now_s: Callable[[], float],
        may_store: Callable[[], bool],
        passing: Callable[[str], bool] = lambda _name: False,
        say: Callable[[str], None],
        loaded: Callable[[], None],
    ) -> None:
        """
        Args:
            now_s: the wall clock in epoch seconds.
            may_store: whether anything may be stored now.
            passing: whether counts of a source are never stored, by its name.
            say: shows a sentence about what could not be stored or read.
            loaded: called when stored counts have been added.
        """
        self._loaded = loaded
        self._store, self._now_s, self._may_store, self._say = store, now_s, may_store, say
        self._open: dict[str, Source] = {}  # the latest last
        self._pending: dict[Key, str | None] = {}
        self._lock = asyncio.Lock()
        self._refused, self._passing = False, passing
        self.source: Source | None = None
        """The camera or video that is counted at; None before the first."""

    # ---- while counting --------------------------------------------------------------------------

    def enter(self, name: str, shapes: Shapes) -> Ledger:
        """Count at a camera or video from now on; return its ledger. `flush` reads what is stored.

        Args:
            shapes: its lines and zones.
        """
        self.pause()
        source = self._open.pop(name, None) or Source(name, shapes, Ledger(shapes))
        source.shapes = shapes
        source.ledger.change(shapes)
        self._open[name] = self.source = source
        if len(self._open) > MOST_OPEN:
            oldest = next(iter(self._open))
            self._collect(self._open.pop(oldest))
        return source.ledger

    def change(self, shapes: Shapes) -> None:
        """Go on at other lines and zones, under their new names and in their new directions."""
        if self.source is None:
            return
        self.source.shapes, series = shapes, self.source.series
        for former, shape in self.source.ledger.change(shapes):
            if is_reversed(former, shape):
                series.reverse(former.name)
            if shape.name != former.name:
                kind = "line" if isinstance(shape, Line) else "zone"
                series.rename(kind, former.name, shape.name)

    def take(self, update: Update, labels: Sequence[str], counter: Counter, media_s: float) -> None:
        """Add one analysed frame to the counts over time.

        Args:
            update: with the events of this frame.
            labels: name of each class, by class_id.
            media_s: the frame's time within its source, in seconds.
        """
        if self.source is not None and (counter.lines or counter.zones):
            timed = replace(update, frame=replace(update.frame, time_s=media_s))
            self.source.series.take(timed, self._now_s(), labels, counter)

    def pause(self) -> None:
        """The time until the next frame is not observed."""
        if self.source is not None:
            self.source.series.pause()

    def clear(self) -> Callable[[], None]:
        """Begin the counts of the source at 0 again; return a function that undoes that."""
        source = self.source
        if source is None:
            return lambda: None
        sums = source.ledger.clear()
        former, source.series = source.series, Series()
        source.cleared = source.cleared or not source.loaded
        former.changes()  # whatever they are, they are deleted
        self._pending |= dict.fromkeys(
            (ROWS, source.name, bucket.period, bucket.start_s)
            for period in PERIODS
            for bucket in former.buckets(period)
        )

        def undo() -> None:
            source.ledger.add(sums)
            source.series.merge(former)

        return undo

    # ---- stored ----------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Write what has changed, once what is stored has been read. Failures are said once."""
        if not self._may_store():
            return
        async with self._lock:
            try:
                for source in list(self._open.values()):
                    if self._passing(source.name):
                        continue
                    if not source.loaded:
                        await self._load(source)
                    self._collect(source)
                if self._pending:
                    await self._write()
            except Exception:  # noqa: BLE001  (browsers that forbid it throw what they like)
                if not self._refused:
                    self._say(history_words.NOT_STORED)
                self._refused = True

    async def forget(self) -> None:
        """Delete everything that is stored."""
        async with self._lock:
            self._pending.clear()
            await self._store.clear()

    async def _write(self) -> None:
        records, self._pending = self._pending, {}
        try:
            await self._store.write(records)
        except BaseException:
            self._pending = records | self._pending
            raise

    def _collect(self, source: Source) -> None:
        """Collect what has changed since the last call."""
        if not source.loaded:
            return
        changes = source.series.changes()
        sums = _plain(source.ledger.absent | source.ledger.sums)
        if not changes.rows and sums == source.written:
            return
        source.written = sums
        for row in changes.rows:
            key = (ROWS, source.name, row["period"], row["start_s"])
            self._pending[key] = json.dumps(row, ensure_ascii=False)
        for period, start_s in changes.dropped:
            self._pending[ROWS, source.name, period, start_s] = None
        totals = {"format": FORMAT, "stored_s": self._now_s(), "sums": sums}
        self._pending[TOTALS, source.name] = json.dumps(totals, ensure_ascii=False)

    async def _load(self, source: Source) -> None:
        """Add what is stored of a source to what has been counted since, and make room for it."""
        totals = await self._store.read(TOTALS)
        rows = await self._store.read(ROWS, source.name)
        damaged = 0
        for number, (key, text) in enumerate(rows):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            if not source.cleared and not _restore(source.series, key, text):
                damaged += 1
                self._pending[key] = None
        if source.cleared:
            self._pending |= {key: None for key, _ in rows}
        source.loaded = True
        stored = dict(totals).get((TOTALS, source.name), "")
        source.written = (
            None if source.cleared else _plain(source.ledger.absent | source.ledger.sums)
        )
        if stored != "" and not source.cleared:
            sums = _sums(stored)
            damaged += sums is None
            source.ledger.add(sums or {})
            self._loaded()
        if damaged:
            self._say(history_words.damaged(damaged))
        await self._make_room(source, totals)

    async def _make_room(self, source: Source, totals: list[tuple[Key, str | None]]) -> None:
        """Delete the sources that were counted at longest ago, if there are too many."""
        others = [(_stored_s(text), str(key[1])) for key, text in totals if key[1] != source.name]
        for _, name in sorted(others)[: max(0, len(others) + 1 - MOST_SOURCES)]:
            self._pending[TOTALS, name] = None
            rows = await self._store.read(ROWS, name)
            self._pending |= {key: None for key, _ in rows}


def _restore(series: Series, key: Key, text: str | None) -> bool:
    """Add a stored period; return False if it is damaged."""
    try:
        row = json.loads(text or "")
        if not isinstance(row, dict) or (row.get("period"), row.get("start_s")) != key[2:]:
            return False
        series.restore(row)
    except (SeriesError, ValueError, RecursionError):
        return False
    return True


def _plain(sums: Mapping[str, Sums]) -> dict[str, list[list[Any]]]:
    """Return sums as plain JSON types."""
    return {
        name: [[kind, label, count] for (kind, label), count in sorted(each.items())]
        for name, each in sums.items()
    }


def _totals(text: str | None) -> dict[str, Any]:
    try:
        table = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) and table.get("format") == FORMAT else {}


def _stored_s(text: str | None) -> float:
    """Return when totals were stored, in epoch seconds; 0 if they are damaged."""
    value = _totals(text).get("stored_s")
    return value if isinstance(value, (int, float)) and isfinite(value) else 0.0


def _sums(text: str | None) -> dict[str, Sums] | None:
    """Return stored sums; None if they are damaged."""
    table = _totals(text).get("sums")
    try:
        sums: dict[str, Sums] = {
            name: Tally({(str(kind), str(label)): _count(count) for kind, label, count in rows})
            for name, rows in table.items()  # type: ignore[union-attr]
        }
    except (AttributeError, TypeError, ValueError):
        return None
    return sums


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_COUNT:
        raise ValueError(f"count {value!r}"[:80])
    return value
