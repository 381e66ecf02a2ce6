"""`obscura redact` of videos: every frame, their times, their turn and their sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from obscura.detector import Detector
from obscura.errors import BackendError
from obscura.redaction.clip import CoverClip

from .conftest import FRAMES, HEIGHT, WIDTH, Redact, Scene, blues, read, reds, video, walking


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
    monkeypatch.setattr("obscura.export.video.pts_of", lambda *_: 7)

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
