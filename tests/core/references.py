"""What tests of families share: recorded outputs of real projects, and cards that read them.

``tools/record_references.py`` makes the recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import InputSpec, ModelCard, ModelFile, OpenForm
from obscura.detections import Detections
from obscura.families import decode
from obscura.graph.inspect import Graph, inspect

DATA = Path(__file__).parents[1] / "data"

RECORDINGS: list[tuple[str, str, int, dict[str, Any]]] = [
    ("centernet", "centernet", 5, {"logits": True}),
    ("ssdlite", "ssd", 5, {"order": "xyxy", "pixels": True}),
    ("efficientdet", "efficientdet", 5, {"anchor_scale": 3.0}),
    ("detr", "detr", 5, {"scores": "softmax", "none": "last"}),
    ("deformable-detr", "detr", 5, {}),
    ("rtdetr-raw", "detr", 5, {}),
    ("rfdetr", "detr", 6, {}),  # its head has a column more than there are classes
    ("rtdetr", "rtdetr", 5, {}),
    ("dfine", "rtdetr", 5, {}),
    ("faster-rcnn", "end2end", 5, {"first": 1}),
    ("yunet", "yunet", 1, {}),
    ("scrfd", "scrfd", 1, {}),
    ("retinaface", "retinaface", 1, {}),
    ("yolov5-face", "yolov5", 1, {"points": 5, "extra": 10, "extra_first": True}),
    ("blazeface-short", "mediapipe", 1, {}),
    ("blazeface-full", "mediapipe", 1, {"strides": [4], "each": [1]}),
    ("blazeface-back", "mediapipe", 1, {"strides": [16, 32], "each": [2, 6]}),
]


class Recorded(NamedTuple):
    """Raw outputs of a network, and what its own project makes of them."""

    size: tuple[int, int]  # width and height of the network's input
    outputs: dict[str, NDArray[Any]]
    found: Detections  # in pixels of the input, best first
    threshold: float
    iou: float
    project: str


def recorded(name: str) -> Recorded:
    """Return a recording of ``tests/data/references``."""
    with np.load(DATA / "references" / f"{name}.npz") as file:
        order = np.argsort(-file["scores"], kind="stable")
        width, height = (int(side) for side in file["size"])
        return Recorded(
            (width, height),
            {str(key): file[f"output{i}"] for i, key in enumerate(file["names"])},
            Detections(
                file["boxes"][order],
                file["scores"][order],
                file["classes"][order],
                data={"keypoints": file["keypoints"][order]} if "keypoints" in file else {},
            ),
            float(file["threshold"]),
            float(file["iou"]),
            str(file["project"]),
        )


def face(name: str) -> Graph:
    """Return the face of an export of ``tests/data/graphs``."""
    data = (DATA / "graphs" / f"{name}.onnx").read_bytes()
    return inspect(lambda start, stop: data[start:stop], len(data))


def card_of(
    family: str, size: tuple[int, int], classes: int, top: int = 300, **options: Any
) -> ModelCard:
    """Return the card of an open model whose classes are called class 0, class 1, ..."""
    return ModelCard(
        name="test", title="Test", summary="a test", family=family,
        labels=tuple(f"class {i}" for i in range(classes)), license="Apache-2.0",
        file=ModelFile("model.onnx", 1, "0" * 64), source={},
        input=InputSpec(*size, "stretch"), open=OpenForm("image", options=options),
        top=top, threshold=0.5, iou=0.5, check=None, accuracy={},
    )  # fmt: skip


def read(
    card: ModelCard, outputs: Mapping[str, NDArray[Any]], threshold: float = 0.5, iou: float = 0.5
) -> Detections:
    """Read raw outputs; boxes are in pixels of the network's input."""
    rows = decode.read(outputs, card)
    size = card.input.width, card.input.height
    return decode.decode(rows, card, size, threshold=threshold, iou=iou)


def assert_same(found: Detections, expected: Detections, tolerance: float = 0.01) -> None:
    """Assert that two hold the same detections, in any order among equal scores.

    Key points are compared if any are expected: x and y, and the score if that is expected, too.
    """
    assert len(found) == len(expected) > 0
    np.testing.assert_allclose(found.score, expected.score, atol=1e-5)
    left = list(range(len(expected)))
    points = expected.data.get("keypoints")
    for row, (box, class_id, score) in enumerate(
        zip(found.xyxy, found.class_id, found.score, strict=True)
    ):
        match = next(
            (
                i
                for i in left
                if expected.class_id[i] == class_id
                and abs(expected.score[i] - score) < 1e-5
                and np.abs(expected.xyxy[i] - box).max() < tolerance
            ),
            None,
        )
        assert match is not None, f"{class_id} {score} {box} is not among the expected"
        left.remove(match)
        if points is not None:
            near = found.data["keypoints"][row, :, : points.shape[2]] - points[match]
            assert np.abs(near).max() < tolerance
