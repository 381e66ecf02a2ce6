"""`obscura annotate`: a copy with boxes, whose frames have their own times and their own boxes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from obscura.cli import main
from obscura.export.annotate import MOST_CLASSES
from obscura.sources import open_source

from .. import clips

Annotate = Callable[..., int]
SAMPLE = Path(__file__).parents[2] / "assets" / "sample.jpg"


@pytest.fixture
def annotate(colour_models: Path) -> Annotate:
    def run(*arguments: str | Path) -> int:
        words = [str(each) for each in arguments]
        model = () if "--records" in words else ("--model", str(colour_models / "colours"))
        return main(["annotate", *words, *model])

    return run


def files(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(each.name for each in folder.iterdir() if each.is_file())


def records(path: Path, clip: clips.Clip, name: str, **other: Any) -> Path:
    """Write a record for each frame of a clip, whose box is in another place for each."""
    lines = []
    for index, (number, time_s) in enumerate(zip(clip.numbers(), clip.times_s(), strict=True)):
        row = {"label": "thing", "class_id": clips.CLASS, "score": 0.9}
        box = dict(zip(("x1", "y1", "x2", "y2"), clips.box_of(number), strict=True))
        frame = {"frame": index, "time_s": round(time_s, 4), "width": 160, "height": 120}
        made = {"source": name, "model": "m", **frame, "detections": [row | box]} | other
        lines.append(json.dumps(made))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("uneven", ".mp4"),
        ("late, uneven", ".mp4"),
        ("B-frames, uneven", ".mov"),
        ("WebM, late", ".webm"),
        ("WebM, uneven", ".mp4"),
        ("uneven", ".webm"),
        ("late, Matroska", ".mkv"),
        ("begins within", ".mp4"),
    ],
)
def test_every_frame_has_its_own_time_and_its_own_box(
    annotate: Annotate, tmp_path: Path, name: str, ending: str
) -> None:
    clip = clips.CLIPS[name]
    path = clips.make(tmp_path / f"clip{clip.ending}", clip)
    found = records(tmp_path / "found.jsonl", clip, path.name)
    out = tmp_path / f"out{ending}"

    assert annotate(path, "--out", out, "--records", found) == 0
    with open_source(out) as source:
        frames = list(source)
    numbers = [clips.number_in(each.pixels) for each in frames]
    assert numbers == clip.numbers()
    assert [clips.box_at(each.pixels) for each in frames] == pytest.approx(
        [clips.left_of(number) for number in numbers], abs=3
    )
    tick = 0.001 if {ending, clip.ending} & {".webm", ".mkv"} else float(clip.base)
    assert [each.info.time_s for each in frames] == pytest.approx(clip.times_s(), abs=tick)


@pytest.mark.parametrize("name", ["turned 90", "turned, wide pixels", "high pixels"])
def test_the_copy_is_upright_in_square_pixels(
    annotate: Annotate, tmp_path: Path, name: str
) -> None:
    path = clips.make(tmp_path / "clip.mp4", clips.CLIPS[name])
    out = tmp_path / "out.mp4"

    assert annotate(path, "--out", out) == 0
    with open_source(path) as before, open_source(out) as after:
        pairs = list(zip(before, after, strict=True))
    for given, made in pairs:
        assert made.pixels.shape == given.pixels.shape
        assert np.abs(made.pixels.astype(int) - given.pixels).mean() < 12


@pytest.mark.parametrize("mute", [False, True])
def test_the_sound_is_copied_or_left_out(annotate: Annotate, tmp_path: Path, mute: bool) -> None:
    import av

    path = clips.make(tmp_path / "clip.mp4", clips.CLIPS["sound"])
    out = tmp_path / "out.mp4"

    assert annotate(path, "--out", out, *(("--mute",) if mute else ())) == 0
    sounds = []
    for each in (path, out):
        with av.open(str(each)) as container:
            tracks = container.streams.audio
            packets = list(container.demux(tracks[0])) if tracks else []
            sounds.append([bytes(packet) for packet in packets if packet.dts is not None])
    assert len(sounds[0]) > 5
    assert sounds[1] == ([] if mute else sounds[0])


def test_sound_that_does_not_fit_is_refused(
    annotate: Annotate, tmp_path: Path, capsys: Any
) -> None:
    path = clips.make(tmp_path / "clip.mp4", clips.CLIPS["sound"])

    assert annotate(path, "--out", tmp_path / "out.webm") == 1
    assert "--mute" in capsys.readouterr().err
    assert files(tmp_path) == ["clip.mp4"]


def test_objects_are_found_where_no_records_are_given(
    annotate: Annotate, clip: Path, tmp_path: Path
) -> None:
    assert annotate(clip, "--out", tmp_path / "out.mp4", "--track", "--every", "3") == 0
    with open_source(clip, every=3) as before, open_source(tmp_path / "out.mp4") as after:
        pairs = list(zip(before, after, strict=True))
    assert [each.info.time_s for _, each in pairs] == pytest.approx([0.0, 0.3, 0.6, 0.9])
    assert all(np.abs(a.pixels.astype(int) - b.pixels).max() > 80 for a, b in pairs)


def test_a_picture_gets_its_boxes(annotate: Annotate, folder: Path, tmp_path: Path) -> None:
    assert annotate(folder / "a.png", "--out", tmp_path / "a.webp") == 0
    with Image.open(tmp_path / "a.webp") as image:
        assert image.size == (640, 480)


def test_a_name_that_no_font_has_is_reported_once(
    annotate: Annotate, tmp_path: Path, capsys: Any
) -> None:
    clip = clips.CLIPS["even"]
    path = clips.make(tmp_path / "clip.mp4", clip)
    found = records(tmp_path / "found.jsonl", clip, path.name)
    text = found.read_text(encoding="utf-8").replace('"thing"', r'"\udbff\udffe"')
    found.write_text(text, encoding="utf-8")

    assert annotate(path, "--out", tmp_path / "out.mp4", "--records", found) == 0
    assert capsys.readouterr().err.count("No font on this machine has the letters of") == 1


def cut(path: Path, share: float) -> Path:
    """Leave only the beginning of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    return path


