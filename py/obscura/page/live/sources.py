"""Where pictures come from: a camera or a video file into the `<video>`, a photo into the picture
canvas.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, NamedTuple

from js import URL, createImageBitmap, document, fetch, location, window
from pyodide.ffi import JsException

from obscura.boxes import fit
from obscura.cards.card import InputSpec
from obscura.errors import PictureError
from obscura.page.browser import camera
from obscura.page.browser.dom import js_object
from obscura.page.words import text

MOST_PIXELS = 16_000_000
"""Above this a photo is drawn smaller: iOS allows canvases of 16.7 million pixels."""

MODEL_ENDING = ".onnx"
VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".webm", ".ogv", ".mkv")


class SourceForeign(PictureError):
    """The address is on another site."""

    code = "source-foreign"
    remedy = "Use a file of this site."


class HeicUnread(PictureError):
    """The photo is HEIC and this browser reads none."""

    code = "picture-heic"
    remedy = "Share the photo as JPEG."


class VideoUnread(PictureError):
    """The video cannot be played."""

    code = "video-unreadable"
    remedy = "Use MP4 (H.264) or WebM."


class LiveSource:
    """What plays in the `<video>`: a camera's stream or a file."""

    def __init__(self, video: Any, *, stream: Any = None, url: str = "") -> None:
        self._video = video
        self._url = url
        self.stream = stream
        self.facing = self._told("facingMode")
        """ "user", "environment", or "" where the camera does not tell (laptops) and for files."""
        self.device_id = self._told("deviceId")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as the video has them now (a phone may turn)."""
        return self._video.videoWidth, self._video.videoHeight

    def stop(self) -> None:
        """Release the camera or the file, and the video if it does not play another by now."""
        video = self._video
        if self.stream is not None:
            camera.stop_stream(self.stream)
            ours = getattr(video.srcObject, "js_id", None) == self.stream.js_id
        else:
            ours = video.src == self._url
        if ours:
            video.pause()
            video.srcObject = None
            video.removeAttribute("src")
            video.load()
        if self._url.startswith("blob:"):
            URL.revokeObjectURL(self._url)

    def _told(self, setting: str) -> str:
        if self.stream is None:
            return ""
        return str(getattr(self.stream.getVideoTracks()[0].getSettings(), setting, "") or "")


class Frame(NamedTuple):
    """A frame of a video, to be drawn at this size in pixels by whoever has the time."""

    frame: Any
    """The `VideoFrame`; whoever has it last closes it."""
    width: int
    height: int


class Grabber:
    """Captures the frame that a video shows, at the size that a model reads.

    Where the browser has `VideoFrame`, the engine's worker draws it: 0.2 ms of the page's thread
    instead of 2 to 7 (bench/capture.py). Elsewhere it is drawn here, into one reused canvas.
    """

    def __init__(self) -> None:
        self._by_frame = hasattr(window, "VideoFrame") and hasattr(window, "OffscreenCanvas")
        self._last: float | None = None  # the time of the frame captured last, in microseconds
        self._canvas = document.createElement("canvas")
        self._context = opaque_context(self._canvas)

    def __call__(
        self,
        video: Any,
        source_size: tuple[int, int],
        wanted: InputSpec,
        *,
        only_new: bool = False,
    ) -> Any:
        """A `Frame` or `ImageData` of the whole picture, no larger than the model's input.

        Its shape is the input's for models that stretch, the picture's own for those that
        letterbox.

        Args:
            only_new: return None if the video still shows the frame that was captured last, as far
                as the browser can tell one from another.
        """
        placed = fit(wanted.resize, source_size, (wanted.width, wanted.height))
        width = max(1, round(source_size[0] * placed.scale_x))
        height = max(1, round(source_size[1] * placed.scale_y))
        frame = self._frame_of(video, source_size) if self._by_frame else None
        if frame is not None:
            if only_new and frame.timestamp == self._last:
                frame.close()
                return None
            self._last = frame.timestamp
            return Frame(frame, width, height)
        if (self._canvas.width, self._canvas.height) != (width, height):
            self._canvas.width, self._canvas.height = width, height
        self._context.drawImage(video, 0, 0, width, height)
        return self._context.getImageData(0, 0, width, height)

    def _frame_of(self, video: Any, size: tuple[int, int]) -> Any:
        """The `VideoFrame`, or None if it lies otherwise than the video shows it (browsers have
        forgotten that a phone was turned)."""
        try:
            frame = window.VideoFrame.new(video)
        except JsException:  # there is none yet, or none of a kind that can be handed on
            return None
        if (frame.displayWidth, frame.displayHeight) == size:
            return frame
        frame.close()
        return None


async def play_camera(video: Any, stream: Any) -> LiveSource:
    """Play a camera's stream.

    Raises:
        camera.CameraBusy: the camera was given but sends no picture.
    """
    video.srcObject = stream
    try:
        await _playing(video)
    except Exception as error:
        camera.stop_stream(stream)
        raise camera.CameraBusy("The camera sends no picture", error) from error
    return LiveSource(video, stream=stream)


async def open_video(video: Any, source: Any) -> LiveSource:
    """Play a video over and over.

    Args:
        source: a `File`, or the address of one on this site.

    Raises:
        SourceForeign: the address is on another site.
        VideoUnread: the browser cannot play it.
    """
    by_address = isinstance(source, str)
    url = same_origin(source) if by_address else str(URL.createObjectURL(source))
    video.src = url
    video.loop = True
    try:
        await _playing(video)
    except Exception as error:
        name = source if by_address else source.name
        raise VideoUnread(
            f"{name} cannot be played ({error})", remedy="Use MP4 or WebM."
        ) from error
    return LiveSource(video, url=url)


class Photo:
    """A decoded photo that is not on the canvas yet."""

    def __init__(self, blob: Any, name: str, bitmap: Any) -> None:
        self.blob, self.name = blob, name
        self._bitmap = bitmap

    def draw(self, canvas: Any) -> None:
        """Put it on the canvas at its own size, which the canvas takes on."""
        width, height = self._bitmap.width, self._bitmap.height
        shrink = min(1.0, math.sqrt(MOST_PIXELS / (width * height)))
        canvas.width, canvas.height = max(1, round(width * shrink)), max(1, round(height * shrink))
        draw_opaque(canvas, self._bitmap)

    def stop(self) -> None:
        """Free its memory."""
        self._bitmap.close()


async def open_photo(source: Any) -> Photo:
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
    try:
        bitmap = await createImageBitmap(blob)
    except Exception as error:
        kind = f"{name} {getattr(blob, 'type', '')}".lower()
        failure = HeicUnread if "heic" in kind or "heif" in kind else PictureError
        raise failure(f"{name} cannot be decoded", error) from error
    return Photo(blob, str(name), bitmap)


async def _fetched(address: str, name: str) -> Any:
    try:
        response = await fetch(same_origin(address))
    except PictureError:
        raise
    except Exception as error:
        raise PictureError(
            f"{name} did not arrive", error, remedy="Check the connection."
        ) from error
    if not response.ok:
        raise PictureError(f"{name} did not arrive", response.status, remedy="Check the address.")
    return await response.blob()


def draw_opaque(canvas: Any, picture: Any) -> None:
    """Fill the canvas with a picture; what is transparent in it becomes black."""
    context = opaque_context(canvas)
    context.fillStyle = "#000"
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(picture, 0, 0, canvas.width, canvas.height)


def still_of(video: Any, size: tuple[int, int]) -> Any:
    """A new canvas with the frame that a video of this size shows."""
    canvas = document.createElement("canvas")
    canvas.width, canvas.height = size
    draw_opaque(canvas, video)
    return canvas


def canvas_of(pixels: Any) -> Any:
    """A new canvas with an `ImageData`."""
    canvas = document.createElement("canvas")
    canvas.width, canvas.height = pixels.width, pixels.height
    opaque_context(canvas).putImageData(pixels, 0, 0)
    return canvas


def opaque_context(canvas: Any) -> Any:
    """The canvas's 2D context, set up for reading pixels back (kept in main memory, no alpha)."""
    return canvas.getContext("2d", js_object(alpha=False, willReadFrequently=True))


