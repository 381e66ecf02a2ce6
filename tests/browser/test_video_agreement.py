"""The page and the library make the same of a video: its data and its copy with boxes, frame by
frame."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import av
import pytest

from obscura.cli import main

from . import networks
from .analysed import analyse
from .conftest import OpenRoom
from .numbered import clip, duration_s, shown
from .room import Room
from .test_export import open_dialog
from .test_export import saved as exported
from .test_record import see_colours

TIMES_MS = [0, 33, 67, 100, 250, 290, 300, 333, 480, 500, 700, 733, 767, 800, 1000, 1500]
NAME = "numbered.webm"
EDGES = ("x1", "y1", "x2", "y2")


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom) -> Room:
    """A visit in which every frame of the clip was analysed."""
    room = shared_room(cold=True, accept_downloads=True).open()
    room.until_state("ready")
    see_colours(room)
    room.give(clip(TIMES_MS), NAME, "video/webm")
    room.until_live()
    analyse(room)
    return room


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clip and the network."""
    folder = tmp_path_factory.mktemp("clip")
    (folder / NAME).write_bytes(clip(TIMES_MS))
    names = networks.named(*networks.COLOURS)
    (folder / "colours.onnx").write_bytes(networks.yolov8(metadata=names))
    return folder


def run(home: Path, command: str, out: str) -> Path:
    """Run a command of the library on the clip, and return what it writes."""
    words = [command, str(home / NAME), "--model", str(home / "colours.onnx")]
    assert main([*words, "--out", str(home / out)]) == 0
    return home / out


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def times(data: bytes) -> tuple[list[float], float]:
    """Return the times of a video's frames in seconds, and the tick of its clock."""
    with av.open(io.BytesIO(data)) as container:
        frames = [float(frame.time or 0) for frame in container.decode(video=0)]
        return frames, float(container.streams.video[0].time_base or 0)


def test_both_find_the_same_in_every_frame(room: Room, home: Path) -> None:
    open_dialog(room, "shown")
    by_page = records(exported(room, "jsonl")[1].decode())
    room.page.keyboard.press("Escape")
    by_library = records(run(home, "detect", "found.jsonl").read_text("utf-8"))

    assert len(by_page) == len(by_library) == len(TIMES_MS)
    for ours, theirs in zip(by_page, by_library, strict=True):
        assert [ours[key] for key in ("frame", "width", "height")] == [
            theirs[key] for key in ("frame", "width", "height")
        ]
        assert ours["time_s"] == pytest.approx(theirs["time_s"], abs=0.001)
        (mine,), (other,) = ours["detections"], theirs["detections"]
        assert (mine["label"], mine["class_id"]) == (other["label"], other["class_id"])
        assert mine["score"] == pytest.approx(other["score"], abs=0.02)
        assert [mine[edge] for edge in EDGES] == pytest.approx(
            [other[edge] for edge in EDGES], abs=1
        )


def test_both_draw_the_same_at_the_same_times(room: Room, home: Path) -> None:
    copy = run(home, "annotate", "copy.mp4").read_bytes()
    room.at("record-whole").click()
    room.page.wait_for_selector("#record-dialog[open] #record-save:visible")
    with room.page.expect_download() as download:
        room.at("record-save").click()
    made = Path(download.value.path()).read_bytes()

    ours, theirs = shown(made), shown(copy)
    assert [each.number for each in ours] == [each.number for each in theirs]
    assert [each.number for each in ours] == list(range(len(TIMES_MS)))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.box is not None
        assert other.box is not None
        assert mine.box == pytest.approx(other.box, abs=3), mine.number
    (our_times, our_tick), (their_times, their_tick) = times(made), times(copy)
    assert our_times == pytest.approx(their_times, abs=max(our_tick, their_tick))
    assert duration_s(made) == pytest.approx(duration_s(copy), abs=0.1)
