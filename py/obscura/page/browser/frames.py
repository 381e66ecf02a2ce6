"""Frames of a `<video>`: offered one by one, and captured at the size that a model reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from js import Object, cancelAnimationFrame, document, requestAnimationFrame, window
from pyodide.ffi import JsException, create_proxy

from obscura.boxes import fit
from obscura.cards.card import InputSpec
from obscura.live.frame_grid import FrameGrid
from obscura.live.upright import SIDE, lies_alike
from obscura.page.browser.canvas import new_canvas, opaque_context


class Frame(NamedTuple):
    """A frame of a video, to be drawn at this size in pixels by the engine's worker."""

    frame: Any
    """The `VideoFrame`; its last owner closes it."""
    width: int
    height: int


class Grabber:
    """Captures the frame that a video shows, at the size that a model reads.

    Where the browser has `VideoFrame`, the engine's worker draws it: 0.2 ms of the page's thread
    instead of 2 to 7 (bench/experiments/capture.py). Elsewhere it is drawn here, into one reused
    canvas.
    """

    def __init__(self) -> None:
        self._by_frame = hasattr(window, "VideoFrame") and hasattr(window, "OffscreenCanvas")
        # Browsers whose frames have this property also draw them turned by it.
        self._knows_turns = self._by_frame and "rotation" in list(
            Object.getOwnPropertyNames(window.VideoFrame.prototype)
        )
        self._canvas = document.createElement("canvas")
        self._context = opaque_context(self._canvas)
        self._upright: bool | None = None  # whether frames lie as the video shows them; or unknown
        self.reset()
        self.time_us: float | None = None
        """The time of the latest captured frame in microseconds, on the source's own clock; None
        where the browser does not say."""

    def __call__(
        self,
        video: Any,
        source_size: tuple[int, int],
        wanted: InputSpec,
        *,
        only_new: bool = False,
    ) -> Any:
        """Return a `Frame` or `ImageData` of the whole picture, no larger than the model's input.

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
            time_us = frame.timestamp
            if only_new and time_us == self.time_us:
                frame.close()
                return None
            self.time_us = time_us
            return Frame(frame, width, height)
        self.time_us = None
        if (self._canvas.width, self._canvas.height) != (width, height):
            self._canvas.width, self._canvas.height = width, height
        self._context.drawImage(video, 0, 0, width, height)
        return self._context.getImageData(0, 0, width, height)

    def reset(self) -> None:
        """Another video is captured from now on."""
        self._upright = self._knows_turns or None
        self._size = (0, 0)
        self._looks, self._next_look = 0, 1

    def _frame_of(self, video: Any, size: tuple[int, int]) -> Any:
        """Return the `VideoFrame`, or None if it lies otherwise than the video shows it, as far as
        that is known."""
        if size != self._size:
            self.reset()
            self._size = size
        if self._upright is False:
            return None
        try:
            frame = window.VideoFrame.new(video)
        except JsException:  # there is none yet, or none of a kind that can be handed on
            return None
        if (frame.displayWidth, frame.displayHeight) == size:
            if self._upright is None:
                self._look(video, frame)
            if self._upright:
                return frame
        frame.close()
        return None

    def _look(self, video: Any, frame: Any) -> None:
        """Find out whether the frame lies as the video shows it.

        A dark or even picture says nothing. Until one does, what the video shows is drawn, and
        looked at again and again, but ever less often.
        """
        self._looks += 1
        if self._looks < self._next_look:
            return
        self._next_look *= 2
        shown, captured = self._small_copy(video), self._small_copy(frame)
        self._upright = lies_alike(shown, captured, square=self._size[0] == self._size[1])

    def _small_copy(self, picture: Any) -> Any:
        context = opaque_context(new_canvas(SIDE, SIDE))
        context.drawImage(picture, 0, 0, SIDE, SIDE)
        pixels = context.getImageData(0, 0, SIDE, SIDE).data.to_bytes()
        return np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE, 4)


class VideoFrames:
    """Offers the next frame that the `<video>` in view shows, when asked.

    Boundary: one proxy serves every frame for the life of the page.
    """

    def __init__(self, screen: Any) -> None:
        """
        Args:
            screen: `screen.Screen`.
        """
        self._screen = screen
        self._asked: Any = None  # the element that was asked for a frame
        self._proxy = create_proxy(self._offered)
        self._by_frame = hasattr(screen.video, "requestVideoFrameCallback")
        self._ticket = 0
        self._grid = FrameGrid()
        self.on_frame: Callable[[int | None], None] = lambda _number: None
        """Called with the number of frames shown so far, None where the browser does not count."""

    @property
    def asked(self) -> bool:
        """Whether the next frame will be offered."""
        return self._ticket != 0

    @property
    def hidden(self) -> bool:
        """Whether the page is out of sight."""
        return bool(document.hidden)

    def ask(self) -> None:
        """Have the next frame offered, once."""
        if self._ticket:
            return
        if self._by_frame:
            self._asked = self._screen.video
            self._ticket = self._asked.requestVideoFrameCallback(self._proxy)
        else:
            self._ticket = requestAnimationFrame(self._proxy)

    def cancel(self) -> None:
        """Have no frame offered: what follows is another video."""
        self._grid.reset()
        if self._ticket:
            by_frame = self._by_frame
            (self._asked.cancelVideoFrameCallback if by_frame else cancelAnimationFrame)(
                self._ticket
            )
            self._ticket = 0

    def total(self) -> int:
        """Return how many frames the video has shown, as the browser counts."""
        return int(self._screen.video.getVideoPlaybackQuality().totalVideoFrames)

    def sought(self, seconds: float) -> None:
        """Another part of the video is sought."""
        self._grid.seek(seconds)

    def stepped(self, position_s: float, frames: int) -> float:
        """Return the time of the frame N frames after the one shown, in seconds."""
        return self._grid.stepped(position_s, frames)

    def _offered(self, _now: float, metadata: Any = None) -> None:
        self._ticket = 0
        # The callback itself may skip frames under load; the counter in its metadata does not.
        number = metadata.presentedFrames if metadata is not None else None
        if number is not None:
            playing = not self._screen.video.paused
            time_s = metadata.mediaTime - self._screen.first_s
            self._grid.observe(number, time_s, playing=playing)
        self.on_frame(number)
