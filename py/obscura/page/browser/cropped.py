"""Cropped stream: a part of a stream, as a stream of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from js import cancelAnimationFrame, requestAnimationFrame
from pyodide.ffi import create_proxy

from obscura.page.browser.canvas import new_canvas, release
from obscura.page.browser.dom import make

BEAT_S = 1.0
"""How often a part is drawn of which no other frame has come: who begins to play it needs one."""


class CroppedStream:
    """Draws a part of each frame on a canvas. What is outside of it comes nowhere else.

    Boundary: one proxy serves every frame until `close`.
    """

    def __init__(
        self, stream: Any, part: Callable[[float, float], tuple[int, int, int, int]]
    ) -> None:
        """
        Args:
            stream: a `MediaStream` with a video track; it is not stopped.
            part: returns left edge, top edge, width and height in pixels of the part of a picture
                of this width and height.
        """
        self._part = part
        self._video = make("video", playsinline="")
        self._video.muted = True
        self._video.srcObject = stream
        self._canvas = new_canvas(1, 1)
        self._context = self._canvas.getContext("2d")
        self.stream = self._canvas.captureStream()
        self._by_frame = hasattr(self._video, "requestVideoFrameCallback")
        self._proxy = create_proxy(self._next)
        self._ticket = 0
        self._open = True

    async def begin(self) -> None:
        """Draw the first frame, and go on. Raises what the browser throws."""
        await self._video.play()
        self._next()
        self._beating = asyncio.ensure_future(self._beat())

    def close(self) -> None:
        """Draw no more, and free the memory."""
        if not self._open:
            return
        self._open = False
        video = self._video
        (video.cancelVideoFrameCallback if self._by_frame else cancelAnimationFrame)(self._ticket)
        video.pause()
        video.srcObject = None
        for track in self.stream.getTracks():
            track.stop()
        release(self._canvas)
        self._proxy.destroy()

    async def _beat(self) -> None:
        while self._open:
            self._draw()
            await asyncio.sleep(BEAT_S)

    def _next(self, *_now: Any) -> None:
        if self._open:
            self._draw()
            ask = self._video.requestVideoFrameCallback if self._by_frame else requestAnimationFrame
            self._ticket = ask(self._proxy)

    def _draw(self) -> None:
        whole = (self._video.videoWidth, self._video.videoHeight)
        if not whole[0]:
            return
        left, top, width, height = self._part(*whole)
        if (self._canvas.width, self._canvas.height) != (width, height):
            self._canvas.width, self._canvas.height = width, height
        self._context.drawImage(self._video, left, top, width, height, 0, 0, width, height)
