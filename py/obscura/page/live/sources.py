"""Sources: a camera or a video file in the `<video>`, a photo on the picture canvas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from obscura.errors import PictureError
from obscura.page.browser import camera, canvas, files
from obscura.page.browser.dom import listener
from obscura.page.live import kinds, orientation
from obscura.page.state.camera import CameraBusy, CameraLost
from obscura.page.words import text

PLAYING_S = 10
"""How long a video may take until it has a size."""
LOADING_S = 60
"""How long it may take if it comes from a server."""


class SourceForeign(PictureError):
    """The address is on another site."""

    code = "source-foreign"
    remedy = "Use a file of this site."


class HeicUnread(PictureError):
    """The photo is HEIC, which this browser does not read."""

    code = "picture-heic"
    remedy = "Share the photo as JPEG."


class VideoUnread(PictureError):
    """The video cannot be played."""

    code = "video-unreadable"
    remedy = "Use MP4 (H.264) or WebM."


class VideoWithoutPicture(VideoUnread):
    """The file has sound alone, or pictures in a format that the browser does not know."""

    code = "video-no-picture"
    remedy = "Choose a video in MP4 (H.264) or WebM."


class LiveSource:
    """What plays in the `<video>`: a camera's stream or a file."""

    is_live = True

    def __init__(self, video: Any, *, stream: Any = None, url: str = "") -> None:
        self._video, self._stream, self._url = video, stream, url
        self.is_camera = stream is not None
        self.facing = self._setting("facingMode")
        """ "user", "environment", or "" for files and where the camera does not say (laptops)."""
        self.device_id = self._setting("deviceId")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as the video has them now (a phone may turn)."""
        return self._video.videoWidth, self._video.videoHeight

    @property
    def name(self) -> str:
        """Name of the camera; "" for files and where the browser does not say."""
        return str(self._track.label) if self.is_camera else ""

    @property
    def silent(self) -> bool:
        """Whether the camera sends no picture at the moment, as while another app uses it."""
        return bool(self._track.muted) if self.is_camera else False

    def stop(self) -> None:
        """Release the camera or the file, and the video if it does not play another by now."""
        video = self._video
        if self.is_camera:
            camera.stop_stream(self._stream)
            ours = getattr(video.srcObject, "js_id", None) == self._stream.js_id
        else:
            ours = video.src == self._url
        if ours:
            video.pause()
            video.srcObject = None
            video.removeAttribute("src")
            video.load()
        files.revoke(self._url)

    @property
    def _track(self) -> Any:
        return self._stream.getVideoTracks()[0]

    def _setting(self, name: str) -> str:
        return str(getattr(self._track.getSettings(), name, "") or "") if self.is_camera else ""


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

    Boundary: one listener per event serves every camera for the life of the page.
    """

    def __init__(self, video: Any) -> None:
        """
        Args:
            video: the element that plays cameras and videos.
        """
        self._video = video
        self.on_ended: Callable[[], Any] = lambda: None
        """Called when a camera is disconnected."""
        self.on_silent: Callable[[], Any] = lambda: None
        """Called when the `silent` of a camera changes."""
        silent = listener(lambda _event: self.on_silent())
        self._listeners = {
            "ended": listener(lambda _event: self.on_ended()),
            "mute": silent,
            "unmute": silent,
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
        (track,) = stream.getVideoTracks()
        for event, proxy in self._listeners.items():
            track.addEventListener(event, proxy)
        self._video.removeAttribute("src")  # of a video that is being opened
        self._video.srcObject = stream
        try:
            await _playing(self._video)
        except Exception as error:
            camera.stop_stream(stream)
            raise CameraBusy("The camera sends no picture", error) from error
        return LiveSource(self._video, stream=stream)

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
        self._video.srcObject = None  # of a camera that is being opened: it would override `src`
        self._video.src = url
        self._video.loop = True
        try:
            await _playing_file(self._video, LOADING_S if by_address else PLAYING_S)
        except Exception as error:
            name = source if by_address else source.name
            without = self._video.readyState > 0 and not self._video.videoWidth
            failure = VideoWithoutPicture if without else VideoUnread
            raise failure(f"{name} cannot be played ({error})") from error
        return LiveSource(self._video, url=url)

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
        raise PictureError(f"{name} did not arrive", status, remedy="Check the address.")
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


async def _playing_file(video: Any, limit_s: float) -> None:
    """Wait until a file plays.

    Raises:
        TimeoutError: it does not; WebKitGTK neither plays nor refuses what it has no decoder for.
        ValueError: it has no picture. JavaScript errors: the browser refused to play.
    """
    async with asyncio.timeout(limit_s):
        await video.play()
    if not video.videoWidth:  # of a file, it is known once it plays
        raise ValueError("it has no picture")


async def _playing(video: Any) -> None:
    """Wait until the video plays and has a size.

    Raises:
        TimeoutError: it has none after `PLAYING_S`. JavaScript errors: the browser refused to play.
    """
    await video.play()
    async with asyncio.timeout(PLAYING_S):
        while not video.videoWidth:
            await asyncio.sleep(0.05)
