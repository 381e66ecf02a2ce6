"""Families: the table of the kinds of networks whose outputs Obscura can read.

A sealed model decodes its own boxes (its graph ends in the best K rows), so its family only says
whether those rows need suppression. The outputs of an open model are read by its family's module
(see `protocol.FamilyModule`), which is loaded when it is first needed. To add a family, add a file
to `detectors` and a row to ``FAMILIES``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from obscura.cards.card import ModelCard
from obscura.errors import CardError

if TYPE_CHECKING:
    from obscura.families.protocol import FamilyModule, Spec


class Family(NamedTuple):
    """A kind of network whose outputs are read in the same way.

    Attributes:
        name: name on cards, and of the module that reads its open form.
        title: name shown to people.
        nms: whether its rows can hold several boxes for one object.
    """

    name: str
    title: str
    nms: bool


FAMILIES = {
    family.name: family
    for family in (
        # Single-shot detectors return a box per anchor, so several boxes for one object.
        Family("ssd", "SSD", nms=True),
        # A heat map should have one maximum per object, but a large object sometimes has two.
        Family("centernet", "CenterNet", nms=True),
        Family("yolox", "YOLOX", nms=True),
        Family("yolov5", "YOLOv5 and YOLOv7", nms=True),
        Family("yolov8", "YOLOv8, YOLOv9 and YOLO11", nms=True),
        Family("yolov10", "YOLO without NMS (YOLOv10, YOLO26)", nms=False),
        Family("nanodet", "NanoDet", nms=True),
        Family("picodet", "PicoDet", nms=True),
        Family("fastestdet", "FastestDet", nms=True),
        Family("yunet", "YuNet (faces)", nms=True),
        # Queries are trained to return each object once.
        Family("rtdetr", "RT-DETR, D-FINE, DEIM", nms=False),
        Family("detr", "DETR, RF-DETR", nms=False),
        Family("efficientdet", "EfficientDet", nms=True),
        Family("end2end", "Finished boxes (NMS inside)", nms=False),
    )
}


def of(card: ModelCard) -> Family:
    """Return the family of a card.

    Raises:
        CardError: Obscura has no family of that name.
    """
    family = FAMILIES.get(card.family)
    if family is None:
        raise CardError(
            f"{card.name}: nothing is known of the family", card.family,
            remedy=f"Choose one of {', '.join(FAMILIES)}.",
        )  # fmt: skip
    return family


def module(name: str) -> FamilyModule:
    """Return the module that reads the open form of a family; loads it if needed."""
    return cast("FamilyModule", import_module(f"obscura.families.detectors.{name}"))


def spec(card: ModelCard) -> Spec:
    """Return what its family needs to know about an open model.

    Raises:
        CardError: the card's family, or one of its options, is unknown.
    """
    # Imported here because sealed models need neither.
    from obscura.families.common.rows import checked
    from obscura.families.protocol import Spec

    assert card.open is not None
    options = checked(card.open.options, module(of(card).name).OPTIONS, card.family)
    return Spec(card.input.width, card.input.height, len(card.labels), card.top, options)
