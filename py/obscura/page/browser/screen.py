"""The screen: the elements that show the sample picture, the camera or video, and the photo."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from obscura.cards.card import ModelCard
from obscura.page.browser import canvas
from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id
from obscura.page.browser.frames import Grabber
from obscura.page.state.scene import Kind


class Screen:
    """Captures and draws pictures; implements `live.controller.Screen`."""

    def __init__(self, sample: Callable[[], Awaitable[Any]]) -> None:
        """
        Args:
            sample: makes a canvas of the bundled picture.
        """
        self.video, self.picture = by_id("video"), by_id("picture")
        self._sample = sample
        self._grabber = Grabber()
        self._photo_size = (0, 0)
        self.first_s = 0.0
        """When the first frame of the video in view begins, on that one's own clock."""

    @property
    def photo_size(self) -> tuple[int, int]:
        """Width and height of the photo in its own pixels; the canvas may have fewer."""
        return self._photo_size

    @property
    def capture_time_s(self) -> float:
        """Seconds at which the latest frame was captured: of a video from its first frame; of a
        camera on its own clock where the browser says so, else on the page's."""
        time_us = self._grabber.time_us
        if time_us is not None:
            return float(time_us / 1e6) - self.first_s
        if not self.video.src:
            return now_ms() / 1000
        return max(float(self.video.currentTime) - self.first_s, 0.0)

    def grab(self, size: tuple[int, int], card: ModelCard, *, only_new: bool) -> Any:
        """Capture the frame that the video shows; see `Grabber`."""
        return self._grabber(self.video, size, card.input, only_new=only_new)

    def captured(self, image: Any) -> Any:
        """Return what can be drawn to have a frame that `grab` has just returned at its own size,
        until that is handed on."""
        return getattr(image, "frame", self.video)

    def release(self, image: Any) -> None:
        """Free what `grab` returned and nobody takes."""
        frame = getattr(image, "frame", None)
        if frame is not None:
            frame.close()

    def read_photo(self) -> Any:
        """Return the photo's `ImageData`."""
        return canvas.read_pixels(self.picture)

    def read_photo_mirrored(self) -> Any:
        """Return the `ImageData` of the photo's mirror image."""
        return canvas.read_mirrored(self.picture)

    def draw_photo(self, photo: Any) -> None:
        """Draw a `live.sources.Photo` on the canvas."""
        self._photo_size = photo.draw(self.picture)

    def make_video(self) -> Any:
        """Return a new `<video>` like the one in view, which plays nothing yet."""
        video = self.video.cloneNode(False)
        video.muted = True  # the attribute counts only for elements that come with the page
        return video

    def show_video(self, source: Any) -> None:
        """Put the `<video>` of a `live.sources.LiveSource` in view, in place of the last one."""
        last, self.video = self.video, source.video
        self.first_s = source.first_s
        for name in ("className", "hidden"):  # as they are now, not when it was made
            setattr(self.video, name, getattr(last, name))
        self.video.style.cssText = last.style.cssText
        last.replaceWith(self.video)
        self._grabber.reset()

    async def in_view(self, kind: Kind, size: tuple[int, int] | None) -> Any:
        """Return a canvas of what is in view.

        Args:
            size: of the video, where one plays.
        """
        if kind is Kind.STILL:
            return self.picture
        if size is not None and size[0]:
            return canvas.still_of(self.video, size)
        return await self._sample()
