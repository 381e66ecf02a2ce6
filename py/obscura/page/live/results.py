"""Results: what was found in a source, frame by frame, kept on the device. Pure Python.

Frames are records (`export.records`), in the order of their times, kept as JSON Lines in parts of
`PART` frames each, so that neither memory nor the time of a write grows with them. What was added
since the last write is lost if the page closes. The same code serves a video that is analysed
thoroughly and a camera whose answers are kept.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from obscura.export.reading import RecordsError, read_lines

FORMAT = 1
PART = 200
LEAST = 0.05
"""The lowest score of rows that are kept: the least that a person can ask for."""
HEAD, FRAMES = "head", "frames"
"""Keys are (HEAD, source), and (FRAMES, source, number of the part)."""

Key = tuple[str | float, ...]
Record = dict[str, Any]


class Store(Protocol):
    """Keeps texts on the device; `browser.records.RecordDatabase` is one."""

    async def read(self, *prefix: str | float) -> list[tuple[Key, str | None]]:
        """Return the records whose keys begin so, in order; None for what is not text."""

    async def write(self, records: Mapping[Key, str | None]) -> None:
        """Write all records or none; None deletes one."""


@dataclass
class Head:
    """What is known of results besides their frames. Plain JSON types.

    Attributes:
        name: of the video, camera or pictures, as records have it in ``source``.
        model: name of the model.
        labels: names of the classes, by class_id.
        least: the lowest score of rows that were kept.
        source: facts about the source: ``kind``, and of a file ``bytes`` and ``sha256``; and the
            like.
        settings: those that were in force.
        complete: whether all frames of the source are there.
        starts: the time of the first frame of each part, in seconds.
        frames: how many there are.
    """

    name: str
    model: str
    labels: list[str]
    least: float
    source: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    complete: bool = False
    starts: list[float] = field(default_factory=list)
    frames: int = 0


class Results:
    """The results of one source.

    Attributes:
        head: see `Head`.
    """

    def __init__(self, store: Store, key: str, head: Head) -> None:
        """
        Args:
            key: tells the source from all others.
        """
        self._store, self.key, self.head = store, key, head
        # The last part, to which frames are added, and those before it that are not written yet.
        self._held: dict[int, list[Record]] = {}
        self._changed: set[int] = set()  # of these, the parts that are not in the store as they are
        self._read: tuple[int, list[Record]] | None = None  # the part that was read last
        self._lock = asyncio.Lock()
        self._deleted = False

    @classmethod
    async def opened(cls, store: Store, key: str) -> Results | None:
        """Return the results that are stored for a source; None if there are none that can be
        read."""
        for _, text in await store.read(HEAD, key):
            try:
                table = json.loads(text or "")
                if table.pop("format") != FORMAT:
                    return None
                made = cls(store, key, Head(**table))
                await made._open_last()
            except (ValueError, KeyError, TypeError, AttributeError, RecordsError):
                return None
            return made
        return None

    def __len__(self) -> int:
        return self.head.frames

    @property
    def end_s(self) -> float:
        """Time of the latest frame in seconds; negative infinity while there is none."""
        last = self._held.get(self._parts - 1)
        return float(last[-1]["time_s"]) if last else float("-inf")

    @property
    def _parts(self) -> int:
        return len(self.head.starts)

    def add(self, record: Record) -> None:
        """Add a frame, which is later than all that are there. `flush` writes it.

        Raises:
            ValueError: it is not later.
        """
        if record["time_s"] <= self.end_s:
            raise ValueError(f"time_s: wanted more than {self.end_s}, got {record['time_s']}")
        if self.head.frames == self._parts * PART:
            self.head.starts.append(record["time_s"])
            self._held[self._parts - 1] = []
        self._held[self._parts - 1].append(record)
        self._changed.add(self._parts - 1)
        self.head.frames += 1

    async def flush(self) -> None:
        """Write what is not written yet, all or nothing. Raises what the store raises: then all of
        it is still held, and the next call tries again."""
        async with self._lock:
            if self._deleted:
                return
            records: dict[Key, str | None] = {(HEAD, self.key): self._text()}
            for number in self._changed:
                records[FRAMES, self.key, number] = _lines(self._held[number])
            written, self._changed = self._changed, set()
            try:
                await self._store.write(records)
            except BaseException:
                self._changed |= written
                raise
            for number in written - self._changed - {self._parts - 1}:
                del self._held[number]

    async def delete(self) -> None:
        """Delete all that is stored; nothing is stored afterwards. Raises what the store raises."""
        async with self._lock:
            self._deleted = True
            keys: list[Key] = [(FRAMES, self.key, number) for number in range(self._parts)]
            await self._store.write(dict.fromkeys([(HEAD, self.key), *keys]))

    def latest(self, count: int) -> list[Record]:
        """Return the last frames in order, at most so many, and none of earlier parts."""
        return self._held.get(self._parts - 1, [])[-count:]

    async def at(self, time_s: float) -> Record | None:
        """Return the frame that shows at a time, which is the latest until then; None before the
        first."""
        number = bisect_right(self.head.starts, time_s) - 1
        if number < 0:
            return None
        frames = await self._frames(number)
        return frames[bisect_right(frames, time_s, key=_time) - 1]

    async def records(self) -> AsyncIterator[Record]:
        """Yield all frames in order. The page gets its turn after each part."""
        for number in range(self._parts):
            for record in await self._frames(number):
                yield record
            await asyncio.sleep(0)

    async def _frames(self, number: int) -> list[Record]:
        """Return the frames of a part. Raises what the store raises, and RecordsError."""
        if number in self._held:
            return self._held[number]
        if self._read is None or self._read[0] != number:
            self._read = number, await self._stored(number)
        return self._read[1]

    async def _stored(self, number: int) -> list[Record]:
        for _, text in await self._store.read(FRAMES, self.key, number):
            return list(read_lines((text or "").split("\n")))
        raise RecordsError("A part of what was found is missing", remedy="Analyse it again.")

    async def _open_last(self) -> None:
        """Read the last part, to which frames are added."""
        if self._parts:
            self._held[self._parts - 1] = await self._stored(self._parts - 1)

    def _text(self) -> str:
        return json.dumps({"format": FORMAT, **vars(self.head)}, ensure_ascii=False)


def _lines(records: list[Record]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def _time(record: Record) -> float:
    time_s: float = record["time_s"]
    return time_s
