"""`obscura redact`, run as a person runs it, on drawn pictures and videos."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from obscura.cli import exits, main
from obscura.detector import Detector
from obscura.errors import BackendError
from obscura.redaction.clip import CoverClip

Scene = Callable[..., NDArray[np.uint8]]
Redact = Callable[..., int]
Pixels = NDArray[np.uint8]

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT, FRAMES = 320, 240, 20


@pytest.fixture
def redact(colour_models: Path) -> Redact:
    def run(source: Path, out: Path, *arguments: str) -> int:
        model = str(colour_models / "colours")
        what = () if "--what" in arguments else ("--what", "red")
        return main(["redact", str(source), "--out", str(out), "--model", model, *what, *arguments])

    return run


def walking(scene: Scene, index: int, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """A red rectangle walks from left to right; a blue one stands. Nobody at either end."""
    left = 15 * index - 45
    boxes = {"blue": (200, 180, 240, 230)}
    if left + 45 > 0 and left < width:
        boxes["red"] = (max(0, left), 60, max(0, left + 45), 150)
    return scene(width, height, **boxes)[..., :3]


def video(path: Path, frames: list[Pixels], *, times: list[int] | None = None, **of: Any) -> Path:
    """Write a video, 10 frames a second or at these hundredths; ``sound``, ``turn``, ``cover``."""
    av = pytest.importorskip("av")
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "a secret"
        stream = container.add_stream(of.get("codec", "libx264"), rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, of.get("format", "yuv444p")
        stream.codec_context.time_base = Fraction(1, 100)
        stream.set_display_rotation(of.get("turn", 0))
        sound = container.add_stream(of["sound"], rate=8000) if "sound" in of else None
        for i, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base, frame.pts = Fraction(1, 100), times[i] if times else 10 * i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            tone = (8000 * np.sin(np.arange(8000 * len(frames) // 10))).astype(np.int16)
            samples = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
            samples.rate = 8000
            container.mux(sound.encode(samples))
            container.mux(sound.encode(None))
    return path


def read(path: Path) -> tuple[list[Pixels], list[float]]:
    """Return the frames of a video, upright, and their times."""
    import av

    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.to_ndarray(format="rgb24") for frame in frames], [float(f.time) for f in frames]


def reds(pixels: Pixels) -> int:
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return int(((red > 120) & (green < 90) & (blue < 90)).sum())


def blues(pixels: Pixels) -> int:
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return int(((blue > 120) & (green < 90) & (red < 90)).sum())


# ---- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.webp", "out.bmp", "out.tif"])
def test_a_picture_is_covered_and_nothing_else_of_it_changes(
    redact: Redact, scene: Scene, tmp_path: Path, name: str, capsys: Any
) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / name) == 0
    after = np.asarray(Image.open(tmp_path / name).convert("RGB"))
    assert (reds(after), after.shape) == (0, (HEIGHT, WIDTH, 3))
    assert blues(after) > 1800
    assert "1 area covered, saved as" in capsys.readouterr().out


def test_what_and_how_are_chosen(redact: Redact, scene: Scene, tmp_path: Path) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / "b.png", "--what", "BLUE", "--how", "blur") == 0
    after = np.asarray(Image.open(tmp_path / "b.png"))
    assert reds(after) == 45 * 90
    assert 0 < len(np.unique(after[170:238, 190:250].reshape(-1, 3), axis=0)) < 3000
    assert redact(tmp_path / "in.png", tmp_path / "c.png", "--what", "red,blue") == 0
    assert not np.asarray(Image.open(tmp_path / "c.png")).any()


def test_a_photo_is_upright_and_has_lost_its_metadata(
    redact: Redact, scene: Scene, tmp_path: Path
) -> None:
    upright = scene(120, 200, red=(10, 20, 60, 80))[..., :3]
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    exif[0x010E] = "a secret"
    photo = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))
    photo.save(tmp_path / "in.jpg", exif=exif, quality=95, comment=b"a secret")

    assert redact(tmp_path / "in.jpg", tmp_path / "out.jpg") == 0
    with Image.open(tmp_path / "out.jpg") as after:
        assert after.size == (120, 200)
        assert not after.getexif()
        assert set(after.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert reds(np.asarray(after)) == 0
    assert b"secret" not in (tmp_path / "out.jpg").read_bytes()


def test_nothing_found_is_said(redact: Redact, tmp_path: Path, capsys: Any) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / "out.png") == 0
    assert "nothing found to cover" in capsys.readouterr().out


def test_a_file_of_several_pictures_is_refused(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    pages = [Image.fromarray(walking(scene, i)) for i in (4, 8)]
    pages[0].save(tmp_path / "in.gif", save_all=True, append_images=pages[1:])

    assert redact(tmp_path / "in.gif", tmp_path / "out.png") == 1
    assert "has 2 pictures" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_a_class_that_the_model_lacks_is_refused(redact: Redact, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "in.png")

    assert redact(tmp_path / "in.png", tmp_path / "out.png", "--what", "rad") == 2
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("suffix", [".png", ".mp4"])
def test_somebody_who_was_found_and_left_out_is_not_said_to_be_nobody(
    redact: Redact, scene: Scene, tmp_path: Path, suffix: str, capsys: Any
) -> None:
    source = tmp_path / f"in{suffix}"
    if suffix == ".mp4":
        video(source, [scene(WIDTH, HEIGHT, red=(100, 60, 160, 150))[..., :3]] * 6)
    else:
        Image.fromarray(scene(WIDTH, HEIGHT, red=(100, 60, 160, 150))[..., :3]).save(source)

    assert redact(source, tmp_path / f"out{suffix}", "--except", "1") == 0
    printed = capsys.readouterr().out
    assert "nothing left to cover after --except" in printed
    assert "nothing found" not in printed


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A photo with two people from the sample picture, of whom the left one is larger."""
    person = Image.open(ROOT / "assets" / "sample.jpg").convert("RGB")
    photo = Image.new("RGB", (960, 540), (120, 130, 140))
    photo.paste(person.resize((440, 440)), (40, 60))
    photo.paste(person.resize((360, 360)), (560, 120))
    photo.save(tmp_path / "street.png")
    return tmp_path / "street.png"


