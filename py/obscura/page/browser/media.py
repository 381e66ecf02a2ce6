"""Video files, read frame by frame: by mediabunny and WebCodecs, else by a `<video>` of its own.

Boundary: pixels stay in JavaScript. A `Picture` belongs to the caller, who closes it; what it hands
to the engine is closed by the engine's worker. The library is fetched when a file is first read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from js import document

from obscura.page.browser import files, video
from obscura.page.browser.boot import boot
from obscura.page.browser.canvas import new_canvas, opaque_context, shrunk
from obscura.page.browser.frames import Frame

STEP_S = 1 / 60
"""How far a `<video>` is moved on where the times of its frames are not known."""
SEEKING_S = 15
"""How long a `<video>` may take to show another frame."""
EARLY_S = 0.002
"""A frame that begins earlier than this before the one that was sought is another."""
SAME_S = 1e-4
"""Frames of a `<video>` whose times differ by less are the same one."""


class MediaError(Exception):
    """The frames of a file cannot be read."""


class Sample:
    """A decoded frame of a file that mediabunny reads.

    It is handed on with all its pixels, but for very large ones as `canvas.draw_whole` has it: the
    engine makes it smaller as the library does. Browsers do that in ways of their own, so that
    other boxes are found.
    """

    def __init__(self, module: Any, value: Any) -> None:
        self._module, self._value = module, value
        self.time_s = float(value.timestamp)
        self.duration_s = float(value.duration)
        self.size = (int(value.displayWidth), int(value.displayHeight))

    def draw(self) -> Frame:
        """Return a new `Frame` of it for a model, with all its pixels."""
        return Frame(self._module.frameOf(self._value), *shrunk(self.size))

    def paint(self, context: Any) -> None:
        """Draw it into a canvas of its size."""
        self._value.draw(context, 0, 0, *self.size)

    def close(self) -> None:
        """Free its memory."""
        self._value.close()


class Shown:
    """The frame that a `<video>` shows."""

    def __init__(self, player: Any, time_s: float, duration_s: float) -> None:
        self._video = player
        self.time_s, self.duration_s = time_s, duration_s
        self.size = (int(player.videoWidth), int(player.videoHeight))

    def draw(self) -> Any:
        """Return a new `ImageData` of it for a model, with all its pixels."""
        width, height = shrunk(self.size)
        context = opaque_context(new_canvas(width, height))
        context.drawImage(self._video, 0, 0, width, height)
        return context.getImageData(0, 0, width, height)

    def close(self) -> None:
        """Nothing is held."""


class DecodedFile:
    """Reads the frames of a file that WebCodecs decodes."""

    sure = True
    """Whether no frame is missed."""

    def __init__(self, module: Any, reader: Any) -> None:
        self._module, self._reader = module, reader
        self.total: int | None = None
        self.exact = bool(reader.listed)
        """Whether there are exactly `total`."""
        self.cut = bool(reader.cut)
        """Whether the file ends before it should."""
        self.duration_s: float | None = None

    async def prepare(self) -> None:
        """Find out how many frames there are, about, and how long it lasts; raises what the library
        raises for a damaged file."""
        self.duration_s = float(await self._reader.duration())
        self.total = int(await self._reader.count())

    async def frames(self, start_s: float) -> AsyncIterator[Sample]:
        """Yield the frames from that at a time on, in order; raises what the library raises where
        the file is damaged."""
        iterator = self._reader.samples(start_s)
        try:
            while not (step := await iterator.next()).done:
                yield Sample(self._module, step.value)
        finally:
            with suppress(Exception):
                await getattr(iterator, "return")()

    def close(self) -> None:
        """Free what the library holds."""
        self._reader.close()


class PlayedFile:
    """Reads the frames of a file that only a `<video>` decodes, by going from one to the next."""

    def __init__(self, file: Any, times: Any) -> None:
        """
        Args:
            times: of the frames in seconds, in order; None if the file does not say.
        """
        self._times = times
        self.sure = self.exact = times is not None
        self.total = len(times) if times is not None else None
        self.cut = False
        self.duration_s: float | None = None
        self._says = True  # whether it says which frame it shows, and that agrees with the file
        self._ahead_s = 0.0  # by which the player's clock is ahead of the file's
        self._video = document.createElement("video")
        self._video.muted, self._video.preload = True, "auto"
        self._url = files.object_url(file)

    async def prepare(self) -> None:
        """Open it.

        Raises:
            MediaError: the browser cannot.
        """
        self._video.src = self._url
        if not await video.until(self._video, "loadeddata", limit_s=SEEKING_S):
            raise MediaError("The browser cannot read it")
        begun_s = await video.shown_s(self._video)
        self._says = begun_s is not None
        if begun_s is not None and self._times:
            self._ahead_s = begun_s - self._times[0]
        duration_s = float(self._video.duration)
        self.duration_s = duration_s if 0 < duration_s < float("inf") else None

    async def frames(self, start_s: float) -> AsyncIterator[Shown]:
        """Yield the frames from a time on, in order; all of them where their times are known.

        Raises:
            MediaError: a part of the file cannot be shown.
        """
        if self._times is not None:
            times = [time_s for time_s in self._times if time_s >= start_s - SAME_S]
            last_s = (self.duration_s or 0.0) - self._ahead_s
            ends = [*times[1:], max(last_s, times[-1] + STEP_S)] if times else []
            for time_s, end_s in zip(times, ends, strict=True):
                await self._go((time_s + end_s) / 2 + self._ahead_s)
                if self._says:
                    least_s = time_s + self._ahead_s - EARLY_S
                    self._says = await video.shown_s(self._video, after_s=least_s) is not None
                yield Shown(self._video, time_s, end_s - time_s)
            return
        last_s, time_s = float("-inf"), start_s
        while self.duration_s is None or time_s < self.duration_s:
            await self._go(time_s)
            begun_s = await video.shown_s(self._video) if self._says else None
            shown_s = time_s if begun_s is None else begun_s
            if float(self._video.currentTime) < time_s - STEP_S:
                return  # it ends here
            if shown_s > last_s + SAME_S:
                last_s = shown_s
                yield Shown(self._video, shown_s, STEP_S)
            time_s += STEP_S

    async def _go(self, time_s: float) -> None:
        """Show the frame at a time."""
        self._video.currentTime = time_s
        if not await video.until(self._video, "seeked", limit_s=SEEKING_S):
            raise MediaError("The browser cannot show this part of it")

    def close(self) -> None:
        """Release the file."""
        self._video.removeAttribute("src")
        self._video.load()
        files.revoke(self._url)


class Media:
    """Opens video files; what it returns is a `Reader` of
    `features.analyse.job`."""

    def __init__(self, url: str) -> None:
        """
        Args:
            url: address of the library.
        """
        self._url = url

    async def open(self, file: Any) -> DecodedFile | PlayedFile:
        """Return what reads a file's frames. The caller closes it.

        Raises:
            MediaError: nothing here can. What the browser throws if the library does not come.
        """
        module = await boot.load(self._url)
        reader = await _reader(module, file)
        if reader is not None and reader.decodes:
            opened: DecodedFile | PlayedFile = DecodedFile(module, reader)
        else:
            opened = PlayedFile(file, await _times(reader))
        try:
            await opened.prepare()
        except BaseException:
            opened.close()
            raise
        return opened


async def _reader(module: Any, file: Any) -> Any:
    """Return the library's reader of a file; None if it cannot read it."""
    try:
        reader = await module.open(file)
    except Exception:  # noqa: BLE001  (whatever the library throws for a damaged file)
        return None
    return reader if hasattr(reader, "samples") else None  # null otherwise


async def _times(reader: Any) -> list[float] | None:
    if reader is None:
        return None
    try:
        return [float(time_s) for time_s in (await reader.times()).to_py()]
    except Exception:  # noqa: BLE001  (as above)
        return None
    finally:
        reader.close()
