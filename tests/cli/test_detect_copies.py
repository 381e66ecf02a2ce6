"""`obscura detect --save` and `--crops`: the pictures that it writes."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from obscura.cli.saver import Folder
from obscura.export.errors import OutputError

from .conftest import RED, Detect


def test_saved_copies_show_the_boxes_and_inputs_stay(
    detect: Detect, folder: Path, tmp_path: Path
) -> None:
    before = (folder / "a.png").read_bytes()

    assert detect(folder / "a.png", "--save", tmp_path / "out" / "deep") == 0

    saved = np.asarray(Image.open(tmp_path / "out" / "deep" / "a.png"))
    assert saved.shape == (480, 640, 3)
    assert (saved != np.asarray(Image.open(folder / "a.png"))).any()
    assert (folder / "a.png").read_bytes() == before


def test_saving_into_the_inputs_own_folder_overwrites_no_input(
    detect: Detect, folder: Path
) -> None:
    Image.new("RGB", (8, 8)).save(folder / "a-2.png")
    inputs = [folder / "a.png", folder / "a-2.png"]
    before = [path.read_bytes() for path in inputs]

    assert detect(*inputs, "--save", folder) == 0

    assert [path.read_bytes() for path in inputs] == before
    assert (folder / "a-3.png").exists()
    assert (folder / "a-2-2.png").exists()


def test_pictures_of_one_name_are_all_saved(detect: Detect, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "a.png", other / "A.png")  # the same name to macOS and Windows

    assert detect(folder / "a.png", other / "A.png", "--save", tmp_path / "out") == 0

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["A-2.png", "a.png"]


def test_a_second_run_replaces_the_copies_of_the_first(
    detect: Detect, folder: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        assert detect(folder / "a.png", "--save", tmp_path / "out") == 0

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_a_place_that_cannot_be_written_is_told(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "file").write_text("in the way")

    assert detect(folder / "a.png", "--save", tmp_path / "file") == 4
    assert "cannot be created" in capsys.readouterr().err


def test_copies_are_named_once_they_are_saved(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    saved = tmp_path / "out" / "a.png"

    assert detect(folder / "a.png", "--save", tmp_path / "out") == 0
    assert (
        capsys.readouterr().out.splitlines()[0] == f"{folder / 'a.png'}: 1 found, saved as {saved}"
    )

    assert detect(folder / "a.png", "--save", tmp_path / "out", "--json") == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert document["saved"] == str(saved)


def test_a_name_without_a_font_is_reported_once_and_drawn_as_a_number(
    detect: Detect, colour_models: Path, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    card = colour_models / "colours" / "model.toml"
    name = "\U0010fffe"  # no font has it
    card.write_text(card.read_text().replace('"red"', f'"{name}"'), encoding="utf-8")

    pictures = [folder / "a.png"] * 2
    assert detect(*pictures, "--save", tmp_path / "out") == 0

    assert capsys.readouterr().err.count("No font on this machine has the letters of") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limit of a file's size")
def test_a_copy_of_which_the_disk_takes_half_is_not_called_saved(tmp_path: Path) -> None:
    import resource

    image = Image.effect_noise((300, 300), 90)
    whole = Path(Folder(tmp_path, "--save").save(image, "whole.jpg")).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole - 100, limits[1]))
    try:
        with pytest.raises(OutputError):
            Folder(tmp_path, "--save").save(image, "half.jpg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_crops_are_saved_and_named(
    detect: Detect, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(folder, "--crops", tmp_path / "crops", "--format", "jsonl") == 0

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    (crop,) = first["crops"]
    x1, y1, x2, y2 = RED
    with Image.open(crop) as image:
        assert image.size == (x2 - x1 + 1, y2 - y1 + 1)
    assert second["crops"] == []


def test_frames_of_a_video_are_saved_under_their_numbers(
    detect: Detect, clip: Path, tmp_path: Path
) -> None:
    assert detect(clip, "--every", "6", "--save", tmp_path / "out") == 0

    copies = (tmp_path / "out").rglob("*.*")
    assert sorted(str(each.relative_to(tmp_path / "out")) for each in copies) == [
        "walk/000000.jpg",
        "walk/000006.jpg",
    ]
