"""A video and an engine for tests of the frame loop, without a browser and without waiting."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

from obscura.live.pace import Pace
from obscura.live.timing import Timings
from obscura.page.live.loop import SLOW_MS, Loop, Show


class Answer:
    """An engine's answer that comes when a test says so."""

    def __await__(self) -> Generator[Answer, Any, Any]:
        return (yield self)


class Video:
    """A video and the engine that analyses it, on a clock that only the test moves.

    The video shows numbered frames. The browser offers the next frame only if it was asked for.
    """

    def __init__(self) -> None:
        self.now_ms = 1000.0
        self.shows = 0
        self.on_frame: Any = None
        self.asked = False
        self.hidden = False
        self.counts = True  # whether the browser numbers the frames that it offers
        self.offers = 0
        self.captured: list[int] = []  # the frames that the engine was given, in order
        self.drawn: list[int] = []  # those whose answer was shown
        self.events: list[tuple[str, int]] = []
        self.running: Coroutine[Any, Any, None] | None = None
        self.timings, self.pace = Timings(), Pace()
        self.loop = Loop(
            self,
            self._analyse,
            self.timings,
            self.pace,
            now_ms=lambda: self.now_ms,
            start=self._start,
        )

    # ---- as `Frames` -----------------------------------------------------------------------------

    def ask(self) -> None:
        """Have the next frame offered."""
        self.asked = True

    def cancel(self) -> None:
        """Have no frame offered."""
        self.asked = False

    def total(self) -> int:
        """Return how many frames were shown."""
        return self.shows

    def sought(self, seconds: float) -> None:
        """Another part of the video is sought."""

    def stepped(self, position_s: float, frames: int) -> float:
        """Return the time of the frame so many frames later."""
        return position_s + frames / 30

    # ---- what happens ----------------------------------------------------------------------------

    def play(self, frames: int = 1, *, every_ms: float = 1000 / 30) -> None:
        """Show further frames, each of which is offered if the loop asked for it."""
        for _ in range(frames):
            self.now_ms += every_ms
            self.shows += 1
            if self.asked:
                self.asked = False
                self.offers += 1
                self.on_frame(self.shows if self.counts else None)

    def skip(self, frames: int, *, ms: float = 0.0) -> None:
        """Show frames without offering any of them, as a browser does under load."""
        self.shows += frames
        self.now_ms += ms

    def answer(self, outcome: Any = "boxes") -> None:
        """Have the engine answer the frame that it was given."""
        running, self.running = self.running, None
        assert running is not None, "the engine has nothing to answer"
        try:
            running.throw(outcome) if isinstance(outcome, Exception) else running.send(outcome)
        except StopIteration:
            return
        raise AssertionError("a frame is analysed in one go")

    @property
    def busy(self) -> bool:
        """Whether the engine is at work."""
        return self.running is not None

    async def _analyse(self, only_new: bool) -> Show | None:
        if only_new and self.captured and self.captured[-1] == self.shows:
            return None
        frame = self.shows
        self.captured.append(frame)
        self.events.append(("captured", frame))
        boxes = await Answer()
        return (lambda: self._draw(frame)) if boxes else None

    def _draw(self, frame: int) -> None:
        self.drawn.append(frame)
        self.events.append(("drawn", frame))

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            coroutine.send(None)
        except StopIteration:
            return
        assert self.running is None, "one frame at a time"
        self.running = coroutine


def make_slow(video: Video) -> None:
    """Let the engine take long for one frame, after which it is known to be slow."""
    video.play()
    video.now_ms += SLOW_MS + 1
    video.answer()
    video.play()
    assert video.busy
