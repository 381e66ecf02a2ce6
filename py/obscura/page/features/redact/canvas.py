"""The canvas that people see in place of the picture, and the frames that wait for their turn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from obscura.page.browser.canvas import new_canvas
from obscura.page.browser.dom import by_id
from obscura.page.features.redact.kept import MOST_KEPT, is_kept, kept_size
from obscura.page.features.redact.regions import Region
from obscura.redaction.paint import CELLS
from obscura.update import FrameInfo

BLANK, FILL = "#15171a", "#000"


class RedactedCanvas:
    """Shows pictures with regions covered. Covers are drawn first, and the picture beneath them, so
    that nothing uncovered is on the canvas at any time."""

    def __init__(self) -> None:
        self._canvas = by_id("redacted")
        self._context = self._canvas.getContext("2d")
        self._small = new_canvas(1, 1)
        self._frames: dict[int, Any] = {}  # by index: canvases
        self._spare: list[Any] = []  # canvases of frames that were dropped
        self._last_s: float | None = None  # when the frame was taken that was kept last

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

    def keep(self, picture: Any, frame: FrameInfo, *, still: bool) -> None:
        """Keep a copy of a frame, unless there are too many; see `kept`.

        Args:
            still: whether the picture stands still, and this frame of it is the one to show.
        """
        if still and len(self._frames) >= MOST_KEPT:
            self._spare.append(self._frames.pop(min(self._frames)))
        if not still and not is_kept(frame.time_s, self._last_s, len(self._frames)):
            return
        size = kept_size((frame.width, frame.height))
        copy = self._spare.pop() if self._spare else new_canvas(*size)
        _resize(copy, size)
        copy.getContext("2d").drawImage(picture, 0, 0, *size)
        self._frames[frame.index], self._last_s = copy, frame.time_s

    def frame(self, index: int) -> Any:
        """Return the copy of a frame; None if there is none."""
        return self._frames.get(index)

    def drop_before(self, index: int) -> None:
        """Drop the copies of earlier frames."""
        for earlier in [each for each in self._frames if each < index]:
            self._spare.append(self._frames.pop(earlier))

    def drop_all_but(self, indices: Collection[int], before: int) -> None:
        """Drop the copies of frames before one that are not among these: they got no answer."""
        for earlier in [each for each in self._frames if each < before and each not in indices]:
            self._spare.append(self._frames.pop(earlier))

    def forget(self) -> None:
        """Drop all frames, and show nothing."""
        self._frames.clear()
        self._spare.clear()
        self._last_s = None
        self._context.fillStyle = BLANK
        self._context.fillRect(0, 0, *self.size)

    def show(
        self, picture: Any, size: tuple[int, int], regions: Sequence[Region], how: str
    ) -> None:
        """Show a picture with these regions covered.

        Args:
            size: of the picture, in its own pixels.
            regions: left, top, right, bottom in whole pixels of the picture.
            how: "fill", "blur" or "pixelate".
        """
        _resize(self._canvas, size)
        context = self._context
        context.clearRect(0, 0, *size)
        context.fillStyle = FILL
        for left, top, right, bottom in regions:
            # Also beneath what is coarse, which may be translucent at its edges.
            context.fillRect(left, top, right - left, bottom - top)
        if how != "fill":
            for region in regions:
                self._coarsen(picture, region, smooth=how == "blur")
        context.globalCompositeOperation = "destination-over"
        context.drawImage(picture, 0, 0, *size)
        context.globalCompositeOperation = "source-over"

    def copy(self) -> Any:
        """Return a new canvas with what is shown."""
        copy = new_canvas(*self.size)
        copy.getContext("2d").drawImage(self._canvas, 0, 0)
        return copy

    def _coarsen(self, picture: Any, region: Region, *, smooth: bool) -> None:
        """Draw a region with no more than `CELLS` numbers across it."""
        left, top, right, bottom = region
        width, height = right - left, bottom - top
        scale = CELLS / max(width, height)
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
