"""Heads trained by generalised focal loss (Li et al. 2020, arXiv 2006.04388).

Shared by NanoDet and PicoDet. For each side of its box, a cell predicts the probability that the
distance to that side is 0, 1, 2... strides; the distance is the expectation over these.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Picture, paddle_feeds, rows_fit
from obscura.families.common.rows import (
    as_cells,
    best_pairs,
    cell_counts,
    cells,
    fractions,
    mismatch,
)
from obscura.families.protocol import Rows, Spec
from obscura.graph.inspect import Graph, Value

_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""ImageNet's, in 0..255, red first."""

_BOX_NAMES = ("reg", "dis", "box", "loc")


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`.

    The outputs are scores and distributions, in one output or apart, for each stride or for all, in
    any order and of any name.
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
    if sides > 4:  # otherwise the network has decoded the boxes
        grid = cells(spec, strides)
        bins = ops.softmax(ops.reshape(boxes, [-1, 4, sides // 4]), 2)
        away = ops.sum(bins * ops.constant(np.arange(sides // 4)), 2) * ops.constant(grid.stride)
        centre = ops.constant((grid.xy + np.float32(spec.options["offset"])) * grid.stride)
        boxes = ops.concat([centre - away[:, 0:2], centre + away[:, 2:4]], 1)
    # Both projects cut boxes to the input before NMS, which changes their overlaps.
    boxes = fractions(ops, boxes, spec)
    boxes = ops.minimum(ops.maximum(boxes, ops.constant(0)), ops.constant(1))
    return best_pairs(ops, boxes, scores, spec.top)


def _columns(ops: Ops, outputs: Mapping[str, Array], spec: Spec, count: int) -> Array | None:
    """Return what the outputs say of a map of so many cells: scores, then sides; None if nothing.

    What has as many columns as there are classes is the scores; of two such outputs the names tell,
    else their order.
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
    """Return the form of a network that expects ImageNet's normalisation."""
    mean, std = (_MEAN, _STD) if channels == "rgb" else (_MEAN[::-1], _STD[::-1])
    return OpenForm(
        picture.name,
        layout=picture.layout,
        channels=channels,
        dtype=picture.dtype,
        mean=mean,
        std=std,
        feeds=paddle_feeds(graph),
        # These networks use no sigmoid before the head.
        options={**options, "logits": "Sigmoid" not in graph.operators},
    )


def joined(graph: Graph) -> tuple[int | str, int] | None:
    """Return rows and columns if one output ``[1, rows, columns]`` is all there is."""
    if len(graph.outputs) != 1:
        return None
    shape = graph.outputs[0].shape
    if len(shape) != 3 or not isinstance(shape[2], int) or shape[2] <= 4 * 2:
        return None
    return shape[1], shape[2]


def apart(graph: Graph) -> tuple[tuple[Value, ...], int, int] | None:
    """Return scores' outputs, their columns and the sides' columns if there is a pair a stride."""
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
    # Distances have 4 (7 + 1) columns in all that is published, or what the names say.
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
    """Return the columns of a map or of its flattened form; 0 if they are not known."""
    shape = value.shape
    width = shape[1] if len(shape) == 4 else shape[2] if len(shape) == 3 else 0
    return width if isinstance(width, int) else 0


def size_of(
    picture: Picture, scores: tuple[Value, ...], strides: tuple[int, ...]
) -> tuple[int, int] | None:
    """Return the input's size if the maps of these outputs have the cells of these strides."""
    if len(scores) != len(strides):
        return None
    counts: list[int] = []
    for value in scores:
        sizes = value.shape[2:] if len(value.shape) == 4 else value.shape[1:2]
        numbers = [size for size in sizes if isinstance(size, int)]
        if len(numbers) != len(sizes):
            return rows_fit(picture, "", strides)
        counts.append(int(np.prod(numbers)))
    return rows_fit(picture, sum(counts), strides)
