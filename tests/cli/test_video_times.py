"""The frames of a video file and their times, whatever the file says about them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

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
