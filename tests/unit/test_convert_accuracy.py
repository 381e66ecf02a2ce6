"""Measuring accuracy: on the sample, whose one person a model finds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import measure_accuracy
import pytest

from obscura import catalogue

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    """The person on the sample, in COCO's format, where cocossd sees it."""
    check = catalogue.read_card(catalogue.find("cocossd")).check
    assert check is not None
    x1, y1, x2, y2 = (float(edge) for edge in check.detections.xyxy[0])
    box = [x1, y1, x2 - x1, y2 - y1]
    person = {"id": 1, "image_id": 7, "category_id": 3, "bbox": box, "iscrowd": 0}
    document = {
        "info": {},
        "images": [{"id": 7, "file_name": SAMPLE.name, "width": 512, "height": 512}],
        "categories": [{"id": 3, "name": "person"}],
        "annotations": [{**person, "area": box[2] * box[3]}],
    }
    path = tmp_path / "set" / "instances.json"
    path.parent.mkdir()
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the models, to write into."""
    shutil.copytree(catalogue.home(), tmp_path / "models")
    monkeypatch.setenv("OBSCURA_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def arguments(annotations: Path, *more: str) -> list[str]:
    images = ["--images", str(SAMPLE.parent)]
    return [*images, "--annotations", str(annotations), "--model", "cocossd", *more]


def test_a_model_that_sees_all_there_is_scores_a_hundred(
    annotations: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = measure_accuracy.main(arguments(annotations))

    heading, row = capsys.readouterr().out.splitlines()
    assert status == 0
    assert heading.split() == ["AP", "AP50", "AP75", "small", "medium", "large"]
    # No small or medium object is there: COCO's measure says -1.
    assert row.split() == ["cocossd", "100.0", "100.0", "100.0", "-100.0", "-100.0", "100.0"]


def test_figures_go_onto_the_card_and_change_nothing_else(annotations: Path, models: Path) -> None:
    before = (models / "cocossd" / "model.toml").read_text("utf-8")

    status = measure_accuracy.main(arguments(annotations, "--write", "--dataset", "one picture"))

    assert status == 0
    card = catalogue.read_card(models / "cocossd")
    assert card.accuracy == {
        "dataset": "one picture",
        "ap": 100.0,
        "ap50": 100.0,
        "command": "python3 tools/measure_accuracy.py --images main/assets "
        "--annotations set/instances.json --model cocossd".replace(
            "main/assets", "/".join(SAMPLE.parent.parts[-2:])
        ),
    }
    after = (models / "cocossd" / "model.toml").read_text("utf-8")
    assert after.partition("[accuracy]")[0] == before.partition("[accuracy]")[0]


def test_writing_needs_to_know_what_was_measured_on(
    annotations: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        measure_accuracy.main(arguments(annotations, "--write"))

    assert "--write needs --dataset" in capsys.readouterr().err


def test_a_missing_pycocotools_is_named_with_the_remedy(
    annotations: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pycocotools.coco", None)

    status = measure_accuracy.main(arguments(annotations))

    assert status == 1
    assert "pip install pycocotools" in capsys.readouterr().err
