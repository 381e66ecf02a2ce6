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
    pairs: Mapping[int, Pairs] = {}
    """Left and right ones among its key points, by the number of key points."""
    own_iou: float | None = None
    """Overlap above which its authors drop the worse of two boxes when they measure average
    precision on COCO; None for the card's, where authors differ or do not say."""
    many: bool = False
    """Whether its authors then count a box once for each class that it may have."""


Pairs = tuple[tuple[int, int], ...]
_BODY: Pairs = tuple((left, left + 1) for left in range(1, 17, 2))
"""Of COCO's 17 key points: nose, then pairs from the eyes to the ankles."""

_FACE: Pairs = ((0, 1), (3, 4))
"""Of five points of a face: eyes, nose, corners of the mouth."""

_BLAZEFACE: Pairs = ((0, 1), (4, 5))
"""Of six points of a face: eyes, nose, mouth, ears."""

FAMILIES = {
    family.name: family
    for family in (
        # One row per anchor: several for one object.
        Family("ssd", "SSD", nms=True),
        # One peak per object, but large objects occasionally have two.
        Family("centernet", "CenterNet", nms=True),
        Family("yolox", "YOLOX", nms=True, own_iou=0.65),
        Family(
            "yolov5", "YOLOv5 and YOLOv7", nms=True, pairs={5: _FACE, 17: _BODY},
            own_iou=0.65, many=True,
        ),
        Family(
            "yolov8", "YOLOv8, YOLOv9 and YOLO11", nms=True, pairs={17: _BODY},
            own_iou=0.7, many=True,
        ),
        Family("yolov10", "YOLO without NMS (YOLOv10, YOLO26)", nms=False, pairs={17: _BODY}),
        Family("nanodet", "NanoDet", nms=True, own_iou=0.6, many=True),
        Family("picodet", "PicoDet", nms=True, own_iou=0.6, many=True),
        Family("fastestdet", "FastestDet", nms=True),
        Family("yunet", "YuNet (faces)", nms=True, pairs={5: _FACE}),
        Family("scrfd", "SCRFD (faces)", nms=True, pairs={5: _FACE}),
        Family("retinaface", "RetinaFace (faces)", nms=True, pairs={5: _FACE}),
        Family("mediapipe", "MediaPipe (faces, palms)", nms=True, pairs={6: _BLAZEFACE}),
        Family("fastestv2", "Yolo-FastestV2", nms=True),
        Family("ssd_raw", "SSD before decoding, Ultraface", nms=True),
        # Trained to assign one query to each object.
        Family("rtdetr", "RT-DETR, D-FINE, DEIM", nms=False),
        Family("detr", "DETR, RF-DETR", nms=False),
        Family("efficientdet", "EfficientDet", nms=True),
        Family("end2end", "Finished boxes (NMS inside)", nms=False),
    )
}  # fmt: skip

THOROUGH_ROWS = 30_000
"""Rows read in a thorough detection: all that a usual network has above the lowest scores."""


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


def keypoint_pairs(card: ModelCard, count: int) -> Pairs:
    """Return the left and right ones of a model's key points, as pairs of indices.

    Args:
        card: the model's card.
        count: number of its key points; 0 for none.

    Raises:
        CardError: the family is unknown.
    """
    return of(card).pairs.get(count, ())


def module(name: str) -> FamilyModule:
    """Return the module that reads a family's open form."""
    return cast("FamilyModule", import_module(f"obscura.families.detectors.{name}"))


def overlap(card: ModelCard, *, thorough: bool = False) -> float:
    """Return the overlap, 0..1, above which the worse of two boxes of a class is dropped.

    Args:
        card: the model's card.
        thorough: return that with which the family's authors measure, if it is published; its value
            on the card is for people, whom two boxes around one object disturb more.

    Raises:
        CardError: the family is unknown.
    """
    own = of(card).own_iou if thorough else None
    return card.iou if own is None else own


def read_rows(
    ops: Ops, outputs: Mapping[str, Array], card: ModelCard, *, thorough: bool = False
) -> Rows:
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
    return module(card.family).read(ops, outputs, spec(card, thorough=thorough))


def spec(card: ModelCard, *, thorough: bool = False) -> Spec:
    """Return the `Spec` of an open model.

    Args:
        card: the model's card.
        thorough: read all rows, and all classes of each if the family's authors do so.

    Raises:
        CardError: the family is unknown, or an option on the card is unknown or invalid.
    """
    from obscura.families.common.rows import Spec, check_options  # not needed for sealed models

    assert card.open is not None
    options = check_options(card.open.options, module(of(card).name).OPTIONS, card.family)
    return Spec(
        card.input.width,
        card.input.height,
        len(card.labels),
        THOROUGH_ROWS if thorough else card.top,
        options,
        many=thorough and of(card).many,
    )
