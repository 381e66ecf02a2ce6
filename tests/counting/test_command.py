"""`obscura count`, run as a person runs it, on drawn frames, tables and videos."""

from __future__ import annotations

import csv
import io
import json
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from numpy.typing import NDArray
from PIL import Image

from obscura.cli import main, progress
from obscura.detector import Detector

Scene = Callable[..., NDArray[np.uint8]]
Count = Callable[..., int]

WIDTH, HEIGHT, FRAMES = 640, 480, 21
SHAPES = """{"format": 1,
 "lines": [{"name": "door", "start": [0.5, 1], "end": [0.5, 0]}],
 "zones": [{"name": "right", "corners": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]], "enter_s": 0,
            "leave_s": 0}]}"""
INFO = """[Sequence]
name=walk
imDir=img1
frameRate=10
seqLength=21
imWidth=640
imHeight=480
"""
TABLE = """line  class   in  out
door  object   1    0

zone   class   entries  exits  mean dwell  now inside
right  object        1      0           -           1
"""


def left_edge(index: int) -> int:
    """Where a box of 100 pixels is that goes from left to right."""
    return 40 + 24 * index


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    path = tmp_path / "shapes.json"
    path.write_text(SHAPES, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A sequence without pictures, in which one object walks from left to right."""
    for name in ("det", "gt"):
        (tmp_path / "walk" / name).mkdir(parents=True)
        rows = [
            f"{i + 1},{7 if name == 'gt' else -1},{left_edge(i)},200,100,120,0.9,-1,-1,-1"
            for i in range(FRAMES)
        ]
        if name == "gt":  # a row that MOTChallenge does not evaluate, standing in the zone
            rows += [f"{i + 1},8,500,10,50,50,0,-1,-1,-1" for i in range(FRAMES)]
        (tmp_path / "walk" / name / f"{name}.txt").write_text("\n".join(rows))
    (tmp_path / "walk" / "seqinfo.ini").write_text(INFO)
    return tmp_path / "walk"


@pytest.fixture
def frames(tmp_path: Path, scene: Scene) -> Path:
    """A folder of frames with a red rectangle that walks from left to right."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for i in range(FRAMES):
        box = (left_edge(i), 200, left_edge(i) + 100, 320)
        Image.fromarray(scene(WIDTH, HEIGHT, red=box)).save(folder / f"frame{i}.png")
    (folder / "notes.txt").write_text("no frame")
    return folder


@pytest.fixture
def count(colour_models: Path, shapes: Path) -> Count:
    def run(source: str | Path, *arguments: str | Path) -> int:
        model = str(colour_models / "colours")
        rest = [str(each) for each in arguments]
        return main(["count", str(source), "--shapes", str(shapes), "--model", model, *rest])

    return run


# ---- tables --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["det/det.txt", "gt/gt.txt", "."])
def test_a_table_is_counted_in_without_a_model(
    count: Count, table: Path, name: str, capsys: Any
) -> None:
    assert count(table / name, "--model", "none") == 0

    head, _, rest = capsys.readouterr().out.partition("\n\n")
    assert head == f"{table / name}: 21 frames analysed, 2.0 s"
    assert rest == TABLE


def test_a_table_alone_needs_its_rate_and_the_size_of_its_frames(
    count: Count, table: Path, tmp_path: Path, capsys: Any
) -> None:
    alone = tmp_path / "det.txt"
    alone.write_bytes((table / "det" / "det.txt").read_bytes())

    assert count(alone) == 1
    assert "size of the frames is not known" in capsys.readouterr().err
    assert count(alone, "--size", "640x480") == 1
    assert "frames per second is not known" in capsys.readouterr().err
    assert count(alone, "--size", "640x480", "--fps", "10") == 0
    assert TABLE in capsys.readouterr().out


def test_only_every_nth_frame_is_used_at_its_own_time(
    count: Count, table: Path, capsys: Any
) -> None:
    assert count(table, "--every", "4", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["frames"], document["seconds"]) == (6, 2.0)
    assert document["lines"] == [{"name": "door", "in": {"object": 1}, "out": {}}]


def test_scores_too_low_to_be_tracked_are_pointed_out(
    count: Count, table: Path, capsys: Any
) -> None:
    path = table / "det" / "det.txt"
    path.write_text(path.read_text().replace(",0.9,", ",0.4,"))

    assert count(path) == 0
    assert "No score reaches 0.8" in capsys.readouterr().err
    assert count(path, "--threshold", "0.3") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert TABLE in captured.out


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        ("1,-1,a", "not a table of numbers"),
        ("1,-1,3", "columns"),
        ("99,-1,0,0,9,9,1", "not in 1..21"),
        ("1,-1,0,0,-9,9,1", "negative size"),
        ("1,-1,0,0,nan,9,1", "not finite"),
        ("1,7,0,0,9,9,1\n1,7,5,5,9,9,1", "twice in a frame"),
    ],
)
def test_a_damaged_table_is_refused_in_words(
    count: Count, table: Path, capsys: Any, rows: str, cause: str
) -> None:
    (table / "det" / "det.txt").write_text(rows)

    assert count(table) == 1
    captured = capsys.readouterr()
    assert cause in captured.err
    assert captured.out == ""


