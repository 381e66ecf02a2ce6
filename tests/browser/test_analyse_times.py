"""Thorough analysis and the library: the same frames, the same times from the first one, the same
boxes."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageColor

from obscura import Detector
from obscura.drawing import PALETTE
from obscura.export.records import to_record
from obscura.sources import open_source
from obscura.update import Update

from .analysed import analyse, give, given, stored
from .clips import RATE, SPY, clip
from .conftest import OpenRoom
from .pictures import sample
from .room import Room

LATE = tuple(1.4 + index / RATE for index in range(12))
UNEVEN = tuple(0.7 + index / RATE + (index % 3) * 0.017 for index in range(12))
FROM_FIRST = [index / RATE for index in range(12)]
NOT_YET = """
{
  const asked = new WeakMap();
  globalThis.VideoFrame = new Proxy(VideoFrame, {
    construct(target, [source, ...rest]) {
      if (source instanceof HTMLVideoElement) {
        if (!asked.has(source)) asked.set(source, performance.now());
        if (performance.now() - asked.get(source) < (globalThis.lateMs ?? 300)) {
          throw new DOMException("Invalid source state", "InvalidStateError");
        }
      }
      return new target(source, ...rest);
    },
  });
}
"""
"""A busy browser: it says that a video has a frame, and gives it later."""
SHOWN = "document.getElementById('video').currentTime"


def times(room: Room) -> list[float]:
    return [record["time_s"] for record in stored(room)]


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    room = new_room(init=SPY).open()
    room.until_state("ready")
    return room


@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_a_file_that_begins_late_is_counted_from_its_first_frame(
    room: Room, container: str
) -> None:
    give(
        room,
        clip(12, people=frozenset({4, 5}), times=LATE, container=container),
        "late",
        "video/mp4",
    )

    analyse(room)

    assert given(room, 12) == list(range(12))
    assert times(room) == pytest.approx(FROM_FIRST, abs=0.001)
    assert float(room.at("video-time").get_attribute("max") or 0) == pytest.approx(1.15, abs=0.06)
    room.page.evaluate("() => { given.length = 0; }")
    room.at("video-time").fill("0.45")
    room.until("now.state === 'paused' && now.detections.length > 0")
    assert room.page.evaluate(f"() => {SHOWN}") == pytest.approx(1.85, abs=0.01)
    room.at("video-time").fill("0.65")
    room.until("now.state === 'paused' && now.detections.length === 0")
    room.at("video-marks").locator("button").click()
    room.until("now.state === 'paused' && now.detections.length > 0")
    assert room.page.evaluate(f"() => {SHOWN}") == pytest.approx(1.8, abs=0.01)
    assert room.page.evaluate("() => given") == [], "all of that is known"


def check_late(room: Room) -> None:
    """Have a file that begins late be analysed: its times count from its first frame."""
    room.open().until_state("ready")
    give(room, clip(12, times=LATE))

    analyse(room)

    assert given(room, 12) == list(range(12))
    assert times(room) == pytest.approx(FROM_FIRST, abs=0.001)


def test_a_player_counts_from_the_first_frame_too(new_room: OpenRoom) -> None:
    check_late(new_room(init=f"delete globalThis.VideoDecoder; {SPY}"))


@pytest.mark.parametrize("decoder", ["", "delete globalThis.VideoDecoder;"])
def test_a_first_frame_that_is_given_late_is_waited_for(new_room: OpenRoom, decoder: str) -> None:
    room = new_room(init=f"{decoder} {SPY} {NOT_YET}")
    check_late(room)
    assert float(room.at("video-time").get_attribute("max") or 0) == pytest.approx(1.15, abs=0.06)


UNKNOWN = """
{
  const played = new WeakSet(), { prototype } = HTMLMediaElement;
  const { get } = Object.getOwnPropertyDescriptor(prototype, "readyState");
  Object.defineProperty(prototype, "readyState", {
    get() { return played.has(this) ? get.call(this) : Math.min(get.call(this), 1); },
  });
  const play = prototype.play;
  prototype.play = function () {
    return play.call(this).then(() => { played.add(this); });
  };
}
globalThis.lateMs = 550;
"""
"""A browser that reads nothing of a video before it plays, and says late what it shows then."""


@pytest.mark.parametrize("begins_s", [0.0, 1.4])
def test_a_first_frame_that_is_known_once_it_plays(new_room: OpenRoom, begins_s: float) -> None:
    room = new_room(init=f"{SPY} {NOT_YET} {UNKNOWN}").open()
    room.until_state("ready")

    give(room, clip(40, times=tuple(begins_s + index / RATE for index in range(40))))

    room.at("video-time").fill("0.45")
    room.until("now.state === 'paused'")
    assert room.page.evaluate(f"() => {SHOWN}") == pytest.approx(begins_s + 0.45, abs=0.01)


SIZE = (640, 512)
STEP = 8
"""Pixels by which the person goes to the right from frame to frame."""


def coloured(frame: Any) -> int:
    """Return how many pixels of a frame have the colour of the boxes of people."""
    wanted = np.array(ImageColor.getrgb(PALETTE[0]))
    pixels = frame.to_ndarray(format="rgb24").astype(int)
    return int((np.abs(pixels - wanted).sum(axis=2) < 90).sum())


def test_a_whole_video_of_a_file_that_begins_late_has_each_box_on_its_frame(
    new_room: OpenRoom,
) -> None:
    room = new_room(accept_downloads=True, init=SPY).open()
    room.until_state("ready")
    give(room, clip(12, people=frozenset({4, 5}), times=LATE, size=(640, 480)))
    analyse(room)

    room.at("record-whole").click()
    room.page.wait_for_selector("#record-dialog[open] #record-save:visible")
    with room.page.expect_download() as download:
        room.at("record-save").click()

    with av.open(str(download.value.path())) as made:
        frames = [(float(frame.time or 0), coloured(frame)) for frame in made.decode(video=0)]
    assert [time_s for time_s, _ in frames] == pytest.approx(FROM_FIRST, abs=0.001)
    assert [number for number, (_, pixels) in enumerate(frames) if pixels > 300] == [4, 5]


PIXELS_WITHIN = 3.0
SCORE_WITHIN = 0.02
"""Page and library decode by themselves, and round colours to values that differ by up to three:
measured 1.8 pixels and 0.01, of a person who goes 8 pixels from frame to frame."""
SURE = {"cocossd": 0.5, "centernet-416": 0.42}
"""The person's scores are above it in every frame, and all others below, by more than that."""
THERE = range(2, 8)
"""Frames in which she is."""


