"""Exports of LibreYOLO (https://github.com/LibreYOLO/libreyolo), recognised by their metadata.

Shapes alone would mislead, because it decodes most families into the same form: corners in pixels
of the input, and a score for each class.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common.reading import USUAL_SIZES, Reading, number, one_picture
from obscura.graph.inspect import Graph


class _Kind(NamedTuple):
    family: str
    resize: str
    form: OpenForm
    options: dict[str, Any]


_UNIT = OpenForm("", std=(255.0, 255.0, 255.0))
_IMAGENET = OpenForm("", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))
_IMAGENET_BGR = OpenForm(
    "", channels="bgr", mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395)
)
_CORNER, _CORNERS = "letterbox-corner", {"boxes": "xyxy"}
_KINDS = {
    "yolox": _Kind("yolox", _CORNER, OpenForm("", channels="bgr"), {"decoded": True}),
    "yolo7": _Kind("yolov8", _CORNER, _UNIT, _CORNERS),
    "yolo9": _Kind("yolov8", _CORNER, _UNIT, _CORNERS),
    "yolo9_e2e": _Kind("yolov10", _CORNER, _UNIT, {"dense": True, **_CORNERS}),
    "picodet": _Kind("yolov8", "stretch", _IMAGENET, _CORNERS),
    "rtmdet": _Kind("yolov8", _CORNER, _IMAGENET_BGR, _CORNERS),
}


def exported(graph: Graph) -> bool:
    """Whether LibreYOLO exported this network."""
    return "libreyolo_version" in graph.metadata


def readings(graph: Graph, family: str) -> list[Reading]:
    """Return the reading of an export of LibreYOLO if `family` reads it, else []."""
    metadata = graph.metadata
    kind = _KINDS.get(metadata.get("model_family", ""))
    picture = one_picture(graph)
    if kind is None or kind.family != family or picture is None or metadata.get("task") != "detect":
        return []
    central = metadata.get("letterbox_pad") == "center"
    width = picture.width or number(metadata.get("imgsz_w", "")) or USUAL_SIZES[0]
    height = picture.height or number(metadata.get("imgsz_h", "")) or USUAL_SIZES[0]
    return [
        Reading(
            family,
            InputSpec(width, height, "letterbox" if central else kind.resize),
            kind.form._replace(
                input=picture.name,
                layout=picture.layout,
                dtype=picture.dtype,
                options=kind.options,
            ),
            number(metadata.get("nc", "")),
            0.95,
            f"the file says that LibreYOLO made it, of {metadata['model_family']}",
            iou=0.45,
        )
    ]
