"""Evaluation reads dense models thoroughly, unless it is asked to read them as the page does."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from obscura import Detector, cli
from obscura.cards.card import InputSpec, ModelCard, ModelFile, OpenForm
from obscura.identify.guess import to_table

SIDE, CELLS = 64, 84

PICTURE, OUTPUT = (
    helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    for name, shape in (("image", [1, 3, SIDE, SIDE]), ("output", [1, 6, CELLS]))
)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One model: sees a box that may be of two classes, and one overlapping it by 0.6."""
    table = np.zeros((1, 6, CELLS), np.float32)
    table[0, :, 3] = [20, 20, 40, 40, 0.9, 0.8]
    table[0, :, 4] = [20, 30, 40, 40, 0.7, 0]
    nodes = [
        helper.make_node("ReduceMin", ["image"], ["darkest"], keepdims=0),
        helper.make_node("Add", ["table", "darkest"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes, "two", [PICTURE], [OUTPUT], [numpy_helper.from_array(table, "table")]
    )
    opsets = [helper.make_opsetid("", 13)]
    network = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    card = ModelCard(
        name="two", title="Two", summary="a test", family="yolov8", labels=("red", "blue"),
        license="Apache-2.0", file=ModelFile("model.onnx", 1, "0" * 64), source={},
        input=InputSpec(SIDE, SIDE, "stretch"), open=OpenForm("image"),
        top=300, threshold=0.5, iou=0.5, check=None, accuracy={},
    )  # fmt: skip
    file = ModelFile("model.onnx", len(network), sha256(network).hexdigest())
    folder = tmp_path / "models" / "two"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(network)
    (folder / "model.toml").write_text(tomli_w.dumps(to_table(replace(card, file=file))), "utf-8")
    monkeypatch.setenv("OBSCURA_MODELS", str(folder.parent))
    return folder


def test_a_thorough_detector_sees_both_classes_and_the_box_beside(models: Path) -> None:
    black = np.zeros((SIDE, SIDE, 3), np.uint8)

    with Detector(models) as live, Detector(models, thorough=True) as thorough:
        assert live.detect(black).class_id.tolist() == [0]
        assert thorough.detect(black).class_id.tolist() == [0, 1, 0]
    with Detector(models, thorough=True, iou=0.5) as stricter:
        assert stricter.detect(black).class_id.tolist() == [0, 1]


@pytest.mark.parametrize(("live", "ap50"), [((), 100.0), (("--live",), 50.0)])
def test_evaluate_counts_every_class_of_a_box_unless_asked_for_the_page(
    models: Path, live: tuple[str, ...], ap50: float
) -> None:
    folder = models.parents[1]
    (folder / "images").mkdir()
    Image.new("RGB", (SIDE, SIDE)).save(folder / "images" / "1.png")
    table = {
        "images": [{"id": 1, "file_name": "1.png"}],
        "categories": [{"id": 1, "name": "red"}, {"id": 2, "name": "blue"}],
        "annotations": [
            {"image_id": 1, "category_id": number, "bbox": [0, 0, 40, 40]} for number in (1, 2)
        ],
    }
    (folder / "instances.json").write_text(json.dumps(table))
    where = ["--images", str(folder / "images"), "--annotations", str(folder / "instances.json")]

    assert cli.main(["evaluate", *where, "--json", str(folder / "out.json"), *live]) == 0

    (result,) = json.loads((folder / "out.json").read_text())["results"]
    assert result["ap50"] == ap50
    assert result["command"].endswith("two" + "".join(f" {word}" for word in live))
