"""The page's reader of videos and the library's give the same frames, at the same times."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from obscura.export.annotate import annotate_video
from obscura.sources import open_source

from .. import clips
from .conftest import OpenRoom
from .room import Room

READ = """async ([address, bytes]) => {
  const { open } = await import(address);
  const reader = await open(new Blob([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))]));
  const { width, height } = reader;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const frames = [];
  for await (const sample of reader.samples()) {
    sample.draw(context, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    frames.push([sample.timestamp, btoa(Array.from(data, (x) => String.fromCharCode(x)).join(""))]);
    sample.close();
  }
  reader.close();
  return { width, height, frames };
}"""
"""Read all frames of a file; return their times in seconds and their pixels in RGBA."""


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    room = shared_room().open()
    room.until_state("ready")
    return room


def by_page(room: Room, dist: Path, path: Path) -> tuple[list[clips.Pixels], list[float]]:
    """Return the upright frames that the page's reader gives, and their times."""
    (script,) = dist.glob("assets/media.*.js")
    given = [f"{room.url}assets/{script.name}", base64.b64encode(path.read_bytes()).decode()]
    read: dict[str, Any] = room.page.evaluate(READ, given)
    shape = (read["height"], read["width"], 4)
    times = [time for time, _ in read["frames"]]
    pixels = [
        np.frombuffer(base64.b64decode(data), np.uint8).reshape(shape)[..., :3]
        for _, data in read["frames"]
    ]
    return pixels, times


BEYOND = {"ends within"}
"""Of those, mediabunny gives the frames after the end that the file's edit list sets."""


@pytest.mark.parametrize("name", [name for name in clips.CLIPS if name not in BEYOND])
def test_frames_and_times_are_those_of_the_library(
    visit: Room, dist: Path, tmp_path: Path, name: str
) -> None:
    clip = clips.CLIPS[name]
    path = clips.make(tmp_path / f"clip{clip.ending}", clip)
    with open_source(path) as source:
        frames = list(source)

    pixels, times = by_page(visit, dist, path)

    assert [clips.number_in(each) for each in pixels] == clip.numbers()
    assert [clips.number_in(each.pixels) for each in frames] == clip.numbers()
    assert pixels[0].shape == frames[0].pixels.shape
    tick = 0.001 if clip.ending in (".webm", ".mkv") else float(clip.base)
    from_first = [each - times[0] for each in times]
    assert [each.info.time_s for each in frames] == pytest.approx(from_first, abs=tick)


COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 180, 60))
BT709, BT601, UNNAMED = 1, 6, 2


def striped(path: Path, size: tuple[int, int], named: int, codec: str) -> Path:
    """Write a video of stripes in `COLOURS`."""
    width, height = size
    pixels = np.repeat(np.array(COLOURS, np.uint8), width // 4, axis=0)
    pixels = np.ascontiguousarray(np.broadcast_to(pixels, (height, width, 3)))
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate, stream.codec_context.colorspace = 4_000_000, named
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.colorspace = named
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("ending", "codec"), [(".mp4", "libx264"), (".webm", "libvpx-vp9")])
@pytest.mark.parametrize(
    ("size", "named"),
    [
        pytest.param((320, 240), UNNAMED, id="small"),
        pytest.param((1280, 720), UNNAMED, id="large"),
        pytest.param((320, 240), BT709, id="small, BT.709"),
        pytest.param((1280, 720), BT601, id="large, BT.601"),
    ],
)
def test_colours_are_those_of_the_library(
    visit: Room,
    dist: Path,
    tmp_path: Path,
    size: tuple[int, int],
    named: int,
    ending: str,
    codec: str,
) -> None:
    path = striped(tmp_path / f"clip{ending}", size, named, codec)
    with open_source(path) as source:
        library = next(iter(source)).pixels

    page = by_page(visit, dist, path)[0][0]

    middle = np.s_[size[1] // 2, size[0] // 8 :: size[0] // 4]
    assert np.abs(page[middle].astype(int) - library[middle]).max() <= 8


@pytest.mark.parametrize(
    ("name", "ending"),
    [("late, uneven", ".mp4"), ("B-frames, uneven", ".mkv"), ("turned 90", ".webm")],
)
def test_an_annotated_clip_of_the_library_has_its_times_and_its_boxes_in_the_page(
    visit: Room, dist: Path, tmp_path: Path, name: str, ending: str
) -> None:
    clip = clips.CLIPS[name]
    source = clips.make(tmp_path / f"clip{clip.ending}", clip)
    copy = tmp_path / f"boxes{ending}"
    annotate_video(source, copy, clips.box_of_its_own, clips.LABELS)

    before, given = by_page(visit, dist, source)
    after, times = by_page(visit, dist, copy)

    numbers = [clips.number_in(each) for each in after]
    assert numbers == clip.numbers() == [clips.number_in(each) for each in before]
    lefts = [clips.left_of(number) for number in numbers]
    assert [clips.box_at(each) for each in after] == pytest.approx(lefts, abs=3)
    tick = 0.001 if ending in (".webm", ".mkv") else float(clip.base)
    from_first = [each - times[0] for each in times]
    assert from_first == pytest.approx([each - given[0] for each in given], abs=tick)
