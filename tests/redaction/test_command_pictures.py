"""`obscura redact` of pictures: what is covered, how, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from obscura.cli import main

from .conftest import HEIGHT, WIDTH, Redact, Scene, blues, reds, walking


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.webp", "out.bmp", "out.tif"])
def test_a_picture_is_covered_and_nothing_else_of_it_changes(
    redact: Redact, scene: Scene, tmp_path: Path, name: str, capsys: Any
) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / name) == 0
    after = np.asarray(Image.open(tmp_path / name).convert("RGB"))
    assert (reds(after), after.shape) == (0, (HEIGHT, WIDTH, 3))
    assert blues(after) > 1800
    assert "1 area covered, saved as" in capsys.readouterr().out


def test_what_and_how_are_chosen(redact: Redact, scene: Scene, tmp_path: Path) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / "b.png", "--what", "BLUE", "--how", "blur") == 0
    after = np.asarray(Image.open(tmp_path / "b.png"))
    assert reds(after) == 45 * 90
    assert 0 < len(np.unique(after[170:238, 190:250].reshape(-1, 3), axis=0)) < 3000
    assert redact(tmp_path / "in.png", tmp_path / "c.png", "--what", "red,blue") == 0
    assert not np.asarray(Image.open(tmp_path / "c.png")).any()


def test_a_photo_is_upright_and_has_lost_its_metadata(
    redact: Redact, scene: Scene, tmp_path: Path
) -> None:
    upright = scene(120, 200, red=(10, 20, 60, 80))[..., :3]
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    exif[0x010E] = "a secret"
    photo = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))
    photo.save(tmp_path / "in.jpg", exif=exif, quality=95, comment=b"a secret")

    assert redact(tmp_path / "in.jpg", tmp_path / "out.jpg") == 0
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.size == (120, 200)
        assert not after.getexif()
        assert set(after.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert reds(np.asarray(after)) == 0
    assert b"secret" not in (tmp_path / "out.jpg").read_bytes()


def test_nothing_found_is_said(redact: Redact, tmp_path: Path, capsys: Any) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / "out.png") == 0
    assert "nothing found to cover" in capsys.readouterr().out


def test_a_file_of_several_pictures_is_refused(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    pages = [Image.fromarray(walking(scene, i)) for i in (4, 8)]
    pages[0].save(tmp_path / "in.gif", save_all=True, append_images=pages[1:])

    assert redact(tmp_path / "in.gif", tmp_path / "out.png") == 1
    assert "has 2 pictures" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_a_class_that_the_model_lacks_is_refused(redact: Redact, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / "out.png", "--what", "rad") == 2
    assert not (tmp_path / "out.png").exists()


def test_writing_is_found_by_its_own_network(tmp_path: Path) -> None:
    sign = Image.new("RGB", (640, 360), (200, 205, 210))
    ImageDraw.Draw(sign).text((120, 130), "OBSCURA 42", (20, 20, 30), ImageFont.load_default(72))
    sign.save(tmp_path / "sign.png")

    assert (
        main(
            [
                "redact",
                str(tmp_path / "sign.png"),
                "--out",
                str(tmp_path / "a.png"),
                "--what",
                "text",
            ]
        )
        == 0
    )
    ink = np.asarray(sign)[..., 0] < 100
    assert not np.asarray(Image.open(tmp_path / "a.png"))[ink].any()


def test_what_is_damaged_is_said_to_be_so(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.jpg")
    whole = (tmp_path / "in.jpg").read_bytes()
    for length in (20, len(whole) // 2):
        (tmp_path / "in.jpg").write_bytes(whole[:length])

        assert redact(tmp_path / "in.jpg", tmp_path / "out.jpg") == 1
        message = capsys.readouterr().err
        assert message.startswith("obscura: The picture is damaged")
        assert message.endswith("Copy or download it again.\n")


@pytest.mark.parametrize("threshold", ["0", "1", "nan"])
def test_a_threshold_that_is_out_of_range_is_refused_with_its_ends(
    redact: Redact, tmp_path: Path, threshold: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit):
        redact(tmp_path / "in.png", tmp_path / "out.png", "--threshold", threshold)

    assert f"{threshold} is not above 0 and below 1" in capsys.readouterr().err
