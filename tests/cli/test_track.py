"""Objects are followed from frame to frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from obscura.cli import main

from .conftest import walking

Scene = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def model(colour_models: Path) -> str:
    return str(colour_models / "colours")


def test_an_object_keeps_its_number(model: str, clip: Path, capsys: Any) -> None:
    assert main(["track", str(clip), "--model", model, "--format", "jsonl"]) == 0

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows = [row for record in records for row in record["detections"]]
    assert len(records) == 12
    assert {row["track_id"] for row in rows} == {1}
    assert len(rows) >= 11
    assert rows[-1]["x1"] == pytest.approx(walking(11)[0], abs=8)


def test_frames_of_a_folder_are_followed_and_tracks_end_with_the_source(
    model: str, tmp_path: Path, scene: Scene, capsys: Any
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for index in range(4):
            pixels = scene(640, 480, red=walking(index))
            Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
    # Folders of pictures are lists of pictures, unless they are said to be frames.
    words = [str(tmp_path / "one"), str(tmp_path / "two"), "--fps", "10"]

    assert main(["track", *words, "--model", model, "--format", "jsonl"]) == 0

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["frame"] for record in records] == [0, 1, 2, 3] * 2
    assert records[-1]["source"] == str(tmp_path / "two")


def test_in_a_picture_nothing_can_be_followed(model: str, folder: Path, capsys: Any) -> None:
    assert main(["track", str(folder / "a.png"), "--model", model]) == 1
    assert "nothing can be followed" in capsys.readouterr().err


def test_classes_and_threshold_are_those_of_what_is_shown(
    model: str, clip: Path, capsys: Any
) -> None:
    words = ["--model", model, "--format", "jsonl", "--classes", "green"]
    assert main(["track", str(clip), *words]) == 0

    assert not any(json.loads(line)["detections"] for line in capsys.readouterr().out.splitlines())


def test_folders_of_a_list_are_recordings_too(
    model: str, tmp_path: Path, scene: Scene, capsys: Any
) -> None:
    (tmp_path / "one").mkdir()
    for index in range(2):
        Image.fromarray(scene(640, 480, red=walking(index))).save(tmp_path / f"one/{index}.png")
    (tmp_path / "list.txt").write_text(f"{tmp_path / 'one'}\n")
    words = [f"@{tmp_path / 'list.txt'}", "--fps", "10", "--format", "jsonl"]

    assert main(["track", *words, "--model", model]) == 0

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["frame"] for record in records] == [0, 1]
