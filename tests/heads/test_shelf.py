"""Heads from the shelf, and networks of one's own, on a real picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura.cards.head_files import shipped
from obscura.cli import main
from obscura.errors import CardError, ModelCorrupt, ModelMismatch, ModelMissing
from obscura.heads import HeadSpec, PipelineSpec
from obscura.heads.assembly import USUAL_ON
from obscura.heads.contract import gives
from obscura.heads.native import PipelineDetector
from obscura.heads.shelf import open_network

SAMPLE = Path(__file__).parents[2] / "assets" / "sample.jpg"
HEADS = SAMPLE.parents[1] / "models" / "heads"


def classifier(path: Path, classes: int = 3) -> Path:
    """Write a classifier of up to three classes: by how red, green and blue a picture is."""
    from onnx import TensorProto, helper, numpy_helper, save

    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
            helper.make_node("Gather", ["mean", "first"], ["some"], axis=1),
            helper.make_node("Softmax", ["some"], ["y"], axis=1),
        ],
        "colours",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, classes])],
        [
            numpy_helper.from_array(np.array([2, 3], np.int64), "axes"),
            numpy_helper.from_array(np.arange(classes), "first"),
        ],
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


def test_a_network_of_the_wrong_shape_is_refused_in_words(tmp_path: Path, capsys: Any) -> None:
    detector = tmp_path / "faces.onnx"
    detector.write_bytes((HEADS / "faces" / "model.onnx").read_bytes())

    with pytest.raises(ModelMismatch, match="not a classifier"):
        open_network(detector)
    assert main(["detect", str(SAMPLE), "--head", str(detector), "--on", "person"]) == 3
    message = capsys.readouterr().err
    assert "not a classifier" in message
    assert message.endswith("For other networks write a head.toml beside the file.\n")


CARD = """
family = "classifier"
labels = ["warm", "fresh", "cold"]

[input]
width = 8
height = 8
resize = "stretch"

[open]
input = "x"
layout = "nchw"
channels = "rgb"
dtype = "float32"
mean = [0, 0, 0]
std = [255, 255, 255]
"""


@pytest.mark.parametrize("named", ["", '[file]\nname = "colour.onnx"\n'])
def test_a_card_beside_a_file_describes_it(tmp_path: Path, named: str, capsys: Any) -> None:
    network = classifier(tmp_path / "colour.onnx")
    classifier(tmp_path / "another.onnx")
    (tmp_path / "head.toml").write_text(CARD + named, encoding="utf-8")

    card, data = open_network(network)

    assert card.labels == ("warm", "fresh", "cold")
    assert (card.name, card.file.name) == ("colour", "colour.onnx")
    assert card.open is not None
    assert card.open.std == (255, 255, 255)
    assert data == network.read_bytes()
    assert main(["detect", str(SAMPLE), "--head", str(network), "--on", "person", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)[0]["detections"][0]
    assert row["attributes"]["colour"]["label"] in card.labels


def test_a_card_that_names_another_file_is_not_for_this_one(tmp_path: Path) -> None:
    network = classifier(tmp_path / "colour.onnx")
    (tmp_path / "head.toml").write_text(CARD + '[file]\nname = "x.onnx"', encoding="utf-8")

    assert open_network(network)[0].labels == ("class 1", "class 2", "class 3")


def test_a_card_beside_a_file_that_is_not_valid_is_refused(tmp_path: Path) -> None:
    network = classifier(tmp_path / "colour.onnx")
    (tmp_path / "head.toml").write_text('family = "clasifier"', encoding="utf-8")

    with pytest.raises(CardError):
        open_network(network)


def test_the_file_of_a_shipped_head_is_read_as_its_card_says() -> None:
    card, _ = open_network(HEADS / "faces" / "model.onnx")

    assert (card.family, card.labels) == ("faces", ("face",))


@pytest.mark.parametrize("place", ["", "./", "../here/"])
def test_the_command_takes_folders(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder = tmp_path / "here" / "my colours"
    folder.mkdir(parents=True)
    classifier(folder / "colour.onnx")
    (folder / "head.toml").write_text(CARD, encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    command = ["detect", str(SAMPLE), "--json", "--head", f"{place}my colours"]

    assert main([*command, "--on", "person"]) == 0
    row = json.loads(capsys.readouterr().out)[0]["detections"][0]
    assert row["attributes"]["my-colours"]["label"] in ("warm", "fresh", "cold")
    assert main(command) == 2
    assert "does not say what it looks at" in capsys.readouterr().err


def test_the_folder_of_a_shipped_head_needs_no_more(capsys: Any) -> None:
    assert main(["detect", str(SAMPLE), "--head", str(HEADS / "emotion"), "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)[0]["detections"]
    assert rows[0]["attributes"]["emotion"]["label"] == "happy"


def test_a_folder_without_a_card_is_refused_for_that(tmp_path: Path, capsys: Any) -> None:
    assert main(["detect", str(SAMPLE), "--head", str(tmp_path)]) == 3
    assert capsys.readouterr().err == (
        f"obscura: The folder has no head.toml ({tmp_path}). Write one there: see docs/models.md.\n"
    )
    assert main(["detect", str(SAMPLE), "--head", str(tmp_path / "none")]) == 3
    assert "There is no such head" in capsys.readouterr().err


@pytest.mark.parametrize("on", ["face", "face,person"])
def test_faces_are_found_for_a_head_that_says_so_itself(
    tmp_path: Path, on: str, capsys: Any
) -> None:
    own = str(classifier(tmp_path / "mask.onnx"))
    heads = ["--head", "emotion", "--on", "face", "--head", own, "--on", on]

    assert main(["detect", str(SAMPLE), *heads, "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)[0]["detections"]
    assert [row["label"] for row in rows] == ["face", "person"]
    assert rows[0]["attributes"]["emotion"]["label"] == "happy"
    assert "mask" in rows[0]["attributes"]
    assert ("attributes" in rows[1]) == (on == "face,person")


def test_a_file_that_does_not_exist_has_one_bracket(capsys: Any) -> None:
    assert main(["detect", str(SAMPLE), "--head", "nofile.onnx", "--on", "person"]) == 3
    assert capsys.readouterr().err == (
        "obscura: The head's network cannot be read: No such file or directory (nofile.onnx). "
        "Check its path.\n"
    )


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
