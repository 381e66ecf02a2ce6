"""Reading a recording's frames: a box is seen where it is, however coarse its line; no other is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageColor

from obscura.drawing import colour

from .networks import COLOURS
from .numbered import GREEN, HEIGHT, PLACES, SIZE, TOP, picture, place, read

Line = tuple[tuple[int, ...], ...]
"""Colours of its columns, from the left."""

FINE = (
    ((24, 0, 0), (211, 158, 160), (175, 187, 97), (77, 89, 0)),
    ((76, 99, 12), (166, 189, 102), (216, 167, 156), (21, 0, 0)),
)
COARSE = (
    ((29, 0, 0), (218, 160, 138), (198, 198, 98), (69, 69, 0)),
    ((75, 81, 0), (178, 184, 103), (201, 202, 152), (0, 0, 0)),
)
"""The four columns at the left and at the right edge of a box, as Chromium's VP8 encodes the first
and the second frame of a recording."""


def boxed(number: int, edges: tuple[int, int], lines: tuple[Line, Line]) -> NDArray[np.uint8]:
    """Return a frame with lines at these edges of a box."""
    made = picture(number)
    for edge, columns in zip(edges, lines, strict=True):
        for at, pixel in enumerate(columns, edge - 2):
            made[TOP : TOP + HEIGHT, at] = pixel
    return made


@pytest.mark.parametrize("lines", [FINE, COARSE], ids=["fine", "coarse"])
@pytest.mark.parametrize("number", range(PLACES))
def test_a_box_is_seen_where_it_is(number: int, lines: tuple[Line, Line]) -> None:
    left, right = place(number)

    assert read(boxed(number, (left, right), lines), 0.0).box == (left - 1, right)


@pytest.mark.parametrize("lines", [FINE, COARSE], ids=["fine", "coarse"])
@pytest.mark.parametrize("other", [-1, 1])
def test_the_box_of_another_frame_is_seen_there(other: int, lines: tuple[Line, Line]) -> None:
    left, right = place(6 + other)

    seen = read(boxed(6, (left, right), lines), 0.0)

    assert (seen.number, seen.box) == (6, (left - 1, right))


def test_a_frame_without_a_box_has_none() -> None:
    """Not even where its rectangle is blurred as encoders do."""
    small = Image.fromarray(picture(6)).resize((SIZE[0] // 4, SIZE[1] // 4))
    blurred = np.asarray(small.resize(SIZE, Image.Resampling.BICUBIC))

    assert read(picture(6), 0.0).box is None
    assert read(blurred, 0.0).box is None


@pytest.mark.parametrize("class_id", [each for each in range(len(COLOURS)) if each != GREEN])
def test_the_box_of_another_class_is_none(class_id: int) -> None:
    line = (ImageColor.getrgb(colour(class_id)),) * 4

    assert read(boxed(6, place(6), (line, line)), 0.0).box is None
