"""Drawing: frames with their boxes, one after another on a canvas of a recording's size. Pure
Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.page.stage.annotate import annotate
from obscura.page.stage.display import Display
from obscura.page.stage.layers import Layer
from obscura.update import Update

Paint = Callable[..., Any]
"""`(context, x, y, width, height)`: draws a frame, upright, there."""


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size that codecs take: an odd side loses a pixel."""
    width, height = (max(2, side - side % 2) for side in size)
    return width, height


class Drawing:
    """Attributes:
    canvas: with the frame drawn last.
    """

    def __init__(
        self,
        size: tuple[int, int],
        new_canvas: Callable[[int, int], Any],
        display: Display,
        layers: Sequence[Layer] = (),
    ) -> None:
        """
        Args:
            size: of the recording, see `even`.
            new_canvas: returns a new canvas of a width and height.
            layers: as of `annotate`.
        """
        self._display, self._layers = display, layers
        self.canvas, self._frame = new_canvas(*size), new_canvas(*size)
        self.canvas.getContext("2d")  # an encoder takes no canvas without a context

    def draw(self, paint: Paint, update: Update, labels: Sequence[str]) -> None:
        """Draw a frame with its boxes; one of another shape than the recording is fitted in."""
        width, height = self._frame.width, self._frame.height
        frame = update.frame
        scale = min(width / frame.width, height / frame.height)
        size = (frame.width * scale, frame.height * scale)
        if abs(size[0] - width) < 2 and abs(size[1] - height) < 2:  # the pixel that was odd
            size = (width, height)
        context = self._frame.getContext("2d")
        context.fillStyle = "#000"
        context.fillRect(0, 0, width, height)
        paint(context, (width - size[0]) / 2, (height - size[1]) / 2, *size)
        annotate(self.canvas, self._frame, update, labels, self._display, self._layers)

    def close(self) -> None:
        """Free its memory."""
        for canvas in (self.canvas, self._frame):
            canvas.width = canvas.height = 0  # else iOS keeps it for a while
