"""Job: analyses the frames of a video file, in order and none left out. Pure Python.

It belongs to one file and one model. It can be stopped after any frame, and goes on with the next.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from enum import Enum
from typing import Any, Protocol

from obscura.errors import ObscuraError
from obscura.export.reading import from_record
from obscura.export.records import DIGITS, to_record
from obscura.page.features.analyse.marks import Finds
from obscura.page.live.results import Results
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

REPLAYED = 60
"""Frames from which the tracker learns what it followed, when a job goes on after a reload."""
CLOSE_FRAMES = 3
"""A video whose last frame is as close to its end as this does not break off there."""


class Picture(Protocol):
    """A decoded frame."""

    @property
    def time_s(self) -> float: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def size(self) -> tuple[int, int]: ...
    def draw(self) -> Any: ...
    def close(self) -> None: ...


class Reader(Protocol):
    """Reads the frames of a file; see `browser.media`."""

    @property
    def total(self) -> int | None: ...
    @property
    def exact(self) -> bool: ...
    @property
    def sure(self) -> bool: ...
    @property
    def cut(self) -> bool: ...
    @property
    def duration_s(self) -> float | None: ...
    def frames(self, start_s: float) -> AsyncIterator[Picture]: ...
    def close(self) -> None: ...


class End(Enum):
    """Why a job ended."""

    DONE = "all frames there are have been analysed"
    STOPPED = "it was asked to stop"
    EXCHANGED = "another model was taken into use"


class Job:
    """Adds the frames that are missing to a video's results."""

    def __init__(
        self,
        reader: Reader,
        results: Results,
        finder: Any,
        *,
        added: Callable[[dict[str, Any]], None],
        now_ms: Callable[[], float],
    ) -> None:
        """
        Args:
            finder: `finder.Finder`, which goes on from frame to frame.
            added: called with the record of each new frame.
        """
        self._reader, self.results, self._finder = reader, results, finder
        self._added, self._now_ms = added, now_ms
        self._stop = False
        self._begun_ms, self._begun_s = now_ms(), max(results.end_s, 0.0)
        self._frame_s = 0.0  # for how long the latest frame is shown
        # When the first frame begins, on the reader's clock: records count from there.
        unknown = 0.0 if len(results) else None
        self._first_s: float | None = results.head.source.get("first_s", unknown)
        self.total, self.exact = reader.total, reader.exact
        self.broken = False
        """Whether the file breaks off after the latest frame."""

    @property
    def duration_s(self) -> float | None:
        """How many seconds there are from the first frame to the end; None if not known."""
        duration_s = self._reader.duration_s
        return None if duration_s is None else max(duration_s - (self._first_s or 0.0), 0.0)

    @property
    def left_s(self) -> float | None:
        """About how many seconds it still takes; None while that is not known."""
        position_s, duration_s = self.results.end_s, self.duration_s
        passed_ms = self._now_ms() - self._begun_ms
        if duration_s is None or position_s <= self._begun_s or passed_ms < 1000:
            return None
        share = (duration_s - position_s) / (position_s - self._begun_s)
        return max(share, 0.0) * passed_ms / 1000

    def stop(self) -> None:
        """Stop after the frame that is under way."""
        self._stop = True

    async def run(self) -> End:
        """Analyse frames until all are there, or `stop` is called.

        Raises:
            As `Finder.find`: then all frames before are there, and another job can go on.
        """
        results = self.results
        self._finder.numbers.learn(results)
        start_s = max(results.end_s, 0.0) + (self._first_s or 0.0)
        async with aclosing(self._reader.frames(start_s)) as frames:  # type: ignore[type-var]
            while not self._stop:
                picture = await self._next(frames)
                if picture is None:
                    return self._finished()
                try:
                    if self._is_new(picture) and not await self._analysed(picture):
                        return End.EXCHANGED
                finally:
                    picture.close()
        return End.STOPPED

    async def _next(self, frames: AsyncIterator[Picture]) -> Picture | None:
        """Return the next frame; None if there is none, or the file is damaged there."""
        try:
            return await anext(frames)
        except StopAsyncIteration:
            return None
        except Exception:  # noqa: BLE001  (whatever browser or library throw for a damaged file)
            self.broken = True
            return None

    def _is_new(self, picture: Picture) -> bool:
        return round(self._time_of(picture), DIGITS) > self.results.end_s

    def _time_of(self, picture: Picture) -> float:
        """Return the time of a frame from the first one, in seconds."""
        if self._first_s is None:
            self._first_s = picture.time_s
            source = self.results.head.source
            source |= {"first_s": self._first_s, "duration_s": self.duration_s}
        return picture.time_s - self._first_s

    async def _analysed(self, picture: Picture) -> bool:
        """Analyse a frame and add it; return False if another model was taken into use."""
        results = self.results
        frame = FrameInfo(len(results), self._time_of(picture), *picture.size)
        finder = self._finder
        found = await finder.find(picture.draw, frame)
        if found is None:
            return False
        update = finder.numbers.update(found[1])
        head = results.head
        record = to_record(update, finder.labels, source=head.name, model=head.model)
        results.add(record)
        self._frame_s = picture.duration_s
        self._added(record)
        return True

    def _finished(self) -> End:
        """There are no more frames."""
        frames, end_s = len(self.results), self.results.end_s
        missing = self.exact and self.total is not None and frames < self.total
        # Frames before the beginning are not shown, and so are missing, too.
        near_s = end_s + CLOSE_FRAMES * self._frame_s
        short = self.duration_s is not None and near_s < self.duration_s
        self.broken = self.broken or self._reader.cut or (missing and short)
        self.total, self.exact = frames, True
        return End.DONE


class Numbers:
    """Numbers objects, as `tracking.Tracker`, and goes on with the numbers that results have."""

    def __init__(self, tracker: Tracker, finds: Finds) -> None:
        """
        Args:
            finds: knows which numbers were given before this tracker was made.
        """
        self.tracker, self._finds = tracker, finds
        self._known: dict[int, int] = {}  # numbers that objects had before, by the tracker's own
        self._beyond = 0
        self._learnt = False

    def learn(self, results: Results) -> None:
        """Follow what was found last, once, so that it keeps its numbers."""
        if self._learnt:
            return
        self._learnt, self._beyond = True, self._finds.last_track
        if not len(results):
            return
        with suppress(Exception):  # without them objects get new numbers
            for record in results.latest(REPLAYED):
                before = from_record(record).detections
                now = self.tracker.update(from_record(record)).detections
                if before.track_id is None or now.track_id is None:
                    continue
                for new, old in zip(now.track_id.tolist(), before.track_id.tolist(), strict=True):
                    if new >= 0 and old >= 0:
                        self._known[new] = old

    def update(self, update: Update) -> Update:
        """Return the update with the number of each object."""
        tracked = self.tracker.update(update)
        found = tracked.detections
        assert found.track_id is not None
        numbers = [
            number if number < 0 else self._known.get(number, number + self._beyond)
            for number in found.track_id.tolist()
        ]
        return Update(tracked.frame, found.replace(track_id=numbers), tracked.events)


async def persist(
    job: Job, recover: Callable[[ObscuraError], Awaitable[Any]], wanted: Callable[[], bool]
) -> End:
    """Run a job; once more after each failure that can be mended, as long as that helps.

    Args:
        recover: mends what can be mended.
        wanted: whether to go on after that.

    Raises:
        As `Job.run`.
    """
    while True:
        before = len(job.results)
        try:
            return await job.run()
        except ObscuraError as error:
            await recover(error)
            if len(job.results) == before or not wanted():
                raise
