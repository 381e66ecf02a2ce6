"""Sources: a camera, a shared screen or a video file in the `<video>`, a photo on the picture
canvas."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from obscura.errors import PictureError
from obscura.page.browser import camera, canvas, files
from obscura.page.browser import video as player
from obscura.page.browser.dom import listener
from obscura.page.live import kinds, orientation
from obscura.page.live.unreadable import (
    HeicUnread,
    SourceForeign,
    SourceMissing,
    VideoUnread,
    VideoWithoutPicture,
)
from obscura.page.state.camera import CameraBusy, CameraLost
from obscura.page.state.shared_screen import ScreenError, screen_name
from obscura.page.words import text

PLAYING_S = 10
"""How long a video may take until it has a size."""
LOADING_S = 60
"""How long it may take if it comes from a server."""


class LiveSource:
    """The stream of a camera or shared screen, or a file, in the `<video>` that plays it."""

    is_live = True

    def __init__(
        self,
        video: Any,
        *,
        stream: Any = None,
        url: str = "",
        name: str = "",
        screen: bool = False,
        first_s: float = 0.0,
    ) -> None:
        """
        Args:
            stream: of a camera, or of a shared screen if `screen`; the video may play a part of it.
            first_s: when the first frame begins on the video's own clock.
        """
        self.first_s = first_s
        """All times are counted from there, in seconds: as in records (`export.records`)."""
        self.video, self.stream, self._url, self._name = video, stream, url, name
        self.is_screen = screen
        self.is_camera = stream is not None and not screen
        self.facing = self._setting("facingMode") if self.is_camera else ""
        """ "user", "environment", or "" for files and where the camera does not say (laptops)."""
        # What browsers say of a screen is another at every time.
        self.device_id = "screen" if screen else self._setting("deviceId")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as the video has them now (a phone may turn)."""
        return self.video.videoWidth, self.video.videoHeight

    @property
    def name(self) -> str:
        """Name of the camera, "" where the browser does not say; of a video, its file's; of what is
        shared, its title where the browser gives it."""
        if self.is_screen:
            return screen_name(str(self._track.label), self._setting("displaySurface"))
        return str(self._track.label) if self.is_camera else self._name

    @property
    def silent(self) -> bool:
        """Whether the camera sends no picture at the moment, as while another app uses it; or the
        window that is shared, as while it is minimised."""
        return bool(self._track.muted) if self.stream is not None else False

    @property
    def ended(self) -> bool:
        """Whether the camera was released or disconnected, or sharing has ended."""
        return self.stream is not None and str(self._track.readyState) == "ended"

    @property
    def seeking(self) -> bool:
        """Whether the video does not show the frame yet that was sought."""
        return bool(self.video.seeking)

    @property
    def duration_s(self) -> float | None:
        """Seconds that the video lasts; None where that is unknown, as of a camera."""
        seconds = float(self.video.duration)
        return max(seconds - self.first_s, 0.0) if math.isfinite(seconds) else None

    @property
    def position_s(self) -> float:
        """The time in the video, in seconds."""
        return max(float(self.video.currentTime) - self.first_s, 0.0)

    def play(self, playing: bool) -> None:
        """Play or pause."""
        (self.video.play if playing else self.video.pause)()

    def seek(self, seconds: float) -> None:
        """Go to a time of the video."""
        self.video.currentTime = seconds + self.first_s

    @property
    def rate(self) -> float:
        """How fast the video plays; 1 is its own speed."""
        return float(self.video.playbackRate)

    def set_rate(self, rate: float) -> None:
        """Play faster or slower; 1 is the video's own speed."""
        self.video.playbackRate = rate

    def set_loop(self, loop: bool) -> None:
        """Have the video begin again at its end, or not."""
        self.video.loop = loop

    async def set_resolution(self, resolution: str) -> bool:
        """Have the camera send pictures of about this size; return False if it refuses."""
        return await camera.set_resolution(self._track, resolution)

    def stop(self) -> None:
        """Release the camera or the file, or end sharing."""
        if self.stream is not None:
            camera.stop_stream(self.stream)
        self.let_go()

    def let_go(self) -> None:
        """Play it no more; the stream goes on for who has it."""
        _release(self.video)
        files.revoke(self._url)

    @property
    def _track(self) -> Any:
        return self.stream.getVideoTracks()[0]

    def _setting(self, name: str) -> str:
        if self.stream is None:
            return ""
        return str(getattr(self._track.getSettings(), name, "") or "")