@pytest.mark.parametrize(
    "clip",
    [
        clips.Clip(options={"movflags": "faststart"}),
        clips.Clip(".mkv"),
        clips.Clip(".webm"),
    ],
    ids=["MP4", "Matroska", "WebM"],
)
def test_of_a_video_that_breaks_off_what_came_before_is_kept(
    annotate: Annotate, tmp_path: Path, clip: clips.Clip, capsys: Any
) -> None:
    path = cut(clips.make(tmp_path / f"clip{clip.ending}", clip), 0.92)

    assert annotate(path, "--out", tmp_path / "out.mp4") == 1
    assert "damaged" in capsys.readouterr().err
    with open_source(tmp_path / "out.mp4") as source:
        numbers = [clips.number_in(each.pixels) for each in source]
    assert 2 < len(numbers) < 12
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("content", [b"", b"no video at all"])
def test_a_file_that_is_no_video_leaves_no_copy(
    annotate: Annotate, tmp_path: Path, content: bytes, capsys: Any
) -> None:
    (tmp_path / "clip.mp4").write_bytes(content)

    assert annotate(tmp_path / "clip.mp4", "--out", tmp_path / "out.mp4") == 1
    assert "The video cannot be read" in capsys.readouterr().err
    assert files(tmp_path) == ["clip.mp4"]


def test_a_video_without_frames_is_refused(annotate: Annotate, tmp_path: Path, capsys: Any) -> None:
    parts = clips.Clip(options={"movflags": "frag_keyframe+empty_moov"})
    path = clips.make(tmp_path / "clip.mp4", parts)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moof") - 4])

    assert annotate(path, "--out", tmp_path / "out.mp4") == 1
    assert "has no frames" in capsys.readouterr().err
    assert files(tmp_path) == ["clip.mp4"]


def test_a_video_in_4k_keeps_its_size(annotate: Annotate, tmp_path: Path) -> None:
    import av

    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 3840, 2160, "yuv420p"
        for _ in range(2):
            pixels = np.full((2160, 3840, 3), 90, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))

    assert annotate(path, "--out", tmp_path / "out.mp4") == 0
    with open_source(tmp_path / "out.mp4") as source:
        assert [(each.info.width, each.info.height) for each in source] == [(3840, 2160)] * 2


def test_a_file_of_sound_alone_is_refused(annotate: Annotate, tmp_path: Path, capsys: Any) -> None:
    sound = Path(__file__).parents[1] / "data" / "cases" / "audio-only.mp4"

    assert annotate(sound, "--out", tmp_path / "out.mp4") == 1
    assert "has no video" in capsys.readouterr().err
    assert files(tmp_path) == []


