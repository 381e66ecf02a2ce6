"""Types that families take and return, and steps that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.errors import CardError, ModelMismatch
from obscura.families.common.ops import Array, Ops

MAX_CELLS = 4_000_000
"""More than four times as many as the largest input has with strides of 8, 16 and 32."""


class Spec(NamedTuple):
    """Description of a network for its family."""

    width: int  # of the network's input, in pixels
    height: int
    classes: int  # number of labels on the card
    top: int  # maximum number of rows to return
    options: Mapping[str, Any]  # of the family, complete and checked
    many: bool = False  # a box counts once for each class that it may have


class Rows(NamedTuple):
    """Candidates that a family returns, best first, at most `Spec.top`."""

    boxes: Array  # (k, 4) float32 xyxy in 0..1 of the network's input
    scores: Array  # (k,) float32 in 0..1
    classes: Array  # (k,) int64
    keypoints: Array | None = None
    """(k, points, 3) float32: x, y in 0..1 of the network's input, score in 0..1 (1 if the network
    has none); None if the network finds none."""


class Option(NamedTuple):
    """An option of a family, which cards set under ``[open.options]``."""

    default: Any
    """Value if the card has none. All values have its type."""
    choices: tuple[Any, ...] = ()
    """Valid values; empty for all values of that type."""
    help: str = ""


def check_options(
    options: Mapping[str, Any],
    known: Mapping[str, Option],
    family: str,
    where: str = "[open.options] in model.toml",
) -> dict[str, Any]:
    """Return a card's options, checked and completed with defaults.

    Args:
        options: as the card has them.
        known: those that the family has.
        family: its name, for messages.
        where: where they stand, for messages.

    Raises:
        CardError: an option is unknown or invalid.
    """
    for name, value in options.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise CardError(
                f"The family {family} has no option of that name",
                name,
                remedy=f"It has {names}: correct {where}.",
            )
        option = known[name]
        if not _fits(value, option):
            choices = ", ".join(map(repr, option.choices)) or f"such as {option.default!r}"
            raise CardError(
                f"The option {name} of the family {family} makes no sense",
                repr(value),
                remedy=f"It should be {choices}: correct {where}.",
            )
    return {name: options.get(name, option.default) for name, option in known.items()}


def _fits(value: Any, option: Option) -> bool:
    if option.choices:
        return any(value == one and type(value) is type(one) for one in option.choices)
    if isinstance(option.default, (list, tuple)):
        return (
            isinstance(value, (list, tuple))
            and 0 < len(value) <= 64
            and all(type(item) is type(option.default[0]) and 0 < item < 1e6 for item in value)
        )
    return type(value) is type(option.default) and (
        not isinstance(value, (int, float)) or -1e6 < value < 1e6
    )


def first_output(outputs: Mapping[str, Array]) -> Array:
    """Return the network's first output, in the graph's order.

    Raises:
        ModelMismatch: there is none.
    """
    if not outputs:
        raise mismatch(outputs, "one output")
    return next(iter(outputs.values()))


def mismatch(outputs: Mapping[str, Array], wanted: str) -> ModelMismatch:
    """Return the error for outputs that a family cannot read.

    Args:
        outputs: the outputs.
        wanted: what the family reads, such as ``one output [1, N, 5 + 3 classes]``.
    """
    shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in outputs.items())
    return ModelMismatch(
        "The network's outputs are not what its card says",
        shapes or "none",
        remedy=f"Its family reads {wanted}: correct family, size or labels on the card.",
    )


def names_boxes(name: str) -> bool:
    """Whether the name of an output suggests boxes."""
    return any(word in name.lower() for word in ("box", "dets"))


def best(ops: Ops, boxes: Array, scores: Array, spec: Spec, keypoints: Array | None = None) -> Rows:
    """Keep the best pairs of candidate and class if `Spec.many`, else the best class of each."""
    choose = best_pairs if spec.many else best_class
    return choose(ops, boxes, scores, spec.top, keypoints)


def best_class(
    ops: Ops, boxes: Array, scores: Array, top: int, keypoints: Array | None = None
) -> Rows:
    """Keep the best class of each candidate, then the best candidates.

    Args:
        boxes: (n, 4).
        scores: (n, classes).
        keypoints: (n, points, 3); None without any.
    """
    best, rows = ops.top(ops.max(scores, 1), top)
    classes = ops.argmax(ops.take(scores, rows), 1)
    points = None if keypoints is None else ops.take(keypoints, rows)
    return Rows(ops.take(boxes, rows), best, classes, points)


def best_pairs(
    ops: Ops, boxes: Array, scores: Array, top: int, keypoints: Array | None = None
) -> Rows:
    """Keep the best pairs of candidate and class. A box may occur in several, as in DETR.

    Args:
        boxes: (n, 4).
        scores: (n, classes).
        keypoints: (n, points, 3); None without any.
    """
    # The best pairs are all in the `top` rows with the best scores, which are faster to find.
    _, rows = ops.top(ops.max(scores, 1), top)
    best, index = ops.top(ops.reshape(ops.take(scores, rows), [-1]), top)
    place, classes = ops.divide(index, scores.shape[1])
    rows = ops.take(rows, place)
    points = None if keypoints is None else ops.take(keypoints, rows)
    return Rows(ops.take(boxes, rows), best, classes, points)


def xyxy_from_cxcywh(ops: Ops, boxes: Array) -> Array:
    """Convert (n, 4) boxes from centre and size to corners."""
    half = boxes[:, 2:4] / 2
    return ops.concat([boxes[:, 0:2] - half, boxes[:, 0:2] + half], 1)


def fractions(ops: Ops, boxes: Array, spec: Spec) -> Array:
    """Convert (n, 4) boxes from pixels of the network's input to 0..1 of it."""
    return boxes / ops.constant([spec.width, spec.height] * 2)


