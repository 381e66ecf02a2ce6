"""Boxes as a start for labelling, and where two models disagree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from obscura.cli import main

OWN = re.compile(r"""(?:src|href)=["'](?!data:)""")


@pytest.fixture
def model(colour_models: Path) -> str:
    return str(colour_models / "colours")


def test_yolo_pictures_and_boxes_lie_side_by_side(model: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    assert main(["label", str(folder), "--out", str(out), "--model", model]) == 0

    images = sorted(path.stem for path in (out / "images").iterdir())
    assert images == sorted(path.stem for path in (out / "labels").iterdir())
    assert len(images) == 2
    assert (out / "labels" / f"{images[0]}.txt").read_text().startswith("0 0.5")


def test_coco_names_the_copies(model: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["--out", str(out), "--model", model, "--format", "coco"]

    assert main(["label", str(folder), *words]) == 0

    made = json.loads((out / "annotations.json").read_text())
    names = [image["file_name"] for image in made["images"]]
    assert sorted(names) == sorted(path.name for path in (out / "images").iterdir())
    assert len(made["annotations"]) == 1


def test_the_contact_sheet_shows_every_picture_and_needs_no_other_file(
    model: str, folder: Path, tmp_path: Path
) -> None:
    main(["label", str(folder), "--out", str(tmp_path / "out"), "--model", model])

    sheet = (tmp_path / "out" / "contact-sheet-1.html").read_text()
    assert sheet.count("<img ") == 2
    assert "1 red" in sheet
    assert not OWN.search(sheet)


def test_a_folder_with_something_in_it_is_left_alone(model: str, folder: Path, capsys: Any) -> None:
    before = sorted(folder.iterdir())

    assert main(["label", str(folder), "--out", str(folder), "--model", model]) == 2

    assert "something in the place" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_a_damaged_picture_is_told_and_the_rest_is_labelled(
    model: str, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    (folder / "c.jpg").write_bytes(b"damaged")

    assert main(["label", str(folder), "--out", str(tmp_path / "out"), "--model", model]) == 1

    assert "c.jpg" in capsys.readouterr().err
    assert len(list((tmp_path / "out" / "labels").iterdir())) == 2


# ---- diff ----------------------------------------------------------------------------------------


def test_pictures_on_which_two_models_differ_are_shown(
    model: str, colour_models: Path, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    other = colour_models / "others"
    other.mkdir()
    for path in (colour_models / "colours").iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    card = (other / "model.toml").read_text().replace('"red"', '"<rot>"')
    (other / "model.toml").write_text(card.replace('title = "Colours"', 'title = "Farben"'))
    out = tmp_path / "diff.html"

    assert main(["diff", model, str(other), str(folder), "--out", str(out)]) == 0

    assert "differ: 1 of 2" in capsys.readouterr().out
    page = out.read_text()
    assert page.count("<img ") == 2
    assert "only Colours: red; only Farben: &lt;rot&gt;" in page
    assert not OWN.search(page)


def test_a_model_differs_nowhere_from_itself(
    model: str, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "diff.html"

    assert main(["diff", model, model, str(folder), "--out", str(out)]) == 0

    assert "differ: 0 of 2" in capsys.readouterr().out
    assert "<img " not in out.read_text()


def test_the_result_must_be_an_html_file(model: str, folder: Path) -> None:
    picture = folder / "a.png"
    before = picture.read_bytes()

    assert main(["diff", model, model, str(folder), "--out", str(picture)]) == 2

    assert picture.read_bytes() == before
