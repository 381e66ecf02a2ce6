"""Stills: the frames of a video file as JPEG files, one after another, by mediabunny and WebCodecs.

Boundary: frames stay in JavaScript and are closed here; the JPEG's bytes are copied.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from js import OffscreenCanvas

from obscura.page.browser.dom import js_object

QUALITY = 0.92
TICK_S = 1e-3
"""Times of records have four decimals."""


class PicturesError(Exception):
    """The pictures of a file cannot be read here; the message says so to people."""


class Stills:
    """Reads frames in the order of their times; `close` it."""

    def __init__(self, reader: Any, first_s: float) -> None:
        self._reader, self._samples, self._first_s = reader, reader.samples(), first_s
        self._sample: Any = None  # the latest one that was read
        self._next: Any = None  # and the one after it
        self._ended = False
        self._canvas: Any = None

    @classmethod
    async def of(cls, module: Any, file: Any) -> Stills:
        """Return the frames of a file.

        Args:
            module: assets/media.js.

        Raises:
            PicturesError: the browser cannot decode it frame by frame.
        """
        reader, first_s = None, 0.0
        with suppress(Exception):  # whatever the library throws for a damaged file
            reader = await module.open(file)
            first_s = float(await reader.first())
        if not hasattr(reader, "samples"):
            raise PicturesError(
                "This browser can't read this video frame by frame. Save without the pictures."
            )
        return cls(reader, first_s)

    async def at(self, time_s: float) -> bytes | None:
        """Return the JPEG file of the frame that shows at a time from the first frame, in seconds;
        None before that. Raises what the library throws where the file is damaged."""
        until_s = self._first_s + time_s + TICK_S
        while not self._ended and (self._next is None or float(self._next.timestamp) <= until_s):
            await self._advance()
        return None if self._sample is None else await self._encoded()

    async def close(self) -> None:
        """Free what is held."""
        for sample in (self._sample, self._next):
            if sample is not None:
                sample.close()
        self._sample = self._next = None
        with suppress(Exception):
            await getattr(self._samples, "return")()
        self._reader.close()

    async def _advance(self) -> None:
        if self._next is not None:
            if self._sample is not None:
                self._sample.close()
            self._sample, self._next = self._next, None
        step = await self._samples.next()
        self._ended = bool(step.done)
        self._next = None if self._ended else step.value

    async def _encoded(self) -> bytes:
        width, height = int(self._reader.width), int(self._reader.height)
        if self._canvas is None:
            self._canvas = OffscreenCanvas.new(width, height)
        self._sample.draw(self._canvas.getContext("2d"), 0, 0, width, height)
        blob = await self._canvas.convertToBlob(js_object(type="image/jpeg", quality=QUALITY))
        return bytes((await blob.arrayBuffer()).to_bytes())
