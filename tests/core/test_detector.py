"""Detector: from a picture, in whatever form it comes, to what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from obscura import Detector
from obscura.cards.catalogue import read_card
from obscura.errors import BackendError, LabelUnknown, ModelCorrupt, ModelMissing, PictureError

Scene = Callable[..., NDArray[np.uint8]]

RED = (160, 120, 480, 240)
BLUE = (480, 360, 640, 480)


@pytest.fixture
def detector(colour_models: Path) -> Iterator[Detector]:
    with Detector(colour_models / "colours", threads=1) as detector:
        yield detector


def test_it_finds_what_is_there_in_pixels_of_the_picture(detector: Detector, scene: Scene) -> None:
    found = detector.detect(scene(640, 480, red=RED, blue=BLUE))

    records = sorted(found.to_records(detector.labels), key=lambda row: row["label"])
    assert [row["label"] for row in records] == ["blue", "red"]
    assert [row["score"] for row in records] == [1.0, 1.0]
    np.testing.assert_allclose(records[0]["box"], BLUE, atol=1e-3)
    np.testing.assert_allclose(records[1]["box"], RED, atol=1e-3)


def test_it_finds_nothing_in_the_dark(detector: Detector, scene: Scene) -> None:
    assert len(detector.detect(scene(640, 480))) == 0


@pytest.mark.parametrize(
    "form",
    [
        Path,
        str,  # a path as text
        Image.open,  # a Pillow image
        lambda path: np.asarray(Image.open(path)),  # RGB
        lambda path: np.asarray(Image.open(path).convert("RGBA")),
    ],
)
def test_the_same_picture_gives_the_same_in_every_form(
    detector: Detector, scene: Scene, tmp_path: Path, form: Callable[[Path], Any]
) -> None:
    path = tmp_path / "scene.png"
    Image.fromarray(scene(640, 480, red=RED)).save(path)

    (record,) = detector.detect(form(path)).to_records(detector.labels)

    assert record["label"] == "red"
    np.testing.assert_allclose(record["box"], RED, atol=1e-3)


def test_boxes_of_a_turned_photo_are_in_the_turned_photo(
    detector: Detector, scene: Scene, tmp_path: Path
) -> None:
    path = tmp_path / "phone.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise by a quarter: 480 x 640
    Image.fromarray(scene(640, 480, red=(0, 0, 320, 120))).save(path, exif=exif)
    image = Image.open(path)

    for picture in (path, image):  # a Pillow image that still has its note is turned as well
        np.testing.assert_allclose(detector.detect(picture).xyxy, [(360, 0, 480, 320)], atol=1e-3)


def test_what_is_transparent_is_not_seen(detector: Detector, scene: Scene) -> None:
    rgb = scene(640, 480, red=RED)

    assert len(detector.detect(np.dstack([rgb, np.zeros((480, 640), np.uint8)]))) == 0


@pytest.mark.usefixtures("colour_models")
def test_classes_that_are_not_wanted_are_left_out(scene: Scene) -> None:
    with Detector("colours", classes=["blue", "green"]) as detector:
        found = detector.detect(scene(640, 480, red=RED, blue=BLUE))

    assert [detector.labels[class_id] for class_id in found.class_id] == ["blue"]


@pytest.mark.usefixtures("colour_models")
def test_the_threshold_may_be_the_callers(scene: Scene) -> None:
    dim = scene(640, 480, red=RED) // 5 * 4  # four fifths as bright, and as certain

    assert len(Detector("colours", threshold=0.75).detect(dim)) == 1
    assert len(Detector("colours", threshold=0.85).detect(dim)) == 0


def test_a_model_may_be_named_by_folder_or_card(colour_models: Path) -> None:
    folder = colour_models / "colours"

    assert Detector(folder).card.name == "colours"
    assert Detector(read_card(folder)).labels == ("red", "green", "blue")


@pytest.mark.usefixtures("colour_models")
def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ModelMissing, match=r"sounds.*colours"):
        Detector("sounds")


def test_a_changed_network_is_corrupt(colour_models: Path) -> None:
    network = colour_models / "colours" / "model.onnx"
    network.write_bytes(network.read_bytes()[:-1] + b"!")

    with pytest.raises(ModelCorrupt, match=r"model\.onnx"):
        Detector("colours")


@pytest.mark.usefixtures("colour_models")
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("bleu", "blue"),  # a slip: the nearest
        ("xyz", "red, green, blue"),  # no idea: all
    ],
)
def test_an_unknown_class_gets_a_hint(asked: str, told: str) -> None:
    with pytest.raises(LabelUnknown, match=rf"{asked}.*{told}"):
        Detector("colours", classes=[asked])


@pytest.mark.usefixtures("colour_models")
@pytest.mark.parametrize("option", [{"threshold": 1.1}, {"iou": -0.1}, {"threads": -1}])
def test_numbers_out_of_range_are_refused_by_name(option: dict[str, Any]) -> None:
    (name,) = option

    with pytest.raises(ValueError, match=name):
        Detector("colours", **option)


def test_a_file_that_is_no_picture_is_named(detector: Detector, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("hello")

    with pytest.raises(PictureError, match=r"note\.txt"):
        detector.detect(path)


def test_after_closing_it_detects_no_more(detector: Detector, scene: Scene) -> None:
    detector.close()
    detector.close()

    with pytest.raises(BackendError, match="closed"):
        detector.detect(scene(64, 64))
