"""The frame loop: newest frame wins, nothing queues, the video never waits.

The browser offers every frame that it shows. Where the engine is idle, that frame is captured and
analysed; frames that arrive meanwhile are shown but not analysed: that is the frame skipping, and
it needs no setting. If a newer frame is showing when an answer arrives, it is captured at once and
sent on its way before the answer is read and drawn, so the engine never waits for the page. Where
the device must be spared (`obscura.pace`), frames are taken less often, and in a hidden tab none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from js import document, performance, requestAnimationFrame
from pyodide.ffi import create_proxy

from obscura.pace import Pace
from obscura.page.dom import run_now
from obscura.timing import Held, Rate, Timings

Show = Callable[[], None]


class Loop:
    """Calls `analyse()` for the newest frame of a `<video>`, one at a time.

    Boundary: one proxy of `_offer` serves every frame for the life of the page.
    """

    def __init__(
        self,
        video: Any,
        analyse: Callable[[], Awaitable[Show | None]],
        timings: Timings,
        pace: Pace,
    ) -> None:
        """
        Args:
            analyse: captures the frame that the video shows now, waits for the engine's answer, and
                returns what shows it; None if there is nothing to show.
            timings: where whole frames are noted.
            pace: how often to take one; told of each.
        """
        self._video = video
        self._analyse = analyse
        self._timings, self._pace = timings, pace
        self.thread = Held(performance.now)
        """For how long the page's thread was held, per frame."""
        self._offer_proxy = create_proxy(self._offer)
        self._by_frame = hasattr(video, "requestVideoFrameCallback")
        self._ticket = 0
        self._shown = 0  # the browser's number of the frame that the video shows
        self._taken = 0  # and of the one captured last
        self._busy = False
        self.running = False
        self.paused = False
        self._on_hold = False
        self.frames = 0
        """Frames analysed since `start`."""
        self.shown = Rate()
        self.analysed = Rate()

    def start(self) -> None:
        """Begin with the video's next frame."""
        self.running, self.paused, self.frames = True, False, 0
        self._shown = self._taken = 0
        self._ask()

    def stop(self) -> None:
        """Take no more frames; one under way is finished by its owner."""
        self.running = False
        self.shown.clear()
        self.analysed.clear()
        if self._by_frame and self._ticket:
            self._video.cancelVideoFrameCallback(self._ticket)

    def hold(self, held: bool) -> None:
        """Analyse nothing for a while; the picture goes on."""
        self._on_hold = held

    def _ask(self) -> None:
        if self._by_frame:
            self._ticket = self._video.requestVideoFrameCallback(self._offer_proxy)
        else:
            requestAnimationFrame(self._offer_proxy)

    def _offer(self, _now: float, metadata: Any = None) -> None:
        """The video shows another frame."""
        if not self.running:
            return
        with self.thread:
            now = performance.now() / 1000
            # The callback itself may skip frames under load; the counter in its metadata does not.
            number = metadata.presentedFrames if metadata is not None else self._shown + 1
            for _ in range(min(number - self._shown, 4) if self._shown else 1):
                self.shown.tick(now)
            self._shown = number
            self._go_on()
            self._ask()

    def _go_on(self) -> None:
        """Take the frame that is showing, if it is new and the engine has nothing to do."""
        if self._busy or self._shown == self._taken:
            return
        if not self.running or self.paused or self._on_hold or document.hidden:
            return
        if not self._pace.due(performance.now() / 1000):
            return
        self._busy, self._taken = True, self._shown
        run_now(self.thread.during(self._step()))

    async def _step(self) -> None:
        begun = performance.now()
        try:
            show = await self._analyse()
        finally:
            self._busy = False
        if show is None:
            self._taken = 0  # it may be taken once more
            return
        self._go_on()
        show()
        self.frames += 1
        now = performance.now()
        self.analysed.tick(now / 1000)
        self._timings.add_frame(now - begun, self.thread.take())
        self._pace.frame(now / 1000, now - begun)