def test_a_table_of_nothing_is_counted_as_nothing(count: Count, table: Path, capsys: Any) -> None:
    (table / "det" / "det.txt").write_text("")

    assert count(table, "--json") == 0
    assert json.loads(capsys.readouterr().out)["zones"][0]["inside"] == {}


# ---- folders of frames ---------------------------------------------------------------------------


def test_a_folder_of_frames_is_counted_in_by_the_order_of_their_numbers(
    count: Count, frames: Path, capsys: Any
) -> None:
    assert count(frames, "--fps", "10", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert document == {
        "source": str(frames),
        "model": "colours",
        "frames": FRAMES,
        "seconds": 2.0,
        "complete": True,
        "lines": [{"name": "door", "in": {"red": 1}, "out": {}}],
        "zones": [
            {
                "name": "right",
                "entries": {"red": 1},
                "exits": {},
                "mean_dwell_s": {},
                "inside": {"red": 1},
            }
        ],
    }


def test_the_rate_of_a_sequence_is_in_its_seqinfo(
    count: Count, frames: Path, table: Path, capsys: Any
) -> None:
    frames.rename(table / "img1")

    assert count(table, "--json") == 0
    assert json.loads(capsys.readouterr().out)["lines"][0]["in"] == {"red": 1}
    assert count(table / "img1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == 2.0


@pytest.mark.parametrize(
    ("birth", "arguments", "counted"),
    [
        (0.7, [], {"red": 1}),
        (0.9, [], {}),
        (0.9, ["--threshold", "0.4"], {"red": 1}),  # the card's threshold is 0.5
        (0.7, ["--threshold", "0.9"], {}),
    ],
)
def test_what_is_followed_is_decided_by_card_and_threshold(
    count: Count,
    frames: Path,
    colour_models: Path,
    card_table: dict[str, Any],
    capsys: Any,
    birth: float,
    arguments: list[str],
    counted: dict[str, int],
) -> None:
    for path in frames.glob("*.png"):  # a red whose score is 0.8
        paler = np.asarray(Image.open(path)) * 0.8
        Image.fromarray(paler.astype(np.uint8)).save(path)
    card_table["tracking"] = {"birth": birth, "live": 0.3}
    card = colour_models / "colours" / "model.toml"
    card.write_text(tomli_w.dumps(card_table), encoding="utf-8")

    assert count(frames, "--fps", "10", "--json", *arguments) == 0

    assert json.loads(capsys.readouterr().out)["lines"][0]["in"] == counted


def test_only_the_classes_asked_for_are_counted(count: Count, frames: Path, capsys: Any) -> None:
    assert count(frames, "--fps", "10", "--classes", "blue,green", "--json") == 0

    assert json.loads(capsys.readouterr().out)["lines"][0]["in"] == {}


def test_a_damaged_frame_is_named_and_left_out(count: Count, frames: Path, capsys: Any) -> None:
    (frames / "frame3.png").write_bytes(b"no picture")

    assert count(frames, "--fps", "10") == 1
    captured = capsys.readouterr()
    assert "frame3.png" in captured.err
    assert "20 frames analysed" in captured.out
    assert "door  red     1    0" in captured.out


def test_ctrl_c_prints_what_was_counted_so_far(
    count: Count, frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    detect, seen = Detector.detect, []

    def interrupted(self: Detector, picture: Any) -> Any:
        seen.append(picture)
        if len(seen) == 18:
            raise KeyboardInterrupt
        return detect(self, picture)

    monkeypatch.setattr(Detector, "detect", interrupted)
    lines = tmp_path / "events.jsonl"

    assert count(frames, "--fps", "10", "--events", lines) == 130
    captured = capsys.readouterr()
    assert "17 frames analysed, 1.6 s, not to its end" in captured.out
    assert "door  red     1    0" in captured.out
    assert captured.err == "obscura: stopped.\n"
    kinds = [json.loads(line)["event"] for line in lines.read_text().splitlines()]
    assert kinds == ["appeared", "zone_entered", "crossing"]


# ---- cameras and streams -------------------------------------------------------------------------


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
    assert "The video cannot be read" in capsys.readouterr().err


def test_a_table_has_nothing_to_look_closer_at(count: Count, table: Path, capsys: Any) -> None:
    assert count(table, "--pipeline", "closer.toml") == 1
    assert "A table has no pictures (--pipeline). Leave it out." in capsys.readouterr().err


# ---- output --------------------------------------------------------------------------------------


def test_csv_has_the_times_of_the_recording(count: Count, table: Path, capsys: Any) -> None:
    assert count(table, "--csv", "--start", "2026-05-01T08:00:59+02:00") == 0

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert {row["wall_time"] for row in rows} == {
        "2026-05-01T08:00:00+02:00",
        "2026-05-01T08:01:00+02:00",
    }
    counted = [row for row in rows if row["class"] == "object" and row["kind"] == "line"]
    assert [(row["in"], row["out"]) for row in counted] == [("1", "0")]


def test_csv_of_hours_without_a_known_time(count: Count, table: Path, capsys: Any) -> None:
    assert count(table, "--csv", "--per", "hour") == 0

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert {(row["wall_time"], row["media_time_s"]) for row in rows} == {("", "0.0")}
    assert rows[0]["in"] == "1"


def test_events_are_lines_of_json(count: Count, table: Path, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"

    assert count(table, "--events", path, "--start", "2026-05-01T08:00:00+00:00") == 0

    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [each["event"] for each in records] == ["appeared", "zone_entered", "crossing"]
    crossing = records[-1]
    assert (crossing["line"], crossing["direction"], crossing["source"]) == ("door", "in", "walk")
    assert crossing["wall_time"].startswith("2026-05-01T08:00:01")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_was_counted_until_the_disk_was_full_is_shown(
    count: Count, table: Path, capsys: Any
) -> None:
    assert count(table, "--events", "/dev/full") == 4

    told = capsys.readouterr()
    assert "not to its end" in told.out
    assert "--events" in told.err


def test_events_overwrite_nothing_that_is_read(
    count: Count, table: Path, shapes: Path, capsys: Any
) -> None:
    for path in (shapes, table / "det" / "det.txt"):
        before = path.read_bytes()
        assert count(table / "det" / "det.txt", "--events", path) == 2
        assert "would overwrite" in capsys.readouterr().err
        assert path.read_bytes() == before


def test_progress_is_shown_on_a_terminal_after_half_a_second(
    count: Count, table: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock) * 0.2)

    count(table)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    count(table)

    shown = capsys.readouterr().err
    assert shown.startswith("\r\x1b[K3 of 21 frames\r\x1b[K4 of 21 frames")
    assert shown.endswith("\r\x1b[K21 of 21 frames\r\x1b[K")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, "cannot be read"),
        ("{", "not valid JSON"),
        ('{"format": 1}', "neither lines nor zones"),
        ('{"format": 1, "lines": []}', "no lines and no zones"),
    ],
)
def test_shapes_that_are_not_there_are_named(
    count: Count, table: Path, shapes: Path, text: str | None, cause: str, capsys: Any
) -> None:
    if text is None:
        shapes.unlink()
    else:
        shapes.write_text(text)

    assert count(table) == 1
    assert cause in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--every", "0"), ("--fps", "0"), ("--fps", "nan"), ("--size", "640"), ("--size", "0x9"),
     ("--start", "noon"), ("--threshold", "2")],
)  # fmt: skip
def test_an_option_of_a_wrong_value_is_refused(
    count: Count, table: Path, option: str, value: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit):
        count(table, option, value)

    assert f'"{value}" is not' in capsys.readouterr().err


def test_a_source_that_is_none_is_named(count: Count, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "empty").mkdir()

    assert count(tmp_path / "nowhere.mp4") == 1
    assert count(tmp_path / "empty", "--fps", "9") == 1
    error = capsys.readouterr().err
    assert "There is no such file or folder" in error
    assert "The folder has no frames" in error


# ---- videos --------------------------------------------------------------------------------------


def test_without_pyav_a_video_says_what_to_install(
    count: Count, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "clip.mp4").write_bytes(b"")

    assert count(tmp_path / "clip.mp4") == 3
    assert capsys.readouterr().err == (
        "obscura: Videos are read with PyAV, which is not installed. Install it: python3 -m pip "
        "install 'av>=18,<20'. Or give a folder of frames, which needs nothing more.\n"
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
