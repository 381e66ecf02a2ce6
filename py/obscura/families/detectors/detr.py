"""DETR (Carion et al. 2020, arXiv 2005.12872) and similar: queries, each with a box and scores.

Two outputs: boxes ``[1, Q, 4]``, centre and size in 0..1 of the input, and logits ``[1, Q, n]``.
DETR's logits go through softmax and end in a column for "no object"; deformable ones (RT-DETR
before its post-processing, RF-DETR, Deformable and Conditional DETR) go through sigmoid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from obscura.cards.card import Feed, InputSpec, OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Picture,
    Reading,
    as_picture,
    may_be,
)
from obscura.families.common.rows import (
    best_class,
    best_pairs,
    mismatch,
    says_boxes,
    xyxy_from_cxcywh,
)
from obscura.families.protocol import Option, Rows, Spec
from obscura.graph.inspect import Graph

OPTIONS = {
    "scores": Option("sigmoid", among=("sigmoid", "softmax"), help="what makes scores of logits"),
    "none": Option(
        "no",
        among=("no", "first", "last", "both"),
        help="which column of the logits is for no object: none of them, the first, ...",
    ),
}
BEFORE = {"no": 0, "first": 1, "last": 0, "both": 1}
AFTER = {"no": 0, "first": 0, "last": 1, "both": 1}
"""How many columns stand before and after those of the classes."""

MOST_QUERIES = 2000


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    first = BEFORE[spec.options["none"]]
    columns = first + spec.classes + AFTER[spec.options["none"]]
    three = {n: a for n, a in outputs.items() if len(a.shape) == 3 and a.shape[0] == 1}
    pairs = [
        (says_boxes(name), i, boxes, logits)
        for i, (name, boxes) in enumerate(three.items())
        for logits in three.values()
        if boxes is not logits
        and boxes.shape[2] == 4
        and logits.shape[1:] == (boxes.shape[1], columns)
    ]
    if not pairs:
        raise mismatch(outputs, f"boxes [1, N, 4] and logits [1, N, {columns}]")
    # Four columns of logits look like boxes: names tell, or boxes come second as in DETR's export.
    _, _, boxes, logits = max(pairs, key=lambda pair: pair[:2])
    softmax = spec.options["scores"] == "softmax"
    scores = ops.softmax(logits[0], 1) if softmax else ops.sigmoid(logits[0])
    if columns != spec.classes:
        scores = scores[:, first : first + spec.classes]
    choose = best_class if softmax else best_pairs
    return choose(ops, xyxy_from_cxcywh(ops, boxes[0]), scores, spec.top)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    pictures = [(value, as_picture(value)) for value in graph.inputs]
    found = [picture for _, picture in pictures if picture is not None]
    masks = [v for v, p in pictures if p is None and "mask" in v.name.lower() and v.dtype]
    if len(found) != 1 or len(masks) != len(graph.inputs) - 1:
        return []
    feeds = tuple(Feed(mask.name, "mask", mask.dtype) for mask in masks)
    three = [value for value in graph.outputs if len(value.shape) == 3]
    boxes = [v for v in three if may_be(v.shape[2], 4) and says_boxes(v.name)]
    boxes = boxes or [value for value in three if value.shape[2] == 4]
    # Hidden states may stand beside; scores have been through sigmoid, see `ssd`.
    others = [value for value in three if value not in boxes[:1] and not _says(value.name, "score")]
    logits = [value for value in others if _says(value.name, "logit", "label", "class")] or others
    if not boxes or len(logits) != 1:
        return []
    queries, columns = boxes[0].shape[1], logits[0].shape[2]
    if not may_be(queries, logits[0].shape[1]) or not isinstance(columns, int) or columns < 2:
        return []
    if isinstance(queries, int) and queries > MOST_QUERIES:
        return []  # anchors, not queries: see `ssd`
    clues = _Clues(
        queries,
        columns,
        roboflow=boxes[0].name == "dets",
        deformable="GridSample" in graph.operators,
        masked=bool(feeds),
    )
    return list(_readings(found[0], feeds, clues))


class _Clues(NamedTuple):
    queries: int | str
    columns: int
    roboflow: bool  # named as RF-DETR's export names them
    deformable: bool  # sampling attention, which is never followed by a softmax
    masked: bool


def _readings(picture: Picture, feeds: tuple[Feed, ...], clues: _Clues) -> Iterator[Reading]:
    """DETR's way; the deformable ones', colours as ImageNet has them; RT-DETR's, plain colours."""
    softmax, normal, plain = _confidences(clues)
    # 91 are COCO's ids, which count from 1 to 90; RF-DETR makes a column more than classes.
    none = "first" if clues.columns == 91 else "last" if clues.roboflow else "no"
    unit = OpenForm(
        picture.name, picture.layout, "rgb", picture.dtype, std=(255.0,) * 3, feeds=feeds
    )
    imagenet = unit._replace(mean=IMAGENET_MEAN, std=IMAGENET_STD)
    rows = f"{clues.queries} queries" if isinstance(clues.queries, int) else "queries"
    for form, scores, away, confidence, said in (
        (imagenet, "softmax", "both" if clues.columns == 92 else "last", softmax,
         "the last for none"),
        (imagenet, "sigmoid", none, normal, "colours as ImageNet has them"),
        (unit, "sigmoid", none, plain, "colours from 0 to 1"),
    ):  # fmt: skip
        yield Reading(
            family="detr",
            input=InputSpec(picture.width or 640, picture.height or 640, "stretch"),
            open=form._replace(options={"scores": scores, "none": away}),
            classes=clues.columns - BEFORE[away] - AFTER[away],
            confidence=confidence,
            why=f"{rows}, each with a box and {clues.columns} logits, {said}",
        )


def _confidences(clues: _Clues) -> tuple[float, float, float]:
    if clues.roboflow:
        return 0.2, 0.9, 0.3
    if clues.deformable:
        return 0.2, 0.7 if clues.columns == 91 else 0.5, 0.4 if clues.columns == 91 else 0.75
    if clues.masked or clues.columns in (92, 251):
        return 0.85, 0.4, 0.15
    return 0.5, 0.5, 0.6 if clues.columns == 80 else 0.4


def _says(name: str, *words: str) -> bool:
    return any(word in name.lower() for word in words)
