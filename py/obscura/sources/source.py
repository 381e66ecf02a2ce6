"""What a source is: frames in order, each with its pixels, number and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.errors import ObscuraError
from obscura.update import FrameInfo

Pixels = NDArray[np.uint8]
Complain = Callable[[ObscuraError], None]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        pixels: uint8, ``(height, width, 3)`` RGB or ``(height, width, 4)`` opaque RGBA, upright.
        info: its number within the source, its time and its size.
    """

    pixels: Pixels
    info: FrameInfo


class Source(AbstractContextManager["Source"], Protocol):
    """Frames in order, which can be iterated once. A context manager that ends the reading.

    Attributes:
        name: what records call it (``source``): the path or address that it was opened by.
        total: number of frames; 0 where unknown.
        moving: whether a frame follows from the one before, so that objects can be tracked; false
            for pictures.
    """

    name: str
    total: int
    moving: bool

    def __iter__(self) -> Iterator[Frame]: ...


def frame(pixels: Pixels, index: int, time_s: float) -> Frame:
    """Return pixels as the frame of this number and time."""
    height, width = pixels.shape[:2]
    return Frame(pixels, FrameInfo(index, time_s, width, height))
