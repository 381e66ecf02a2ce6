"""The guess on the faces of real exports: what nobody has to ask a person about."""

from __future__ import annotations

from pathlib import Path

import pytest

from obscura.cards.labels import COCO
from obscura.errors import NotADetector
from obscura.graph.inspect import Graph, inspect
from obscura.identify.guess import certain, guess, refined

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT / "tests" / "data" / "graphs"
OWN = ROOT / "examples" / "custom" / "shapes.onnx"


def face(path: Path) -> Graph:
    data = path.read_bytes()
    return inspect(lambda start, stop: data[start:stop], len(data))


@pytest.mark.parametrize(
    ("name", "family", "size"),
    [
        ("libreyolo-yolov7", "yolov8", (640, 640)),
        ("libreyolo-yolov9", "yolov8", (640, 640)),
        ("libreyolo-yolov9-e2e", "yolov10", (640, 640)),
        ("libreyolo-yolox", "yolox", (416, 416)),
        ("libreyolo-picodet", "yolov8", (320, 320)),  # whose boxes come decoded
        ("yolox-nano", "yolox", (416, 416)),
        ("picodet-s", "picodet", (320, 320)),
    ],
)
def test_exports_of_coco_detectors_are_known(name: str, family: str, size: tuple[int, int]) -> None:
    readings = guess(face(FACES / f"{name}.onnx"))

    assert certain(readings)
    assert (readings[0].family, readings[0].input[:2]) == (family, size)
    assert readings[0].labels == COCO


def test_the_networks_of_the_examples_are_known() -> None:
    (best, *_) = readings = guess(face(OWN))

    assert certain(readings)
    assert (best.family, best.input) == ("yolov8", (160, 160, "letterbox"))
    assert best.labels == ("circle", "square", "triangle", "star")


def test_an_export_that_keeps_its_shapes_to_itself_is_known_by_a_run() -> None:
    silent = face(FACES / "yolox-nano-batch.onnx")
    with pytest.raises(NotADetector, match="does not describe what"):
        guess(silent)

    readings = guess(refined(silent, (416, 416), {"output": (1, 3549, 85)}))

    assert certain(readings)
    assert readings[0].family == "yolox"
