"""An ONNX file is a model, and the ways to read it are listed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from obscura import Detector
from obscura.cli import main
from obscura.own_model import ReadingUnclear, open_own

ROOT = Path(__file__).resolve().parents[2]
SHAPES = ROOT / "examples" / "custom" / "shapes.onnx"
GRAPHS = ROOT / "tests" / "data" / "graphs"


def test_a_file_whose_reading_is_certain_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    shutil.copy(SHAPES, path)

    with Detector(path) as detector:
        assert detector.card.name == "mine"
        assert set(detector.labels) == {"circle", "square", "star", "triangle"}
        assert len(detector.detect(ROOT / "assets" / "sample.jpg")) > 0


def test_a_card_beside_it_counts(colour_models: Path) -> None:
    card, data = open_own(colour_models / "colours" / "model.onnx")

    assert card.title == "Colours"
    assert len(data) == card.file.bytes


def test_where_it_is_not_certain_the_ways_are_listed_and_one_is_chosen() -> None:
    path = GRAPHS / "deformable-detr.onnx"

    with pytest.raises(ReadingUnclear) as caught:
        open_own(path)

    assert "--reading" in str(caught.value)
    assert "2: " in str(caught.value)
    first, second = open_own(path, 1)[0], open_own(path, 2)[0]
    assert first.open != second.open
    with pytest.raises(ReadingUnclear):
        open_own(path, 99)


def test_the_command_says_what_to_choose(capsys: Any) -> None:
    assert main(["detect", "a.png", "--model", str(GRAPHS / "deformable-detr.onnx")]) == 3
    assert "--reading" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "last"),
    [
        (SHAPES, "The first is certain."),
        (GRAPHS / "deformable-detr.onnx", "None is certain: choose one with --reading."),
    ],
)
def test_inspect_lists_what_goes_in_and_out_and_the_ways(
    path: Path, last: str, capsys: Any
) -> None:
    assert main(["inspect", str(path)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  takes") for line in lines)
    assert any(line.startswith("  returns") for line in lines)
    assert any(line.startswith("  1 ") for line in lines)
    assert lines[-1] == last


@pytest.mark.parametrize("content", [None, b"", b"no network"])
def test_a_file_that_is_no_network_is_named(
    tmp_path: Path, content: bytes | None, capsys: Any
) -> None:
    path = tmp_path / "mine.onnx"
    if content is not None:
        path.write_bytes(content)

    assert main(["inspect", str(path)]) == 3
    assert main(["detect", "a.png", "--model", str(path)]) == 3
    assert capsys.readouterr().err.count("obscura: ") == 2
