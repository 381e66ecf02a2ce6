"""The frame around the part of a picture to look at, as pointers and keys change it. Pure Python.

All places are fractions of the picture's width and height, 0 to 1.
"""

from __future__ import annotations

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""
Held = tuple[tuple[float, ...], tuple[float, ...]]
"""In x and in y: the edge that stays where it is; both if neither is moved."""

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
        self._held: Held | None = None  # where edges stay that a pointer does not move
        self._before = FIRST

    def edges(self, x: float, y: float, reach: tuple[float, float]) -> tuple[int, int]:
        """Return which edges are at a place, so that a press there takes hold of them.

        Args:
            reach: how far from an edge is still at it, in x and in y.

        Returns:
            In x and in y: -1 for the left or upper edge, 1 for the right or lower one, 0 for none.
        """
        left, top, right, bottom = self.box
        if not (
            left - reach[0] <= x <= right + reach[0] and top - reach[1] <= y <= bottom + reach[1]
        ):
            return 0, 0
        return _edge(x, left, right, reach[0]), _edge(y, top, bottom, reach[1])

    def press(self, x: float, y: float, reach: tuple[float, float] = (0.0, 0.0)) -> None:
        """A pointer goes down: it takes hold of the edges there, as of `edges`, or begins another
        frame."""
        self.release()
        left, top, right, bottom = self._before = self.box
        across, down = self.edges(x, y, reach)
        if across or down:
            held_x = {-1: (right,), 0: (left, right), 1: (left,)}[across]
            held_y = {-1: (bottom,), 0: (top, bottom), 1: (top,)}[down]
            self._held = held_x, held_y
        else:
            self._held = (_clipped(x),), (_clipped(y),)

    def move(self, x: float, y: float) -> bool:
        """A pointer has moved; return whether it changes the frame."""
        if self._held is None:
            return False
        (left, right), (top, bottom) = _span(self._held[0], x), _span(self._held[1], y)
        self.box = (left, top, right, bottom)
        return True

    def release(self) -> None:
        """The pointer goes up. A frame that is too small to be meant leaves the one before."""
        left, top, right, bottom = self.box
        if self._held is not None and (right - left < LEAST or bottom - top < LEAST):
            self.box = self._before
        self._held = None

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


def _edge(value: float, low: float, high: float, reach: float) -> int:
    """Return -1 or 1 for the lower or higher end of a span if a value is at it, 0 otherwise."""
    near, distance = min((-1, abs(value - low)), (1, abs(value - high)), key=lambda each: each[1])
    return near if distance <= reach else 0


def _span(held: tuple[float, ...], value: float) -> tuple[float, float]:
    """Return the span from the end that is held to a value; both ends where both are held."""
    ends = held if len(held) > 1 else (held[0], _clipped(value))
    return min(ends), max(ends)
