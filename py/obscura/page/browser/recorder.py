"""Recorder: encodes what is on a canvas into a file on the device (assets/media/write.js).

Boundary: the module, its encoders and files are JavaScript objects seen through proxies that
Pyodide frees when Python drops them. `VideoFrame`s that are copied here are closed by who takes
them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import window
from pyodide.ffi import create_proxy, to_js

from obscura.page.browser import disk
from obscura.page.browser.boot import boot
from obscura.page.browser.canvas import new_canvas

CODECS = {"avc": "mp4", "vp8": "webm", "vp9": "webm", "av1": "webm"}
"""Codecs of WebCodecs with the container of each, those that browsers encode fast first."""


class Encoder:
    """Writes one file; implements `page.features.record.recording.Encoder`."""

    def __init__(self, recording: Any, file: Any, *, in_memory: bool) -> None:
        self._recording, self._file = recording, file
        self.in_memory = in_memory
        """Whether the file is in memory, because the browser stores none."""

    @property
    def silent(self) -> bool:
        """Whether it has no sound."""
        return not hasattr(self._recording.sound, "source")  # null is not None to Pyodide

    @property
    def written(self) -> int:
        """Bytes written so far."""
        return int(self._file.size)

    def add(self, time_s: float, duration_s: float) -> Any:
        """Encode what is on the canvas now; return what is done once there is room for more, or
        raises what the browser throws."""
        return self._recording.add(time_s, duration_s)

    async def finish(self, *, complete: bool = True) -> None:
        """Write the end, and close the file. Raises what the browser throws; the file is closed
        then too.

        Args:
            complete: whether all pictures are there, so that all of the sound is to be, too.
        """
        try:
            await self._recording.finish(complete)
        finally:
            await self._file.close()

    async def cancel(self) -> None:
        """Leave the file as it is, and close it."""
        try:
            await self._recording.cancel()
        finally:
            await self._file.close()


class HeldCanvas:
    """A copy of a picture, where browsers have no `VideoFrame`."""

    def __init__(self, picture: Any, size: tuple[int, int]) -> None:
        self.picture = new_canvas(*size)
        self.picture.getContext("2d").drawImage(picture, 0, 0, *size)

    def close(self) -> None:
        """Free its memory."""
        self.picture.width = self.picture.height = 0  # else iOS keeps it for a while


class HeldFrame:
    """A frame of a camera or video."""

    def __init__(self, frame: Any) -> None:
        self.picture = frame.clone()

    def close(self) -> None:
        """Give it back to the browser, which has few."""
        self.picture.close()


def hold(picture: Any, size: tuple[int, int]) -> HeldFrame | HeldCanvas:
    """Return a copy of what can be drawn now: of a `VideoFrame` without its pixels."""
    if hasattr(window, "VideoFrame") and hasattr(picture, "clone"):
        return HeldFrame(picture)
    return HeldCanvas(picture, size)


class Writer:
    """Makes encoders, and plain files of what they wrote."""

    def __init__(self, media_url: str, disk_url: str) -> None:
        """
        Args:
            media_url: address of assets/media.js, fetched when it is first needed.
            disk_url: address of assets/disk.js.
        """
        self._media_url, self._disk_url = media_url, disk_url
        self.failed: set[str] = set()
        """Codecs that have failed in this visit, and are not used again."""
        self.in_memory = False
        """Whether files are in memory, because the browser stores none."""
        self.own: set[str] = set()
        """Names of files that this page writes or makes a plain file of, or has just written."""

    async def codec(self, width: int, height: int) -> str | None:
        """Return the codec for pictures of this size; None if the browser encodes none."""
        module = await boot.load(self._media_url)
        wanted = [codec for codec in CODECS if codec not in self.failed]
        found = await module.firstCodec(to_js(wanted), width, height)
        return str(found) if isinstance(found, str) else None

    async def encoder(
        self, canvas: Any, name: str, codec: str, *, live: bool, sound: Any = None
    ) -> Encoder:
        """Return an encoder of what is drawn on a canvas, into a file that can be read however far
        it was written.

        Args:
            name: of the file, which is made or emptied.
            live: whether pictures come at their own pace, so that none may wait for long.
            sound: as `sound` returns it; it is left out if the container cannot have it.

        Raises:
            JavaScript errors: the browser cannot encode.
        """
        module = await boot.load(self._media_url)
        self.in_memory = self.in_memory or not await disk.works()
        try:
            file = await self._file(module, name, in_memory=self.in_memory)
        except Exception:  # noqa: BLE001  (browsers that forbid it throw what they like)
            self.in_memory = True
            file = await self._file(module, name, in_memory=True)
        try:
            recording = await module.Recording.start(
                canvas, file, CODECS[codec], codec, live, sound
            )
        except BaseException:
            await file.close()
            raise
        self.own.add(name)
        return Encoder(recording, file, in_memory=self.in_memory)

    async def _file(self, module: Any, name: str, *, in_memory: bool) -> Any:
        """Return a new file to be written."""
        if not in_memory:
            return await module.DiskFile.open(self._disk_url, disk.FOLDER, name)
        file = module.MemoryFile.new()
        disk.hold(name, file)
        return file

    async def make_whole(
        self,
        blob: Any,
        name: str,
        progress: Callable[[float], None],
        sound: Any = None,
        *,
        in_memory: bool,
    ) -> float:
        """Copy a recording that was written as it came, maybe cut off, into a plain file; return
        how many seconds, 0 if nothing can be read. There is no file then, nor after an error.

        Args:
            in_memory: where the file is to be: where the recording is, which may be deleted then.
            progress: called with the share that is done, now and then.
            sound: as `sound` returns it, added where the recording has none.

        Raises:
            JavaScript errors: the device is full, or reads no more.
        """
        module = await boot.load(self._media_url)
        file = await self._file(module, name, in_memory=in_memory)
        proxy, seconds = create_proxy(progress), 0.0
        try:
            try:
                seconds = float(await module.makeWhole(blob, file, proxy, sound))
            finally:
                proxy.destroy()
                await file.close()
        except BaseException:
            await disk.delete(name)
            raise
        if not seconds:
            await disk.delete(name)
        return seconds

    async def claim(self, name: str) -> Callable[[], Any] | None:
        """Keep other tabs from a file that was written as it came; return what is called, and
        awaited, once they may have it. None if another tab has claimed it."""
        if disk.in_memory(name):  # no other tab sees it, and there may be no locks
            return _released
        module = await boot.load(self._media_url)
        release = await module.claim(disk.CLAIM + name)
        return release if callable(release) else None

    async def reader(self, file: Any) -> Any:
        """Return what reads the frames of a video file (assets/media/read.js); None if the browser
        cannot. The caller closes it."""
        module = await boot.load(self._media_url)
        reader = await module.open(file)
        return reader if hasattr(reader, "samples") else None

    async def sound(self, file: Any, start_s: float) -> Any:
        """Return the sound of a file from a time on, in seconds from its first frame, for
        `encoder`; None if it has none. The caller closes it."""
        module = await boot.load(self._media_url)
        sound = await module.Sound.open(file)
        if not hasattr(sound, "source"):
            return None
        sound.start = float(sound.first) + start_s
        return sound

    async def microphone(self, codec: str) -> Any:
        """Return what a microphone hears, for `encoder`; None if the browser encodes no sound that
        the container can have. The caller closes it.

        Raises:
            JavaScript errors: there is none, or it is not allowed.
        """
        module = await boot.load(self._media_url)
        found = await module.Microphone.open(CODECS[codec])
        return found if hasattr(found, "source") else None

    async def duration_s(self, blob: Any) -> float:
        """Return how long a recording lasts, as far as it can be read; 0 if no frame of it can.

        Raises:
            JavaScript errors: the device reads no more.
        """
        module = await boot.load(self._media_url)
        return float(await module.durationOf(blob))


async def _released() -> None:
    """There is nothing to release."""
