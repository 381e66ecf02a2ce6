"""CenterNet (Zhou et al. 2019, arXiv 1904.07850): objects are the peaks of a heat map per class.

Outputs at one stride, ``[1, channels, h, w]`` or ``[1, h, w, channels]``: the heat map, with one
channel per class; and sizes, which are either width and height (2 channels), with or without the
offset of the centre in its cell (2 more), or distances to left, top, right and bottom (4 channels).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Picture, Reading, one_picture
from obscura.families.common.rows import Option, Rows, Spec, fractions, mismatch
from obscura.graph.inspect import Graph, Value

OPTIONS = {
    "layout": Option("nchw", choices=("nchw", "nhwc"), help="of the outputs"),
    "logits": Option(default=False, choices=(False, True), help="the heat map lacks its sigmoid"),
    "unit": Option(0.0, help="unit of sizes in pixels of the input; 0 for cells"),
}
STRIDE = 4
OFFSETS = ("off", "reg", "shift")
"""Parts of names of offsets; CenterNet's own outputs are hm, wh and reg."""


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    # Unless a name says otherwise, the offset is the second pair, as in CenterNet's own exports.
    named = sorted(outputs.items(), key=lambda item: any(w in item[0].lower() for w in OFFSETS))
    maps = [a for _, a in named if len(a.shape) == 4 and a.shape[0] == 1]
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
    unit = ops.constant([spec.options["unit"]] * 2) if spec.options["unit"] else stride

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
    # Cells that are not peaks are far below zero.
    return Rows(boxes, ops.maximum(scores, ops.constant(0)), classes)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None or not 2 <= len(graph.outputs) <= 3:
        return []
    for layout, axis in (("nchw", 1), ("nhwc", 3)):
        found = _channels(graph.outputs, axis)
        if found is not None:
            heat, sizes = found
            # Without any sigmoid the heat map has none; otherwise both are possible.
            ways = (False, True) if "Sigmoid" in graph.operators else (True,)
            return [
                reading
                for logits in ways
                for reading in _readings(graph, picture, heat, sizes, layout, logits=logits)
            ]
    return []


def _channels(outputs: tuple[Value, ...], axis: int) -> tuple[int, int] | None:
    """Return the numbers of channels of heat map and sizes; None if the outputs are not these."""
    if any(len(value.shape) != 4 for value in outputs):
        return None
    channels = [value.shape[axis] for value in outputs]
    sides = {
        tuple(size for i, size in enumerate(value.shape) if i not in (0, axis)) for value in outputs
    }
    fixed = {side for side in sides if all(isinstance(size, int) for size in side)}
    if len(fixed) > 1 or not all(isinstance(count, int) for count in channels):
        return None
    numbers = [int(count) for count in channels]
    sizes = [count for count in numbers if count in (2, 4)]
    heat = [count for count in numbers if count not in (2, 4)]
    if not heat:  # two or four classes: the heat map comes first
        heat, sizes = numbers[:1], numbers[1:]
    if len(heat) != 1 or sizes not in ([2], [4], [2, 2]):
        return None
    return heat[0], sizes[0]


def _readings(
    graph: Graph, picture: Picture, heat: int, sizes: int, layout: str, *, logits: bool
) -> list[Reading]:
    """Return readings with different ranges of colours, for heat maps with or without sigmoid."""
    axes = (2, 3) if layout == "nchw" else (1, 2)
    sides = [graph.outputs[0].shape[axis] for axis in axes]
    height, width = (side * STRIDE if isinstance(side, int) else 512 for side in sides)
    options: dict[str, str | bool | float] = {"layout": layout, "logits": logits}
    if sizes == 4:
        options["unit"] = 1.0
    form = OpenForm(picture.name, picture.layout, "rgb", picture.dtype, options=options)
    reading = Reading(
        family="centernet",
        input=InputSpec(picture.width or width, picture.height or height, "stretch"),
        open=form,
        classes=heat,
        confidence=0.3,
        why=f"a heat map of {heat} channels beside sizes of {sizes}",
        threshold=0.35,
    )
    if logits:
        reading = reading._replace(why=f"{reading.why}, without sigmoid")
    plain = reading._replace(why=f"{reading.why}; colours from 0 to 255")
    if picture.dtype == "uint8":
        return [plain._replace(confidence=0.8 - 0.25 * logits)]
    scaled = reading._replace(
        open=form._replace(std=(255.0,) * 3), why=f"{reading.why}; colours from 0 to 1"
    )
    own = reading._replace(
        # Mean and deviation of blue, green and red, from CenterNet's opts.py.
        open=form._replace(
            channels="bgr", mean=(104.04, 113.985, 119.85), std=(73.695, 69.87, 70.89), pad=0
        ),
        input=reading.input._replace(resize="letterbox"),
        why=f"{reading.why}; colours as CenterNet's own",
    )
    likely = {0.5: scaled, 0.35: plain, 0.3: own}
    if {"hm", "wh"} <= {value.name for value in graph.outputs}:
        likely = {0.85: own, 0.45: scaled, 0.3: plain}
    elif picture.layout == "nhwc":  # Keras models rescale inside the graph
        likely = {0.7: plain, 0.5: scaled}
    doubt = 0.1 if logits and "Sigmoid" in graph.operators else 0.0
    return [one._replace(confidence=score - doubt) for score, one in likely.items()]
