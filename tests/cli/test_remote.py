"""Videos on file systems that fsspec reads, which has one in memory."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obscura.cli import exits, main
from obscura.sources import SourceError, open_source

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def stored(clip: Path, folder: Path) -> Iterator[str]:
    """The address of a folder in memory, with two videos, a picture and a file that is none."""
    store = fsspec.filesystem("memory")
    for name, data in {
        "walk.mp4": clip.read_bytes(),
        "deep/walk.mp4": clip.read_bytes(),
        "a.png": (folder / "a.png").read_bytes(),
        "notes.txt": b"not asked for",
        "broken.mp4": b"no video",
    }.items():
        store.pipe(f"/clips/{name}", data)
    yield "memory://clips"
    store.rm("/clips", recursive=True)


def test_the_frames_are_those_of_the_file(stored: str, clip: Path) -> None:
    with open_source(f"{stored}/walk.mp4", every=4) as remote, open_source(clip, every=4) as local:
        assert (remote.total, remote.moving) == (local.total, True)
        for one, other in zip(remote, local, strict=True):
            assert one.info == other.info
            assert (one.pixels == other.pixels).all()


@pytest.mark.parametrize("name", ["broken.mp4", "nowhere.mp4"])
def test_what_cannot_be_read_is_named(stored: str, name: str) -> None:
    with pytest.raises(SourceError, match=rf"The video cannot be read.*clips/{name}"):
        open_source(f"{stored}/{name}")


def test_a_folder_has_pictures_and_videos(
    stored: str, colour_models: Path, tmp_path: Path, capsys: Any
) -> None:
    model, out = str(colour_models / "colours"), tmp_path / "out"
    words = ["detect", stored, "--recursive", "--exclude", "broken*", "--model", model]
    words += ["--out", str(out), "--save", str(tmp_path / "save")]

    assert main(words) == 0
    assert main(words) == 0

    assert capsys.readouterr().out.splitlines()[1] == f"{out}: 0 done, 3 were done before"
    made = list(map(json.loads, (out / "shard-000001.jsonl").read_text().splitlines()))
    assert [(each["source"].partition("clips")[2], each["frame"]) for each in made] == [
        ("/a.png", 0),
        *(("/walk.mp4", frame) for frame in range(12)),
        *(("/deep/walk.mp4", frame) for frame in range(12)),
    ]
    folders = sorted(each.name for each in (tmp_path / "save").iterdir())
    assert folders == ["a.png", "walk", "walk-2"]


def test_objects_are_followed_in_a_video_of_an_archive(
    clip: Path, colour_models: Path, tmp_path: Path, capsys: Any
) -> None:
    with zipfile.ZipFile(tmp_path / "clips.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(clip, "walk.mp4")
    address = f"zip://walk.mp4::file://{tmp_path / 'clips.zip'}"
    words = ["track", address, "--model", str(colour_models / "colours"), "--format", "jsonl"]

    assert main(words) == exits.OK

    made = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert len(made) == 12
    assert {row["track_id"] for each in made for row in each["detections"]} == {1}


def test_a_stored_video_is_counted_in(
    stored: str, colour_models: Path, tmp_path: Path, capsys: Any
) -> None:
    shapes = tmp_path / "shapes.json"
    line = '{"name": "door", "start": [0.2, 1], "end": [0.2, 0], "anchor": "centre", "band": 0}'
    shapes.write_text(f'{{"format": 1, "lines": [{line}]}}')
    words = ["--zones", str(shapes), "--model", str(colour_models / "colours"), "--json"]

    assert main(["count", f"{stored}/walk.mp4", *words]) == 0

    made = json.loads(capsys.readouterr().out)
    assert (made["frames"], made["lines"][0]["in"]) == (12, {"red": 1})
