"""A reading: one way to understand a network that nobody has described, and why it is plausible.

Each family's `recognise(graph)` returns the readings under which the network could be one of its
kind, [] if it cannot; `obscura.identify.guess` gathers them, with what the file's metadata says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from obscura.cards.card import Feed, InputSpec, OpenForm
from obscura.graph.inspect import Graph, Value

USUAL_SIZES = (640, 416, 320, 512, 300, 224, 256, 384, 192, 160, 128, 448, 576, 608, 768, 800, 1280)
"""Inputs of square detectors, pixels a side, the more usual first."""

LAYOUTS = {4: (("nchw", 0), ("nhwc", 2)), 3: (("chw", 0),)}
"""By rank: layouts, and where their channels stand after the batch."""

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # red, green, blue
IMAGENET_STD = (58.395, 57.12, 57.375)


USUAL_CLASSES = (80, 20, 90, 91, 365)
"""How many classes published detectors tell apart: those of COCO, Pascal VOC and Objects365."""


class Reading(NamedTuple):
    """One way to feed and read a network."""

    family: str
    input: InputSpec
    open: OpenForm
    classes: int  # how many the network tells apart; 0 where its shapes do not say
    confidence: float  # 0..1; what is above `guess.CERTAIN` needs no question
    why: str  # the clue, in words
    labels: tuple[str, ...] = ()  # as far as the file tells
    threshold: float = 0.4
    iou: float = 0.5


class Picture(NamedTuple):
    """The graph's input for the picture."""

    name: str
    dtype: str
    layout: str
    channels: int
    width: int  # 0 if it may vary
    height: int


def one_picture(graph: Graph) -> Picture | None:
    """Return the input that takes one picture; None if no input, or several, could."""
    found = [picture for value in graph.inputs if (picture := as_picture(value))]
    return found[0] if len(found) == 1 else None


def as_picture(value: Value) -> Picture | None:
    """Read an input's shape as that of a picture, batch of one or none; None if it is none."""
    if value.dtype not in ("float32", "float16", "uint8") or len(value.shape) not in (3, 4):
        return None
    batch, *rest = value.shape if len(value.shape) == 4 else (1, *value.shape)
    if isinstance(batch, int) and batch != 1:
        return None
    for layout, axis in LAYOUTS[len(value.shape)]:
        channels = rest[axis]
        if channels in (1, 3):
            height, width = (size for i, size in enumerate(rest) if i != axis)
            sides = (size if isinstance(size, int) else 0 for size in (width, height))
            return Picture(value.name, value.dtype, layout, int(channels), *sides)
    return None


def rows_fit(
    picture: Picture, rows: int | str, strides: Sequence[int], per_cell: int = 1
) -> tuple[int, int] | None:
    """Return width and height of the input that has so many rows, `per_cell` for each cell.

    An input of a fixed size must have that many; for one that may vary the usual square sizes are
    tried, and the most usual is taken if the rows may vary too. None if no size fits.
    """
    fixed = picture.width and picture.height
    sizes = [(picture.width, picture.height)] if fixed else [(side, side) for side in USUAL_SIZES]
    if not isinstance(rows, int):
        return sizes[0]
    for width, height in sizes:
        if rows == per_cell * sum(-(-width // s) * -(-height // s) for s in strides):
            return width, height
    return None


def may_be(size: int | str, number: int | str) -> bool:
    """Whether two sizes of a shape can be the same: exports leave many unsaid."""
    return size == number or isinstance(size, str) or isinstance(number, str)


def number(text: str) -> int:
    """Return the number that metadata gives, of at most four digits; 0 if it is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def paddle_feeds(graph: Graph) -> tuple[Feed, ...]:
    """Return what PaddleDetection's exports want beside the picture."""
    values = {"im_shape": "size_hw", "scale_factor": "scale"}
    return tuple(
        Feed(value.name, values[value.name], value.dtype)
        for value in graph.inputs
        if value.name in values
    )
