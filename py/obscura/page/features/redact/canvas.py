"""The canvas that people see in place of the picture, and the frames that wait for their turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obscura.page.browser.canvas import new_canvas
from obscura.page.browser.dom import by_id
from obscura.page.features.redact.regions import Region

SAMPLES = 8
"""Numbers across the longer side of a box that blurring and pixelating leave of it: fewer the
smaller it is shown makes no difference, so the blur grows with the box."""
BLANK, FILL = "#15171a", "#000"
MOST_KEPT = 24
"""Frames that wait to be shown: half a second at 40 a second, and those that are being analysed."""


class RedactedCanvas:
    """Shows pictures with regions covered. No picture is ever drawn on it before it is covered."""

    def __init__(self) -> None:
        self._canvas = by_id("redacted")
        self._context = self._canvas.getContext("2d")
        self._small = new_canvas(1, 1)
        self._frames: dict[int, Any] = {}  # by index: canvases
        self._spare: list[Any] = []  # canvases of frames that were dropped

    @property
    def hidden(self) -> bool:
        """Whether people do not see it."""
        return bool(self._canvas.hidden)

    @hidden.setter
    def hidden(self, hidden: bool) -> None:
        self._canvas.hidden = hidden

    def show_mirrored(self, mirrored: bool) -> None:
        """Show it as in a mirror, or not."""
        self._canvas.classList.toggle("mirrored", mirrored)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self._canvas.width), int(self._canvas.height)

    def keep(self, picture: Any, index: int, size: tuple[int, int]) -> None:
        """Keep a copy of a frame, under its index."""
        if len(self._frames) >= MOST_KEPT:
            self._spare.append(self._frames.pop(min(self._frames)))
        copy = self._spare.pop() if self._spare else new_canvas(*size)
        _resize(copy, size)
        copy.getContext("2d").drawImage(picture, 0, 0, *size)
        self._frames[index] = copy

    def frame(self, index: int) -> Any:
        """Return the copy of a frame; None if there is none."""
        return self._frames.get(index)

    def drop_before(self, index: int) -> None:
        """Drop the copies of earlier frames."""
        for earlier in [each for each in self._frames if each < index]:
            self._spare.append(self._frames.pop(earlier))

    def forget(self) -> None:
        """Drop all frames, and show nothing."""
        self._frames.clear()
        self._spare.clear()
        self._context.fillStyle = BLANK
        self._context.fillRect(0, 0, *self.size)

    def show(
        self, picture: Any, size: tuple[int, int], regions: Sequence[Region], how: str
    ) -> None:
        """Show a picture with these regions covered, in one go.

        Args:
            size: of the picture, in its own pixels.
            regions: left, top, right, bottom in whole pixels of the picture.
            how: "fill", "blur" or "pixelate".
        """
        _resize(self._canvas, size)
        context = self._context
        context.drawImage(picture, 0, 0, *size)
        context.fillStyle = FILL
        for region in regions:
            if how == "fill":
                left, top, right, bottom = region
                context.fillRect(left, top, right - left, bottom - top)
            else:
                self._coarsen(picture, region, smooth=how == "blur")

    def copy(self) -> Any:
        """Return a new canvas with what is shown."""
        copy = new_canvas(*self.size)
        copy.getContext("2d").drawImage(self._canvas, 0, 0)
        return copy

    def _coarsen(self, picture: Any, region: Region, *, smooth: bool) -> None:
        """Draw a region with no more than `SAMPLES` numbers across it."""
        left, top, right, bottom = region
        width, height = right - left, bottom - top
        scale = SAMPLES / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        _resize(self._small, size)
        small = self._small.getContext("2d")
        small.imageSmoothingQuality = "high"
        small.drawImage(picture, left, top, width, height, 0, 0, *size)
        context = self._context
        context.imageSmoothingEnabled = smooth
        context.drawImage(self._small, 0, 0, *size, left, top, width, height)
        context.imageSmoothingEnabled = True


def _resize(canvas: Any, size: tuple[int, int]) -> None:
    if (canvas.width, canvas.height) != size:  # it would also clear the canvas
        canvas.width, canvas.height = size
