"""Copies and crops: the same files however many processes write them, also after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from obscura.batch.names import Names
from obscura.cli import exits
from obscura.cli.errors import UsageError
from obscura.cli.saver import copy_name, crop_name
from obscura.export.annotate import save_picture
from obscura.export.formats import beside

from .conftest import Detect, Start

WHOLE_S = 120
MANY = 600


@pytest.fixture
def alike(tmp_path: Path, clip: Path) -> Path:
    """Folders with files of one name, of names that differ in case, and with a video of that name;
    the red box is elsewhere in each."""
    folder = tmp_path / "alike"
    names = ["a/photo.png", "a/Photo.bmp", "b/photo.png", "b/photo-2.png", "b/photo.bmp", "c/é.png"]
    for index, name in enumerate(names):
        picture = Image.new("RGB", (64, 48))
        picture.paste((255, 0, 0), (4 * index, 12, 4 * index + 32, 24))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name)
    shutil.copy(clip, folder / "b" / "photo.mp4")
    shutil.copy(folder / "c" / "é.png", folder / "c" / "e\u0301.png")  # the same name on a Mac
    (folder / "c" / "broken.png").write_bytes(b"no picture")
    return folder


def written(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, by their path in it."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


def count(folder: Path) -> int:
    """Return how many copies are in a folder to which others may be writing."""
    return sum(1 for _ in folder.rglob("*.png"))


def records(out: Path) -> dict[str, Any]:
    """Return the copies and crops of each frame in a run's folder."""
    lines = [text for shard in out.glob("*.jsonl") for text in shard.read_text().splitlines()]
    made = map(json.loads, lines)
    return {
        f"{each['source']} {each['frame']}": [
            [Path(path).name for path in (each["saved"], *each["crops"])]
        ]
        for each in made
    }


@pytest.mark.parametrize("resumable", [False, True])
def test_the_same_files_with_one_and_with_three_jobs(
    resumable: bool, detect: Detect, alike: Path, tmp_path: Path
) -> None:
    made = []
    for jobs in ("1", "3"):
        to = tmp_path / jobs
        to.mkdir()
        words = ["--save", to / "save", "--crops", to / "crops", "--jobs", jobs]
        words += ["--out", to / ("found" if resumable else "found.jsonl")]
        assert detect(alike, "--recursive", *words) == exits.SOME_FAILED  # one is no picture
        made.append((written(to / "save"), written(to / "crops")))

    assert made[0] == made[1]
    names = set(made[0][0])
    assert len({name.casefold() for name in names}) == len(names) == 7 + 12
    assert {"Photo.bmp", "photo-2.png", "photo-2-2.png", "photo-4/000011.jpg"} <= names
    assert len(set(made[0][0].values())) == 6 + 12  # one is there twice, under another name


def test_every_copy_is_that_of_its_record(detect: Detect, alike: Path, tmp_path: Path) -> None:
    save = tmp_path / "save"
    words = ["--save", save, "--jobs", "3", "--out", tmp_path / "found.jsonl"]

    detect(alike, "--recursive", *words)

    lines = (tmp_path / "found.jsonl").read_text().splitlines()
    made = {record["source"]: record["saved"] for record in map(json.loads, lines)}
    for source in [alike / "a" / "photo.png", alike / "b" / "photo-2.png", alike / "c" / "é.png"]:
        assert detect(source, "--save", tmp_path / "alone") == 0
        alone = tmp_path / "alone" / source.name
        assert Path(made[str(source)]).read_bytes() == alone.read_bytes()


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_killed_and_resumed_no_copy_is_missing_and_none_doubled(
    jobs: str, start: Start, detect: Detect, tmp_path: Path
) -> None:
    folder, out, save = tmp_path / "pictures", tmp_path / "out", tmp_path / "save"
    picture = Image.new("RGB", (64, 48))
    picture.paste((255, 0, 0), (16, 12, 48, 24))
    for index in range(MANY):  # each name is there three times
        path = folder / f"{index % 3}" / f"{index // 3:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    (folder / "0" / "00001.png").write_bytes(b"no picture")  # fails in each run
    words = [folder, "--recursive", "--jobs", jobs, "--save", save, "--crops", tmp_path / "crops"]
    kills = 0
    while kills < 3:
        process = start(*words, "--out", out)
        before = count(save)
        while process.poll() is None and count(save) <= before + MANY // 8:
            time.sleep(0.005)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate(timeout=WHOLE_S)
        if process.returncode != -signal.SIGKILL:
            break

    process = start(*words, "--out", out)
    process.communicate(timeout=WHOLE_S)

    assert kills
    assert process.returncode == exits.SOME_FAILED
    whole = tmp_path / "whole"
    once = [folder, "--recursive", "--jobs", "1", "--save", whole, "--crops", tmp_path / "crops-1"]
    assert detect(*once, "--out", tmp_path / "out-1") == exits.SOME_FAILED
    assert written(save) == written(whole)
    assert written(tmp_path / "crops") == written(tmp_path / "crops-1")
    assert records(out) == records(tmp_path / "out-1")
    assert len(records(out)) == MANY - 1


def test_what_a_killed_process_left_is_gone_once_the_copy_is_made_again(tmp_path: Path) -> None:
    copy = tmp_path / f"{'long' * 50}.png"
    beside(copy, same=True).write_bytes(b"half")

    save_picture(Image.new("RGB", (8, 8)), copy)

    assert list(written(tmp_path)) == [copy.name]
    with Image.open(copy) as image:
        assert image.size == (8, 8)


