"""The frame loop: newest frame wins, nothing queues, the video never waits. Pure Python.

The browser offers every frame that it shows. While the engine is idle, that frame is captured and
analysed; frames that arrive meanwhile are shown but not analysed, which is all the frame skipping
there is, without a setting. If a newer frame is showing when an answer arrives, it is captured at
once and sent before the answer is read and drawn, so the engine never waits for the page. Where the
pace controller limits the rate (`obscura.live.pace`), frames are captured less often, and in a
hidden tab not at all. While the video is paused, the very frame that it shows is analysed.

An offer costs time: the browser prepares the whole page for painting before each. So while a slow
engine works, no frame is offered; when it is done, the loop checks by itself whether the video
shows another frame by now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from obscura.live.pace import Pace
from obscura.live.timing import BlockedTime, Rate, Timings

Show = Callable[[], None]

SLOW_MS = 50
"""An engine that takes longer than this is slow: several frames of video are shown meanwhile."""
MOST_COUNTED = 8
"""Frames counted as shown at one offer; more were missed while the page was out of sight."""


class Frames(Protocol):
    """Offers the frames that a video shows; see `browser.frames.VideoFrames`."""

    on_frame: Callable[[int | None], None]

    @property
    def asked(self) -> bool: ...
    @property
    def hidden(self) -> bool: ...
    def ask(self) -> None: ...
    def cancel(self) -> None: ...
    def total(self) -> int: ...
    def sought(self, seconds: float) -> None: ...
    def stepped(self, position_s: float, frames: int) -> float: ...


class Loop:
    """Calls `analyse()` for the newest frame of a video, one at a time."""

    def __init__(
        self,
        frames: Frames,
        analyse: Callable[[bool], Awaitable[Show | None]],
        timings: Timings,
        pace: Pace,
        *,
        now_ms: Callable[[], float],
        start: Callable[[Coroutine[Any, Any, None]], Any],
    ) -> None:
        """
        Args:
            analyse: captures the frame that the video shows now, waits for the engine's answer, and
                returns what shows it; None if there is nothing to show. If its argument is True, it
                does so only if the frame is not the one captured last.
            timings: where whole frames are added.
            pace: limits the frame rate; notified of every analysed frame.
            start: runs a coroutine up to its first wait before it returns.
        """
        self._frames, self._analyse = frames, analyse
        self._timings, self._pace = timings, pace
        self._now_ms, self._start = now_ms, start
        self.blocked = BlockedTime(now_ms)
        """Time for which the page's thread was blocked, per frame."""
        frames.on_frame = self._offered
        self._shown = 0  # the browser's number of the frame that the video shows
        self._captured = 0  # and of the one captured last
        self._busy = self._slow = False
        self._total = 0  # the browser's count of the video's frames, while nothing is offered
        self.running = False
        self.paused = False
        self.suspended = False
        """Whether nothing is analysed at present, while ways to run are compared for example."""
        self._once = False  # whether the frame that is showing is to be analysed, paused or not
        self.analysed_frames = 0
        """Frames analysed since `start`."""
        self.shown = Rate()
        self.analysed = Rate()

    def start(self) -> None:
        """Begin with the video's next frame."""
        self.running, self.paused, self.analysed_frames = True, False, 0
        self._shown = self._captured = self._total = 0
        self._slow = self._once = False
        self._frames.ask()

    def stop(self) -> None:
        """Capture no more frames. A frame that is under way is still finished."""
        self.running = False
        self.shown.clear()
        self.analysed.clear()
        self._frames.cancel()

    def suspend(self, suspended: bool) -> None:
        """Suspend or resume analysis; the picture keeps playing."""
        self.suspended = suspended
        self._capture_once()

    def pause(self, paused: bool) -> None:
        """Analyse only the frame that the paused video shows, or resume."""
        self.paused, self._once = paused, paused
        self._capture_once()

    def analyse_shown(self, *, still: bool = False) -> None:
        """Analyse the frame that a paused video shows, because it may be another one by now.

        Args:
            still: also if it plays, because its picture may stand still.
        """
        self._once = self.paused or still
        self._capture_once()

    def sought(self, seconds: float) -> None:
        """Another part of the video is sought, whose frame comes later."""
        self._frames.sought(seconds)

    def stepped(self, position_s: float, frames: int) -> float:
        """Return the time of the frame N frames after the one shown, in seconds."""
        return self._frames.stepped(position_s, frames)

    def _ask(self) -> None:
        if self.running:
            self._frames.ask()

    def _offered(self, number: int | None) -> None:
        """The video shows another frame."""
        if not self.running:
            return
        with self.blocked:
            shown = self._shown + 1 if number is None else number
            self._count(shown - self._shown if self._shown else 1)
            self._shown, self._total = shown, 0
            if self.paused and number is not None and number != self._captured:
                self._once = True  # the browser has shown yet another frame
            self._capture_once()
            self._capture()
            if not (self._busy and self._slow):
                self._ask()

    def _count(self, frames: int) -> None:
        now = self._now_ms() / 1000
        for _ in range(min(frames, MOST_COUNTED)):
            self.shown.tick(now)

    def _check(self) -> None:
        """Capture the frame that is showing, if it is a new one, although none was offered."""
        total = self._frames.total()
        self._count(total - self._total if self._total else 1)
        self._total = total
        self._capture(offered=False)
        if not self._busy:
            self._ask()

    def _capture(self, *, offered: bool = True) -> None:
        """Capture the frame that is showing, if it is new and the engine is idle."""
        if self._busy or (offered and self._shown == self._captured):
            return
        if not self.running or self.paused or self.suspended or self._frames.hidden:
            return
        if not self._pace.due(self._now_ms() / 1000):
            return
        self._begin(offered=offered)

    def _capture_once(self) -> None:
        """Capture the frame that is showing, if that is wanted and the engine is idle."""
        if self._once and self.running and not (self._busy or self.suspended):
            self._once = False
            self._begin(offered=True)

    def _begin(self, *, offered: bool) -> None:
        self._busy, self._captured = True, self._shown
        self._start(self.blocked.during(self._step(offered)))

    async def _step(self, offered: bool) -> None:
        begun = self._now_ms()
        show = None
        try:
            show = await self._analyse(not offered)
        finally:
            self._busy = False
            if show is None:
                self._captured = 0  # it may be captured again
                self._ask()
                self._capture_once()
        if show is None:
            return
        self._slow = self._now_ms() - begun > SLOW_MS
        self._capture_once()
        if self._frames.asked:
            self._capture()
        else:
            self._check()
        show()
        self.analysed_frames += 1
        now = self._now_ms()
        self.analysed.tick(now / 1000)
        self._timings.add_frame(now - begun, self.blocked.lap())
        self._pace.frame(now / 1000, now - begun)
        if self.paused and offered and self.running and not self._busy:
            # Browsers may show one frame more after they were asked to pause.
            self._begin(offered=False)
