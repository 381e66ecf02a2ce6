"""`obscura detect --out` and `--format`: the files of records that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Detect


def test_json_lines_are_there_one_by_one(detect: Detect, folder: Path, capsys: Any) -> None:
    assert detect(folder, "--format", "jsonl") == 0

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(record["detections"]) for record in records] == [1, 0]


@pytest.mark.parametrize(
    ("name", "begins"), [("out.csv", "source,model"), ("out.json", "[\n{"), ("out.jsonl", '{"so')]
)
def test_the_ending_of_the_file_chooses_the_format(
    detect: Detect, folder: Path, tmp_path: Path, name: str, begins: str
) -> None:
    assert detect(folder / "a.png", "--out", tmp_path / name) == 0

    assert (tmp_path / name).read_text().startswith(begins)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_folder_where_a_file_is_wanted_makes_no_sense(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder / "a.png", "--format", "json", "--out", tmp_path) == 2
    assert detect(folder / "a.png", "--format", "yolo") == 2
    assert "folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["b.PNG", "new.mp4", "mine.onnx", "list.txt"])
def test_nothing_that_is_read_is_overwritten(detect: Detect, folder: Path, name: str) -> None:
    (folder / "list.txt").write_text(str(folder / "a.png"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    assert detect(folder, f"@{folder / 'list.txt'}", "--out", folder / name) == 2

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_file_that_cannot_be_written_is_told(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder / "a.png", "--out", tmp_path / "no" / "such.json") == 4
    assert "cannot be written" in capsys.readouterr().err


def test_a_table_is_put_in_place_as_the_other_formats_are(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder / "a.png", "--out", tmp_path / "no" / "such.txt") == 4
    assert "cannot be written" in capsys.readouterr().err

    assert detect(folder / "a.png", "--out", tmp_path / "out.txt") == 0
    assert "red" in (tmp_path / "out.txt").read_text()
