"""`obscura count` in videos, cameras and streams."""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import FRAMES, HEIGHT, WIDTH, Count, Scene, left_edge


@pytest.fixture
def clip(tmp_path: Path, frames: Path) -> Path:
    """The frames as a stream that can be read from any moment on."""
    av = pytest.importorskip("av")
    path = tmp_path / "walk.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(FRAMES):
            with Image.open(frames / f"frame{index}.png") as picture:
                container.mux(stream.encode(av.VideoFrame.from_image(picture.convert("RGB"))))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("where", "opened", "options"),
    [
        ("camera:0", "/dev/video0", {"format": "v4l2"}),
        ("rtsp://door.example/live", "rtsp://door.example/live", {"timeout": 10.0}),
    ],
)
def test_cameras_and_streams_are_counted_in(
    where: str,
    opened: str,
    options: dict[str, Any],
    count: Count,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    """FFmpeg is given a file in place of what no machine for tests has."""
    av = pytest.importorskip("av")
    real, asked = av.open, []

    def stand_in(name: str, **given: Any) -> Any:
        asked.append((name, given))
        return real(str(clip))

    monkeypatch.setattr(av, "open", stand_in)
    monkeypatch.setattr("platform.system", lambda: "Linux")

    assert count(where, "--json") == 0

    made = json.loads(capsys.readouterr().out)
    assert asked == [(opened, options)]
    assert (made["source"], made["frames"], made["complete"]) == (where, FRAMES, True)
    assert made["lines"][0]["in"] == {"red": 1}


def test_a_stream_over_the_network_is_counted_in(count: Count, clip: Path, capsys: Any) -> None:
    """A real one: FFmpeg connects, and is sent one packet after another."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(clip.read_bytes())

        sender = threading.Thread(target=send)
        sender.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"

        assert count(address, "--json") == 0
        sender.join()

    made = json.loads(capsys.readouterr().out)
    assert made["frames"] == FRAMES
    assert made["lines"][0]["in"] == {"red": 1}


def test_a_camera_that_is_not_there_is_named(count: Count, capsys: Any) -> None:
    pytest.importorskip("av")

    assert count("camera:99") == 1
    assert "The camera cannot be opened" in capsys.readouterr().err


def test_without_pyav_a_video_says_what_to_install(
    count: Count, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "clip.mp4").write_bytes(b"")

    assert count(tmp_path / "clip.mp4") == 3
    assert capsys.readouterr().err == (
        "obscura: Videos are read with PyAV, which is not installed. Install it in Obscura's "
        "source code: python3 -m pip install '.[video]'. Or give a folder of frames, which needs "
        "nothing more.\n"
    )


@pytest.fixture
def video(tmp_path: Path, scene: Scene) -> Path:
    """A video of ten frames a second, and then of two."""
    av = pytest.importorskip("av")
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "bgr0"
        for i in range(FRAMES):
            box = (left_edge(i), 200, left_edge(i) + 100, 320)
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(scene(WIDTH, HEIGHT, red=box)[..., :3]), format="rgb24"
            )
            frame.pts = i if i < 10 else 10 + (i - 10) * 5
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_video_is_counted_in_by_its_own_times(count: Count, video: Path, capsys: Any) -> None:
    assert count(video, "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["frames"], document["seconds"]) == (FRAMES, 6.0)
    assert document["lines"] == [{"name": "door", "in": {"red": 1}, "out": {}}]


def test_a_rate_that_is_given_counts_in_place_of_a_videos(
    count: Count, video: Path, capsys: Any
) -> None:
    assert count(video, "--json", "--fps", "10", "--every", "2") == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["frames"], document["seconds"]) == (11, 2.0)


def test_what_was_counted_before_a_video_breaks_off_is_printed(
    count: Count, video: Path, capsys: Any
) -> None:
    whole = video.read_bytes()
    video.write_bytes(whole[: int(len(whole) * 0.7)])

    count(video)

    assert "frames analysed" in capsys.readouterr().out


def test_a_file_that_is_no_video_is_refused(count: Count, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("av")
    (tmp_path / "clip.mp4").write_bytes(b"no video at all")

    assert count(tmp_path / "clip.mp4") == 1
    assert "The video cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("turn", [0, 90, -90, 180])
def test_a_video_of_a_phone_is_seen_upright(
    count: Count, tmp_path: Path, scene: Scene, turn: int, capsys: Any
) -> None:
    """The red rectangle stays in the upper right of the picture as people see it."""
    av = pytest.importorskip("av")
    width, height = (WIDTH, HEIGHT) if turn % 180 == 0 else (HEIGHT, WIDTH)
    seen = scene(width, height, red=(width - 220, 20, width - 20, 160))[..., :3]
    stored = np.ascontiguousarray(np.rot90(seen, -turn // 90))
    path, shapes = tmp_path / "phone.mp4", tmp_path / "shapes.json"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.set_display_rotation(turn)
        for i in range(10):
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    corner = {"name": "corner", "corners": [[0.5, 0], [1, 0], [1, 0.5], [0.5, 0.5]]}
    shapes.write_text(json.dumps({"format": 1, "zones": [corner]}))

    assert count(path, "--json", "--shapes", shapes) == 0
    assert json.loads(capsys.readouterr().out)["zones"][0]["inside"] == {"red": 1}
