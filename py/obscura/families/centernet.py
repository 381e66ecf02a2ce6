"""CenterNet (Zhou et al. 2019, arXiv 1904.07850): objects are the peaks of a heat map per class.

Outputs at one stride, ``[1, channels, h, w]`` or ``[1, h, w, channels]``: the heat map, one channel
a class; and sizes, either width and height (2 channels) with or without the centre's offset in its
cell (2 more), or the reach to left, top, right and bottom (4 channels).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.card import InputSpec, OpenForm
from obscura.families.ops import Array, Ops
from obscura.families.reading import Picture, Reading, one_picture
from obscura.families.rows import Option, Rows, Spec, fractions, mismatch
from obscura.graph.inspect import Graph, Value

OPTIONS = {
    "layout": Option("nchw", among=("nchw", "nhwc"), help="of the outputs"),
    "logits": Option(usual=False, among=(False, True), help="the heat map lacks its sigmoid"),
    "units": Option("cells", among=("cells", "pixels"), help="what sizes are counted in"),
}
STRIDE = 4


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `obscura.families.read`."""
    maps = [a for a in outputs.values() if len(a.shape) == 4 and a.shape[0] == 1]
    if spec.options["layout"] == "nhwc":
        maps = [ops.transpose(a, [0, 3, 1, 2]) for a in maps]
    heat = next((a for a in maps if a.shape[1] == spec.classes), None)
    if heat is None or not heat.shape[2] or not heat.shape[3]:
        raise mismatch(outputs, f"a heat map of {spec.classes} channels")
    others = [a for a in maps if a is not heat and a.shape[2:] == heat.shape[2:]]
    reaches = [a for a in others if a.shape[1] == 4]
    pairs = [a for a in others if a.shape[1] == 2]
    if not reaches and not pairs:
        raise mismatch(outputs, "a heat map, and sizes of 2 or 4 channels")
    _, _, height, width = heat.shape
    if spec.options["logits"]:
        heat = ops.sigmoid(heat)
    flat = ops.reshape(ops.peaks(heat), [-1])
    scores, index = ops.top(flat, spec.top)
    classes, cell = ops.divide(index, height * width)
    y, x = ops.divide(cell, width)
    place = ops.cast(ops.concat([ops.reshape(x, [-1, 1]), ops.reshape(y, [-1, 1])], 1), np.float32)
    stride = ops.constant([spec.width / width, spec.height / height])
    unit = stride if spec.options["units"] == "cells" else ops.constant([1, 1])

    def at_cells(array: Array) -> Array:
        return ops.take(ops.transpose(ops.reshape(array, [array.shape[1], -1]), [1, 0]), cell)

    if reaches:
        reach = at_cells(reaches[0])
        low = place * stride - reach[:, 0:2] * unit
        high = place * stride + reach[:, 2:4] * unit
    else:
        half = at_cells(pairs[0]) * unit / 2
        if len(pairs) > 1:
            place = place + at_cells(pairs[1])
        low, high = place * stride - half, place * stride + half
    boxes = fractions(ops, ops.concat([low, high], 1), spec)
    # Cells that are no peaks were pushed far below zero.
    return Rows(boxes, ops.maximum(scores, ops.constant(0)), classes)


def recognise(graph: Graph) -> list[Reading]:
    """See `obscura.families.reading`."""
    picture = one_picture(graph)
    if picture is None or not 2 <= len(graph.outputs) <= 3:
        return []
    for layout, axis in (("nchw", 1), ("nhwc", 3)):
        reading = _reading(picture, graph.outputs, layout, axis)
        if reading is not None:
            plain, scaled = reading, reading.open._replace(std=(255.0,) * 3)
            sigmoid = "Sigmoid" in graph.operators
            options = {**reading.open.options, "logits": not sigmoid}
            return [
                plain._replace(open=scaled._replace(options=options)),
                plain._replace(
                    open=reading.open._replace(options=options), confidence=plain.confidence - 0.1
                ),
            ]
    return []


def _reading(
    picture: Picture, outputs: tuple[Value, ...], layout: str, axis: int
) -> Reading | None:
    """The reading, if all outputs are maps and their channels make sense."""
    if any(len(value.shape) != 4 for value in outputs):
        return None
    channels = [value.shape[axis] for value in outputs]
    places = {
        tuple(size for i, size in enumerate(value.shape) if i not in (0, axis)) for value in outputs
    }
    if len(places) != 1 or not all(isinstance(count, int) for count in channels):
        return None
    small = [count for count in channels if count in (2, 4)]
    heat = [count for count in channels if count not in (2, 4)] or channels[:1]
    if len(heat) != 1 or not small or len(small) + len(heat) < len(channels):
        return None
    side = next(iter(places))
    fixed = all(isinstance(size, int) for size in side)
    width = picture.width or (int(side[1]) * STRIDE if fixed else 512)
    height = picture.height or (int(side[0]) * STRIDE if fixed else 512)
    return Reading(
        family="centernet",
        input=InputSpec(width, height, "stretch"),
        open=OpenForm(
            picture.name,
            picture.layout,
            "rgb",
            picture.dtype,
            options={"layout": layout, "units": "pixels" if 4 in small else "cells"},
        ),
        classes=int(heat[0]),
        confidence=0.6,
        why=f"a heat map of {heat[0]} channels beside sizes of {small[0]}",
        threshold=0.35,
    )