class Photo:
    """A decoded photo that is not on the canvas yet."""

    is_live = False

    def __init__(self, blob: Any, name: str, bitmap: Any, orientation: int = 1) -> None:
        """
        Args:
            orientation: 1 to 8, as EXIF counts: how the bitmap must be turned to be upright.
        """
        self.blob, self.name = blob, name
        self._bitmap, self._orientation = bitmap, orientation

    def draw(self, picture: Any) -> tuple[int, int]:
        """Draw it upright on the canvas, which takes on its size or a smaller one; return its width
        and height in its own pixels."""
        return canvas.draw_whole(
            picture, self._bitmap, partial(orientation.matrix, self._orientation)
        )

    def stop(self) -> None:
        """Free its memory."""
        self._bitmap.close()


class SourceOpener:
    """Opens cameras, videos and photos. What it returns belongs to the caller, who stops it.

    Boundary: one listener per event serves every camera and video for the life of the page.
    """

    def __init__(self, make_video: Callable[[], Any]) -> None:
        """
        Args:
            make_video: returns a new `<video>`, so that what is in view goes on meanwhile.
        """
        self._make_video = make_video
        self.can_share = camera.can_share_screens()
        """Whether the browser shares screens."""
        self.ask_for_screen = camera.ask_for_screen
        self.on_ended: Callable[[], Any] = lambda: None
        """Called when a camera is disconnected, or sharing ends."""
        self.on_silent: Callable[[], Any] = lambda: None
        """Called when the `silent` of a camera or screen changes."""
        self.on_sought: Callable[[], Any] = lambda: None
        """Called when a video shows the frame that was sought."""
        self.on_played: Callable[[], Any] = lambda: None
        """Called when a video that does not loop has played to its end."""
        silent = listener(lambda _event: self.on_silent())
        self._listeners = {
            "ended": listener(lambda _event: self.on_ended()),
            "mute": silent,
            "unmute": silent,
        }
        self._video_listeners = {
            "seeked": listener(lambda _event: self.on_sought()),
            "ended": listener(lambda _event: self.on_played()),
        }

    async def camera(
        self, *, device_id: str, facing: str, resolution: str, wanted: Callable[[], bool]
    ) -> LiveSource:
        """Open a camera and play it; arguments as of `browser.camera.open_camera`.

        Args:
            wanted: asked once the browser has given the camera; False gives it back.

        Raises:
            CameraError: it cannot be opened, or is no longer wanted. CameraBusy: it was given but
            sends no picture.
        """
        stream = await camera.open_camera(device_id=device_id, facing=facing, resolution=resolution)
        if not wanted():
            camera.stop_stream(stream)
            raise CameraLost("The camera is no longer wanted")
        self._watch(stream)
        try:
            return LiveSource(await self._played(stream), stream=stream)
        except Exception as error:
            camera.stop_stream(stream)
            raise CameraBusy("The camera sends no picture", error) from error

    async def screen(self, asked: Any) -> LiveSource:
        """Open a screen, window or tab, and play it.

        Args:
            asked: what `ask_for_screen` has returned.

        Raises:
            ScreenError: it is not shared, or sends no picture.
        """
        stream = await camera.screen_of(asked)
        self._watch(stream)
        try:
            return LiveSource(await self._played(stream), stream=stream, screen=True)
        except Exception as error:
            camera.stop_stream(stream)
            raise ScreenError("What is shared sends no picture", error) from error

    async def part_of(self, shared: LiveSource, stream: Any) -> LiveSource:
        """Play a part of a shared screen, or all of it again, in a `<video>` of its own.

        Args:
            stream: what is to be played.

        Raises:
            ScreenError: it sends no picture.
        """
        try:
            return LiveSource(await self._played(stream), stream=shared.stream, screen=True)
        except Exception as error:
            raise ScreenError("The part sends no picture", error) from error

    def _watch(self, stream: Any) -> None:
        (track,) = stream.getVideoTracks()
        for event, proxy in self._listeners.items():
            track.addEventListener(event, proxy)

    async def _played(self, stream: Any) -> Any:
        """Return a `<video>` that plays a stream. Raises as `_playing`."""
        video = self._make_video()
        video.srcObject = stream
        try:
            await _playing(video)
        except Exception:
            _release(video)
            raise
        return video

    async def is_video(self, source: Any) -> bool:
        """Whether a `File`, by its content, or an address holds a video and not a picture."""
        if isinstance(source, str):
            return kinds.is_video(source)
        return kinds.is_video(source, await _head(source))

    async def video(self, source: Any) -> LiveSource:
        """Open a video and play it over and over.

        Args:
            source: a `File`, or the address of one on this site.

        Raises:
            SourceForeign: the address is on another site.
            VideoUnread: the browser cannot play it. VideoWithoutPicture: it has sound alone.
        """
        by_address = isinstance(source, str)
        url = same_origin(source) if by_address else files.object_url(source)
        name = source.split("?")[0].rpartition("/")[2] if by_address else str(source.name)
        video = self._make_video()
        for event, proxy in self._video_listeners.items():
            video.addEventListener(event, proxy)
        video.preload = "auto"
        video.src = url
        video.loop = True
        try:
            first_s = await player.playing_file(video, LOADING_S if by_address else PLAYING_S)
        except Exception as error:
            without = video.readyState > 0 and not video.videoWidth
            _release(video)
            files.revoke(url)
            failure = VideoWithoutPicture if without else VideoUnread
            raise failure(f"{name} cannot be played ({error})") from error
        if not by_address and not math.isfinite(float(video.duration)):
            await player.find_end(video)
        return LiveSource(video, url=url, name=name, first_s=first_s)

    async def photo(self, source: Any) -> Photo:
        """Decode a photo, upright.

        Args:
            source: a `File` or `Blob`, or the address of a picture on this site.

        Raises:
            SourceForeign: the address is on another site.
            PictureError: the file did not come or cannot be decoded; HeicUnread if that is why.
        """
        blob, name = source, getattr(source, "name", "") or text.PASTED
        if isinstance(source, str):
            name = source.rsplit("/", 1)[-1]
            blob = await _fetched(source, name)
        head = await _head(blob)
        try:
            turn = await orientation.overlooked(partial(files.read_part, blob), head)
            upright = files.with_part(blob, turn.at, turn.upright) if turn else blob
            bitmap = await canvas.decode_image(upright)
        except Exception as error:
            kind = f"{name} {getattr(blob, 'type', '')}".lower()
            heic = kinds.is_heic(head) or "heic" in kind or "heif" in kind
            failure = HeicUnread if heic else PictureError
            raise failure(f"{name} cannot be decoded", error) from error
        return Photo(blob, str(name), bitmap, turn.orientation if turn else 1)


