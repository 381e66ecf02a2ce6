"""Heads trained with generalised focal loss (Li et al. 2020, arXiv 2006.04388).

NanoDet and PicoDet have them. For each side of its box, a cell has a probability distribution over
distances of 0, 1, 2... strides from the cell to that side; the distance is the expected value.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Picture,
    paddle_feeds,
    size_for_rows,
)
from obscura.families.common.rows import (
    Rows,
    Spec,
    as_cells,
    best_pairs,
    cell_counts,
    cells,
    fractions,
    mismatch,
)
from obscura.graph.inspect import Graph, Value

_BOX_NAMES = ("reg", "dis", "box", "loc")


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`.

    The outputs are scores and distributions: in one output or two, for each stride or for all
    strides, in any order and with any names.
    """
    strides = spec.options["strides"]
    counts = cell_counts(spec, strides)
    rows = _columns(ops, outputs, spec, sum(counts))
    if rows is None:
        levels = [_columns(ops, outputs, spec, count) for count in counts]
        known = [level for level in levels if level is not None]
        if len(known) != len(counts) or len({level.shape[1] for level in known}) != 1:
            raise _mismatch(outputs, spec)
        rows = ops.concat(known, 0)
    sides = rows.shape[1] - spec.classes
    if sides < 4 or sides % 4:
        raise _mismatch(outputs, spec)
    scores, boxes = rows[:, 0 : spec.classes], rows[:, spec.classes :]
    if spec.options["logits"]:
        scores = ops.sigmoid(scores)
    if sides > 4:  # otherwise the network decodes the boxes itself
        grid = cells(spec, strides)
        bins = ops.softmax(ops.reshape(boxes, [-1, 4, sides // 4]), 2)
        away = ops.sum(bins * ops.constant(np.arange(sides // 4)), 2) * ops.constant(grid.stride)
        centre = ops.constant((grid.xy + np.float32(spec.options["offset"])) * grid.stride)
        boxes = ops.concat([centre - away[:, 0:2], centre + away[:, 2:4]], 1)
    # Both projects clip boxes to the input before NMS, which affects their overlaps.
    boxes = fractions(ops, boxes, spec)
    boxes = ops.minimum(ops.maximum(boxes, ops.constant(0)), ops.constant(1))
    return best_pairs(ops, boxes, scores, spec.top)


def _columns(ops: Ops, outputs: Mapping[str, Array], spec: Spec, count: int) -> Array | None:
    """Return scores and sides, (count, columns), of the maps of `count` cells; None without any.

    The output with as many columns as classes has the scores. If both have, the names decide, and
    after these the order.
    """
    parts = {
        name: part
        for name, array in outputs.items()
        if (part := as_cells(ops, array, count)) is not None
    }
    if not 1 <= len(parts) <= 2:
        return None
    if len(parts) == 1:
        return next(iter(parts.values()))
    ordered = sorted(
        parts,
        key=lambda name: (
            parts[name].shape[1] != spec.classes,
            any(part in name.lower() for part in _BOX_NAMES),
        ),
    )
    if parts[ordered[0]].shape[1] != spec.classes:
        return None
    return ops.concat([parts[name] for name in ordered], 1)


def _mismatch(outputs: Mapping[str, Array], spec: Spec) -> Exception:
    strides = ", ".join(map(str, spec.options["strides"]))
    return mismatch(
        outputs,
        f"scores [1, cells, {spec.classes}] and distances [1, cells, 4 bins], joined or apart, for "
        f"the strides {strides}",
    )


def form(graph: Graph, picture: Picture, channels: str, **options: object) -> OpenForm:
    """Return an open form with ImageNet's normalisation."""
    mean, std = IMAGENET_MEAN, IMAGENET_STD
    if channels == "bgr":
        mean, std = mean[::-1], std[::-1]
    return OpenForm(
        picture.name,
        layout=picture.layout,
        channels=channels,
        dtype=picture.dtype,
        mean=mean,
        std=std,
        feeds=paddle_feeds(graph),
        # Only the head of these networks uses a sigmoid.
        options={**options, "logits": "Sigmoid" not in graph.operators},
    )


def single(graph: Graph) -> tuple[int | str, int] | None:
    """Return rows and columns if the only output is ``[1, rows, columns]``."""
    if len(graph.outputs) != 1:
        return None
    shape = graph.outputs[0].shape
    if len(shape) != 3 or not isinstance(shape[2], int) or shape[2] <= 4 * 2:
        return None
    return shape[1], shape[2]


def pairs(graph: Graph) -> tuple[tuple[Value, ...], int, int] | None:
    """Return outputs with scores, their columns, and columns of the sides, if each stride has a
    pair of outputs."""
    widths = [_width(value) for value in graph.outputs]
    kinds = sorted({width for width in widths if width})
    levels, rest = divmod(len(widths), 2)
    if rest or levels < 3 or 0 in widths or len(kinds) > 2:
        return None
    if len(kinds) == 1:
        named = [_is_box(value.name) for value in graph.outputs]
        return (graph.outputs[:levels], kinds[0], kinds[0]) if sum(named) in (0, levels) else None
    if widths.count(kinds[0]) != levels:
        return None
    # All published networks have 4 (7 + 1) columns of distances; names can say otherwise.
    sides = next((w for v, w in zip(graph.outputs, widths, strict=True) if _is_box(v.name)), 0)
    sides = sides or (32 if 32 in kinds else max(kinds))
    classes = kinds[0] if sides == kinds[1] else kinds[1]
    if sides % 4 or sides < 8:
        return None
    scores = [v for v, w in zip(graph.outputs, widths, strict=True) if w == classes]
    return tuple(scores), classes, sides


def _is_box(name: str) -> bool:
    return any(part in name.lower() for part in _BOX_NAMES)


def _width(value: Value) -> int:
    """Return the number of columns of a map or its flattened form; 0 if unknown."""
    shape = value.shape
    width = shape[1] if len(shape) == 4 else shape[2] if len(shape) == 3 else 0
    return width if isinstance(width, int) else 0


def size_of(
    picture: Picture, scores: tuple[Value, ...], strides: tuple[int, ...]
) -> tuple[int, int] | None:
    """Return the input's size at which these outputs have the cells of these strides, or None."""
    if len(scores) != len(strides):
        return None
    counts: list[int] = []
    for value in scores:
        sizes = value.shape[2:] if len(value.shape) == 4 else value.shape[1:2]
        numbers = [size for size in sizes if isinstance(size, int)]
        if len(numbers) != len(sizes):
            return size_for_rows(picture, "", strides)
        counts.append(int(np.prod(numbers)))
    return size_for_rows(picture, sum(counts), strides)