def test_what_was_done_before_ctrl_c_is_kept(
    annotate: Annotate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clips.make(tmp_path / "clip.mp4", clips.CLIPS["even"])
    from obscura.export import annotate as module

    drawn, done = module.annotated, []

    def stopped(*arguments: Any) -> Any:
        done.append(0)
        if len(done) == 6:
            raise KeyboardInterrupt
        return drawn(*arguments)

    monkeypatch.setattr(module, "annotated", stopped)
    assert annotate(path, "--out", tmp_path / "out.mp4") == 130
    with open_source(tmp_path / "out.mp4") as source:
        assert [clips.number_in(each.pixels) for each in source] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm"])
def test_the_copy_lasts_as_long_as_the_video(
    annotate: Annotate, tmp_path: Path, ending: str
) -> None:
    """Also where its last frames are far apart."""
    import av

    apart = clips.Clip(times=(*range(0, 2000, 200), 6000, 14000))
    path = clips.make(tmp_path / "clip.mp4", apart)

    assert annotate(path, "--out", tmp_path / f"out{ending}") == 0

    with av.open(str(path)) as source, av.open(str(tmp_path / f"out{ending}")) as copy:
        assert source.duration / 1e6 == pytest.approx(7, abs=0.3), "as it is made"
        assert copy.duration / 1e6 == pytest.approx(source.duration / 1e6, abs=0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="this system limits no file's size")
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".webm", ".png"])
def test_a_disk_that_takes_a_part_is_reported_and_the_copy_before_stays(
    annotate: Annotate, tmp_path: Path, ending: str, capsys: Any
) -> None:
    import resource

    if ending == ".png":
        path = tmp_path / "street.jpg"
        shutil.copy(SAMPLE, path)
    else:
        path = clips.make(tmp_path / "clip.mp4", clips.CLIPS["even"])
    out = tmp_path / f"out{ending}"
    assert annotate(path, "--out", out) == 0
    before = out.read_bytes()

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        code = annotate(path, "--out", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert code == 4
    said = capsys.readouterr().err
    assert "The copy cannot be written" in said
    assert f"({out})" in said, "and not what it is called until it is whole"
    assert out.read_bytes() == before
    assert files(tmp_path) == sorted([path.name, out.name])


@pytest.mark.skipif(sys.platform == "win32", reason="not everybody may make links")
@pytest.mark.parametrize("ending", [".mp4", ".png"])
def test_a_link_stays_one(annotate: Annotate, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "street.jpg"
    if ending == ".png":
        shutil.copy(SAMPLE, path)
    else:
        path = clips.make(tmp_path / "clip.mp4", clips.CLIPS["even"])
    link, copy = tmp_path / f"link{ending}", tmp_path / f"copy{ending}"
    link.symlink_to(copy.name)

    assert annotate(path, "--out", link) == 0
    assert link.is_symlink()
    assert copy.stat().st_size > 1000


@pytest.mark.parametrize(
    ("source", "out", "words"),
    [
        ("clip.mp4", "out.avi", "cannot be written as .avi"),
        ("clip.mp4", "out.png", "cannot be written as .png"),
        ("clip.mp4", "out", "a file without an ending"),
        ("clip.png", "out.mp4", "A picture cannot be written as .mp4"),
        ("clip.mp4", "clip.mp4", "overwrite the original"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_read(
    annotate: Annotate, tmp_path: Path, source: str, out: str, words: str, capsys: Any
) -> None:
    (tmp_path / source).write_bytes(b"")

    assert annotate(tmp_path / source, "--out", tmp_path / out) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("source", [".", "camera:0"])
def test_what_is_not_one_picture_or_video_is_refused(
    annotate: Annotate, tmp_path: Path, source: str, capsys: Any
) -> None:
    given = tmp_path if source == "." else source

    for name in ("out.mp4", "out.png"):
        assert annotate(given, "--out", tmp_path / name) == 2
        assert "made of one picture or one video" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(
    annotate: Annotate, tmp_path: Path, capsys: Any
) -> None:
    path = clips.make(tmp_path / "clip.mp4", clips.CLIPS["even"])

    assert annotate(path, "--out", tmp_path / "nowhere" / "out.mp4") == 4
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"source": "another.mp4"}, "They are of another.mp4"),
        ({"width": 640}, "640 x 120 pixels"),
        ({"time_s": "soon"}, "cannot be read"),
        (
            {"detections": [{"label": "", "class_id": MOST_CLASSES + 1, "score": 1.0}
                            | dict.fromkeys(("x1", "y1", "x2", "y2"), 0.0)]},
            "a class that no model has",
        ),
    ],
)  # fmt: skip
def test_records_of_something_else_are_refused(
    annotate: Annotate, tmp_path: Path, other: dict[str, Any], words: str, capsys: Any
) -> None:
    clip = clips.CLIPS["even"]
    path = clips.make(tmp_path / "clip.mp4", clip)
    found = records(tmp_path / "found.jsonl", clip, path.name, **other)

    assert annotate(path, "--out", tmp_path / "out.mp4", "--records", found) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()


def test_boxes_stay_for_a_while_on_frames_without_a_record(
    annotate: Annotate, tmp_path: Path
) -> None:
    clip = clips.CLIPS["even"]
    path = clips.make(tmp_path / "clip.mp4", clip)
    found = records(tmp_path / "found.jsonl", clip, path.name)
    lines = found.read_text(encoding="utf-8").splitlines()
    found.write_text(lines[2] + "\n", encoding="utf-8")

    assert annotate(path, "--out", tmp_path / "out.mp4", "--records", found) == 0
    with open_source(path) as before, open_source(tmp_path / "out.mp4") as after:
        pairs = list(zip(before, after, strict=True))
    changed = [np.abs(a.pixels.astype(int) - b.pixels).max() > 80 for a, b in pairs]
    assert changed == [number in range(2, 8) for number in range(12)]
