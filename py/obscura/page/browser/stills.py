"""Stills: the frames of a video file as JPEG files, one after another.

Boundary: frames stay in JavaScript and are closed here; the JPEG's bytes are copied.
"""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import Any

from js import OffscreenCanvas

from obscura.page.browser.dom import js_object
from obscura.page.browser.media import DecodedFile, Media, Sample

QUALITY = 0.92
TICK_S = 1e-3
"""Times of records have four decimals."""


class PicturesError(Exception):
    """The pictures of a file cannot be read here; the message says so to people."""


class Stills:
    """Reads frames in the order of their times; `close` it."""

    def __init__(self, file: DecodedFile) -> None:
        """
        Args:
            file: is closed with this.
        """
        self._file, self._frames = file, file.frames(0.0)
        self._frame: Sample | None = None  # the latest one that was read
        self._next: Sample | None = None  # and the one after it
        self._first_s: float | None = None  # when the first frame begins
        self._ended = self._broken = False
        self._canvas: Any = None

    @classmethod
    async def of(cls, media: Media, file: Any) -> Stills:
        """Return the frames of a file.

        Raises:
            PicturesError: the browser cannot decode it frame by frame.
        """
        opened = None
        with suppress(Exception):  # whatever the library throws for a damaged file
            opened = await media.open(file)
        if isinstance(opened, DecodedFile):
            return cls(opened)
        if opened is not None:
            opened.close()
        raise PicturesError(
            "This browser can't read this video frame by frame. Save without the pictures."
        )

    async def at(self, time_s: float) -> bytes | None:
        """Return the JPEG file of the frame that shows at a time from the first frame, in seconds;
        None before that, and where the file is damaged."""
        if self._first_s is None:
            await self._advance()
            self._first_s = 0.0 if self._next is None else self._next.time_s
        until_s = self._first_s + time_s + TICK_S
        while not self._ended and (self._next is None or self._next.time_s <= until_s):
            await self._advance()
        frame = self._frame
        if frame is None:
            return None
        if self._broken and until_s >= frame.time_s + max(frame.duration_s, 2 * TICK_S):
            return None  # another frame showed, which cannot be read
        return await self._encoded(frame)

    async def close(self) -> None:
        """Free what is held."""
        for frame in (self._frame, self._next):
            if frame is not None:
                frame.close()
        self._frame = self._next = None
        async with aclosing(self._frames):  # type: ignore[type-var]
            pass
        self._file.close()

    async def _advance(self) -> None:
        try:
            read = await anext(self._frames, None)
        except Exception:  # noqa: BLE001  (whatever the library throws for a damaged file)
            read, self._broken = None, True
        if self._next is not None:
            if self._frame is not None:
                self._frame.close()
            self._frame = self._next
        self._next, self._ended = read, read is None

    async def _encoded(self, frame: Sample) -> bytes:
        if self._canvas is None:
            self._canvas = OffscreenCanvas.new(*frame.size)
        frame.paint(self._canvas.getContext("2d"))
        blob = await self._canvas.convertToBlob(js_object(type="image/jpeg", quality=QUALITY))
        return bytes((await blob.arrayBuffer()).to_bytes())
