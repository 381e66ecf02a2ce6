"""DETR (Carion et al. 2020, arXiv 2005.12872) and its kin: queries, each with a box and scores.

Two outputs: boxes ``[1, Q, 4]``, centre and size in 0..1 of the input, and logits ``[1, Q, n]``.
DETR's logits go through softmax and end in a column for "no object"; deformable ones (RT-DETR
before its post-processing, RF-DETR, Deformable and Conditional DETR) go through sigmoid.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.card import Feed, InputSpec, OpenForm
from obscura.families.ops import Array, Ops
from obscura.families.reading import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Picture,
    Reading,
    as_picture,
)
from obscura.families.rows import (
    Option,
    Rows,
    Spec,
    best_class,
    best_pairs,
    mismatch,
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph

OPTIONS = {
    "scores": Option("sigmoid", among=("sigmoid", "softmax"), help="what makes scores of logits"),
    "none": Option(
        "no", among=("no", "first", "last"), help="which column of the logits is for no object"
    ),
}


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `obscura.families.read`."""
    none = spec.options["none"]
    columns = spec.classes + (none != "no")
    three = [array for array in outputs.values() if len(array.shape) == 3 and array.shape[0] == 1]
    pairs = [
        (boxes, logits)
        for boxes in three
        for logits in three
        if boxes is not logits
        and boxes.shape[2] == 4
        and logits.shape[1:] == (boxes.shape[1], columns)
    ]
    if not pairs:
        raise mismatch(outputs, f"boxes [1, N, 4] and logits [1, N, {columns}]")
    # Of equal shapes (four columns) the boxes come second, as in DETR's own export.
    boxes, logits = pairs[-1]
    softmax = spec.options["scores"] == "softmax"
    scores = ops.softmax(logits[0], 1) if softmax else ops.sigmoid(logits[0])
    if none != "no":
        scores = scores[:, 1:] if none == "first" else scores[:, 0 : spec.classes]
    choose = best_class if softmax else best_pairs
    return choose(ops, xyxy_from_cxcywh(ops, boxes[0]), scores, spec.top)


def recognise(graph: Graph) -> list[Reading]:
    """See `obscura.families.reading`."""
    pictures = [(value, as_picture(value)) for value in graph.inputs]
    found = [picture for _, picture in pictures if picture is not None]
    masks = [v for v, p in pictures if p is None and "mask" in v.name.lower() and v.dtype]
    if len(found) != 1 or len(masks) != len(graph.inputs) - 1:
        return []
    picture = found[0]
    feeds = tuple(Feed(mask.name, "mask", mask.dtype) for mask in masks)
    three = [value for value in graph.outputs if len(value.shape) == 3]
    boxes = [value for value in three if value.shape[2] == 4 and _says(value.name, "box", "dets")]
    boxes = boxes or [value for value in three if value.shape[2] == 4]
    logits = [
        value
        for value in three
        if value not in boxes[:1]
        and isinstance(value.shape[2], int)
        and boxes
        and value.shape[1] == boxes[0].shape[1]
        and not _says(value.name, "score")
    ]
    if not boxes or not logits or len(three) > 2:
        return []
    queries = boxes[0].shape[1]
    if isinstance(queries, int) and queries > 2000:
        return []  # anchors, not queries: see `ssd`
    return _readings(picture, int(logits[0].shape[2]), queries, feeds)


def _readings(
    picture: Picture, columns: int, queries: int | str, feeds: tuple[Feed, ...]
) -> list[Reading]:
    width, height = picture.width or 640, picture.height or 640
    form = OpenForm(picture.name, picture.layout, "rgb", picture.dtype, feeds=feeds)
    normal = form._replace(mean=IMAGENET_MEAN, std=IMAGENET_STD)
    why = f"{queries} queries, each with a box and {columns} logits"
    softmax = {"scores": "softmax", "none": "last"}
    # DETR's own have 92 (91 ids and "no object") and a mask; RT-DETR wants plain 0..1.
    detr = 0.7 if feeds or columns in (92, 251) else 0.4
    plain = 0.65 if columns == 80 and not feeds else 0.4
    return [
        Reading("detr", InputSpec(width, height, "stretch"), one, classes, confidence, said)
        for one, classes, confidence, said in (
            (normal._replace(options=softmax), columns - 1, detr, f"{why}, the last for none"),
            (normal, columns, 0.6 if not feeds else 0.35, f"{why}; colours as ImageNet has them"),
            (form._replace(std=(255.0,) * 3), columns, plain, f"{why}; colours from 0 to 1"),
        )
    ]


def _says(name: str, *words: str) -> bool:
    return any(word in name.lower() for word in words)
