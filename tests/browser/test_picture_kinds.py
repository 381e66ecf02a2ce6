"""Pictures and videos of every kind: seen as the library sees them, or refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from obscura import Detector
from obscura.pictures import open_picture, to_rgba

from .conftest import OpenRoom
from .pictures import PERSON, ROOT, encode, overlap, sample
from .room import Room

CASES = ROOT / "tests" / "data" / "cases"

MEAN = """() => {
  const canvas = document.getElementById("picture");
  const context = canvas.getContext("2d");
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (const c of [0, 1, 2]) sum[c] += data[i + c];
  return [canvas.width, canvas.height, ...sum.map((each) => (each * 4) / data.length)];
}"""


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom) -> Room:
    """One visit for all files."""
    room = shared_room().open()
    room.until_state("ready")
    return room


@pytest.mark.parametrize(
    "name",
    ["swap-palette.png", "gama1.png", "exif6.webp", "orient-long.jpg", "anim-default.png"],
)
def test_the_page_shows_what_the_library_reads(room: Room, name: str) -> None:
    ours = to_rgba(open_picture(CASES / name))

    room.read((CASES / name).read_bytes(), name, kind="")

    width, height, *mean = room.page.evaluate(MEAN)
    assert (height, width) == ours.shape[:2]
    assert abs(np.array(mean) - ours[..., :3].mean(axis=(0, 1))).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["WEBP", "PNG", "JPEG"])
def test_a_photo_is_turned_upright_with_its_boxes(room: Room, form: str, orientation: int) -> None:
    upright = sample().crop((0, 0, 400, 512))
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    lying = upright
    for turn in undo.get(orientation, []):
        lying = lying.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation

    now = room.read(encode(lying, form, quality=95, exif=exif), f"{orientation}.{form}")

    assert room.page.evaluate(MEAN)[:2] == [400, 512]
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.7


def test_a_photo_of_48_megapixels_has_boxes_in_its_own_pixels(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "48mp.jpg"
    sample().resize((8000, 6000)).save(path, quality=70)
    with Detector(ROOT / "models" / room.snapshot()["model"]) as detector:
        (ours,) = detector.detect(path).to_records(detector.labels)

    now = room.read(path.read_bytes(), path.name, kind="image/jpeg")

    (row,) = now["detections"]
    assert row["label"] == ours["label"] == "person"
    assert abs(np.array(row["box"]) - ours["box"]).max() <= 40  # half a percent of the picture
    place = [edge * scale for edge, scale in zip(PERSON, [8000 / 512, 6000 / 512] * 2, strict=True)]
    assert overlap(row["box"], place) >= 0.8
    width, height, *_ = room.page.evaluate(MEAN)
    assert width * height <= 16_000_000, "more than canvases hold on phones"


@pytest.mark.parametrize("size", [(70_000, 2), (2, 40_000), (20_000, 300)])
def test_a_picture_longer_than_canvases_hold_is_shrunk_and_not_black(
    room: Room, size: tuple[int, int]
) -> None:
    room.read(encode(Image.new("L", size, 90)), f"{size}.png")

    width, height, *mean = room.page.evaluate(MEAN)
    assert max(width, height) <= 16_384
    assert mean == pytest.approx([90, 90, 90], abs=1)


@pytest.mark.parametrize("kind", ["", "application/octet-stream"])
def test_a_photo_of_no_known_type_is_read(room: Room, kind: str) -> None:
    now = room.read(encode(sample(), "JPEG"), f"photo {kind[:4]}", kind=kind, way="drop")

    assert [row["label"] for row in now["detections"]] == ["person"]


@pytest.mark.parametrize("mode", ["F", "I"])
def test_a_tiff_is_refused_in_words(room: Room, mode: str) -> None:
    room.give(encode(sample().convert("L").convert(mode), "TIFF"), "depth.tif", "image/tiff")

    assert "format that this browser can't read" in room.until_error("picture")


def test_a_video_of_sound_alone_is_refused_for_that_and_not_for_the_time_it_took(
    room: Room,
) -> None:
    room.give((CASES / "audio-only.mp4").read_bytes(), "song.mp4", "video/mp4")

    assert "sound" in room.until_error("video-no-picture")
    assert "it has no picture" in (room.at("notice-details").text_content() or "")


NEVER = "HTMLMediaElement.prototype.play = () => new Promise(() => {});"


def test_a_video_that_neither_plays_nor_fails_is_refused_in_the_end(new_room: OpenRoom) -> None:
    room = new_room(init=NEVER).open()
    room.until_state("ready")

    room.give(b"\0\0\0\x20ftypqt  " + bytes(600), "clip.mov", "video/quicktime")

    room.until_error("video-unreadable")
