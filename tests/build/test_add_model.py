"""build.py add-model: a network of somebody's own becomes one of the page's models."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import add_model
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from builder import commands, own_models
from builder.build import ROOT
from builder.models import collect
from modelkit.builder import Builder
from modelkit.compact import STORAGES
from obscura import Detector
from obscura.engine.native import NativeSession
from obscura.engine.selfcheck import verify
from obscura.families.decode import read
from obscura.pictures import open_picture, to_rgba

SIZE = 64
SAMPLE = ROOT / "assets" / "sample.jpg"
NAMES = "red\ngreen\nblue\n"


def tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


PICTURE = tensor("images", 1, 3, SIZE, SIZE)


def colours() -> onnx.ModelProto:
    """A YOLOX that sees how red, green and blue each cell of strides 8, 16 and 32 is."""
    builder = Builder()
    scores = []
    for stride in (8, 16, 32):
        sides = [stride, stride]
        pooled = builder.node("AveragePool", ["images"], "pool", kernel_shape=sides, strides=sides)
        flat = builder.constant(np.array([1, 3, -1]), "flat")
        scores.append(builder.node("Reshape", [pooled, flat], "cells"))
    every = builder.node("Concat", scores, "cells", axis=2)
    every = builder.node("Transpose", [every], "rows", perm=[0, 2, 1])
    weight = builder.constant(np.eye(3, dtype=np.float32)[::-1] / 255, "weight")
    every = builder.node("MatMul", [every, weight], "scores")
    box = np.tile(np.array([0.5, 0.5, 0, 0, 1], np.float32), (1, 84, 1))
    builder.node("Concat", [builder.constant(box, "box"), every], "output", axis=2)
    return builder.model("colours", [PICTURE], [tensor("output", 1, 84, 8)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The network as somebody has it, in a folder of their own."""
    path = tmp_path / "mine" / "Colours v2.onnx"
    path.parent.mkdir()
    onnx.save(colours(), path)
    (path.parent / "names.txt").write_text(NAMES, encoding="utf-8")
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The models of a repository, which has one."""
    models = tmp_path / "repository" / "models"
    shutil.copytree(ROOT / "models" / "cocossd", models / "cocossd")
    (models / "default").write_text("cocossd\n", encoding="utf-8")
    return models


Add = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def add(file: Path, models: Path, capsys: pytest.CaptureFixture[str]) -> Add:
    """``add("--name", ...)``: exit code, and the lines on stdout and stderr."""

    def add(*arguments: str | Path, network: Path = file) -> tuple[int, list[str], list[str]]:
        code = add_model.main([str(network), *map(str, arguments)], models)
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err.splitlines()

    return add


def card(models: Path, name: str = "colours") -> dict[str, Any]:
    return tomllib.loads((models / name / "model.toml").read_text(encoding="utf-8"))


# ---- what comes of it ----------------------------------------------------------------------------


def test_the_page_offers_it_after_the_next_build(add: Add, file: Path, models: Path) -> None:
    code, out, err = add(
        "--name", "colours", "--title", "My colours", "--license", "MIT",
        "--labels", file.parent / "names.txt", "--default",
    )  # fmt: skip

    assert (code, err) == (0, [])
    assert out[1].startswith("read as YOLOX, 64 x 64 in the corner, BGR 0 to 255: 84 rows")
    assert "1 picture" in out[2]
    first, *others = collect(models.parent)
    assert (first.name, [model.name for model in others]) == ("colours", ["cocossd"])
    made = first.card
    assert (made["title"], made["license"], made["family"]) == ("My colours", "MIT", "yolox")
    assert made["labels"] == ["red", "green", "blue"]
    assert made["source"]["file"] == "Colours v2.onnx"
    assert len(made["source"]["sha256"]) == 64
    assert "open" not in made
    assert {path.name for path in (models / "colours").iterdir()} == {"model.onnx", "model.toml"}
    assert list((models.parent / "build").iterdir()) == []


def test_the_library_runs_it_and_finds_the_answer_on_record(add: Add, models: Path) -> None:
    add("--name", "colours")

    with Detector(models / "colours") as detector:
        found = detector.detect(SAMPLE)
        assert len(found) > 0
        session = NativeSession(detector.card, (models / "colours" / "model.onnx").read_bytes())
    raw = session.run(to_rgba(open_picture(SAMPLE)))
    verify(read(raw, detector.card), detector.card)
    assert detector.card.check is not None
    np.testing.assert_allclose(found.score, detector.card.check.detections.score, atol=1e-3)


def test_a_network_without_names_gets_numbered_classes_and_no_licence(
    add: Add, models: Path
) -> None:
    _, out, _ = add("--name", "colours")

    assert any("see --labels" in line for line in out)
    assert any("NOASSERTION" in line for line in out)
    assert card(models)["labels"] == ["class 1", "class 2", "class 3"]
    assert card(models)["license"] == "NOASSERTION"


def test_names_and_licence_that_the_file_tells_go_onto_the_card(
    add: Add, file: Path, models: Path
) -> None:
    network = colours()
    told = {"names": "{0: 'red', 1: 'green', 2: 'blue'}", "license": "CC-BY-4.0"}
    helper.set_model_props(network, told)
    onnx.save(network, file)

    _, out, _ = add("--name", "colours")

    assert card(models)["labels"] == ["red", "green", "blue"]
    assert card(models)["license"] == "CC-BY-4.0"
    assert "no --license: the card says CC-BY-4.0, as the file says" in out


@pytest.mark.parametrize(
    ("storage", "kept"),
    [
        ([], "fp16"),
        (["--quantize", "none"], "none"),
        (["--quantize", "int8-storage"], "int8-storage"),
    ],
)
def test_weights_are_stored_as_asked_for(
    add: Add, models: Path, storage: list[str], kept: str
) -> None:
    add("--name", "colours", *storage)

    assert card(models)["source"]["storage"] == kept
    assert "boxes found by both" in card(models)["source"]["agreement"]


def test_it_is_compared_on_the_pictures_of_a_folder(add: Add, file: Path) -> None:
    shutil.copy(SAMPLE, file.parent / "one.jpg")
    shutil.copy(SAMPLE, file.parent / "two.jpg")

    _, out, _ = add("--name", "colours", "--images", file.parent)

    assert any("3 pictures" in line for line in out)


def test_weights_beside_the_file_come_along(add: Add, file: Path, models: Path) -> None:
    apart = file.parent / "apart.onnx"
    onnx.save(colours(), apart, save_as_external_data=True, location="apart.bin", size_threshold=0)

    code, _, err = add("--name", "colours", network=apart)

    assert (code, err) == (0, [])
    assert (models / "colours" / "model.onnx").stat().st_size > 1000

    (file.parent / "apart.bin").unlink()
    code, _, err = add("--name", "again", network=apart)
    assert code == 1
    assert "put apart.bin beside it" in err[0]


def test_a_network_that_cannot_be_sealed_stays_open(add: Add, file: Path, models: Path) -> None:
    network = colours()
    sparse = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("places", TensorProto.INT64, [1], [0])
    network.graph.sparse_initializer.append(helper.make_sparse_tensor(sparse, places, [4]))
    onnx.save(network, file)

    code, out, _ = add("--name", "colours", "--labels", file.parent / "names.txt")

    assert code == 0
    assert "it stays open, for it cannot be sealed: it has sparse weights" in out
    assert (models / "colours" / "model.onnx").read_bytes() == file.read_bytes()
    assert card(models)["open"]["input"] == "images"
    with Detector(models / "colours") as detector:
        assert len(detector.detect(SAMPLE)) == len(card(models)["check"]["detections"]) > 0


@pytest.mark.parametrize("told", [["n", "rows", 8], ["n", "rows", "columns"]], ids=str)
def test_a_network_of_open_size_takes_the_one_asked_for(
    add: Add, file: Path, models: Path, told: list[str | int]
) -> None:
    """Where the file does not even tell what it returns, a run does."""
    network = colours()
    del network.graph.input[:], network.graph.output[:]
    network.graph.input.append(
        helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "height", "width"])
    )
    network.graph.output.append(helper.make_tensor_value_info("output", TensorProto.FLOAT, told))
    onnx.save(network, file)

    code, out, err = add("--name", "colours", "--size", SIZE, "--family", "yolox")

    assert (code, err) == (0, []), out
    assert card(models)["input"] == {"width": SIZE, "height": SIZE, "resize": "letterbox-corner"}
    assert len(card(models)["labels"]) == 3


# ---- what it asks, and refuses -------------------------------------------------------------------


def test_where_the_reading_is_not_certain_it_lists_them_and_asks(
    add: Add, file: Path, models: Path
) -> None:
    builder = Builder()
    boxes = np.tile(np.array([0.1, 0.1, 0.6, 0.6], np.float32), (1, 30, 1))
    bright = builder.node("ReduceMean", ["images"], "bright", keepdims=0)
    scores = builder.constant(np.full((1, 30, 5), 0.9, np.float32), "constant")
    builder.node("Add", [builder.constant(boxes, "corners"), bright], "boxes")
    builder.node("Identity", [scores], "scores")
    outputs = [tensor("boxes", 1, 30, 4), tensor("scores", 1, 30, 5)]
    onnx.save(builder.model("two ways", [PICTURE], outputs), file)

    code, out, err = add("--name", "two-ways")

    assert code == 1
    assert "--reading" in err[0]
    sees = [line.strip() for line in out if line.strip().startswith("sees ")]
    assert len(sees) >= 2
    assert re.match(r"sees (class \d 90% at \d+, \d+, \d+, \d+(; )?)+ .drawn in", sees[0])
    drawings = sorted(path.name for path in (models.parent / "build").iterdir())
    assert drawings == [f"reading-{number}.png" for number in range(1, len(sees) + 1)]
    assert not (models / "two-ways").exists()

    code, out, err = add("--name", "two-ways", "--reading", "2")
    assert (code, err) == (0, [])

    code, _, err = add("--name", "three", "--reading", "99")
    assert "there is no reading 99" in err[0]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--name", "cocossd"], "models/cocossd exists: choose another --name or add --replace."),
        (["--name", "../colours"], "not a valid name"),
        (["--name", "Colours"], "not a valid name"),
        (["--name", "default"], "models/default exists"),
        (["--name", "c", "--family", "yolo99"], "no family 'yolo99': choose one of ssd"),
        (["--name", "c", "--family", "ssd"], "cannot be of the family ssd: .* say --family yolox"),
        (["--name", "c", "--size", "128"], "takes 64x64 and no other size"),
        (["--name", "c", "--labels", "{mine}/two.txt"], "You gave 2 names, but this model has 3"),
        (["--name", "c", "--labels", "{mine}/twice.txt"], "class name on line 2"),
        (["--name", "c", "--labels", "{mine}/none.txt"], "none.txt"),
        (["--name", "c", "--images", "{mine}"], "contains no pictures"),
        (["--name", "c", "--images", "{mine}/none"], "none"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_told_in_one_line(
    add: Add, file: Path, models: Path, arguments: list[str], complaint: str
) -> None:
    (file.parent / "two.txt").write_text("red\ngreen\n", encoding="utf-8")
    (file.parent / "twice.txt").write_text("red\nred\nblue\n", encoding="utf-8")
    before = sorted(path.relative_to(models) for path in models.rglob("*"))

    code, _, err = add(*(word.format(mine=file.parent) for word in arguments))

    assert code == 1
    (line,) = err
    assert line.startswith("build.py: ")
    assert re.search(complaint, line), line
    assert sorted(path.relative_to(models) for path in models.rglob("*")) == before


def classifier() -> onnx.ModelProto:
    builder = Builder()
    builder.node(
        "ReduceMean", ["images", builder.constant(np.array([2, 3]), "axes")], "output", keepdims=0
    )
    return builder.model("classifier", [PICTURE], [tensor("output", 1, 3)])


def foreign() -> onnx.ModelProto:
    model = colours()
    model.graph.node[-1].domain = "elsewhere"
    model.opset_import.append(helper.make_opsetid("elsewhere", 1))
    return model


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not an ONNX model"),
        (b"PK\x03\x04" * 100, "not an ONNX model"),
        (colours().SerializeToString()[:-500], "damaged or cut off"),
        (classifier().SerializeToString(), "classifier"),
        (foreign().SerializeToString(), "not ONNX's own (elsewhere:Concat)"),
    ],
    ids=["empty", "something else", "cut off", "a classifier", "operators of elsewhere"],
)
def test_files_that_are_no_detector_are_refused(
    add: Add, file: Path, models: Path, data: bytes, complaint: str
) -> None:
    file.write_bytes(data)

    code, _, err = add("--name", "mine")

    assert code == 1
    (line,) = err
    assert complaint in line
    assert not (models / "mine").exists()


def test_a_model_is_replaced_only_when_told_to(add: Add, models: Path) -> None:
    add("--name", "colours", "--title", "first")

    code, _, err = add("--name", "colours", "--title", "second")
    assert (code, card(models)["title"]) == (1, "first")
    assert "--replace" in err[0]

    code, _, _ = add("--name", "colours", "--title", "second", "--replace")
    assert (code, card(models)["title"]) == (0, "second")


# ---- the way from build.py -----------------------------------------------------------------------


def test_build_py_hands_over_its_arguments(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In a copy of the repository, with this very Python in place of one made for it."""
    root = tmp_path / "copy"
    for name in ("bench", "py", "tools"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "build.py", root)
    shutil.copytree(ROOT / "models" / "cocossd", root / "models" / "cocossd")
    (root / "assets").mkdir()
    shutil.copy(SAMPLE, root / "assets")
    monkeypatch.setattr(commands, "ROOT", root)
    monkeypatch.setattr(own_models, "environment", lambda _root: Path(sys.executable))

    code = commands.main(["add-model", str(file), "--name", "colours", "--default"])

    assert code == 0, capfd.readouterr().err
    assert [model.name for model in collect(root)] == ["colours", "cocossd"]

    assert commands.main(["remove-model", "cocossd"]) == 0
    assert [model.name for model in collect(root)] == ["colours"]


def test_the_command_line_knows_all_ways_to_store_weights() -> None:
    assert set(own_models.STORAGES) == set(STORAGES)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--size", "64xfour"], "not a size such as 640x640"),
        (["--size", "0"], "not a size such as 640x640"),
        (["--threshold", "40"], "not a number from 0 to 1"),
        (["--quantize", "int4"], "invalid choice"),
    ],
    ids=" ".join,
)
def test_arguments_of_the_wrong_kind_are_told_at_once(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        commands.main(["add-model", "x.onnx", "--name", "x", *arguments])

    assert complaint in capsys.readouterr().err
