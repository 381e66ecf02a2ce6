"""DETR (Carion et al. 2020, arXiv 2005.12872) and its variants: queries with a box and scores.

Two outputs: boxes ``[1, Q, 4]``, centre and size in 0..1 of the input, and logits ``[1, Q, n]``.
DETR applies softmax to the logits, whose last column is "no object". Deformable variants (RT-DETR
before its post-processing, RF-DETR, Deformable and Conditional DETR) apply sigmoid.
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
    Option,
    Rows,
    Spec,
    best_class,
    best_pairs,
    mismatch,
    names_boxes,
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph

OPTIONS = {
    "scores": Option(
        "sigmoid", choices=("sigmoid", "softmax"), help="function from logits to scores"
    ),
    "none": Option(
        "no",
        choices=("no", "first", "last", "both"),
        help="columns of the logits that mean no object: none of them, the first, ...",
    ),
}
BEFORE = {"no": 0, "first": 1, "last": 0, "both": 1}
AFTER = {"no": 0, "first": 0, "last": 1, "both": 1}
"""Numbers of columns before and after those of the classes."""

MAX_QUERIES = 2000


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    first = BEFORE[spec.options["none"]]
    columns = first + spec.classes + AFTER[spec.options["none"]]
    three = {n: a for n, a in outputs.items() if len(a.shape) == 3 and a.shape[0] == 1}
    pairs = [
        (names_boxes(name), i, boxes, logits)
        for i, (name, boxes) in enumerate(three.items())
        for logits in three.values()
        if boxes is not logits
        and boxes.shape[2] == 4
        and logits.shape[1:] == (boxes.shape[1], columns)
    ]
    if not pairs:
        raise mismatch(outputs, f"boxes [1, N, 4] and logits [1, N, {columns}]")
    # Four columns of logits look like boxes: the names decide, otherwise boxes come second, as in
    # DETR's export.
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
    boxes = [v for v in three if may_be(v.shape[2], 4) and names_boxes(v.name)]
    boxes = boxes or [value for value in three if value.shape[2] == 4]
    # There may also be hidden states. Scores, rather than logits, belong to `ssd`.
    others = [
        value for value in three if value not in boxes[:1] and not _contains(value.name, "score")
    ]
    logits = [
        value for value in others if _contains(value.name, "logit", "label", "class")
    ] or others
    if not boxes or len(logits) != 1:
        return []
    queries, columns = boxes[0].shape[1], logits[0].shape[2]
    if not may_be(queries, logits[0].shape[1]) or not isinstance(columns, int) or columns < 2:
        return []
    if isinstance(queries, int) and queries > MAX_QUERIES:
        return []  # anchors, not queries: see `ssd`
    traits = _Traits(
        queries,
        columns,
        roboflow=boxes[0].name == "dets",
        deformable="GridSample" in graph.operators,
        masked=bool(feeds),
    )
    return list(_readings(found[0], feeds, traits))


class _Traits(NamedTuple):
    """What distinguishes the variants."""

    queries: int | str
    columns: int
    roboflow: bool  # names of RF-DETR's export
    deformable: bool  # attention that samples; never followed by softmax
    masked: bool  # has an input for a mask


def _readings(picture: Picture, feeds: tuple[Feed, ...], traits: _Traits) -> Iterator[Reading]:
    """Yield readings as DETR; as a deformable variant with ImageNet's colours; as RT-DETR, with
    colours from 0 to 1."""
    softmax, normal, plain = _confidences(traits)
    # 91 columns are COCO's ids, 1 to 90; RF-DETR has one column more than classes.
    none = "first" if traits.columns == 91 else "last" if traits.roboflow else "no"
    unit = OpenForm(
        picture.name, picture.layout, "rgb", picture.dtype, std=(255.0,) * 3, feeds=feeds
    )
    imagenet = unit._replace(mean=IMAGENET_MEAN, std=IMAGENET_STD)
    rows = f"{traits.queries} queries" if isinstance(traits.queries, int) else "queries"
    for form, scores, away, confidence, said in (
        (imagenet, "softmax", "both" if traits.columns == 92 else "last", softmax,
         "the last for none"),
        (imagenet, "sigmoid", none, normal, "colours as ImageNet has them"),
        (unit, "sigmoid", none, plain, "colours from 0 to 1"),
    ):  # fmt: skip
        yield Reading(
            family="detr",
            input=InputSpec(picture.width or 640, picture.height or 640, "stretch"),
            open=form._replace(options={"scores": scores, "none": away}),
            classes=traits.columns - BEFORE[away] - AFTER[away],
            confidence=confidence,
            why=f"{rows}, each with a box and {traits.columns} logits, {said}",
        )


def _confidences(traits: _Traits) -> tuple[float, float, float]:
    """Return the confidences of the three readings."""
    if traits.roboflow:
        return 0.2, 0.9, 0.3
    if traits.deformable:
        return 0.2, 0.7 if traits.columns == 91 else 0.5, 0.4 if traits.columns == 91 else 0.75
    if traits.masked or traits.columns in (92, 251):
        return 0.85, 0.4, 0.15
    return 0.5, 0.5, 0.6 if traits.columns == 80 else 0.4


def _contains(name: str, *words: str) -> bool:
    return any(word in name.lower() for word in words)
