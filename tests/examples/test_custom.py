"""The example of a detector of one's own: its scenes, the file that comes with it, its training."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from obscura.boxes import iou
from obscura.cards.card import ModelCard, ModelFile
from obscura.engine.native import NativeSession
from obscura.families.decode import decode, read
from obscura.graph.inspect import Graph, inspect
from obscura.identify.guess import card_of, certain, guess
from obscura.pictures import to_rgba

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom"
NETWORK = (EXAMPLE / "shapes.onnx").read_bytes()


@pytest.fixture(scope="module")
def shapes() -> Iterator[ModuleType]:
    """The module that draws scenes."""
    spec = importlib.util.spec_from_file_location("shapes", EXAMPLE / "shapes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["shapes"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["shapes"]


def face(network: bytes) -> Graph:
    return inspect(lambda start, stop: network[start:stop], len(network))


def card() -> ModelCard:
    """The card that the guess alone makes of the file."""
    file = ModelFile("shapes.onnx", len(NETWORK), sha256(NETWORK).hexdigest())
    return card_of(guess(face(NETWORK))[0], name="shapes", title="Shapes", file=file)


def test_the_file_says_itself_what_it_is(shapes: ModuleType) -> None:
    readings = guess(face(NETWORK))

    assert certain(readings)
    assert readings[0].family == "yolov8"
    assert readings[0].labels == shapes.LABELS
    assert readings[0].input == (160, 160, "letterbox")


def test_nearly_every_shape_of_scenes_never_seen_is_found(shapes: ModuleType) -> None:
    rng = np.random.default_rng(2)
    told = card()
    session = NativeSession(told, NETWORK)
    there = found = wrong = 0

    for width, height in [(320, 240), (240, 320), (260, 260)] * 10:
        scene = shapes.draw(rng, width, height)
        seen = decode(read(session.run(to_rgba(scene.image)), told), told, (width, height))
        hits = (iou(scene.boxes, seen.xyxy) > 0.5) & (scene.classes[:, None] == seen.class_id)
        there += len(scene.boxes)
        found += int(hits.any(axis=1).sum())
        wrong += int((~hits.any(axis=0)).sum())

    assert there > 50
    assert found > 0.95 * there
    assert wrong < 0.05 * there


def test_a_seed_draws_the_same_scene_again(shapes: ModuleType) -> None:
    first, again = (shapes.draw(np.random.default_rng(3), 200, 120) for _ in range(2))

    assert first.image.tobytes() == again.image.tobytes()
    np.testing.assert_array_equal(first.boxes, again.boxes)


def test_shapes_lie_in_the_picture_and_keep_clear_of_each_other(shapes: ModuleType) -> None:
    for seed in range(20):
        boxes = shapes.draw(np.random.default_rng(seed), 200, 120).boxes

        assert (boxes >= 0).all()
        assert (boxes <= [200, 120, 200, 120]).all()
        assert (iou(boxes, boxes) - np.eye(len(boxes)) < 1e-6).all()


def test_a_letterbox_takes_the_boxes_along(shapes: ModuleType) -> None:
    scene = shapes.draw(np.random.default_rng(3), 200, 120)

    fitted = shapes.letterbox(scene, 100)

    assert fitted.image.size == (100, 100)
    assert fitted.image.getpixel((50, 5)) == fitted.image.getpixel((50, 95)) == shapes.GREY
    np.testing.assert_allclose(fitted.boxes, scene.boxes / 2 + [0, 20, 0, 20], rtol=1e-5)


def test_scenes_are_written_with_annotations_as_coco_has_them(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLE / "shapes.py"), str(tmp_path), "--count", "3"]
    subprocess.run(command, check=True, capture_output=True)

    truth = json.loads((tmp_path / "instances.json").read_text("utf-8"))
    assert sorted(image["file_name"] for image in truth["images"]) == sorted(
        path.name for path in tmp_path.glob("*.jpg")
    )
    assert {row["image_id"] for row in truth["annotations"]} == {0, 1, 2}


def test_training_writes_a_file_of_the_same_face(tmp_path: Path) -> None:
    for package in ("torch", "onnxscript"):
        pytest.importorskip(package, reason=f"{package} is missing: see requirements/train.txt")
    out = tmp_path / "trained.onnx"
    command = [sys.executable, str(EXAMPLE / "train.py"), "--steps", "5", "--scenes", "40"]
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)

    written, kept = face(out.read_bytes()), face(NETWORK)

    assert written._replace(size=0) == kept._replace(size=0)
