"""Copies of a video: the same pictures become the same bytes, each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.cli import main
from obscura.export.video import VideoCopy

from .. import clips

TIMES = 80
"""How often one video is copied; with x264's arithmetic for AVX-512, one in ten was different."""


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".webm"])
def test_the_same_bytes_are_written_each_time(
    colour_models: Path, tmp_path: Path, ending: str
) -> None:
    path = clips.make(tmp_path / "clip.mp4", clips.CLIPS["uneven"])
    made = []
    for name in ("a", "b"):
        out = tmp_path / f"{name}{ending}"
        model = str(colour_models / "colours")
        assert main(["annotate", str(path), "--out", str(out), "--model", model]) == 0
        made.append(out.read_bytes())
    assert made[0] == made[1]


def test_one_video_is_copied_many_times_into_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("av")
    source = moving(tmp_path / "clip.mp4")

    made = {copied(source, tmp_path / "copy.mp4") for _ in range(TIMES)}

    assert len(made) == 1


def moving(path: Path) -> Path:
    """Write a video of 320 x 240 in which a red rectangle passes a blue one."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv444p"
        for index in range(20):
            frame = av.VideoFrame.from_ndarray(scene(index), format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def scene(index: int) -> NDArray[np.uint8]:
    pixels = np.zeros((240, 320, 3), np.uint8)
    pixels[180:230, 200:240] = (0, 0, 255)
    left = 15 * index - 45
    pixels[60:150, max(0, left) : max(0, left + 45)] = (255, 0, 0)
    return pixels


def copied(source: Path, target: Path) -> bytes:
    """Copy a video without what passes, and return the file."""
    with VideoCopy(source, target) as copy:
        for frame in copy:
            frame.pixels[60:150] = 0
            copy.put(frame.pixels)
        copy.finish()
    return target.read_bytes()