class Cells(NamedTuple):
    """Cells of feature maps of several strides: map by map, row by row."""

    xy: NDArray[np.float32]  # (n, 2) column and row
    stride: NDArray[np.float32]  # (n, 1) pixels of the input per cell


def cell_counts(spec: Spec, strides: Sequence[int]) -> list[int]:
    """Return the number of cells of the map of each stride.

    If a stride does not divide the input, the last cell is partial, as with convolutions.
    """
    return [-(-spec.width // stride) * -(-spec.height // stride) for stride in strides]


def cells(spec: Spec, strides: Sequence[int]) -> Cells:
    """Return the cells of maps of these strides; see `cell_counts`.

    Raises:
        CardError: there are more than any network has, because the card's strides are too small for
            its input.
    """
    count = sum(cell_counts(spec, strides))
    if count > MAX_CELLS:
        raise CardError(
            "The card's input and strides make too many cells", count,
            remedy="Correct [input] or the option strides in model.toml.",
        )  # fmt: skip
    return _cells(spec.width, spec.height, tuple(strides))


@lru_cache(maxsize=8)
def _cells(width: int, height: int, strides: tuple[int, ...]) -> Cells:
    places, sizes = [], []
    for stride in strides:
        y, x = np.mgrid[: -(-height // stride), : -(-width // stride)]
        places.append(np.stack([x, y], -1).reshape(-1, 2))
        sizes.append(np.full((x.size, 1), stride))
    return Cells(
        np.concatenate(places).astype(np.float32), np.concatenate(sizes).astype(np.float32)
    )


def as_cells(ops: Ops, array: Array, count: int) -> Array | None:
    """Return a map or its flattened form as (count, columns); None if it has another size.

    Args:
        array: ``[1, count, columns]``, ``[1, columns, count]`` or ``[1, columns, height, width]``.
        count: number of cells.
    """
    shape = array.shape
    if len(shape) == 4 and shape[0] == 1 and shape[2] * shape[3] == count:
        return ops.transpose(ops.reshape(array, [shape[1], count]), [1, 0])
    if len(shape) == 3 and shape[0] == 1 and shape[1] == count:
        return array[0]
    if len(shape) == 3 and shape[0] == 1 and shape[2] == count:
        return ops.transpose(array[0], [1, 0])
    return None


def from_cells(ops: Ops, boxes: Array, grid: Cells) -> Array:
    """Convert YOLOX's (n, 4) boxes, centre and log size in cells, to xyxy in pixels."""
    stride = ops.constant(grid.stride)
    centre = (boxes[:, 0:2] + ops.constant(grid.xy)) * stride
    return xyxy_from_cxcywh(ops, ops.concat([centre, ops.exp(boxes[:, 2:4]) * stride], 1))
