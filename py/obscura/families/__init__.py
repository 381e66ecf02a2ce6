"""Families of detectors: networks whose outputs have the same layout and meaning.

A sealed model decodes its own boxes (its graph ends in the best K rows), so its family only says
whether suppression is left to do. The outputs of an open model are read by its family's module,
which is loaded on first use; `families.protocol` describes such modules. To add a family, add a
module to ``detectors/`` and a row to ``FAMILIES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from obscura.cards.card import ModelCard
from obscura.errors import CardError

if TYPE_CHECKING:
    from obscura.families.common.ops import Array, Ops
    from obscura.families.common.rows import Rows, Spec
    from obscura.families.protocol import FamilyModule


class Family(NamedTuple):
    """One family of detectors."""

    name: str
    """As on cards. The module of this name in ``detectors/`` reads the open form."""
    title: str
    """For people."""
    nms: bool
    """Whether several rows can be boxes of one object, so that suppression is needed."""


FAMILIES = {
    family.name: family
    for family in (
        # One row per anchor: several for one object.
        Family("ssd", "SSD", nms=True),
        # One peak per object, but large objects occasionally have two.
        Family("centernet", "CenterNet", nms=True),
        Family("yolox", "YOLOX", nms=True),
        Family("yolov5", "YOLOv5 and YOLOv7", nms=True),
        Family("yolov8", "YOLOv8, YOLOv9 and YOLO11", nms=True),
        Family("yolov10", "YOLO without NMS (YOLOv10, YOLO26)", nms=False),
        Family("nanodet", "NanoDet", nms=True),
        Family("picodet", "PicoDet", nms=True),
        Family("fastestdet", "FastestDet", nms=True),
        Family("yunet", "YuNet (faces)", nms=True),
        # Trained to assign one query to each object.
        Family("rtdetr", "RT-DETR, D-FINE, DEIM", nms=False),
        Family("detr", "DETR, RF-DETR", nms=False),
        Family("efficientdet", "EfficientDet", nms=True),
        Family("end2end", "Finished boxes (NMS inside)", nms=False),
    )
}


def of(card: ModelCard) -> Family:
    """Return a card's family.

    Raises:
        CardError: the family is unknown.
    """
    family = FAMILIES.get(card.family)
    if family is None:
        raise CardError(
            f"{card.name}: nothing is known of the family", card.family,
            remedy=f"Choose one of {', '.join(FAMILIES)}.",
        )  # fmt: skip
    return family


def module(name: str) -> FamilyModule:
    """Return the module that reads a family's open form."""
    return cast("FamilyModule", import_module(f"obscura.families.detectors.{name}"))


def read_rows(ops: Ops, outputs: Mapping[str, Array], card: ModelCard) -> Rows:
    """Return the best rows of an open network's outputs; see `FamilyModule.read`.

    Rows that were exported without a batch get one first, as `recognise` saw them. Finished boxes
    need none, and there may be any number of them, which must not become a part of a sealed graph.
    """
    from obscura.families.common.reading import lacks_batch  # not needed for sealed models

    finished = card.family in ("end2end", "rtdetr")
    if not finished and outputs and max(len(array.shape) for array in outputs.values()) == 2:
        outputs = {
            name: ops.reshape(array, [1, *array.shape]) if lacks_batch(array.shape) else array
            for name, array in outputs.items()
        }
    return module(card.family).read(ops, outputs, spec(card))


def spec(card: ModelCard) -> Spec:
    """Return the `Spec` of an open model.

    Raises:
        CardError: the family is unknown, or an option on the card is unknown or invalid.
    """
    from obscura.families.common.rows import Spec, check_options  # not needed for sealed models

    assert card.open is not None
    options = check_options(card.open.options, module(of(card).name).OPTIONS, card.family)
    return Spec(card.input.width, card.input.height, len(card.labels), card.top, options)
