"""The frame loop: newest frame wins, nothing queues, the video never waits.

The browser offers every frame that it shows. Where the engine is idle, that frame is captured and
analysed; frames that arrive meanwhile are shown but not analysed: that is the frame skipping, and
it needs no setting. If a newer frame is showing when an answer arrives, it is captured at once and
sent on its way before the answer is read and drawn, so the engine never waits for the page. Where
the device must be spared (`live.pace`), frames are taken less often, and in a hidden tab none.

An offer is not free: the browser prepares the whole page for painting before each. An engine that
is slow is therefore offered nothing while it works; when it is done, the page looks for itself
whether the video shows another frame by now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from js import cancelAnimationFrame, document, performance, requestAnimationFrame
from pyodide.ffi import create_proxy

from obscura.live.pace import Pace
from obscura.live.timing import BlockedTime, Rate, Timings
from obscura.page.browser.dom import run_now

Show = Callable[[], None]

SLOW_MS = 50
"""An engine that takes longer than this: there are several frames of video meanwhile."""


class Loop:
    """Calls `analyse()` for the newest frame of a `<video>`, one at a time.

    Boundary: one proxy of `_offer` serves every frame for the life of the page.
    """

    def __init__(
        self,
        video: Any,
        analyse: Callable[[bool], Awaitable[Show | None]],
        timings: Timings,
        pace: Pace,
    ) -> None:
        """
        Args:
            analyse: captures the frame that the video shows now, waits for the engine's answer, and
                returns what shows it; None if there is nothing to show. Told True, it does so only
                if it is not the frame captured last.
            timings: where whole frames are noted.
            pace: how often to take one; told of each.
        """
        self._video = video
        self._analyse = analyse
        self._timings, self._pace = timings, pace
        self.thread = BlockedTime(performance.now)
        """For how long the page's thread was blocked, per frame."""
        self._offer_proxy = create_proxy(self._offer)
        self._by_frame = hasattr(video, "requestVideoFrameCallback")
        self._ticket = 0
        self._shown = 0  # the browser's number of the frame that the video shows
        self._taken = 0  # and of the one captured last
        self._busy = self._slow = False
        self._total = 0  # the browser's count of the video's frames, while nothing is offered
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
        self._shown = self._taken = self._total = 0
        self._slow = False
        self._ask()

    def stop(self) -> None:
        """Take no more frames; one under way is finished by its owner."""
        self.running = False
        self.shown.clear()
        self.analysed.clear()
        if self._ticket:
            cancel = (
                self._video.cancelVideoFrameCallback if self._by_frame else cancelAnimationFrame
            )
            cancel(self._ticket)
            self._ticket = 0

    def hold(self, held: bool) -> None:
        """Analyse nothing for a while; the picture goes on."""
        self._on_hold = held

    def _ask(self) -> None:
        """Have the video's next frame offered."""
        if self._ticket or not self.running:
            return
        if self._by_frame:
            self._ticket = self._video.requestVideoFrameCallback(self._offer_proxy)
        else:
            self._ticket = requestAnimationFrame(self._offer_proxy)

    def _offer(self, _now: float, metadata: Any = None) -> None:
        """The video shows another frame."""
        self._ticket = 0
        if not self.running:
            return
        with self.thread:
            # The callback itself may skip frames under load; the counter in its metadata does not.
            number = metadata.presentedFrames if metadata is not None else self._shown + 1
            self._count(number - self._shown if self._shown else 1)
            self._shown, self._total = number, 0
            self._go_on()
            if not (self._busy and self._slow):
                self._ask()

    def _count(self, frames: int) -> None:
        now = performance.now() / 1000
        for _ in range(min(frames, 8)):
            self.shown.tick(now)

    def _look(self) -> None:
        """Take the frame that is showing, if it is another one, though none was offered."""
        total = int(self._video.getVideoPlaybackQuality().totalVideoFrames)
        self._count(total - self._total if self._total else 1)
        self._total = total
        self._go_on(offered=False)
        if not self._busy:
            self._ask()

    def _go_on(self, *, offered: bool = True) -> None:
        """Take the frame that is showing, if it is new and the engine has nothing to do."""
        if self._busy or (offered and self._shown == self._taken):
            return
        if not self.running or self.paused or self._on_hold or document.hidden:
            return
        if not self._pace.due(performance.now() / 1000):
            return
        self._busy, self._taken = True, self._shown
        run_now(self.thread.during(self._step(offered)))

    async def _step(self, offered: bool) -> None:
        begun = performance.now()
        show = None
        try:
            show = await self._analyse(not offered)
        finally:
            self._busy = False
            if show is None:
                self._taken = 0  # it may be taken once more
                self._ask()
        if show is None:
            return
        self._slow = performance.now() - begun > SLOW_MS
        if self._ticket:
            self._go_on()
        else:
            self._look()
        show()
        self.frames += 1
        now = performance.now()
        self.analysed.tick(now / 1000)
        self._timings.add_frame(now - begun, self.thread.lap())
        self._pace.frame(now / 1000, now - begun)