def read_pixels(canvas: Any) -> Any:
    """The canvas's `ImageData`, at its full size."""
    return opaque_context(canvas).getImageData(0, 0, canvas.width, canvas.height)


def is_video(source: Any) -> bool:
    """Whether a file or address holds a video rather than a picture."""
    if isinstance(source, str):
        return source.split("?")[0].lower().endswith(VIDEO_ENDINGS)
    return str(source.type).startswith("video/")


def is_model(file: Any) -> bool:
    """Whether a file calls itself a network."""
    return str(file.name).lower().endswith(MODEL_ENDING)


def kind(source: str) -> str:
    """What a source of the address is: "camera", "video" or "picture"."""
    if source == "camera":
        return source
    return "video" if is_video(source) else "picture"


def same_origin(address: str) -> str:
    """The whole address, if it is on this site.

    Raises:
        SourceForeign: it is on another.
    """
    try:
        url = URL.new(address, document.baseURI)
    except Exception as error:
        raise SourceForeign("This is not an address", address) from error
    if url.origin != location.origin:
        raise SourceForeign("The source is on another site", address)
    return str(url.href)


async def _playing(video: Any) -> None:
    """Wait until the video plays and has a size.

    Raises:
        TimeoutError: nothing came for ten seconds. JavaScript errors: the browser refused to play.
    """
    await video.play()
    async with asyncio.timeout(10):
        while not video.videoWidth:
            await asyncio.sleep(0.05)
