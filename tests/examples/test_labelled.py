"""The example reads labelled pictures: what `obscura label` and labelling tools write."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom"


@pytest.fixture
def labelled(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module that reads."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    yield import_module("labelled")
    for name in ("labelled", "shapes"):
        sys.modules.pop(name, None)


def folder(path: Path, name: str = "annotations.json", images: str = "images") -> Path:
    """Write two pictures, the first with a dog and a cat, the second with nothing."""
    (path / images).mkdir(exist_ok=True)
    for file in ("a.png", "b.png"):
        Image.new("RGB", (200, 100), (10, 20, 30)).save(path / images / file)
    truth = {
        "images": [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b.png"}],
        "categories": [{"id": n, "name": name} for n, name in enumerate(["bird", "cat", "dog"], 1)],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [20, 10, 100, 50]},
            {"id": 2, "image_id": 7, "category_id": 2, "bbox": [0, 0, 200, 100]},
        ],
    }
    (path / name).write_text(json.dumps(truth), "utf-8")
    return path


def test_boxes_are_in_pixels_of_the_network_and_unused_classes_are_gone(
    labelled: ModuleType, tmp_path: Path
) -> None:
    images, boxes, classes, labels = labelled.read([folder(tmp_path)], 100)

    assert labels == ("cat", "dog")
    assert images.shape == (2, 100, 100, 3)
    assert images[0, 50, 50].tolist() == [10, 20, 30]
    np.testing.assert_allclose(boxes[0], [[10, 30, 60, 55], [0, 25, 100, 75]])
    assert classes.tolist() == [[1, 0], [-1, -1]]


def test_pictures_may_lie_beside_the_annotations(labelled: ModuleType, tmp_path: Path) -> None:
    images, *_ = labelled.read([folder(tmp_path, "instances.json", images=".")], 50)

    assert images.shape == (2, 50, 50, 3)


def test_drawn_scenes_are_read_as_they_were_drawn(labelled: ModuleType, tmp_path: Path) -> None:
    shapes = sys.modules["shapes"]
    scene = shapes.draw(np.random.default_rng(1), 321, 321)
    box = scene.boxes[0]
    scene.image.save(tmp_path / "a.png")
    truth = {
        "images": [{"id": 0, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "it"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 0,
                "category_id": 1,
                "bbox": [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()],
            }
        ],
    }
    (tmp_path / "instances.json").write_text(json.dumps(truth))

    _, boxes, _, _ = labelled.read([tmp_path], 160)

    np.testing.assert_allclose(boxes[0, 0], shapes.letterbox(scene, 160).boxes[0], atol=1e-3)


def test_folders_are_joined_by_the_names_of_their_classes(
    labelled: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    other = folder(tmp_path / "b")
    truth = json.loads((other / "annotations.json").read_text("utf-8"))
    truth["categories"] = [{"id": 3, "name": "cat"}, {"id": 2, "name": "bird"}]
    (other / "annotations.json").write_text(json.dumps(truth), "utf-8")

    images, _, classes, labels = labelled.read([folder(tmp_path), other], 50)

    assert labels == ("cat", "dog", "bird")
    assert len(images) == 4
    assert classes.tolist() == [[1, 0], [-1, -1], [0, 2], [-1, -1]]
