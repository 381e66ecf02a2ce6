"""Heads from the shelf, and networks of one's own, on a real picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura.cards.head_files import shipped
from obscura.cli import main
from obscura.errors import ModelCorrupt, ModelMismatch, ModelMissing
from obscura.heads import HeadSpec, PipelineSpec
from obscura.heads.assembly import USUAL_ON
from obscura.heads.contract import gives
from obscura.heads.native import PipelineDetector
from obscura.heads.shelf import open_network

SAMPLE = Path(__file__).parents[2] / "assets" / "sample.jpg"


def classifier(path: Path) -> Path:
    """Write a classifier of three classes: by how red, green and blue a picture is."""
    from onnx import TensorProto, helper, numpy_helper, save

    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
            helper.make_node("Softmax", ["mean"], ["y"], axis=1),
        ],
        "colours",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.array([2, 3], np.int64), "axes")],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def test_it_is_known_what_each_shipped_head_gives_and_looks_at() -> None:
    assert set(USUAL_ON) == set(shipped())
    for name in shipped():
        card, _ = open_network(name)
        given = gives(card)
        assert given.adds == {"faces": "face", "faces-far": "face", "text": "text"}.get(name, "")
        assert card.labels or not (given.adds or given.classes)


def test_an_expression_is_found_by_way_of_faces(capsys: Any) -> None:
    assert main(["detect", str(SAMPLE), "--head", "emotion", "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)[0]["detections"]
    assert [row["label"] for row in rows] == ["face", "person"]
    assert rows[0]["attributes"]["emotion"]["label"] == "happy"
    assert len(rows[0]["keypoints"]) == 6
    assert "keypoints" not in rows[1]
    assert "attributes" not in rows[1]


def test_a_pose_lies_within_its_person() -> None:
    with PipelineDetector(PipelineSpec(heads=(HeadSpec("pose", "pose"),))) as detector:
        found = detector.detect(SAMPLE)

    left, top, right, bottom = found.xyxy[0]
    x, y, score = found.data["pose"][0].T
    seen = score > 0.3
    assert seen[:5].all(), "nose, eyes and ears"
    assert ((x > left) & (x < right) & (y > top) & (y < bottom))[:5].all()


def test_faces_are_found_in_the_frame_and_in_the_person_but_are_one() -> None:
    with PipelineDetector(PipelineSpec(heads=(HeadSpec("faces", "faces"),))) as detector:
        found = detector.detect(SAMPLE)

    assert sorted(detector.labels[i] for i in found.class_id) == ["face", "person"]


def test_a_classifier_of_ones_own_with_names_beside_it(tmp_path: Path, capsys: Any) -> None:
    network = classifier(tmp_path / "colour.onnx")
    (tmp_path / "colour.txt").write_text("red\ngreen\nblue\n", encoding="utf-8")

    assert main(["detect", str(SAMPLE), "--head", str(network), "--on", "person", "--json"]) == 0

    row = json.loads(capsys.readouterr().out)[0]["detections"][0]
    assert set(row["attributes"]) == {"colour"}
    assert row["attributes"]["colour"]["label"] in ("red", "green", "blue")


def test_without_names_classes_are_numbered(tmp_path: Path) -> None:
    card, _ = open_network(classifier(tmp_path / "colour.onnx"))

    assert len(card.labels) == 3
    assert card.name == "colour"


def test_a_network_of_the_wrong_shape_is_refused_in_words(capsys: Any) -> None:
    detector = SAMPLE.parents[1] / "models" / "heads" / "faces" / "model.onnx"

    with pytest.raises(ModelMismatch, match="not a classifier"):
        open_network(detector)
    assert main(["detect", str(SAMPLE), "--head", str(detector), "--on", "person"]) == 1
    assert "not a classifier" in capsys.readouterr().err


def test_heads_that_do_not_exist_or_are_damaged_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match='Did you mean "emotion"'):
        open_network("emotoin")
    with pytest.raises(ModelMissing, match="cannot be read"):
        open_network(tmp_path / "missing.onnx")
    folder = tmp_path / "emotion"
    folder.mkdir()
    original = SAMPLE.parents[1] / "models" / "heads" / "emotion"
    (folder / "head.toml").write_bytes((original / "head.toml").read_bytes())
    (folder / "model.onnx").write_bytes((original / "model.onnx").read_bytes()[:-1] + b"x")
    with pytest.raises(ModelCorrupt):
        open_network(folder)