async def _head(blob: Any) -> bytes:
    """Return the first bytes of a file, none if it cannot be read: what opens it will say so."""
    try:
        return await files.read_part(blob, 0, kinds.HEAD_BYTES)
    except Exception:  # noqa: BLE001  (whatever the browser throws)
        return b""


async def _fetched(address: str, name: str) -> Any:
    url = same_origin(address)
    try:
        blob, status = await files.fetch_blob(url)
    except Exception as error:
        raise PictureError(
            f"{name} did not arrive", error, remedy="Check the connection."
        ) from error
    if blob is None:
        raise SourceMissing(f"There is no file {name} on this site", status)
    return blob


def same_origin(address: str) -> str:
    """Return the whole address, if it is on this site.

    Raises:
        SourceForeign: it is on another.
    """
    try:
        url, ours = files.resolve(address)
    except Exception as error:
        raise SourceForeign("This is not an address", address) from error
    if not ours:
        raise SourceForeign("The source is on another site", address)
    return url


def _release(video: Any) -> None:
    """Have a video let go of what it plays."""
    video.pause()
    video.srcObject = None
    video.removeAttribute("src")
    video.load()


async def _playing(video: Any) -> None:
    """Wait until the video plays and has a size.

    Raises:
        TimeoutError: it has none after `PLAYING_S`. JavaScript errors: the browser refused to play.
    """
    await video.play()
    async with asyncio.timeout(PLAYING_S):
        while not video.videoWidth:
            await asyncio.sleep(0.05)
