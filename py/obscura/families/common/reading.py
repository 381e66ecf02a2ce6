"""Readings: possible interpretations of a network without a card.

Each family's `recognise` returns readings; `obscura.identify.guess` collects them and adds what the
file's metadata says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from obscura.cards.card import Feed, InputSpec, OpenForm
from obscura.graph.inspect import Graph, Value

USUAL_SIZES = (640, 416, 320, 512, 300, 224, 256, 384, 192, 160, 128, 448, 576, 608, 768, 800, 1280)
"""Sides of square inputs in pixels, most common first."""

SMALLEST = 16  # sides of pictures in pixels

LAYOUTS = {4: (("nchw", 0), ("nhwc", 2)), 3: (("chw", 0),)}
"""Layouts by number of dimensions, each with the axis of the channels after that of the batch."""

IMAGENET_MEAN = (123.675, 116.28, 103.53)  # red, green, blue
IMAGENET_STD = (58.395, 57.12, 57.375)

USUAL_CLASSES = (80, 20, 90, 91, 365)
"""Numbers of classes of published detectors: COCO (80, 90, 91), Pascal VOC, Objects365."""


class Reading(NamedTuple):
    """One way to feed a network and read its outputs."""

    family: str
    input: InputSpec
    open: OpenForm
    classes: int  # number of classes; 0 if the shapes do not tell
    confidence: float  # 0..1; above `guess.CERTAIN` the user is not asked
    why: str  # the evidence, in words
    labels: tuple[str, ...] = ()  # if the file has them
    threshold: float = 0.4
    iou: float = 0.5
    leaves_out: str = ""  # what the network also finds and is not read, such as masks


class Picture(NamedTuple):
    """Input of a graph that takes a picture."""

    name: str
    dtype: str
    layout: str
    channels: int
    width: int  # 0 if variable
    height: int


def one_picture(graph: Graph) -> Picture | None:
    """Return the only input that can take a picture; None if there is none, or several."""
    found = [picture for value in graph.inputs if (picture := as_picture(value))]
    return found[0] if len(found) == 1 else None


def as_picture(value: Value) -> Picture | None:
    """Return an input as a picture, without a batch or with a batch of one; None if it is not."""
    if value.dtype not in ("float32", "float16", "uint8") or len(value.shape) not in (3, 4):
        return None
    batch, *rest = value.shape if len(value.shape) == 4 else (1, *value.shape)
    if isinstance(batch, int) and batch != 1:
        return None
    for layout, axis in LAYOUTS[len(value.shape)]:
        channels = rest[axis]
        if channels in (1, 3):
            return _picture(value, layout, axis, int(channels))
    if len(value.shape) == 4:
        layout, axis = _symbolic(rest)
        if layout:
            return _picture(value, layout, axis, 3)
    return None


def _symbolic(sizes: Sequence[int | str]) -> tuple[str, int]:
    """Return the layout of a picture whose number of channels is a variable, as Hugging Face
    exports them, and the axis of the channels; "" if there is no such variable."""
    for layout, axis in LAYOUTS[4]:
        channels = sizes[axis]
        sides = [size for i, size in enumerate(sizes) if i != axis]
        if isinstance(channels, int) or any(isinstance(s, int) and s < SMALLEST for s in sides):
            continue
        named = channels.lower().startswith(("c", "num_c", "in_c")) or "chan" in channels.lower()
        if named or all(isinstance(size, int) for size in sides) or not any(sizes):
            return layout, axis
    return "", 0


def _picture(value: Value, layout: str, axis: int, channels: int) -> Picture:
    rest = value.shape[-3:]
    height, width = (size for i, size in enumerate(rest) if i != axis)
    sides = (size if isinstance(size, int) else 0 for size in (width, height))
    return Picture(value.name, value.dtype, layout, channels, *sides)


def any_size(graph: Graph) -> bool:
    """Return whether a network takes pictures of any size, as far as the file tells: a fixed number
    of rows is that of one size."""
    picture = one_picture(graph)
    rows_vary = any(
        not value.shape or any(isinstance(size, str) for size in value.shape[1:])
        for value in graph.outputs
    )
    return picture is not None and not (picture.width and picture.height) and rows_vary


def with_batch(graph: Graph) -> Graph:
    """Return the description of a network with a batch of one before the rows of its outputs, if
    it was exported without; see `families.read_rows`."""
    outputs = graph.outputs
    if not outputs or max(len(value.shape) for value in outputs) != 2:
        return graph
    return graph._replace(
        outputs=tuple(
            value._replace(shape=(1, *value.shape)) if lacks_batch(value.shape) else value
            for value in outputs
        )
    )


def lacks_batch(shape: Sequence[int | str]) -> bool:
    """Return whether a shape is that of rows without a batch. A first size that is a variable is
    that of a batch, as of a classifier's ``[batch, 1000]``."""
    return len(shape) == 2 and isinstance(shape[0], int) and shape[0] > 1


def size_for_rows(
    picture: Picture, rows: int | str, strides: Sequence[int], per_cell: int = 1
) -> tuple[int, int] | None:
    """Return width and height of the input at which a network has this number of rows.

    Args:
        picture: the input. If its size is fixed, only that size is tried, otherwise `USUAL_SIZES`
            and then all multiples of 32.
        rows: number of rows; if it is variable, the first size is returned.
        strides: strides of the network's maps.
        per_cell: number of rows for each cell.

    Returns:
        The size, or None if none fits.
    """
    fixed = picture.width and picture.height
    squares = [(side, side) for side in (*USUAL_SIZES, *range(32, 2049, 32))]
    sizes = [(picture.width, picture.height)] if fixed else squares
    if not isinstance(rows, int):
        return sizes[0]
    for width, height in sizes:
        if rows == per_cell * sum(-(-width // s) * -(-height // s) for s in strides):
            return width, height
    return None


def may_be(size: int | str, number: int | str) -> bool:
    """Whether two sizes in shapes can be equal; variable sizes, which are strings, always can."""
    return size == number or isinstance(size, str) or isinstance(number, str)


def number(text: str) -> int:
    """Return a number of at most four digits from metadata; 0 if `text` is not one."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


def paddle_feeds(graph: Graph) -> tuple[Feed, ...]:
    """Return the additional inputs of PaddleDetection's exports."""
    values = {"im_shape": "size_hw", "scale_factor": "scale"}
    return tuple(
        Feed(value.name, values[value.name], value.dtype)
        for value in graph.inputs
        if value.name in values
    )


def fed(
    picture: Picture, channels: str, mean: Sequence[float], std: Sequence[float], **rest: Any
) -> OpenForm:
    """Return how a network is fed; an input of bytes takes pixels as they are.

    Args:
        picture: the input.
        channels: order of the colours, "rgb" or "bgr".
        mean: what is subtracted of each, in that order.
        std: what each is then divided by.
        rest: more fields of the form.
    """
    form = OpenForm(picture.name, picture.layout, channels, picture.dtype, **rest)
    if picture.dtype == "uint8":
        return form
    (m1, m2, m3), (s1, s2, s3) = mean, std
    return form._replace(mean=(m1, m2, m3), std=(s1, s2, s3))