def walking() -> bytes:
    """Return a video that begins late, of uneven times, with frames made of later ones."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream: Any = out.add_stream("libx264", rate=RATE, options={"crf": "6", "bf": "3"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, time_s in enumerate(UNEVEN):
            wall = Image.new("RGB", SIZE, (96, 96, 96))
            if index in THERE:
                wall.paste(sample(), (STEP * index, 0))
            frame = av.VideoFrame.from_image(wall)
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file.getvalue()


@pytest.mark.parametrize("model", SURE)
def test_what_is_found_is_what_the_library_finds_in_the_same_frames(
    new_room: OpenRoom, tmp_path: Path, model: str
) -> None:
    def sure(record: dict[str, Any]) -> list[dict[str, Any]]:
        return [row for row in record["detections"] if row["score"] >= SURE[model]]

    path = tmp_path / "clip.mp4"
    path.write_bytes(walking())
    room = new_room().open(f"?model={model}")
    room.until_state("ready")
    give(room, path.read_bytes())

    analyse(room)

    with open_source(path) as source, Detector(model, threshold=SURE[model]) as detector:
        library = [
            to_record(Update(frame.info, detector.detect(frame.pixels)), detector.labels)
            for frame in source
        ]
    page = stored(room)
    assert [len(sure(each)) for each in library] == [int(each in THERE) for each in range(12)]
    for mine, its in zip(page, library, strict=True):
        assert mine["frame"] == its["frame"]
        assert mine["time_s"] == pytest.approx(its["time_s"], abs=0.001)
        assert (mine["width"], mine["height"]) == (its["width"], its["height"])
        for row, expected in zip(sure(mine), sure(its), strict=True):
            assert row["label"] == expected["label"]
            assert row["score"] == pytest.approx(expected["score"], abs=SCORE_WITHIN)
            edges = [[each[edge] for edge in ("x1", "y1", "x2", "y2")] for each in (row, expected)]
            assert edges[0] == pytest.approx(edges[1], abs=PIXELS_WITHIN)
