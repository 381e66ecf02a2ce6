"""`obscura redact`: who is covered, as --what, --list and --except say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from obscura.cli import main
from obscura.errors import BackendError

from .conftest import FRAMES, HEIGHT, ROOT, WIDTH, Redact, Scene, blues, read, reds, video, walking


@pytest.mark.parametrize("suffix", [".png", ".mp4"])
def test_somebody_who_was_found_and_left_out_is_not_said_to_be_nobody(
    redact: Redact, scene: Scene, tmp_path: Path, suffix: str, capsys: Any
) -> None:
    source = tmp_path / f"in{suffix}"
    if suffix == ".mp4":
        video(source, [scene(WIDTH, HEIGHT, red=(100, 60, 160, 150))[..., :3]] * 6)
    else:
        Image.fromarray(scene(WIDTH, HEIGHT, red=(100, 60, 160, 150))[..., :3]).save(source)

    assert redact(source, tmp_path / f"out{suffix}", "--except", "1") == 0
    printed = capsys.readouterr().out
    assert "nothing left to cover after --except" in printed
    assert "nothing found" not in printed


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A photo with two people from the sample picture, of whom the left one is larger."""
    person = Image.open(ROOT / "assets" / "sample.jpg").convert("RGB")
    photo = Image.new("RGB", (960, 540), (120, 130, 140))
    photo.paste(person.resize((440, 440)), (40, 60))
    photo.paste(person.resize((360, 360)), (560, 120))
    photo.save(tmp_path / "street.png")
    return tmp_path / "street.png"


FACES = (slice(120, 210), slice(195, 275)), (slice(168, 242), slice(688, 752))
"""Where the two faces are: rows and columns."""


def covered(path: Path) -> list[bool]:
    """Return of which of the two faces every pixel is black."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    return [not pixels[face].any() for face in FACES]


def test_faces_are_covered_unless_somebody_says_otherwise(street: Path, tmp_path: Path) -> None:
    assert main(["redact", str(street), "--out", str(tmp_path / "out.png")]) == 0

    assert covered(tmp_path / "out.png") == [True, True]
    after, before = (np.asarray(Image.open(each)) for each in (tmp_path / "out.png", street))
    assert (after[400:] == before[400:]).all(), "bodies are shown"


def test_a_person_who_is_listed_can_be_left_out_with_their_face(
    street: Path, tmp_path: Path, capsys: Any
) -> None:
    assert main(["redact", str(street), "--list"]) == 0
    people = [line for line in capsys.readouterr().out.splitlines() if "person" in line]
    assert len(people) == 2
    right = people[1].split(":")[0]

    arguments = ["redact", str(street), "--out", str(tmp_path / "out.png"), "--except", right]
    assert main(arguments) == 0
    assert covered(tmp_path / "out.png") == [True, False]
    assert main([*arguments, "--what", "person"]) == 0
    assert covered(tmp_path / "out.png") == [True, False]


def test_a_number_that_nothing_has_makes_no_copy(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.png")
    assert redact(tmp_path / "in.png", tmp_path / "a.png", "--except", "99") == 1
    assert "Nothing in the file has the number 99" in capsys.readouterr().err
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(6)])
    assert redact(source, tmp_path / "out.mp4", "--except", "7,8") == 1
    assert "the number 7, 8" in capsys.readouterr().err
    assert not [each for each in tmp_path.iterdir() if each.name in ("a.png", "out.mp4")]


def test_in_videos_too_a_track_that_is_listed_can_be_left_out(
    redact: Redact, colour_models: Path, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(FRAMES)])
    model = ["--model", str(colour_models / "colours"), "--what", "red,blue"]
    assert main(["redact", str(source), "--list", *model]) == 0
    lines = capsys.readouterr().out.splitlines()
    (blue,) = (line.split(":")[0] for line in lines if "blue, 0.0 to 1.9 s" in line)

    assert redact(source, tmp_path / "out.mp4", "--what", "red,blue", "--except", blue) == 0
    frames = read(tmp_path / "out.mp4")[0]
    assert [reds(frame) for frame in frames] == [0] * FRAMES
    assert max(blues(frame) for frame in frames) > 1500


def test_numbers_are_those_of_one_file(street: Path, tmp_path: Path, capsys: Any) -> None:
    out = str(tmp_path / "out")
    assert main(["redact", str(street.parent), "--out", out, "--except", "1"]) == 2
    assert main(["redact", str(street.parent), "--list"]) == 2
    assert capsys.readouterr().err.count("this is a folder") == 2
    assert main(["redact", str(street)]) == 2
    assert main(["redact", str(street), "--list", "--out", out]) == 2
    assert capsys.readouterr().err.count("either --out") == 2
    with pytest.raises(SystemExit):
        main(["redact", str(street), "--out", out, "--except", "me"])


def test_a_network_that_fails_makes_no_copy_of_a_picture(
    street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fail(*_: object) -> None:
        raise BackendError("out of luck")

    monkeypatch.setattr("obscura.engine.native.NativeSession.run_crops", fail)
    assert main(["redact", str(street), "--out", str(tmp_path / "out.png")]) == 1
    assert "--what person" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()
