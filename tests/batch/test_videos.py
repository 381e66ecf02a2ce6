"""Videos, each the work of one process: the same records however many there are, and resumed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from obscura.batch import worker
from obscura.batch.dispatch import Task
from obscura.batch.worker import Answer, Part
from obscura.cli import exits, main
from obscura.cli.work import Found, Item

from .conftest import Start

WHOLE_S = 120
VIDEOS = 5


@pytest.fixture
def videos(tmp_path: Path, clip: Path) -> Path:
    """A folder of videos that are the same, and one that is none."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for index in range(VIDEOS):
        shutil.copy(clip, folder / f"{index}.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def records(out: Path) -> list[Any]:
    lines = [text for each in sorted(out.glob("*.jsonl")) for text in each.read_text().splitlines()]
    return list(map(json.loads, lines))


@pytest.mark.parametrize("command", ["track", "detect"])
def test_the_same_with_one_and_with_three_jobs(
    command: str, videos: Path, colour_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(videos.parent)
    words = ["--model", str(colour_models / "colours"), "--format", "jsonl", "--save"]
    for jobs in ("1", "3"):
        options = [*words, f"save-{jobs}", "--jobs", jobs, "--out", f"{jobs}.jsonl"]
        sources = [str(each) for each in sorted(videos.iterdir())]
        assert main([command, *sources, *options]) == exits.SOME_FAILED

    alone, pool = (Path(f"{jobs}.jsonl").read_text() for jobs in ("1", "3"))
    assert pool == alone.replace("save-1", "save-3")
    assert len(alone.splitlines()) == 12 * VIDEOS


def track(videos: Path, model: Path, out: Path, *words: str) -> int:
    options = ["--model", str(model / "colours"), "--out", str(out), *words]
    return main(["track", *map(str, sorted(videos.iterdir())), *options])


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_tracks_in_parts(
    jobs: str, videos: Path, colour_models: Path, tmp_path: Path, capsys: Any
) -> None:
    """Each video is a unit, whose records stay together."""
    out = tmp_path / "out"
    assert track(videos, colour_models, out, "--jobs", jobs) == exits.SOME_FAILED
    assert capsys.readouterr().out == f"{out}: {VIDEOS} done, 1 failed\n"

    shutil.copy(videos / "0.mp4", videos / "new.mp4")
    assert track(videos, colour_models, out, "--jobs", jobs) == exits.SOME_FAILED

    made = records(out)
    assert capsys.readouterr().out == f"{out}: 1 done, {VIDEOS} were done before, 1 failed\n"
    names = [f"{index}.mp4" for index in range(VIDEOS)] + ["new.mp4"]
    assert [(Path(each["source"]).name, each["frame"]) for each in made] == [
        (name, frame) for name in names for frame in range(12)
    ]
    numbers = {row["track_id"] for each in made for row in each["detections"]}
    assert numbers == {1}


def test_tracks_and_detections_are_never_mixed(
    videos: Path, colour_models: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "out"
    track(videos, colour_models, out)
    words = ["--model", str(colour_models / "colours"), "--out", str(out)]

    assert main(["detect", str(videos), *words]) == exits.SENSELESS
    assert "a run with other options: track" in capsys.readouterr().err


def test_a_folder_of_frames_is_done_again_once_a_frame_changes(
    colour_models: Path, pictures: Callable[[int], Path], tmp_path: Path, capsys: Any
) -> None:
    folder, out = pictures(3), tmp_path / "out"
    words = ["track", str(folder), "--fps", "5", "--model", str(colour_models / "colours")]
    for change, said in [
        (False, "1 done"),
        (False, "0 done, 1 were done before"),
        (True, "1 done"),
    ]:
        if change:
            os.utime(folder / "00001.png")
        assert main([*words, "--out", str(out)]) == 0
        assert capsys.readouterr().out == f"{out}: {said}\n"

    assert [each["frame"] for each in records(out)] == [0, 1, 2] * 2


def busy(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [
        int(each) for each in listed if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]


@pytest.mark.parametrize("whom", ["all", "workers"])
def test_killed_in_the_middle_of_a_video(
    whom: str, start: Start, clip: Path, tmp_path: Path
) -> None:
    folder, out, save = tmp_path / "videos", tmp_path / "out", tmp_path / "save"
    folder.mkdir()
    sources = [folder / f"{index}.mp4" for index in range(12)]
    for each in sources:
        shutil.copy(clip, each)
    words = ["--out", out, "--save", save, "--jobs", "2"]
    process = start(*sources, *words, command="track")
    while process.poll() is None and not list(save.rglob("000003.jpg")):
        time.sleep(0.002)
    assert process.poll() is None
    for each in [process.pid] if whom == "all" else busy(process):
        os.kill(each, signal.SIGKILL)
    _, error = process.communicate(timeout=WHOLE_S)

    if whom == "all":
        process = start(*sources, *words, command="track")
        _, error = process.communicate(timeout=WHOLE_S)

    assert (process.returncode, error) == (0, "")
    assert [(Path(each["source"]).name, each["frame"]) for each in records(out)] == [
        (each.name, frame) for each in sources for frame in range(12)
    ]
    assert len(list(save.rglob("*.jpg"))) == len(sources) * 12


def test_frames_wait_in_a_file_and_not_in_memory(
    colour_models: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argparse import Namespace

    nothing = ("reading", "threshold", "iou", "classes", "heads", "pipeline", "fps", "save")
    given = Namespace(
        **dict.fromkeys((*nothing, "crops")),
        model=str(colour_models / "colours"),
        threads=1,
        flip=False,
        every=1,
        track=True,
    )
    monkeypatch.setattr(worker, "FRAMES", 5)
    task = Task(Item(str(clip)), mine=True, long=True)

    with worker.Worker(given) as opened:
        answer = opened.answer(task.item, task.add)
        whole = opened.answer(task.item)

    rest = list(answer.found)
    task.end(answer._replace(found=rest))
    assert task.answer is not None
    assert len(rest) == 2
    assert list(task.answer.found) == list(whole.found)


def test_what_a_process_said_before_it_ended_is_said_by_another() -> None:
    task = Task(Item("a.mp4"), mine=True, long=True)
    frames = [Found({"frame": index}, []) for index in range(3)]

    task.add(Part(frames[:2]))
    task.begin_again()
    task.add(Part(frames[:1]))
    task.add(Part(frames[1:2]))
    task.end(Answer(frames[2:], [], None))

    assert task.answer is not None
    assert list(task.answer.found) == frames
