"""The frames of a video file: their times, their shape and their colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.export.annotate import annotate_video
from obscura.sources import open_source
from obscura.sources.video import square

from .. import clips


@pytest.mark.parametrize("name", clips.CLIPS)
def test_frames_come_in_order_at_their_times_from_the_first(tmp_path: Path, name: str) -> None:
    clip = clips.CLIPS[name]
    path = clips.make(tmp_path / f"clip{clip.ending}", clip)

    with open_source(path) as source:
        frames = list(source)

    tick = 0.001 if clip.ending in (".webm", ".mkv") else float(clip.base)
    assert [clips.number_in(each.pixels) for each in frames] == clip.numbers()
    assert [each.info.index for each in frames] == list(range(len(frames)))
    assert [each.info.time_s for each in frames] == pytest.approx(clip.times_s(), abs=tick)
    assert frames[0].info.time_s == 0.0


@pytest.mark.parametrize("name", clips.CLIPS)
def test_frames_are_upright_in_square_pixels(tmp_path: Path, name: str) -> None:
    clip = clips.CLIPS[name]
    path = clips.make(tmp_path / f"clip{clip.ending}", clip)

    with open_source(path) as source:
        pixels = next(iter(source)).pixels

    height, width = pixels.shape[:2]
    assert (width, height) == square(clips.WIDTH, clips.HEIGHT, clip.pixel)
    corner = pixels[-height // 10, width // 20].astype(int)
    assert corner[0] > 150
    assert corner[1] < 90


def test_every_nth_frame_keeps_its_own_time(tmp_path: Path) -> None:
    clip = clips.CLIPS["late, uneven"]
    path = clips.make(tmp_path / "clip.mp4", clip)

    with open_source(path, every=5) as source:
        times = [each.info.time_s for each in source]

    assert times == pytest.approx(clip.times_s()[::5], abs=float(clip.base))


@pytest.mark.parametrize(
    ("pixel", "size"),
    [
        (None, (720, 576)),
        (Fraction(0), (720, 576)),  # how FFmpeg says that it is not known
        (Fraction(16, 15), (768, 576)),
        (Fraction(8, 9), (720, 648)),
        (Fraction(1000), (720, 576)),  # a damaged file must not fill the memory
    ],
)
def test_no_side_is_shorter_in_square_pixels(pixel: Fraction | None, size: tuple[int, int]) -> None:
    assert square(720, 576, pixel) == size


COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 180, 60))
BT709, BT601, UNNAMED = 1, 6, 2


def coloured(path: Path, size: tuple[int, int], matrix: int, named: int, full: bool) -> Path:
    """Write a video of stripes in `COLOURS`."""
    import av

    width, height = size
    pixels = np.repeat(np.array(COLOURS, np.uint8), width // 4, axis=0)
    pixels = np.ascontiguousarray(np.broadcast_to(pixels, (height, width, 3)))
    scaler = {BT709: 1, BT601: 5}[matrix]
    span = 2 if full else 1
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.colorspace = named
        stream.codec_context.color_range = span
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame = frame.reformat(
            width, height, "yuv420p", dst_colorspace=scaler, dst_color_range=span
        )
        frame.colorspace, frame.color_range = named, span
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("size", "matrix", "named", "full"),
    [
        ((320, 240), BT601, BT601, False),
        ((320, 240), BT709, BT709, False),
        ((320, 240), BT709, BT709, True),
        ((320, 240), BT601, UNNAMED, False),
        ((1280, 720), BT709, UNNAMED, False),
        ((1280, 720), BT601, BT601, False),
    ],
)
def test_colours_are_those_that_the_file_names_or_the_size_stands_for(
    tmp_path: Path, size: tuple[int, int], matrix: int, named: int, full: bool
) -> None:
    path = coloured(tmp_path / "clip.mp4", size, matrix, named, full)
    copy = tmp_path / "copy.mp4"
    annotate_video(path, copy, lambda _: Detections.empty(), ())

    for each in (path, copy):
        with open_source(each) as source:
            pixels = next(iter(source)).pixels
        stripes = pixels[size[1] // 2, size[0] // 8 :: size[0] // 4].astype(int)
        assert np.abs(stripes - COLOURS).max() <= 5
