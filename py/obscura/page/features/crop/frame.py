"""The frame around the part of a picture to look at, as pointers and keys change it. Pure Python.

All places are fractions of the picture's width and height, 0 to 1.
"""

from __future__ import annotations

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
FIRST: Box = (0.1, 0.1, 0.9, 0.9)
LEAST = 0.05
"""Width and height that a part has at least."""
STEP = 0.02
"""How far a key moves the frame, or one of its edges."""
ARROWS = {
    "ArrowLeft": (-STEP, 0.0),
    "ArrowRight": (STEP, 0.0),
    "ArrowUp": (0.0, -STEP),
    "ArrowDown": (0.0, STEP),
}


class CropFrame:
    """Frame that a person draws, moves and sizes."""

    def __init__(self) -> None:
        self.box = FIRST
        self._start: tuple[float, float] | None = None  # where a pointer went down
        self._before = FIRST

    def press(self, x: float, y: float) -> None:
        """A pointer goes down: it begins another frame."""
        self.release()
        self._start, self._before = (_clipped(x), _clipped(y)), self.box

    def move(self, x: float, y: float) -> bool:
        """A pointer has moved; return whether it draws a frame."""
        if self._start is None:
            return False
        x, y, (from_x, from_y) = _clipped(x), _clipped(y), self._start
        self.box = (min(x, from_x), min(y, from_y), max(x, from_x), max(y, from_y))
        return True

    def release(self) -> None:
        """The pointer goes up. A frame that is too small to be meant leaves the one before."""
        left, top, right, bottom = self.box
        if self._start is not None and (right - left < LEAST or bottom - top < LEAST):
            self.box = self._before
        self._start = None

    def key(self, key: str, *, shift: bool) -> bool:
        """Move the frame by an arrow key, or with Shift its right or lower edge; return whether the
        key does that."""
        if key not in ARROWS:
            return False
        x, y = ARROWS[key]
        left, top, right, bottom = self.box
        if shift:
            right = min(max(right + x, left + LEAST), 1.0)
            bottom = min(max(bottom + y, top + LEAST), 1.0)
            self.box = (left, top, right, bottom)
        else:
            x = min(max(x, -left), 1.0 - right)
            y = min(max(y, -top), 1.0 - bottom)
            self.box = (left + x, top + y, right + x, bottom + y)
        return True


def within(outer: Box, inner: Box) -> Box:
    """Return a part of a part, as a part of the whole.

    Args:
        outer: a part of the whole.
        inner: a part of that, in fractions of it.
    """
    left, top, right, bottom = outer
    width, height = right - left, bottom - top
    return (
        left + inner[0] * width,
        top + inner[1] * height,
        left + inner[2] * width,
        top + inner[3] * height,
    )


def pixels(box: Box, width: float, height: float) -> tuple[int, int, int, int]:
    """Return left edge, top edge, width and height of a part in whole pixels, at least one each.

    Args:
        width, height: of the whole, in pixels.
    """
    left, top = round(box[0] * width), round(box[1] * height)
    right, bottom = round(box[2] * width), round(box[3] * height)
    return left, top, max(right - left, 1), max(bottom - top, 1)


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
