"""Sources: pictures, folders of frames and videos, as frames in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from obscura.errors import ObscuraError, PictureError
from obscura.extras import ToolMissing
from obscura.sources import SourceError, open_source
from obscura.sources.stills import frames_of

from .conftest import walking

Scene = Callable[..., NDArray[np.uint8]]


def test_a_picture_is_one_frame(folder: Path) -> None:
    with open_source(folder / "a.png") as source:
        (frame,) = source

    assert (source.name, source.total, source.moving) == (str(folder / "a.png"), 1, False)
    assert frame.pixels.shape == (480, 640, 4)
    assert (frame.info.width, frame.info.height, frame.info.time_s) == (640, 480, 0.0)


def test_a_video_has_its_frames_at_their_times(clip: Path) -> None:
    with open_source(clip, every=3) as source:
        frames = list(source)

    assert (source.total, source.moving) == (12, True)
    assert [(each.info.index, round(each.info.time_s, 3)) for each in frames] == [
        (0, 0.0),
        (3, 0.3),
        (6, 0.6),
        (9, 0.9),
    ]
    x1, y1, *_ = walking(9)
    assert frames[-1].pixels[y1 + 50, x1 + 50, 0] > 200
    assert frames[-1].pixels[y1 + 50, x1 - 30, 0] < 60


def test_a_rate_that_is_given_counts_before_that_of_the_video(clip: Path) -> None:
    with open_source(clip, fps=5) as source:
        assert [round(each.info.time_s, 3) for each in source][:3] == [0.0, 0.2, 0.4]


def test_a_folder_of_numbered_frames_needs_a_rate(tmp_path: Path, scene: Scene) -> None:
    for number in (10, 2, 1):
        Image.fromarray(scene(8 * number, 8)).save(tmp_path / f"frame{number}.png")

    with pytest.raises(SourceError, match="--fps"):
        open_source(tmp_path)
    with open_source(tmp_path, fps=4) as source:
        assert [(each.info.width, each.info.time_s) for each in source] == [
            (8, 0.0),
            (16, 0.25),
            (80, 0.5),
        ]


def test_a_damaged_frame_is_told_and_left_out_or_raised(tmp_path: Path, scene: Scene) -> None:
    for number in (1, 3):
        Image.fromarray(scene(8, 8)).save(tmp_path / f"{number}.png")
    (tmp_path / "2.png").write_bytes(b"damaged")
    told: list[ObscuraError] = []

    with open_source(tmp_path, fps=4, complain=told.append) as source:
        assert [each.info.index for each in source] == [0, 2]
    assert len(told) == 1
    with open_source(tmp_path, fps=4) as source, pytest.raises(PictureError):
        list(source)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "it is empty"), (b"no video at all", "damaged, or not a video")]
)
def test_a_file_that_is_no_video_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)

    with pytest.raises(SourceError, match=rf"{reason} .*clip\.mp4") as raised:
        open_source(path)
    assert raised.value.remedy == "Copy or download it again."


@pytest.mark.parametrize("where", ["camera:99", 99])
def test_a_camera_that_is_not_there_is_named(where: str | int) -> None:
    with pytest.raises(
        SourceError, match=r"The camera cannot be opened: .+ \(camera:99\)"
    ) as raised:
        open_source(where)
    assert "connected" in raised.value.remedy


@pytest.mark.parametrize("where", ["camera:", "camera:-1", "Camera:front"])
def test_a_camera_has_a_number(where: str) -> None:
    with pytest.raises(SourceError, match="no such camera") as raised:
        open_source(where)
    assert "camera:0" in raised.value.remedy


def test_a_number_below_zero_is_no_camera() -> None:
    with pytest.raises(ValueError, match="-1"):
        open_source(-1)


def test_without_pyav_the_remedy_is_told(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)

    with pytest.raises(ToolMissing, match="pip install"):
        open_source(clip)


def test_an_open_file_is_read_as_a_picture(folder: Path) -> None:
    from obscura.pictures import open_picture

    with (folder / "a.png").open("rb") as file:
        assert open_picture(file, name="upload").size == (640, 480)
        with pytest.raises(PictureError, match="upload"):
            open_picture(file, name="upload", most_pixels=640 * 480 - 1)
    with (folder / "notes.txt").open("rb") as file, pytest.raises(PictureError, match="upload"):
        open_picture(file, name="upload")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_among_frames_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "1.png").touch()
    os.mkfifo(tmp_path / "2.png")

    assert frames_of(tmp_path) == [tmp_path / "1.png"]
