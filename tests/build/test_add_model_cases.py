"""build.py add-model on networks that were misread once, and on layouts that allow for doubt."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import add_model
import numpy as np
import onnx
import pytest

from obscura import Detector

from ..browser import networks

CASES = Path(__file__).parents[1] / "data" / "cases"

Add = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The models of a repository, of which there are none."""
    folder = tmp_path / "repository" / "models"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def add(models: Path, capsys: pytest.CaptureFixture[str]) -> Add:
    """``add(file, ...)``: adds it as "own"; returns exit code, lines on stdout, and on stderr."""

    def add(file: Path, *arguments: str | Path) -> tuple[int, list[str], list[str]]:
        code = add_model.main([str(file), "--name", "own", *map(str, arguments)], models)
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err.splitlines()

    return add


def card(models: Path) -> dict[str, Any]:
    return tomllib.loads((models / "own" / "model.toml").read_text(encoding="utf-8"))


def test_a_repeated_name_leaves_the_files_own_names(add: Add, models: Path) -> None:
    code, out, err = add(CASES / "names-dup80.onnx")

    assert (code, err) == (0, []), out
    assert card(models)["labels"] == [*(f"k{i}" for i in range(79)), "k0 (2)"]


def test_escaped_names_are_decoded(add: Add, models: Path) -> None:
    assert add(CASES / "names-nbsp.onnx")[0] == 0

    assert card(models)["labels"] == ["traffic\xa0light", "zero\u200bwidth", "b"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("abc.names", (CASES / "abc.names").read_text("utf-8")),
        ("abc.labels", "crimson\nleaf\nsea\n"),
        ("data.yaml", "x: &all\n- crimson\n- leaf\n- sea\nnames: *all\n"),
    ],
)
def test_names_come_from_any_file_of_names(
    add: Add, models: Path, tmp_path: Path, name: str, content: str
) -> None:
    names = tmp_path / name
    names.write_text(content, "utf-8")

    code, out, err = add(CASES / "names-none.onnx", "--labels", names)

    assert (code, err) == (0, []), out
    assert card(models)["labels"] == ["crimson", "leaf", "sea"]


def test_yaml_that_is_damaged_is_refused(add: Add, tmp_path: Path) -> None:
    names = tmp_path / "data.yaml"
    names.write_text("names: [a, b", "utf-8")

    code, _, (line,) = add(CASES / "names-none.onnx", "--labels", names)

    assert code == 1
    assert "no valid YAML" in line


def test_a_symbolic_number_of_channels_is_three(add: Add) -> None:
    code, out, err = add(CASES / "dynamic-channels.onnx")

    assert (code, err) == (0, []), out
    assert out[1].startswith(
        "read as YOLOv8, YOLOv9 and YOLO11, 64 x 64 centred in bars, RGB 0 to 1"
    )


def test_a_network_that_cannot_run_is_read_and_then_refused(add: Add, models: Path) -> None:
    code, out, err = add(CASES / "optimum-yolos.onnx")

    assert code == 1
    assert out[2].startswith("read as DETR, RF-DETR, 640 x 640 stretched, RGB normalised")
    assert len(err) == 1
    assert not (models / "own").exists()


def test_turned_rows_of_an_unusual_number_of_classes_are_asked_about(
    add: Add, models: Path
) -> None:
    code, out, err = add(CASES / "three-class-turned.onnx")

    assert code == 1
    assert "--reading" in err[0]
    readings = [line for line in out if "%  " in line]
    assert any("YOLOv8" in line for line in readings)
    assert any("YOLOX" in line for line in readings)
    assert not (models / "own").exists()


def test_an_input_that_nothing_can_fill_is_named_at_once(add: Add) -> None:
    code, out, (line,) = add(CASES / "extra-input.onnx")

    assert code == 1
    assert len(out) == 1, "nothing was run"
    assert "needs an input that Obscura has no value for: conf_threshold" in line


@pytest.mark.parametrize(("arguments", "side"), [((), 640), (("--size", "320x320"), 320)])
def test_mmdetections_exports_are_read_in_their_colours_and_any_size(
    add: Add, models: Path, tmp_path: Path, arguments: tuple[str, ...], side: int
) -> None:
    file, picture = tmp_path / "finished.onnx", tmp_path / "scene.png"
    file.write_bytes(networks.mmdetection())
    networks.scene().save(picture)
    names = tmp_path / "names.txt"
    names.write_text("crimson\nleaf\nsea\n", "utf-8")
    given = (*arguments, "--labels", names)

    code, out, _ = add(file, *given)

    assert code == 1
    assert any("can have any size: --size" in line for line in out) != bool(arguments)
    (plain,) = [line.split()[0] for line in out if "BGR 0 to 255" in line]
    assert any("BGR normalised by channel" in line for line in out)
    code, out, err = add(file, *given, "--reading", plain)
    assert (code, err) == (0, []), out
    assert card(models)["input"]["width"] == side
    with Detector(models / "own") as detector:
        found = detector.detect(picture)
        assert sorted(detector.card.labels[n] for n in found.class_id) == ["crimson", "leaf", "sea"]


def test_a_network_without_a_batch_in_its_output_is_sealed(
    add: Add, models: Path, tmp_path: Path
) -> None:
    file, picture = tmp_path / "flat.onnx", tmp_path / "scene.png"
    model = onnx.load_from_string(networks.yolov8(metadata=networks.named("a", "b", "c")))
    cast = model.graph.node[-1]
    cast.output[0] = "batched"
    axes = onnx.numpy_helper.from_array(np.array([0]), "axes")
    model.graph.initializer.append(axes)
    model.graph.node.append(onnx.helper.make_node("Squeeze", ["batched", "axes"], ["output0"]))
    del model.graph.output[0].type.tensor_type.shape.dim[0]
    onnx.save(model, file)
    networks.scene().save(picture)

    code, out, err = add(file)

    assert (code, err) == (0, []), out
    assert "open" not in card(models)
    with Detector(models / "own") as detector:
        found = detector.detect(picture)
        assert sorted(detector.card.labels[n] for n in found.class_id) == ["a", "b", "c"]


def test_masks_that_are_left_out_are_said_to_be(add: Add, models: Path, tmp_path: Path) -> None:
    file = tmp_path / "segments.onnx"
    file.write_bytes(networks.yolov8(metadata=networks.named("a", "b", "c", task="segment")))

    code, out, _ = add(file)

    assert code == 0, out
    assert any("its masks are left out" in line for line in out)
    assert card(models)["summary"] == "3 classes; masks are left out"


def test_where_all_readings_are_poor_that_is_said(add: Add, tmp_path: Path) -> None:
    """Here the file names other classes than the network can have under any reading."""
    file = tmp_path / "names.onnx"
    file.write_bytes(networks.yolov8(metadata=networks.named(*"abcde")))

    code, out, _ = add(file)

    assert code == 1
    assert out[-1].startswith("none of them may be right")
