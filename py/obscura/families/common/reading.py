"""Readings: possible ways to feed and read an undescribed network, each with its confidence.

Each family's `recognise(graph)` returns the readings under which the network could be of that
family; `obscura.identify.guess` collects them and weighs them by the file's metadata.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from obscura.cards.card import Feed, InputSpec, OpenForm
from obscura.graph.inspect import Graph, Value

USUAL_SIZES = (640, 416, 320, 512, 300, 224, 256, 384, 192, 160, 128, 448, 576, 608, 768, 800, 1280)
"""Common input sizes of square detectors in pixels, most common first."""

LAYOUTS = {4: (("nchw", 0), ("nhwc", 2)), 3: (("chw", 0),)}
"""Layouts by rank, each with the position of its channels after the batch."""

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # red, green, blue
IMAGENET_STD = (58.395, 57.12, 57.375)


USUAL_CLASSES = (80, 20, 90, 91, 365)
"""Class counts of published detectors: those of COCO, Pascal VOC and Objects365."""


class Reading(NamedTuple):
    """A possible way to feed and read a network."""

    family: str
    input: InputSpec
    open: OpenForm
    classes: int  # number of classes; 0 if the shapes do not show it
    confidence: float  # 0..1; above `guess.CERTAIN` nobody is asked
    why: str  # the evidence, in words
    labels: tuple[str, ...] = ()  # if the file names them
    threshold: float = 0.4
    iou: float = 0.5


class Picture(NamedTuple):
    """The input of a graph that takes the picture."""

    name: str
    dtype: str
    layout: str
    channels: int
    width: int  # 0 if it may vary
    height: int


def one_picture(graph: Graph) -> Picture | None:
    """Return the input that takes one picture; None if none or several could."""
    found = [picture for value in graph.inputs if (picture := as_picture(value))]
    return found[0] if len(found) == 1 else None


def as_picture(value: Value) -> Picture | None:
    """Interpret an input as that of a picture, with a batch of 1 or none; None if it cannot be."""
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
    """Return width and height of the input that gives this number of rows, `per_cell` per cell.

    An input of fixed size must give exactly that number. For a variable size the common square
    sizes are tried, and the most common one is returned if the rows vary too. None if none fits.
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
    """Return whether two sizes can be equal; exports leave many of them undefined."""
    return size == number or isinstance(size, str) or isinstance(number, str)


def number(text: str) -> int:
    """Return a number from metadata, of at most four digits; 0 if it is not one."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def paddle_feeds(graph: Graph) -> tuple[Feed, ...]:
    """Return the inputs that PaddleDetection's exports need beside the picture."""
    values = {"im_shape": "size_hw", "scale_factor": "scale"}
    return tuple(
        Feed(value.name, values[value.name], value.dtype)
        for value in graph.inputs
        if value.name in values
    )
