"""What Analyse all found is exported like answers that were kept: listed, saved and deleted; and it
is what the library finds."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura import Detector
from obscura.boxes import iou
from obscura.export import About, write_session
from obscura.export.session_files import file_facts
from obscura.sources import open_source

from .analysed import NOTHING_STORED, analyse, give
from .clips import clip
from .conftest import OpenRoom
from .room import COUNT_RUNS, Room, remembering
from .test_export import (
    CORNERS,
    open_dialog,
    read_session_of,
    saved,
    seek,
    until_nothing_kept,
)
from .walks import walk as film

FRAMES = 20
ZONES = {"format": 1, "lines": [], "zones": [{"name": "all", "corners": CORNERS}]}


@pytest.fixture(scope="module")
def walk() -> bytes:
    """The video of a person who walks to the right."""
    return film(FRAMES / 10, size=(640, 320), side=320, way=(-40, 360), rate=10)


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom, walk: bytes) -> Room:
    """The page after all frames of the video were analysed."""
    init = remembering(json.dumps({"drawn": {"video walk.webm": json.dumps(ZONES)}}))
    room = shared_room(accept_downloads=True, init=COUNT_RUNS + init).open()
    room.until_state("ready")
    give(room, walk, "walk.webm", "video/webm")
    analyse(room)
    return room


def options(room: Room) -> list[str]:
    return room.at("export-of").locator("option").all_text_contents()


def test_it_is_listed_and_saved_in_every_format(visit: Room) -> None:
    open_dialog(visit, "shown")
    assert options(visit) == [f"walk.webm, now, all {FRAMES} frames"]
    events = [json.loads(line) for line in saved(visit, "events")[1].decode().splitlines()]
    counts = json.loads(saved(visit, "counts")[1])
    rows = [*csv.DictReader(io.StringIO(saved(visit, "csv")[1].decode()))]
    visit.at("export-pictures").check()
    name, data = saved(visit, "coco")
    visit.at("export-pictures").uncheck()
    with read_session_of(saved(visit, "session")[1]) as session:
        about, kept = session.about, [*session.events()]
    visit.page.keyboard.press("Escape")

    people = [each["event"] for each in events if each["label"] == "person"]
    assert people[:2] == ["appeared", "zone_entered"]
    assert counts["zones"][0]["entries"]["person"] >= 1
    assert len({row["frame"] for row in rows if row["label"] == "person"}) > FRAMES / 2
    assert name == "walk.coco.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        images = [each for each in archive.namelist() if each.startswith("images/")]
        assert len(images) == len(json.loads(archive.read("annotations.json"))["images"]) == FRAMES
    assert about.complete
    assert about.frames == FRAMES
    assert about.source.keys() == {
        *("name", "kind", "width", "height", "bytes", "sha256", "duration_s", "began_s")
    }
    assert [each["event"] for each in kept if each["label"] == "person"][:2] == people[:2]


def test_it_is_what_the_library_finds(new_room: OpenRoom, tmp_path: Path) -> None:
    """Browsers make frames smaller in their own way; this one is as large as the model reads it."""
    path = tmp_path / "walk.webm"
    path.write_bytes(film(1.0, size=(300, 300), side=300, way=(-50, 50), rate=10))
    room = new_room(accept_downloads=True, init=COUNT_RUNS).open()
    room.until_state("ready")
    give(room, path.read_bytes(), "walk.webm", "video/webm")
    analyse(room)
    open_dialog(room, "all")
    lines = saved(room, "jsonl")[1].decode().splitlines()
    records = [json.loads(line) for line in lines]

    with open_source(path) as source, Detector(threshold=0.6) as detector:
        for frame, record in zip(source, records, strict=True):
            assert record["frame"] == frame.info.index
            assert record["time_s"] == pytest.approx(frame.info.time_s, abs=0.001)
            found = detector.detect(frame.pixels)
            assert len(found), "the person"
            for box, score, label in zip(found.xyxy, found.score, found.class_id, strict=True):
                same = [
                    row
                    for row in record["detections"]
                    if row["class_id"] == label
                    and iou(np.array([corners(row)]), box[None])[0, 0] > 0.95
                ]
                assert [row["score"] for row in same] == [pytest.approx(float(score), abs=0.03)]


def test_a_session_made_in_python_replays_in_the_page_and_comes_back(
    new_room: OpenRoom, walk: bytes, tmp_path: Path
) -> None:
    video, path = tmp_path / "walk.webm", tmp_path / "walk.session.zip"
    video.write_bytes(walk)
    row = {"label": "person", "class_id": 0, "y1": 40.0, "x2": 300.0, "y2": 300.0}
    records = [
        {
            "source": "walk.webm",
            "model": "cocossd",
            "frame": index,
            "time_s": index / 10,
            "width": 640,
            "height": 320,
            "detections": [{**row, "x1": 10.0 + index, "score": score} for score in (0.9, 0.3)],
        }
        for index in range(FRAMES)
    ]
    source = {**file_facts(video), "kind": "video", "width": 640, "height": 320}
    model = {"name": "cocossd", "labels": ["person"]}
    write_session(path, About(source, model, least=0.2, complete=True), records)
    room = new_room(accept_downloads=True).open()
    room.until_state("ready")
    room.give(walk, "walk.webm", "video/webm")
    room.until_live()
    room.give(path.read_bytes(), "walk.session.zip", "application/zip")
    room.until("now.kept?.replaying")
    room.at("pause").click()
    room.until_state("paused")
    seek(room, 1.201)
    room.until("now.detections.length === 1 && Math.abs(now.detections[0].box[0] - 22) < 0.1")

    open_dialog(room, "all")
    assert options(room) == [f"walk.session.zip, now, all {FRAMES} frames"]
    with read_session_of(saved(room, "session")[1]) as session:
        assert [*session.records()] == records
        assert session.about.source["sha256"] == source["sha256"]
        assert session.about.complete


def test_pictures_of_a_video_that_breaks_off_are_those_before_that(new_room: OpenRoom) -> None:
    whole = clip(60, container="mp4-fast")
    room = new_room(accept_downloads=True).open()
    room.until_state("ready")
    give(room, whole[: len(whole) // 2], "walk.mp4", "video/mp4")
    analyse(room)
    open_dialog(room, "all")
    room.at("export-pictures").check()

    data = saved(room, "yolo")[1]

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        labels = [each for each in archive.namelist() if each.startswith("labels/")]
        images = [each for each in archive.namelist() if each.startswith("images/")]
        assert 10 < len(labels) < 50
        assert len(labels) - 1 <= len(images) <= len(labels)


def test_it_can_be_deleted_alone_and_that_can_be_undone(new_room: OpenRoom, walk: bytes) -> None:
    room = new_room(init=COUNT_RUNS, accept_downloads=True).open()
    room.until_state("ready")
    give(room, walk, "walk.webm", "video/webm")
    analyse(room)
    open_dialog(room, "all")
    room.at("export-delete").click()
    room.until_text("export-status", "Deleted: walk.webm")
    room.until("now.analysed === null")
    room.at("export-undo").click()
    room.until_text("export-status", "walk.webm is back")
    room.until(f"now.analysed?.done && now.analysed.frames === {FRAMES}")
    (title,) = options(room)
    assert re.fullmatch(rf"walk.webm, .+, all {FRAMES} frames", title)

    room.at("export-delete").click()
    room.until_text("export-status", "Deleted: walk.webm")
    room.page.keyboard.press("Escape")
    room.until_text("analyse-all", "Analyse all")
    room.until_async(NOTHING_STORED)
    room.reload()
    room.until_state("ready")
    room.page.evaluate("() => document.getElementById('export-open').click()")
    until_nothing_kept(room)


def test_another_video_of_the_same_name_is_not_the_analysed_one(new_room: OpenRoom) -> None:
    room = new_room(accept_downloads=True).open()
    room.until_state("ready")
    give(room, clip(12), "same.mp4", "video/mp4")
    analyse(room)
    open_dialog(room, "all")
    assert room.at("export-with-pictures").is_visible()
    room.page.keyboard.press("Escape")

    give(room, clip(14, people=frozenset({3})), "same.mp4", "video/mp4")
    open_dialog(room, "all")

    assert "12 frames" in room.at("export-facts").inner_text()
    assert room.at("export-with-pictures").is_hidden()
    with read_session_of(saved(room, "session")[1]) as session:
        assert session.about.source["bytes"] == len(clip(12))
        assert "sha256" not in session.about.source


def test_a_session_that_does_not_say_the_size_of_its_video_replays(
    new_room: OpenRoom, walk: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "walk.session.zip"
    row = {"label": "person", "class_id": 0, "x1": 1, "y1": 4, "x2": 30, "y2": 30, "score": 0.9}
    of = {"source": "walk.webm", "model": "cocossd", "width": 640, "height": 320}
    records = [{**of, "frame": n, "time_s": n / 10, "detections": [row]} for n in range(FRAMES)]
    model = {"name": "cocossd", "labels": ["person"]}
    about = About({"name": "walk.webm", "kind": "video"}, model, least=0.2, complete=True)
    write_session(path, about, records)
    room = new_room().open()
    room.until_state("ready")
    room.give(walk, "walk.webm", "video/webm")
    room.until_live()

    room.give(path.read_bytes(), "walk.session.zip", "application/zip")

    room.until("now.kept?.replaying")


def corners(row: dict[str, Any]) -> list[float]:
    return [row[name] for name in ("x1", "y1", "x2", "y2")]
