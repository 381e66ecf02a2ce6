"""The frame loop: newest frame wins, nothing queues, the video never waits.

The browser offers every frame that it shows. While the engine is idle the newest is captured and
analysed; frames that arrive meanwhile are shown but not analysed: that is the frame skipping, and
it needs no setting. In a hidden tab browsers offer no frames, so the loop rests there by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from js import performance, requestAnimationFrame
from pyodide.ffi import create_proxy

from obscura.page.dom import run
from obscura.timing import Rate


class Loop:
    """Calls `analyse()` for the newest frame of a `<video>`, one at a time.

    Boundary: one proxy of `_offer` serves every frame for the life of the page.
    """

    def __init__(self, video: Any, analyse: Callable[[], Awaitable[None]]) -> None:
        """
        Args:
            analyse: captures the frame that the video shows now, and shows what was found.
        """
        self._video = video
        self._analyse = analyse
        self._offer_proxy = create_proxy(self._offer)
        self._by_frame = hasattr(video, "requestVideoFrameCallback")
        self._shown_before = 0
        self._ticket = 0
        self._busy = False
        self.running = False
        self.paused = False
        self._held = False
        self.frames = 0
        """Frames analysed since `start`."""
        self.shown = Rate()
        self.analysed = Rate()

    def start(self) -> None:
        """Begin with the video's next frame."""
        self.running, self.paused, self.frames = True, False, 0
        self._shown_before = 0
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
        self._held = held

    def _ask(self) -> None:
        if self._by_frame:
            self._ticket = self._video.requestVideoFrameCallback(self._offer_proxy)
        else:
            requestAnimationFrame(self._offer_proxy)

    def _offer(self, _now: float, metadata: Any = None) -> None:
        if not self.running:
            return
        now = performance.now() / 1000
        # The callback itself may skip frames under load; the counter in its metadata does not.
        presented = metadata.presentedFrames if metadata is not None else self._shown_before + 1
        for _ in range(min(presented - self._shown_before, 4) if self._shown_before else 1):
            self.shown.tick(now)
        self._shown_before = presented
        if not (self._busy or self.paused or self._held):
            self._busy = True
            run(self._step())
        self._ask()

    async def _step(self) -> None:
        try:
            await self._analyse()
        finally:
            self._busy = False

    def count(self) -> None:
        """Account for one analysed frame."""
        self.frames += 1
        self.analysed.tick(performance.now() / 1000)
