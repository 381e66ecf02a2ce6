"""Families: how the outputs of each kind of network become Detections.

A sealed model decodes its own boxes (its graph ends in the best K rows), so a family says only what
is left to do with those rows. An open one is read by its family's module, loaded when first needed:
`read` makes the same rows of raw outputs, `recognise` tells whether a network could be of its kind.
A new family is a file beside this one and a row of ``FAMILIES``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from obscura.cards.card import ModelCard
from obscura.errors import CardError


class Family(NamedTuple):
    """One way of reading a network."""

    name: str  # as cards say it; the module of that name reads its open form
    title: str  # as people say it
    nms: bool  # whether its rows hold several boxes for one object


FAMILIES = {
    family.name: family
    for family in (
        # Single-shot detectors answer once per anchor, many times for one object.
        Family("ssd", "SSD", nms=True),
        # Local maxima of a heat map should be one per object; now and then a large one has two.
        Family("centernet", "CenterNet", nms=True),
        Family("yolox", "YOLOX", nms=True),
        Family("yolov5", "YOLOv5 and YOLOv7", nms=True),
        Family("yolov8", "YOLOv8, YOLOv9 and YOLO11", nms=True),
        Family("yolov10", "YOLO without NMS (YOLOv10, YOLO26)", nms=False),
        Family("nanodet", "NanoDet", nms=True),
        Family("picodet", "PicoDet", nms=True),
        Family("fastestdet", "FastestDet", nms=True),
        Family("yunet", "YuNet (faces)", nms=True),
        # Queries agree among themselves on who takes which object.
        Family("rtdetr", "RT-DETR, D-FINE, DEIM", nms=False),
        Family("detr", "DETR, RF-DETR", nms=False),
        Family("efficientdet", "EfficientDet", nms=True),
        Family("end2end", "Finished boxes (NMS inside)", nms=False),
    )
}


def of(card: ModelCard) -> Family:
    """Return a card's family.

    Raises:
        CardError: nothing is known of it.
    """
    family = FAMILIES.get(card.family)
    if family is None:
        raise CardError(
            f"{card.name}: nothing is known of the family", card.family,
            remedy=f"Choose one of {', '.join(FAMILIES)}.",
        )  # fmt: skip
    return family


def module(name: str) -> Any:
    """Return the module that reads a family's open form: OPTIONS, `read` and `recognise`."""
    return import_module(f"obscura.families.detectors.{name}")


def spec(card: ModelCard) -> Any:
    """Return the `rows.Spec` of an open model.

    Raises:
        CardError: its family is unknown, or an option on the card.
    """
    from obscura.families.common.rows import (  # here, for sealed models need none of it
        Spec,
        checked,
    )

    assert card.open is not None
    options = checked(card.open.options, module(of(card).name).OPTIONS, card.family)
    return Spec(card.input.width, card.input.height, len(card.labels), card.top, options)
