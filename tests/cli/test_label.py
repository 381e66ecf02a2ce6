"""Boxes as a start for labelling, and where two models disagree."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from obscura.cli import exits, main
from obscura.engine.native import NativeSession
from obscura.errors import BackendError

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"
Scene = Callable[..., NDArray[np.uint8]]
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


@pytest.mark.parametrize("form", ["yolo", "coco"])
def test_labels_are_the_same_with_several_jobs(
    form: str, model: str, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    for index in range(5):
        shutil.copy(folder / ("a.png" if index % 2 else "b.PNG"), folder / f"{index}.png")
    (folder / "3.png").write_bytes(b"damaged")
    for jobs in ("1", "3"):
        words = ["--out", str(tmp_path / jobs), "--jobs", jobs, "--format", form]
        assert main(["label", str(folder), "--model", model, *words]) == 1
        assert "3.png" in capsys.readouterr().err

    assert written(tmp_path / "3") == written(tmp_path / "1")
    assert len(list((tmp_path / "1" / "images").iterdir())) == 6


def test_a_head_that_fails_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fail(*_: object) -> None:
        raise BackendError("onnxruntime failed")

    monkeypatch.setattr(NativeSession, "run_crops", fail)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    shutil.copy(SAMPLE, pictures)

    code = main(["label", str(pictures), "--out", str(tmp_path / "out"), "--head", "faces"])

    assert code == exits.SOME_FAILED
    assert 'The head "faces" failed and is off' in capsys.readouterr().err


def written(folder: Path) -> dict[str, bytes]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in files
        if each.name != "data.yaml"  # it names the folder
    }


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


@pytest.mark.parametrize("most", ["1", "2", "100"])
def test_the_comparison_is_the_same_with_several_jobs(
    most: str, model: str, colour_models: Path, tmp_path: Path, scene: Scene
) -> None:
    other = colour_models / "others"
    shutil.copytree(colour_models / "colours", other)
    card = (other / "model.toml").read_text().replace('"red"', '"rot"')
    (other / "model.toml").write_text(card)
    folder = tmp_path / "several"
    folder.mkdir()
    for index in range(8):
        green = {"green": (320, 10, 600, 300)} if index % 3 == 0 else {}
        pixels = scene(640, 480, red=(10, 10, 300, 300 - index), **green)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    for jobs in ("1", "3"):
        words = ["--out", str(tmp_path / f"{jobs}.html"), "--jobs", jobs, "--show", most]
        assert main(["diff", model, str(other), str(folder), *words]) == 0

    alone, several = ((tmp_path / f"{jobs}.html").read_text() for jobs in ("1", "3"))
    assert several == alone
    assert alone.count("<figure>") == min(8, int(most))


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


def test_copies_are_not_put_where_pictures_are_still_looked_for(
    model: str, folder: Path, capsys: Any
) -> None:
    words = ["--recursive", "--out", str(folder / "out"), "--model", model]

    assert main(["label", str(folder), *words]) == 2

    assert "among what is read" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_names_that_are_no_unicode_stand_on_pages_as_escapes(
    model: str, folder: Path, tmp_path: Path
) -> None:
    try:
        (folder / "a.png").rename(folder / "\udcff.png")
    except OSError:
        pytest.skip("this file system has no such names")
    out = tmp_path / "out"

    assert main(["label", str(folder), "--out", str(out), "--model", model]) == 0

    assert "\\udcff.png" in (out / "contact-sheet-1.html").read_text(encoding="utf-8")


def test_what_was_compared_before_ctrl_c_is_kept(
    model: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from obscura.cli import diff

    class Stopped(diff._Both):
        def find(self, item: Any, complain: Any) -> Any:
            if item.where.endswith("b.PNG"):
                raise KeyboardInterrupt
            return super().find(item, complain)

    monkeypatch.setattr(diff, "_Both", Stopped)
    out = tmp_path / "diff.html"

    assert main(["diff", model, model, str(folder), "--out", str(out)]) == 130

    assert "differ: 0 of 1" in out.read_text()


def test_the_longest_names_have_copies_too(model: str, folder: Path, tmp_path: Path) -> None:
    (folder / "a.png").rename(folder / f"{'n' * 251}.png")
    out, words = tmp_path / "out", ["--model", model]

    assert main(["label", str(folder), "--out", str(out), *words]) == 0
    copies = ["--save", str(tmp_path / "saved"), "--crops", str(tmp_path / "crops")]
    assert main(["detect", str(folder), *words, *copies]) == 0

    images = {path.stem for path in (out / "images").iterdir()}
    assert images == {path.stem for path in (out / "labels").iterdir()}
    assert len(list((tmp_path / "crops").iterdir())) == 1