def test_a_folder_that_is_added_takes_no_name_of_another(
    detect: Detect, alike: Path, tmp_path: Path
) -> None:
    out, save = tmp_path / "out", tmp_path / "save"
    assert detect(alike / "b", "--save", save, "--out", out) == 0
    before = written(save)

    assert detect(alike / "a", alike / "b", "--save", save, "--out", out) == 0

    after = written(save)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 2


def test_other_folders_for_copies_are_another_run(
    detect: Detect, alike: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "out"
    assert detect(alike / "a", "--save", tmp_path / "save", "--out", out) == 0

    assert detect(alike / "a", "--save", tmp_path / "other", "--out", out) == exits.SENSELESS
    assert "a run with other options: save" in capsys.readouterr().err


# ---- what lies there already -------------------------------------------------------------------


def test_an_input_in_the_folder_of_copies_stays(detect: Detect, alike: Path) -> None:
    """Also one that comes later, and crops."""
    save = alike / "b"
    before = written(save)

    assert detect(alike / "a", save / "photo.png", "--save", save, "--jobs", "2") == 0
    assert detect(alike / "a", f"{save}/*.png", "--crops", save) == 0

    after = written(save)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 3 + (2 + 4)


def test_an_input_that_a_list_names_stays(detect: Detect, alike: Path, tmp_path: Path) -> None:
    words = tmp_path / "list.txt"
    words.write_text(f"{alike / 'a'}\n{alike / 'b' / 'photo.png'}\n", encoding="utf-8")
    before = (alike / "b" / "photo.png").read_bytes()

    assert detect(f"@{words}", "--save", alike / "b") == 0
    assert (alike / "b" / "photo.png").read_bytes() == before


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (".", ["--recursive", "--save", "b"]),  # copies would be read as they are made
        ("b", ["--save", "b", "--out", "found"]),  # or when the run is resumed
        ("b/photo.png", ["--crops", "b", "--out", "found"]),
        ("a", ["--save", "copies", "--crops", "b/../copies"]),
    ],
)
def test_folders_that_make_no_sense(
    source: str,
    words: list[str],
    detect: Detect,
    alike: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(alike)
    before = written(alike / "b")

    assert detect(source, *words) == exits.SENSELESS
    assert written(alike / "b") == before


def test_copies_in_the_folder_of_the_run_and_in_one_another(
    detect: Detect, alike: Path, tmp_path: Path
) -> None:
    out = tmp_path / "found"
    (alike / "b" / "photo.mp4").rename(alike / "b" / "save.mp4")
    Image.new("RGB", (8, 8)).save(alike / "a" / "000011-1.jpg")  # as a crop of it might be called
    words = ["--recursive", "--out", out, "--crops", out / "crops", "--save", out / "crops/save"]

    assert detect(alike, *words) == exits.SOME_FAILED
    assert detect(alike, *words) == exits.SOME_FAILED

    assert len(records(out)) == 8 + 12
    assert (out / "crops" / "save-2" / "000011-1.jpg").is_file()
    with Image.open(out / "crops" / "save" / "000011-1.jpg") as copy:
        assert copy.size == (8, 8)


# ---- names -------------------------------------------------------------------------------------


def test_no_file_of_two_sources_has_one_name(tmp_path: Path) -> None:
    sources = ["a.jpg", "a.jpg.mp4", "a-1.jpg", "A.JPG", "d/a.png", "a-jpg.png", "a/000001.jpg"]
    sources += ["rtsp://host/a", "s3://bucket/a.jpg", "zip://a.jpg::file:///x.zip", "camera:0", "-"]
    names = Names([tmp_path])
    copies, crops = set(), set()
    for where in sources:
        stem = names.reserve(where)
        for frame in (None, 0, 1):
            copies |= {copy_name(stem, where, frame).casefold()}
            crops |= {crop_name(stem, frame, number).casefold() for number in (1, 2, 12)}

    assert len(copies) == 3 * len(sources)
    assert len(crops) == 9 * len(sources)
    # Nor is a file where another has a folder.
    assert not {name.partition("/")[0] for name in copies if "/" in name} & copies
    assert not any(set(name) & set(':?*"<>|\\') for name in copies)


@pytest.mark.parametrize("where", ["..", "/", "http://host/..", "rtsp://", "a/.."])
def test_copies_stay_in_their_folder(where: str, tmp_path: Path) -> None:
    name = copy_name(Names([tmp_path]).reserve(where), where, 0)

    assert (tmp_path / name).resolve().parent.parent == tmp_path.resolve()


def test_many_sources_of_one_name_cost_no_more_each(tmp_path: Path) -> None:
    base = sqlite3.connect(":memory:", isolation_level=None)
    names = Names([tmp_path], base)
    asked: list[str] = []
    base.set_trace_callback(asked.append)

    stems = [names.reserve(f"/{index}/photo.png") for index in range(300)]

    assert len(set(stems)) == 300
    assert len(asked) < 300 * 6
    assert names.reserve("/7/photo.png") == stems[7] == "photo-8"


def test_a_source_in_the_folder_of_copies_is_refused_as_it_comes(tmp_path: Path) -> None:
    """As one that a pattern named."""
    names = Names([tmp_path], sqlite3.connect(":memory:", isolation_level=None))

    with pytest.raises(UsageError, match="among what is read"):
        names.reserve(str(tmp_path / "photo.png"))
