"""Keeper: takes every answer of a camera or video into results that are kept. Pure Python.

What is added is written every few seconds. Before the browser's storage is full, nothing more is
taken, and that is said; what was written stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from zlib import crc32

from obscura.errors import ObscuraError
from obscura.export.records import to_record
from obscura.page.features.export import words
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.live.results import LEAST, Head, Results, Store
from obscura.update import Update

ROOM = 50_000_000
"""Bytes of storage that are left free."""
FRAME_BYTES, ROW_BYTES = 110, 125
"""Of a record and of each of its rows, about."""
MOST_WAITING = 500
"""Frames that wait in memory until what is stored of their source has been read."""


class Keeper:
    """Takes answers in while it is on.

    Attributes:
        results: those of the source in view; None while there are none.
        problem: why nothing more is kept; "" while all is well.
    """

    def __init__(
        self,
        analysis: Analysis,
        store: Store,
        *,
        source: Callable[[], tuple[str, dict[str, Any]] | None],
        settings: Callable[[], dict[str, Any]],
        room: Callable[[], Awaitable[int | None]],
        may_store: Callable[[], bool],
        spawn: Callable[[Awaitable[Any]], Any],
        changed: Callable[[], None],
    ) -> None:
        """
        Args:
            source: returns the key of the camera or video in view, and facts about it, its
                ``name`` among them; None while none is in view.
            settings: returns those in force.
            room: returns the bytes of storage that are free; None where that is unknown.
            may_store: whether anything may be stored now.
            changed: called when there are other results, or a problem.
        """
        self._analysis, self._store = analysis, store
        self._source, self._settings = source, settings
        self._room, self._may_store = room, may_store
        self._spawn, self._changed = spawn, changed
        self._on = False
        self._answer: Answer | None = None  # the latest
        self._key = self._deleted = ""  # and that which a person is deleting
        self._waiting: list[dict[str, Any]] | None = None  # frames, until `results` is opened
        self._written = 0  # frames of `results` that are in the store
        self.results: Results | None = None
        self.problem = ""

    def switch(self, on: bool) -> None:
        """Take answers in from now on, or no longer."""
        if on == self._on:
            return
        self._on, self.problem = on, ""
        if on:
            self._analysis.least["export"] = lambda _card: LEAST
        else:
            self._analysis.least.pop("export", None)

    def take(self, update: Update) -> None:  # noqa: ARG002  (a sink)
        """Take a frame's answer in, once."""
        answer, whole = self._analysis.answer, self._analysis.whole
        if not self._on or self.problem or answer is self._answer:
            return
        self._answer = answer
        if answer is None or whole is None or not answer.moving or self._analysis.recalled:
            return
        source = self._source()
        if source is None:
            return
        if not self._may_store():
            self.problem = words.FORGOTTEN
            self._changed()
            return
        self._enter(source, answer)
        labels = self._analysis.labels
        record = to_record(whole, labels, source=source[1]["name"], model=answer.card.name)
        if source[1]["kind"] == "video":
            record["time_s"] = round(answer.source_s, 4)
        if self._waiting is not None:
            self._waiting += [record] if len(self._waiting) < MOST_WAITING else []
        else:
            self._add(record)

    def deleting(self, key: str, begins: bool) -> None:
        """See `Context.deleting`: meanwhile nothing of that source is taken in."""
        self._deleted = key if begins else ""
        if key == self._key:
            self.results, self._waiting, self._key = None, None, ""
            self._changed()

    async def flush(self) -> None:
        """Write what was added, and see whether there is room for more."""
        results = self.results
        written = self._written if results is None else len(results)
        new = written != self._written
        problem = self.problem
        if not new and problem != words.FULL:
            return
        try:
            if results is not None and new:
                await results.flush()
            room = await self._room()
        except Exception:  # noqa: BLE001  (browsers that store nothing throw what they like)
            self.problem = words.FAILED
        else:
            self._written = written
            self.problem = words.FULL if room is not None and room < ROOM else ""
        if new or self.problem != problem:
            self._changed()

    def _enter(self, source: tuple[str, dict[str, Any]], answer: Answer) -> None:
        """Begin the results of a source, or go on with them."""
        labels = self._analysis.labels
        # Where other classes are looked for from now on, numbers of classes mean others.
        key = f"{source[0]} {answer.card.name} {crc32(chr(10).join(labels).encode()):08x}"
        if key == self._key:
            return
        self._leave()
        if key == self._deleted:
            self._key = ""
            return
        self._key, self._waiting = key, []
        head = Head(
            source[1]["name"],
            answer.card.name,
            list(labels),
            LEAST,
            {"title": answer.card.title, **source[1]},
            self._settings(),
        )
        self._spawn(self._open(key, head))

    def _leave(self) -> None:
        """Another source follows: write what was added to the last one's results."""
        if self.results is not None:
            self._spawn(self._end(self.results))
        self.results, self._waiting = None, None

    async def _end(self, results: Results) -> None:
        try:
            await results.flush()
        except Exception:  # noqa: BLE001  (as above)
            self.problem = words.FAILED
            self._changed()

    async def _open(self, key: str, head: Head) -> None:
        try:
            stored = await Results.opened(self._store, key)
        except (ObscuraError, OSError):
            stored = None
        if key != self._key:
            return
        self.results = stored or Results(self._store, key, head)
        self._written = len(self.results)
        waiting, self._waiting = self._waiting or [], None
        for record in waiting:
            self._add(record)
        self._changed()

    def _add(self, record: dict[str, Any]) -> None:
        results = self.results
        # A video that is played again, or from an earlier moment, has these frames already.
        if results is None or record["time_s"] <= results.end_s:
            return
        results.add(record)
        size = FRAME_BYTES + ROW_BYTES * len(record["detections"])
        results.head.source["size"] = results.head.source.get("size", 0) + size
