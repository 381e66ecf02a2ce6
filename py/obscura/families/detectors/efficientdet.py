"""EfficientDet (Tan et al. 2020, arXiv 1911.09070) and its Lite variants, before suppression.

Two outputs for each of five levels, with strides from 8 to 128: class logits with ``9 * classes``
channels and box offsets with ``9 * 4``, ``[1, channels, h, w]`` or ``[1, h, w, channels]``. A cell
has nine anchors, of three sizes and three shapes. Offsets are y, x, log height and log width
relative to the anchor. (Lite models exported by TFLite include suppression: see `end2end`.)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import IMAGENET_MEAN, IMAGENET_STD, Reading, one_picture
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best_pairs,
    cell_counts,
    fractions,
    mismatch,
)
from obscura.graph.inspect import Graph

LEVELS = (3, 4, 5, 6, 7)  # strides are 2 to the power of these
OCTAVES = 3
SHAPES = ((1.0, 1.0), (1.4, 0.7), (0.7, 1.4))  # width, height
ANCHORS = OCTAVES * len(SHAPES)
OPTIONS = {
    "layout": Option("nchw", choices=("nchw", "nhwc"), help="of the outputs"),
    "anchor_scale": Option(4.0, help="side of a cell's smallest square anchor, in strides"),
}


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    logits = _rows(ops, outputs, spec, spec.classes)
    offsets = _rows(ops, outputs, spec, 4, last=spec.classes == 4)
    # Count the anchors before creating them, because a card can name an input of any size.
    count = ANCHORS * sum(cell_counts(spec, [2**level for level in LEVELS]))
    if not logits.shape[0] == offsets.shape[0] == count:
        raise mismatch(outputs, f"maps of strides 8 to 128 over {spec.width} x {spec.height}")
    centre, size = (ops.constant(part) for part in anchors(spec))
    # Compute boxes and scores of the best only: the sigmoid does not change their order.
    best = best_pairs(ops, ops.concat([offsets, centre, size], 1), logits, spec.top)
    offsets, centre, size = best.boxes[:, 0:4], best.boxes[:, 4:6], best.boxes[:, 6:8]
    shift = ops.concat([offsets[:, 1:2], offsets[:, 0:1]], 1)
    growth = ops.concat([offsets[:, 3:4], offsets[:, 2:3]], 1)
    middle, half = centre + shift * size, ops.exp(growth) * size / 2
    boxes = ops.concat([middle - half, middle + half], 1)
    return Rows(fractions(ops, boxes, spec), ops.sigmoid(best.scores), best.classes)


def anchors(spec: Spec) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return centres and sizes, (n, 2), in pixels of the input, level by level, row by row."""
    centres, sizes = [], []
    for level in LEVELS:
        # If the stride does not divide a side, there is one cell more, and all are smaller.
        counts = [-(-side // 2**level) for side in spec[:2]]
        strides = [side / count for side, count in zip(spec[:2], counts, strict=True)]
        y, x = np.mgrid[: counts[1], : counts[0]]
        middle = np.stack([(x + 0.5) * strides[0], (y + 0.5) * strides[1]], -1).reshape(-1, 1, 2)
        shapes = [
            [side * 2 ** (octave / OCTAVES) * spec.options["anchor_scale"] * stride
             for side, stride in zip(shape, strides, strict=True)]
            for octave in range(OCTAVES)
            for shape in SHAPES
        ]  # fmt: skip
        centres.append(np.broadcast_to(middle, (len(middle), ANCHORS, 2)).reshape(-1, 2))
        sizes.append(np.tile(np.array(shapes), (len(middle), 1)))
    return (
        np.concatenate(centres).astype(np.float32),
        np.concatenate(sizes).astype(np.float32),
    )


def _rows(
    ops: Ops, outputs: Mapping[str, Array], spec: Spec, columns: int, *, last: bool = False
) -> Array:
    """Return the maps with 9 * columns channels as rows (n, columns), in the order of anchors."""
    channel = 1 if spec.options["layout"] == "nchw" else 3
    maps = [
        a for a in outputs.values() if len(a.shape) == 4 and a.shape[channel] == ANCHORS * columns
    ]
    if spec.options["layout"] == "nchw":
        maps = [ops.transpose(a, [0, 2, 3, 1]) for a in maps]
    if len(maps) == 2 * len(LEVELS):  # four classes: logits come first
        maps = maps[len(LEVELS) :] if last else maps[: len(LEVELS)]
    if len(maps) != len(LEVELS):
        raise mismatch(
            outputs, f"five maps each of {ANCHORS * spec.classes} and {ANCHORS * 4} channels"
        )
    maps.sort(key=lambda a: -a.shape[1] * a.shape[2])
    return ops.concat([ops.reshape(a, [-1, columns]) for a in maps], 0)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None or len(graph.outputs) != 2 * len(LEVELS):
        return []
    for layout, axis in (("nchw", 1), ("nhwc", 3)):
        channels = [v.shape[axis] if len(v.shape) == 4 else 0 for v in graph.outputs]
        other = {count for count in channels if count != 4 * ANCHORS} or {4 * ANCHORS}
        count = other.pop()
        if other or not isinstance(count, int) or not count or count % ANCHORS:
            continue
        form = OpenForm(
            picture.name, picture.layout, "rgb", picture.dtype, IMAGENET_MEAN, IMAGENET_STD, 124,
            options={"layout": layout},
        )  # fmt: skip
        lite = form._replace(
            mean=(127.0,) * 3, std=(128.0,) * 3, options={"layout": layout, "anchor_scale": 3.0}
        )
        size = InputSpec(picture.width or 512, picture.height or 512, "letterbox-corner")
        why = f"five levels of nine anchors, {count // ANCHORS} classes"
        # Lite variants have ReLU6 (Clip), the others swish (which is x times Sigmoid).
        light = "Clip" in graph.operators and "Sigmoid" not in graph.operators
        return [
            Reading(
                "efficientdet", size, form, count // ANCHORS, 0.4 if light else 0.85, why
            ),
            Reading(
                "efficientdet", size, lite, count // ANCHORS, 0.85 if light else 0.4,
                f"{why}, a Lite variant",
            ),
        ]  # fmt: skip
    return []