FACES = (slice(120, 210), slice(195, 275)), (slice(168, 242), slice(688, 752))
"""Where the two faces are: rows and columns."""


def covered(path: Path) -> list[bool]:
    """Return of which of the two faces every pixel is black."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    return [not pixels[face].any() for face in FACES]


def test_faces_are_covered_unless_somebody_says_otherwise(street: Path, tmp_path: Path) -> None:
    assert main(["redact", str(street), "--out", str(tmp_path / "out.png")]) == 0

    assert covered(tmp_path / "out.png") == [True, True]
    after, before = (np.asarray(Image.open(each)) for each in (tmp_path / "out.png", street))
    assert (after[400:] == before[400:]).all(), "bodies are shown"


def test_a_person_who_is_listed_can_be_left_out_with_their_face(
    street: Path, tmp_path: Path, capsys: Any
) -> None:
    assert main(["redact", str(street), "--list"]) == 0
    people = [line for line in capsys.readouterr().out.splitlines() if "person" in line]
    assert len(people) == 2
    right = people[1].split(":")[0]

    arguments = ["redact", str(street), "--out", str(tmp_path / "out.png"), "--except", right]
    assert main(arguments) == 0
    assert covered(tmp_path / "out.png") == [True, False]
    assert main([*arguments, "--what", "person"]) == 0
    assert covered(tmp_path / "out.png") == [True, False]


def test_a_number_that_nothing_has_makes_no_copy(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.png")
    assert redact(tmp_path / "in.png", tmp_path / "a.png", "--except", "99") == 1
    assert "Nothing in the file has the number 99" in capsys.readouterr().err
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(6)])
    assert redact(source, tmp_path / "out.mp4", "--except", "7,8") == 1
    assert "the number 7, 8" in capsys.readouterr().err
    assert not [each for each in tmp_path.iterdir() if each.name in ("a.png", "out.mp4")]


def test_in_videos_too_a_track_that_is_listed_can_be_left_out(
    redact: Redact, colour_models: Path, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(FRAMES)])
    model = ["--model", str(colour_models / "colours"), "--what", "red,blue"]
    assert main(["redact", str(source), "--list", *model]) == 0
    lines = capsys.readouterr().out.splitlines()
    (blue,) = (line.split(":")[0] for line in lines if "blue, 0.0 to 1.9 s" in line)

    assert redact(source, tmp_path / "out.mp4", "--what", "red,blue", "--except", blue) == 0
    frames = read(tmp_path / "out.mp4")[0]
    assert [reds(frame) for frame in frames] == [0] * FRAMES
    assert max(blues(frame) for frame in frames) > 1500


def test_numbers_are_those_of_one_file(street: Path, tmp_path: Path, capsys: Any) -> None:
    out = str(tmp_path / "out")
    assert main(["redact", str(street.parent), "--out", out, "--except", "1"]) == 2
    assert main(["redact", str(street.parent), "--list"]) == 2
    assert capsys.readouterr().err.count("this is a folder") == 2
    assert main(["redact", str(street)]) == 2
    assert main(["redact", str(street), "--list", "--out", out]) == 2
    assert capsys.readouterr().err.count("either --out") == 2
    with pytest.raises(SystemExit):
        main(["redact", str(street), "--out", out, "--except", "me"])


def test_a_network_that_fails_makes_no_copy_of_a_picture(
    street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fail(*_: object) -> None:
        raise BackendError("out of luck")

    monkeypatch.setattr("obscura.engine.native.NativeSession.run_crops", fail)
    assert main(["redact", str(street), "--out", str(tmp_path / "out.png")]) == 1
    assert "--what person" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_writing_is_found_by_its_own_network(tmp_path: Path) -> None:
    sign = Image.new("RGB", (640, 360), (200, 205, 210))
    ImageDraw.Draw(sign).text((120, 130), "OBSCURA 42", (20, 20, 30), ImageFont.load_default(72))
    sign.save(tmp_path / "sign.png")

    assert (
        main(
            [
                "redact",
                str(tmp_path / "sign.png"),
                "--out",
                str(tmp_path / "a.png"),
                "--what",
                "text",
            ]
        )
        == 0
    )
    ink = np.asarray(sign)[..., 0] < 100
    assert not np.asarray(Image.open(tmp_path / "a.png"))[ink].any()


# ---- folders -------------------------------------------------------------------------------------


def test_of_a_folder_every_file_is_redacted_or_named_and_not_copied(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in" / "sub" / "a.png")
    (tmp_path / "in" / "notes.txt").write_text("a secret")
    (tmp_path / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")

    assert redact(tmp_path / "in", tmp_path / "out") == 1
    errors = capsys.readouterr().err
    copies = [each for each in (tmp_path / "out").rglob("*") if each.is_file()]
    assert [each.relative_to(tmp_path / "out").as_posix() for each in copies] == ["sub/a.png"]
    assert reds(np.asarray(Image.open(copies[0]))) == 0
    assert "notes.txt" in errors
    assert "broken.jpg" in errors
    assert "2 of 3 files were not redacted and not copied" in errors


def test_where_no_copy_can_be_written_the_rest_is_not_tried(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(walking(scene, 8)).save(tmp_path / "in" / name)
    (tmp_path / "file").write_text("")

    assert redact(tmp_path / "in", tmp_path / "file" / "out") == exits.NO_OUTPUT

    assert capsys.readouterr().err.count("The copy cannot be saved") == 1


def test_a_picture_that_a_format_cannot_hold_is_named_and_the_rest_is_copied(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "in").mkdir()
    wide = Image.fromarray(walking(scene, 8)).resize((17_000, 8))
    wide.save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "a.png").rename(tmp_path / "in" / "a.webp")  # which ends at 16,383
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in" / "b.png")

    assert redact(tmp_path / "in", tmp_path / "out") == exits.SOME_FAILED

    assert [each.name for each in (tmp_path / "out").iterdir()] == ["b.png"]
    assert "The copy cannot be written" in capsys.readouterr().err


def test_a_link_to_a_folder_is_named_and_not_copied(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    for folder in ("in", "elsewhere"):
        (tmp_path / folder).mkdir()
        Image.fromarray(walking(scene, 8)).save(tmp_path / folder / "a.png")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    assert redact(tmp_path / "in", tmp_path / "out") == 1
    assert [each.name for each in (tmp_path / "out").rglob("*")] == ["a.png"]
    assert capsys.readouterr().err == (
        f"obscura: A link to a folder is not followed ({tmp_path / 'in' / 'linked'}). Redact that "
        "folder by itself.\nobscura: 1 of 2 files were not redacted and not copied.\n"
    )


def test_what_is_damaged_is_said_to_be_so(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    Image.fromarray(walking(scene, 8)).save(tmp_path / "in.jpg")
    whole = (tmp_path / "in.jpg").read_bytes()
    for length in (20, len(whole) // 2):
        (tmp_path / "in.jpg").write_bytes(whole[:length])

        assert redact(tmp_path / "in.jpg", tmp_path / "out.jpg") == 1
        message = capsys.readouterr().err
        assert message.startswith("obscura: The picture is damaged")
        assert message.endswith("Copy or download it again.\n")


@pytest.mark.parametrize("threshold", ["0", "1", "nan"])
def test_a_threshold_that_is_out_of_range_is_refused_with_its_ends(
    redact: Redact, tmp_path: Path, threshold: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit):
        redact(tmp_path / "in.png", tmp_path / "out.png", "--threshold", threshold)

    assert f"{threshold} is not above 0 and below 1" in capsys.readouterr().err


# ---- videos --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm"])
def test_nobody_is_seen_in_any_frame_of_a_video(
    redact: Redact, scene: Scene, tmp_path: Path, name: str, capsys: Any
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(FRAMES + 4)])

    assert redact(source, tmp_path / name) == 0
    frames, times = read(tmp_path / name)
    assert [reds(frame) for frame in frames] == [0] * (FRAMES + 4)
    assert times == pytest.approx([i / 10 for i in range(FRAMES + 4)], abs=0.002)
    assert blues(frames[0]) > 1500
    assert "of 24 frames, saved as" in capsys.readouterr().out
    assert b"secret" not in (tmp_path / name).read_bytes()


def test_frames_keep_their_own_times(redact: Redact, scene: Scene, tmp_path: Path) -> None:
    times = [0, 3, 10, 40, 41, 90]
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(6)], times=times)

    assert redact(source, tmp_path / "out.mp4") == 0
    assert read(tmp_path / "out.mp4")[1] == pytest.approx([i / 100 for i in times], abs=0.001)


def test_frames_of_one_time_keep_their_order(
    redact: Redact, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(6)])
    monkeypatch.setattr("obscura.redaction.video._pts", lambda *_: 7)

    assert redact(source, tmp_path / "out.mkv") == 0
    frames, times = read(tmp_path / "out.mkv")
    assert len(frames) == 6
    assert times == sorted(times)


def test_people_are_covered_before_they_are_detected_and_while_they_are_missed(
    redact: Redact, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(FRAMES + 4)])
    detect, seen = Detector.detect, []

    def late(self: Detector, picture: Any) -> Any:
        seen.append(len(seen))
        found = detect(self, picture)
        return found if len(seen) in (7, 8, 9, 14, 15) else found[:0]

    monkeypatch.setattr(Detector, "detect", late)
    assert redact(source, tmp_path / "out.mp4") == 0
    assert [reds(frame) for frame in read(tmp_path / "out.mp4")[0]] == [0] * (FRAMES + 4)


def test_frames_are_counted_while_they_are_written(
    redact: Redact, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    nobody = scene(WIDTH, HEIGHT)[..., :3].clip(40)
    somebody = scene(WIDTH, HEIGHT, red=(100, 60, 160, 150))[..., :3].clip(40)
    source = video(tmp_path / "in.mp4", [somebody] * 4 + [nobody] * 26)
    asked: list[int] = []
    covered = CoverClip.covered

    def counted(self: CoverClip, index: int) -> Any:
        asked.append(index)
        return covered(self, index)

    monkeypatch.setattr(CoverClip, "covered", counted)
    assert redact(source, tmp_path / "out.mp4") == 0
    assert asked == list(range(30))
    dark = [frame[70:140, 110:150].max() < 20 for frame in read(tmp_path / "out.mp4")[0]]
    assert 4 <= sum(dark) < 30
    assert f"covered in {sum(dark)} of 30 frames," in capsys.readouterr().out


def test_a_frame_that_cannot_be_analysed_is_covered_whole(
    redact: Redact, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(6)])
    detect, seen = Detector.detect, []

    def failing(self: Detector, picture: Any) -> Any:
        seen.append(0)
        if len(seen) == 3:
            raise BackendError("out of luck")
        return detect(self, picture)

    monkeypatch.setattr(Detector, "detect", failing)
    assert redact(source, tmp_path / "out.mp4") == 0
    frames = read(tmp_path / "out.mp4")[0]
    assert [blues(frame) > 0 for frame in frames] == [True, True, False, True, True, True]
    assert "covered in 6 of 6 frames (1 of them whole, not analysed)" in capsys.readouterr().out


@pytest.mark.parametrize("turn", [90, -90, 180])
def test_a_video_of_a_phone_is_written_upright(
    redact: Redact, scene: Scene, tmp_path: Path, turn: int
) -> None:
    width, height = (HEIGHT, WIDTH) if turn % 180 else (WIDTH, HEIGHT)
    seen = scene(width, height, red=(10, 20, 60, 80), blue=(150, 150, 200, 200))[..., :3]
    stored = np.ascontiguousarray(np.rot90(seen, -turn // 90))
    source = video(tmp_path / "in.mp4", [stored] * 4, turn=turn, format="yuv420p")

    assert redact(source, tmp_path / "out.mp4") == 0
    frames = read(tmp_path / "out.mp4")[0]
    assert frames[0].shape[:2] == (height, width)
    assert all(reds(frame) == 0 for frame in frames)
    assert blues(frames[0][140:210, 140:210]) > 2000


def test_odd_sides_are_written_too(redact: Redact, scene: Scene, tmp_path: Path) -> None:
    frames = [walking(scene, i)[:-1, :-1] for i in range(5)]
    source = video(tmp_path / "in.mkv", frames, codec="ffv1")

    assert redact(source, tmp_path / "out.mp4") == 0
    assert read(tmp_path / "out.mp4")[0][0].shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("mute", [False, True])
def test_sound_is_copied_as_it_is_or_left_out(
    redact: Redact, scene: Scene, tmp_path: Path, mute: bool
) -> None:
    av = pytest.importorskip("av")
    frames = [walking(scene, i) for i in range(10)]
    source = video(tmp_path / "in.mkv", frames, sound="pcm_s16le")

    assert redact(source, tmp_path / "out.mkv", *(("--mute",) if mute else ())) == 0
    sounds = []
    for path in (source, tmp_path / "out.mkv"):
        with av.open(str(path)) as container:
            tracks = container.streams.audio
            packets = container.demux(tracks[0]) if tracks else []
            sounds.append(b"".join(bytes(packet) for packet in packets))
    assert len(sounds[0]) > 10_000
    assert sounds[1] == (b"" if mute else sounds[0])


def test_sound_that_does_not_fit_is_refused(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    source = video(tmp_path / "in.mkv", [walking(scene, 5)] * 3, sound="pcm_s16le")

    assert redact(source, tmp_path / "out.webm") == 1
    assert "--mute" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["in.mkv"]


def test_a_stopped_run_leaves_nothing(
    redact: Redact, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(6)])

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("obscura.redaction.video._cover", stop)
    assert redact(source, tmp_path / "out.mp4") == 130
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["in.mp4"]


def test_colours_outside_the_covered_places_stay(
    redact: Redact, tmp_path: Path, scene: Scene
) -> None:
    picture = scene(64, 64)[..., :3]
    picture[:] = (180, 150, 90)
    source = video(tmp_path / "in.mp4", [picture] * 3)

    assert redact(source, tmp_path / "out.mp4") == 0
    before, after = read(source)[0][1], read(tmp_path / "out.mp4")[0][1]
    assert np.abs(before.astype(int) - after).max() <= 4


@pytest.mark.parametrize("content", [b"no video at all", b""])
def test_a_file_that_is_no_video_is_refused(
    redact: Redact, tmp_path: Path, content: bytes, capsys: Any
) -> None:
    pytest.importorskip("av")
    (tmp_path / "in.mp4").write_bytes(content)

    assert redact(tmp_path / "in.mp4", tmp_path / "out.mp4") == 1
    assert "The video cannot be read" in capsys.readouterr().err


def test_a_cover_picture_is_no_video_and_is_not_copied(
    redact: Redact, scene: Scene, tmp_path: Path
) -> None:
    av = pytest.importorskip("av")
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(5)])
    cover = tmp_path / "cover.png"
    Image.fromarray(walking(scene, 6)).resize((32, 32)).save(cover)
    with av.open(str(source)) as given, av.open(str(tmp_path / "covered.mp4"), "w") as made:
        with av.open(str(cover)) as picture:
            track = made.add_stream_from_template(picture.streams.video[0])
            track.disposition = av.stream.Disposition.attached_pic
            video_track = made.add_stream_from_template(given.streams.video[0])
            for packet in picture.demux():
                if packet.dts is not None:
                    packet.stream = track
                    made.mux(packet)
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = video_track
                made.mux(packet)

    assert redact(tmp_path / "covered.mp4", tmp_path / "out.mp4") == 0
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [(each.type, each.width) for each in container.streams] == [("video", WIDTH)]
    assert len(read(tmp_path / "out.mp4")[0]) == 5


def test_a_file_of_sound_alone_is_refused(redact: Redact, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("av")
    sound = Path(__file__).parents[1] / "data" / "cases" / "audio-only.mp4"

    assert redact(sound, tmp_path / "out.mp4") == 1
    assert "has no video" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.*"))


def test_progress_is_shown_on_a_terminal(
    redact: Redact, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    source = video(tmp_path / "in.mp4", [walking(scene, i) for i in range(6)])
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("obscura.cli.progress.PATIENCE_S", 0.0)
    monkeypatch.setattr("obscura.cli.progress.BETWEEN_S", 0.0)

    assert redact(source, tmp_path / "out.mp4") == 0
    errors = capsys.readouterr().err
    assert "3 of 6 frames analysed" in errors
    assert "3 of 6 frames covered" in errors
    assert errors.endswith("\r\x1b[K")


def test_a_folder_is_the_same_with_several_jobs(
    redact: Redact, scene: Scene, tmp_path: Path, capsys: Any
) -> None:
    street = tmp_path / "street"
    (street / "deep").mkdir(parents=True)
    for index in range(6):
        Image.fromarray(walking(scene, index)).save(street / f"{index}.png")
    video(street / "deep" / "walk.mp4", [walking(scene, index) for index in range(FRAMES)])
    (street / "notes.txt").write_text("no picture")
    said = []
    for jobs in ("1", "3"):
        assert redact(street, tmp_path / jobs, "--jobs", jobs) == exits.SOME_FAILED
        out, error = capsys.readouterr()
        said.append((out.replace(str(tmp_path / jobs), ""), error))

    def files(folder: Path) -> dict[str, bytes]:
        made = (each for each in folder.rglob("*") if each.is_file())
        return {str(each.relative_to(folder)): each.read_bytes() for each in made}

    assert said[0] == said[1]
    assert files(tmp_path / "3") == files(tmp_path / "1")
    assert len(files(tmp_path / "1")) == 7


def test_ended_in_the_middle_several_jobs_leave_no_half_copies(
    colour_models: Path, scene: Scene, tmp_path: Path
) -> None:
    street, out = tmp_path / "street", tmp_path / "out"
    street.mkdir()
    for index in range(4):
        video(street / f"{index}.mp4", [walking(scene, each % 20) for each in range(300)])
    words = ["redact", str(street), "--out", str(out), "--what", "red", "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "obscura", *words, "--model", str(colour_models / "colours")],
        env={**os.environ, "PYTHONPATH": str(ROOT / "py")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while process.poll() is None and len(list(out.glob(".redacting-*"))) < 2:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)

    _, error = process.communicate(timeout=120)

    assert (process.returncode, error) == (exits.STOPPED, b"obscura: stopped.\n")
    assert not list(out.glob(".redacting-*"))
