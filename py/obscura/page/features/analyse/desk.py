"""Desk: begins, stops and shows the thorough analysis of the video in view. Pure Python.

Results belong to a file, a model and what changes its answers (`_subject`); others are looked up
when one of these changes. What is cancelled is deleted only once something else is in view, or the
page is closed, so that it can be undone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.page.features.analyse import words
from obscura.page.features.analyse.finder import Finder
from obscura.page.features.analyse.job import End, Job, persist
from obscura.page.features.analyse.markers import Markers
from obscura.page.features.analyse.marks import Finds
from obscura.page.features.analyse.recall import Recall
from obscura.page.features.analyse.row import BUSY, State, row_of
from obscura.page.features.analyse.subject import subject
from obscura.page.features.context import Context
from obscura.page.live.results import Results, Store

FLUSH_MS = 4_000
"""Between two writes; a page that ends without notice loses what was found since the last."""
LIVE_MS = 500
"""Between two frames of the live picture for which the model is run meanwhile."""
BYTES = 2_000
"""Of a frame in storage, about."""


class Desk:
    """Analyses the video in view when a person asks."""

    def __init__(
        self,
        context: Context,
        store: Store,
        view: Any,
        *,
        open_file: Callable[[Any], Awaitable[Any]],
        identify: Callable[[Any], Awaitable[str | None]],
        room: Callable[[], Awaitable[int | None]],
        may_store: Callable[[], bool],
        awake: Callable[[bool], None],
        now_ms: Callable[[], float],
    ) -> None:
        """
        Args:
            view: `panel.AnalysePanel`.
            open_file: returns what reads a file's frames (`job.Reader`).
            identify: returns what tells a file or address from all others; None if it cannot.
            room: returns how many bytes can still be stored; None if that is not known.
            may_store: returns whether anything may be stored.
            awake: keeps the screen on from then on, or no longer.
        """
        assert context.page is not None
        self._page, self._context, self._analysis = context.page, context, context.analysis
        self._store, self._view, self._open_file = store, view, open_file
        self._identify, self._room = identify, room
        self._may_store, self._awake, self._now_ms = may_store, awake, now_ms
        self._of: tuple[Any, str] | None = None  # the source and subject that all below is about
        self._key = ""
        self._state, self._said = State.ABSENT, ""
        self._results: Results | None = None
        self._finds = Finds()
        self._finder: Finder | None = None
        self._recall: Recall | None = None  # what is shown of the results
        self._job: Job | None = None
        self._flushed_ms = self._live_ms = 0.0
        self._counted = -1  # frames of which the marks are shown
        self._lasts_s: float | None = None  # the video in view, where they are shown
        self.markers = Markers(context, view)
        """The marks on the time line."""

    # ---- what is in view -------------------------------------------------------------------------

    def _subject(self) -> str:
        """Return what the results depend on, besides the file."""
        card, analysis = self._page.sessions.card, self._analysis
        if card is None:
            return ""
        heads = [str(getattr(each, "name", "")) for each in analysis.finding]
        return subject(card, analysis.options(card).iou, heads if analysis.looks_closer else [])

    def check(self) -> None:
        """See whether the same video and model are still in view."""
        sources = self._page.sources
        source, subject = (sources.given if sources.is_video else None), self._subject()
        source_before, subject_before = self._of or (None, "")
        if source is None or not subject:
            if self._of is not None:
                self._begin(None)
        elif source is not source_before or subject != subject_before:
            self._begin((source, subject))
        elif self._recall is not None and sources.kept is None:  # the replay of a session has ended
            self._context.results, sources.kept = self._results, self._recall

    def _begin(self, of: tuple[Any, str] | None) -> None:
        """Something else is in view."""
        if self._job is not None:
            self._job.stop()
            self._job = None
        if self._state is State.CANCELLED and self._results is not None:
            self._context.spawn(self._delete(self._results))
        self._of, self._key, self._said = of, "", ""
        self._forget()
        self._enter(State.ABSENT if of is None else State.OFFERED)
        if of is not None:
            self._context.spawn(self._look_up(of))

    def _forget(self) -> None:
        self._results, self._finds, self._finder = None, Finds(), None
        self._show_kept(False)

    async def leave(self) -> None:
        """The page is closed: what was cancelled is deleted now."""
        if self._state is State.CANCELLED and self._results is not None:
            await self._delete(self._results)

    async def _delete(self, results: Results) -> None:
        with suppress(Exception):  # browsers throw what they like; it is overwritten next time
            await results.delete()

    async def _look_up(self, of: tuple[Any, str]) -> None:
        """Show results that are stored."""
        try:
            identity = await self._identify(of[0])
            if identity is None or self._of is not of:
                return
            self._key = f"{identity}|{of[1]}"
            results = await Results.opened(self._store, self._key)
        except Exception:  # noqa: BLE001  (browsers that store nothing throw what they like)
            return
        if results is None or not len(results) or not self._waits(of):
            return
        finds = await self._finds_of(of, results)
        if finds is not None and self._waits(of):
            if not isinstance(of[0], str):  # versions before did not note it
                results.head.source.setdefault("bytes", int(of[0].size))
            self._use(results, finds)
            self._enter(State.DONE if results.head.complete else State.PAUSED)

    async def _finds_of(self, of: tuple[Any, str], results: Results) -> Finds | None:
        """Return where something was found; None if results cannot be read."""
        before, finds = self._state, Finds()
        self._enter(State.OPENING)
        try:
            async for record in results.records():
                finds.add(record)
        except Exception:  # noqa: BLE001  (RecordsError, and what browsers throw)
            if self._waits(of):
                self._enter(before)
            return None
        return finds

    def _waits(self, of: tuple[Any, str]) -> bool:
        """Whether results of this are still to be shown."""
        return self._of is of and self._results is None

    def _use(self, results: Results, finds: Finds) -> None:
        self._results, self._finds = results, finds
        self._show_kept(True)

    def _show_kept(self, shown: bool) -> None:
        """Show the boxes of the results while the video plays, or those of the model again."""
        sources = self._page.sources
        replays = sources.kept not in (None, self._recall)  # a session, which goes first
        results = self._results if shown else None
        self._recall = None
        if results is not None:
            self._recall = Recall(results, self._finds, self._tracks, self._live_waits)
        if not replays:
            self._context.results, sources.kept = results, self._recall

    def _live_waits(self) -> bool:
        """Whether the live picture leaves the model to the analysis now: while it plays, it has its
        turn only now and then."""
        if self._state is not State.RUNNING or self._page.sources.scene.paused:
            return False
        now_ms = self._now_ms()
        if now_ms - self._live_ms < LIVE_MS:
            return True
        self._live_ms = now_ms
        return False

    def _tracks(self) -> bool:
        return bool(self._context.preferences.current.track)

    # ---- commands --------------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """Carry out a command of the feature's row."""
        if command.endswith("mark"):
            self.markers.go(1 if command.startswith("next") else -1)
            return None
        return {"all": self.start, "pause": self.pause, "cancel": self.cancel}[command]()

    def start(self) -> Any:
        """Analyse all frames, or those that are missing."""
        if self._of is None or self._state in BUSY:
            return None
        if self._state is State.CANCELLED and self._results is not None:
            self._context.spawn(self._delete(self._results))
            self._forget()
        self._said = ""
        self._enter(State.READING)
        return self._analyse(self._of)

    def pause(self) -> Any:
        """Pause, or go on; undo what was cancelled."""
        if self._state is State.RUNNING and self._job is not None:
            self._job.stop()
            return None
        if self._state is State.CANCELLED and self._results is not None:
            self._said = ""
            self._show_kept(True)
            self._enter(State.DONE if self._results.head.complete else State.PAUSED)
            return None
        return self.start() if self._state is State.PAUSED else None

    def cancel(self) -> None:
        """Stop, and delete what was found once something else is in view."""
        if self._state not in (State.RUNNING, State.PAUSED, State.DONE):
            return
        if self._job is not None:
            self._job.stop()
        self._said = words.DELETED if self._state is State.DONE else words.CANCELLED
        self._show_kept(False)
        self._enter(State.CANCELLED)

    # ---- analysis --------------------------------------------------------------------------------

    async def _analyse(self, of: tuple[Any, str]) -> None:
        card = self._page.sessions.card
        try:
            reader = await self._open_file(of[0])
        except Exception:  # noqa: BLE001  (whatever browser and library throw)
            if self._of is of:
                self._fail(words.UNREAD)
            return
        try:
            if self._of is of and card is not None and card is self._page.sessions.card:
                await self._read(of, reader, card)
        finally:
            reader.close()

    async def _read(self, of: tuple[Any, str], reader: Any, card: ModelCard) -> None:
        """Analyse the frames of a reader, until there are no more or something stops it."""
        if self._results is None:
            await self._look_up(of)  # of an address, whose contents are known only now
            if self._of is not of or self._state is State.DONE:
                return
        await self._warn(reader)
        finder = self._finder
        if finder is None:
            finder = self._finder = Finder(self._page.sources, self._analysis, card, self._finds)
        results = self._results
        if results is None:
            head = finder.head(self._page.sources.source_name, of[0], self._key, reader.duration_s)
            results = Results(self._store, self._key, head)
            self._use(results, self._finds)
        job = self._job = Job(reader, results, finder, added=self._finds.add, now_ms=self._now_ms)
        self._enter(State.RUNNING)
        end = None
        try:
            end = await persist(job, self._page.models.recover, lambda: self._job is job)
        except ObscuraError:
            pass  # a frame that the engine failed on, again and again
        finally:
            if end is End.DONE:
                self._complete(results, job)
            await self._flush(results)
            if self._job is job:
                self._job = None
                self._ended(end, results)

    async def _warn(self, reader: Any) -> None:
        """Say what a person should know before it begins."""
        if not reader.sure:
            self._said = words.MISSED
        room = await self._room()
        if room is not None and reader.total is not None and room < reader.total * BYTES:
            self._said = words.NO_ROOM

    def _complete(self, results: Results, job: Job) -> None:
        head = results.head
        head.complete = True
        if job.broken:
            head.source["broken_s"] = max(results.end_s, 0.0)

    def _ended(self, end: End | None, results: Results) -> None:
        """A job has ended, and what it was for is still in view."""
        if self._state is State.CANCELLED:
            return
        if end is End.DONE:
            if not len(results):
                self._forget()
                self._fail(words.EMPTY)
                return
            self._enter(State.DONE)
        else:
            if end is not End.STOPPED:
                self._said = words.FAILED if end is None else words.EXCHANGED
            self._enter(State.PAUSED)

    def _fail(self, sentence: str) -> None:
        self._said = sentence
        self._enter(State.PAUSED if self._results is not None else State.OFFERED)

    async def _flush(self, results: Results) -> None:
        """Store what was found; say so if that fails, and go on."""
        self._flushed_ms = self._now_ms()
        if not len(results) or not results.key or not self._may_store():
            return
        try:
            await results.flush()
        except Exception:  # noqa: BLE001  (browsers throw what they like)
            if self._results is results:
                self._said = words.NOT_STORED

    # ---- what is shown ---------------------------------------------------------------------------

    def tick(self) -> None:
        """Show how far it is, and store what was found; called again and again."""
        self.check()
        if self._lasts_s != self._page.sources.duration_s:  # of some files it is found out late
            self._lasts_s = self._page.sources.duration_s
            self.show_marks()
        results = self._results
        if results is None or self._state is not State.RUNNING:
            return
        self._show()
        if self._now_ms() - self._flushed_ms > FLUSH_MS:
            self._context.spawn(self.store())

    async def store(self) -> None:
        """Store what was found so far."""
        if self._results is not None and self._state is State.RUNNING:
            await self._flush(self._results)

    def _enter(self, state: State) -> None:
        self._state = state
        self._awake(state is State.RUNNING)
        self._counted = -1
        self._show()

    def _show(self) -> None:
        self._view.show(row_of(self._state, self._results, self._job, self._said))
        if self._counted != self._frames or self._state is not State.RUNNING:
            self.show_marks()

    @property
    def _frames(self) -> int:
        return len(self._results) if self._results is not None else 0

    def show_marks(self) -> None:
        """Show the marks under the settings in force now."""
        self._counted = self._frames
        shown = self._frames and self._state in (State.RUNNING, State.PAUSED, State.DONE)
        duration_s = self._page.sources.duration_s
        if duration_s is None and self._results is not None:
            duration_s = self._results.head.source.get("duration_s")
        self.markers.show(self._finds if shown else None, duration_s)

    def snapshot(self) -> dict[str, Any] | None:
        """Return how far the analysis is; None while nothing of the video in view is analysed."""
        if self._state not in (State.RUNNING, State.PAUSED, State.DONE):
            return None
        job = self._job
        return {
            "frames": self._frames,
            "total": job.total if job else (self._frames if self._state is State.DONE else None),
            "done": self._state is State.DONE,
            "paused": self._state is State.PAUSED,
        }

    def deleting(self, key: str, begins: bool) -> None:
        """See `Context.deleting`."""
        if key != self._key or self._of is None:
            return
        if begins:
            self._stop()
        elif self._results is None:
            self._context.spawn(self._look_up(self._of))

    async def forget(self) -> None:
        """Delete what is known of the video in view."""
        self._stop()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._job = None
        self._forget()
        self._enter(State.ABSENT if self._of is None else State.OFFERED)
