"""Export: every answer kept, saved in all formats as the library writes them, and sessions that
replay over their video without inference."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import FilePayload

from obscura.counting import Shapes, Zone
from obscura.export import About, SessionWriter, read_session
from obscura.export.formats import writing
from obscura.export.session import Session

from .conftest import OpenRoom
from .room import COUNT_RUNS, PATIENCE, Room, remembering
from .screens import SCREEN
from .walks import walk as film

LASTS_S = 6.0


@pytest.fixture(scope="module")
def walk() -> bytes:
    """The video of a person who walks to the right."""
    return film(LASTS_S, size=(640, 320), side=320, way=(-40, 360), rate=10)


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom, walk: bytes) -> Room:
    """The page after the video has played with every answer kept, paused."""
    room = shared_room(accept_downloads=True, init=COUNT_RUNS).open()
    room.until_state("ready")
    switch_on(room)
    room.page.evaluate("() => { document.getElementById('video-speed').value = '0.25'; }")
    room.give(walk, "walk.webm", "video/webm")
    room.until("now.kept?.frames >= 5 && now.state === 'running'")
    room.at("pause").click()
    room.until_state("paused")
    room.until_idle()
    return room


def switch_on(room: Room) -> None:
    room.page.evaluate("() => document.getElementById('keep_answers').click()")
    room.page.wait_for_function("() => !document.getElementById('export-kept').hidden")


STORED = """async (frames) => {
  if (!(await indexedDB.databases()).some(({ name }) => name === "obscura-results")) return false;
  const answer = (request) => new Promise((done) => {
    request.onsuccess = () => done(request.result);
  });
  const database = await answer(indexedDB.open("obscura-results"));
  const texts = await answer(database.transaction("records").objectStore("records").getAll());
  database.close();
  return texts.some((text) => text.includes(`"frames": ${frames}`));
}"""
"""Whether so many frames are stored."""


def until_stored(room: Room) -> int:
    """Wait until all frames that are kept are stored; return how many there are."""
    frames: int = room.snapshot()["kept"]["frames"]
    room.until_async(STORED, frames)
    return frames


def open_dialog(room: Room, rows: str = "all") -> None:
    if not room.page.evaluate("() => document.getElementById('export-dialog').open"):
        room.page.evaluate("() => document.getElementById('export-open').click()")
    room.page.wait_for_selector("#export-choices:not([hidden])")
    room.at("export-rows").select_option(rows)


def saved(room: Room, form: str) -> tuple[str, bytes]:
    """Press the button of a format; return the file's name and contents."""
    with room.page.expect_download() as download:
        room.at(f"export-{form}").click()
    name = download.value.suggested_filename
    room.until_text("export-status", f"Saved as {name}")
    return name, Path(download.value.path()).read_bytes()


def test_all_formats_are_what_the_library_writes(visit: Room, tmp_path: Path) -> None:
    open_dialog(visit)
    name, data = saved(visit, "session")
    assert name == "walk.session.zip"
    path = tmp_path / name
    path.write_bytes(data)
    with read_session(path) as session:
        records, labels = [*session.records()], session.about.labels
        about = session.about

    assert about.source["name"] == "walk.webm"
    assert (about.source["width"], about.source["height"]) == (640, 320)
    assert about.least == 0.05
    assert about.frames == len(records) >= 5
    assert all(row["score"] >= 0.05 for each in records for row in each["detections"])
    for form in ("jsonl", "csv", "coco"):
        out = tmp_path / form
        with writing(form, out, labels) as writer:
            for each in records:
                writer.write(each)
        _, made = saved(visit, form)
        assert made == out.read_bytes(), form
    with writing("yolo", tmp_path / "yolo", labels) as writer:
        for each in records:
            writer.write(each)
    with zipfile.ZipFile(io.BytesIO(saved(visit, "yolo")[1])) as archive:
        made_files = {each: archive.read(each) for each in archive.namelist()}
    assert made_files == {
        file.relative_to(tmp_path / "yolo").as_posix(): file.read_bytes()
        for file in (tmp_path / "yolo").rglob("*")
        if file.is_file()
    }


def test_rows_can_be_those_that_are_shown(visit: Room) -> None:
    open_dialog(visit, "all")
    whole = rows_of(visit)
    open_dialog(visit, "shown")
    shown = rows_of(visit)

    threshold = float(visit.at("threshold").input_value())
    assert shown
    assert [row for row in whole if float(row["score"]) >= threshold] == shown != whole
    assert "40 % and more" in visit.at("export-rows").inner_text()


def test_data_sets_come_with_the_pictures(visit: Room, walk: bytes) -> None:
    open_dialog(visit)
    visit.at("export-pictures").check()
    name, data = saved(visit, "coco")
    yolo = saved(visit, "yolo")[1]
    visit.at("export-pictures").uncheck()

    assert name == "walk.coco.zip"
    with av.open(io.BytesIO(walk)) as container:
        frames = {round(frame.time, 3): frame.to_image() for frame in container.decode(video=0)}
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        read_session_of(session_of(visit)) as session,
    ):
        table = json.loads(archive.read("annotations.json"))
        records = [*session.records()]
        assert len(table["images"]) == len(records)
        for image, record in zip(table["images"], records, strict=True):
            made = Image.open(io.BytesIO(archive.read(f"images/{image['file_name']}")))
            assert made.size == (image["width"], image["height"]) == (640, 320)
            wanted = frames[round(record["time_s"], 3)]
            assert ImageStat.Stat(ImageChops.difference(made.convert("RGB"), wanted)).mean < [4] * 3
    with zipfile.ZipFile(io.BytesIO(yolo)) as archive:
        names = {Path(each).stem for each in archive.namelist() if each.startswith("images/")}
        assert names == {Path(each).stem for each in archive.namelist() if "labels/" in each}
        assert len(names) == len(records)


def rows_of(room: Room) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(saved(room, "csv")[1].decode()))]


def session_of(visit: Room) -> bytes:
    open_dialog(visit)
    data = saved(visit, "session")[1]
    visit.page.keyboard.press("Escape")
    return data


NEAR = """((found, wanted) => found.length === wanted.length && found.every((row, index) =>
  row.box.every((edge, at) => Math.abs(edge - wanted[index][at]) < 1)))"""
"""Whether boxes are those that are wanted: a busy browser may show the frame before them first."""


def until_nothing_kept(room: Room) -> None:
    """Wait until the dialog says that there is nothing to export."""
    room.page.wait_for_selector("#export-empty:visible")
    room.until_text("export-empty", "Nothing is kept yet")


def boxes(room: Room) -> list[list[float]]:
    found = room.snapshot()["detections"]
    return [[round(edge) for edge in row["box"]] for row in found]


def count_inferences(room: Room) -> int:
    inferences: int = room.page.evaluate("() => globalThis.inferences")
    return inferences


COUNT_INFERENCES = """
globalThis.inferences = 0;
globalThis.Worker = class extends Worker {
  postMessage(message, ...rest) {
    if (message.call === "run") globalThis.inferences += 1;
    super.postMessage(message, ...rest);
  }
};
"""


def test_a_session_replays_over_its_video_without_inference(
    visit: Room, new_room: OpenRoom, walk: bytes
) -> None:
    data = session_of(visit)
    with read_session_of(data) as session:
        times = [update.frame.time_s for update in session.updates()]
        at_first = next(session.at(0.4)).detections.xyxy.round().tolist()
        lower = next(len(update.detections) for update in session.at(0.05))
    room = new_room(init=COUNT_INFERENCES).open()
    room.until_state("ready")
    room.give(data, "walk.session.zip", "application/zip")
    room.until_text("export-note", "Now open its video: walk.webm")

    room.give(walk, "walk.webm", "video/webm")
    room.until("now.kept?.replaying")
    room.until_text("export-note", "Replaying walk.session.zip")
    room.at("pause").click()
    room.until_state("paused")
    before = count_inferences(room)
    seek(room, times[0] + 0.001)

    room.until(f"{NEAR}(now.detections, {json.dumps(at_first)})")
    assert boxes(room) == at_first
    assert lower > len(at_first)
    room.page.evaluate(SLIDE, "0.05")
    room.until(f"now.detections.length === {lower}")
    assert count_inferences(room) == before

    room.page.evaluate("() => document.getElementById('export-replay-end').click()")
    room.until("now.kept && !now.kept.replaying")
    room.page.wait_for_function(f"() => globalThis.inferences > {before}", timeout=PATIENCE)


SLIDE = """(value) => {
  const slider = document.getElementById("threshold");
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  slider.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def seek(room: Room, seconds: float) -> None:
    """Show the frame at a time of the paused video."""
    room.page.evaluate(
        """(seconds) => {
          const bar = document.getElementById("video-time");
          bar.value = String(seconds);
          bar.dispatchEvent(new Event("input", { bubbles: true }));
          bar.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        seconds,
    )
    room.page.wait_for_function(
        """(seconds) => {
          const video = document.getElementById("video");
          return !video.seeking && Math.abs(video.currentTime - seconds) < 0.05;
        }""",
        arg=seconds,
    )
    room.until_state("paused")
    room.ticks(5)


def read_session_of(data: bytes) -> Any:
    return Session(io.BytesIO(data))


def test_opening_a_long_session_can_be_cancelled(new_room: OpenRoom) -> None:
    out = io.BytesIO()
    writer = SessionWriter(out)
    row = {"label": "person", "class_id": 0, "score": 0.5, "x1": 1, "y1": 2, "x2": 3, "y2": 4}
    for index in range(30_000):
        frame = {"frame": index, "time_s": index / 10, "width": 640, "height": 320}
        writer.add({"source": "a.mp4", "model": "m", **frame, "detections": [row]})
    source = {"name": "a.mp4", "kind": "video", "width": 640, "height": 320}
    writer.close(About(source, {"name": "m", "labels": ["person"]}), Shapes())
    room = new_room().open()
    room.until_state("ready")
    room.give(out.getvalue(), "long.zip", "application/zip")
    room.until_text("export-note", "Opening long.zip…")
    room.until_text("export-percent-opened", "^([1-9]|[1-9].) %$")

    room.page.evaluate("() => document.getElementById('export-replay-end').click()")
    room.until_text("export-note", "Cancelled")
    room.page.wait_for_function("() => document.getElementById('export-replay-end').hidden")
    room.ticks(5)
    assert room.at("export-note").text_content() == "Cancelled."


def test_another_video_is_refused(visit: Room, new_room: OpenRoom) -> None:
    data = session_of(visit)
    other = film(1.0, size=(640, 320), side=320, way=(0, 10), rate=10)
    room = new_room().open()
    room.until_state("ready")
    room.give(other, "walk.webm", "video/webm")
    room.until_live()
    room.give(data, "walk.session.zip", "application/zip")

    room.until_text("export-note", "This is not the video of walk.session.zip: the files differ")
    assert room.snapshot()["kept"]["replaying"] is False
    assert room.snapshot()["state"] == "running"


def test_a_damaged_session_is_refused_and_what_is_in_view_goes_on(
    visit: Room, new_room: OpenRoom
) -> None:
    data = bytearray(session_of(visit))
    data[80] ^= 0xFF
    room = new_room().open()
    room.until_state("ready")
    room.give(bytes(data), "walk.session.zip", "application/zip")

    assert "damaged" in room.until_error("session")


def test_kept_answers_survive_a_reload_and_are_deleted_with_undo(
    new_room: OpenRoom, walk: bytes
) -> None:
    room = new_room(init=COUNT_RUNS, accept_downloads=True).open()
    room.until_state("ready")
    switch_on(room)
    room.give(walk, "walk.webm", "video/webm")
    room.until("now.kept?.frames >= 2")
    room.at("pause").click()
    room.until_state("paused")
    room.until_idle()
    kept = until_stored(room)

    room.reload()
    room.until_state("ready")
    open_dialog(room)
    assert f"{kept} frames" in room.at("export-facts").inner_text()
    lines = saved(room, "jsonl")[1].decode().splitlines()
    assert len(lines) == kept

    room.at("export-delete").click()
    room.until_text("export-status", "Deleted: walk.webm")
    until_nothing_kept(room)
    room.at("export-undo").click()
    room.until_text("export-status", "walk.webm is back")
    room.at("export-delete").click()
    room.until_text("export-status", "Deleted: walk.webm")
    room.reload()
    room.until_state("ready")
    room.page.evaluate("() => document.getElementById('export-open').click()")
    until_nothing_kept(room)
    assert json.loads(lines[0])["source"] == "walk.webm"


def test_events_counts_and_lines_go_with_a_session(new_room: OpenRoom, walk: bytes) -> None:
    shapes = {"format": 1, "lines": [], "zones": [{"name": "all", "corners": CORNERS}]}
    init = remembering(json.dumps({"drawn": {"video walk.webm": json.dumps(shapes)}}))
    room = new_room(init=COUNT_RUNS + init, accept_downloads=True).open()
    room.until_state("ready")
    switch_on(room)
    room.page.evaluate("() => { document.getElementById('video-speed').value = '0.25'; }")
    room.give(walk, "walk.webm", "video/webm")
    room.until("now.kept?.frames >= 6")
    room.at("pause").click()
    room.until_state("paused")
    room.until_idle()

    open_dialog(room, "shown")
    events = [json.loads(line) for line in saved(room, "events")[1].decode().splitlines()]
    counts = json.loads(saved(room, "counts")[1])
    with read_session_of(saved(room, "session")[1]) as session:
        kept = [*session.events()]
        drawn = session.shapes

    people = [each for each in events if each["label"] == "person"]
    assert [each["event"] for each in people][:2] == ["appeared", "zone_entered"]
    assert counts["zones"][0]["entries"]["person"] >= 1
    assert {each["event"] for each in kept} >= {"appeared", "zone_entered", "zone_left"}
    assert [zone.name for zone in drawn.zones] == ["all"]


CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]]


def test_a_session_brings_its_zones_and_is_given_together_with_its_video(
    visit: Room, new_room: OpenRoom, walk: bytes
) -> None:
    with read_session_of(session_of(visit)) as session:
        out = io.BytesIO()
        writer = SessionWriter(out)
        for each in session.records():
            writer.add(each)
        zone = Zone("square", tuple(map(tuple, CORNERS)))  # type: ignore[arg-type]
        writer.close(session.about, Shapes(zones=(zone,)))
    room = new_room().open()
    room.until_state("ready")
    files: list[FilePayload] = [
        {"name": "walk.session.zip", "mimeType": "application/zip", "buffer": out.getvalue()},
        {"name": "walk.webm", "mimeType": "video/webm", "buffer": walk},
    ]
    room.at("photo").set_input_files(files=files)

    room.until("now.kept?.replaying && now.counts?.zones.square")
    room.until("now.counts.zones.square.entered.person >= 1")


def test_a_camera_is_kept_and_its_session_has_no_video_to_wait_for(new_room: OpenRoom) -> None:
    room = new_room(permissions=["camera"], accept_downloads=True).open()
    room.until_state("ready")
    switch_on(room)
    room.start()
    room.until("now.kept?.frames >= 3")
    open_dialog(room)
    data = saved(room, "session")[1]
    room.page.keyboard.press("Escape")
    with read_session_of(data) as session:
        times = [update.frame.time_s for update in session.updates()]
        assert session.about.source["kind"] == "camera"
    assert len(times) >= 3

    room.give(data, "door.session.zip", "application/zip")
    room.until_text("export-note", "door.session.zip is open. It is of a camera")
    assert room.snapshot()["state"] == "running"
    open_dialog(room)
    titles = room.at("export-of").locator("option").all_text_contents()
    assert len(titles) == 2


@pytest.mark.parametrize("source", ["start", "share"])
def test_lines_and_zones_are_those_of_what_was_kept_once_it_is_off(
    new_room: OpenRoom, source: str
) -> None:
    room = new_room(init=SCREEN, permissions=["camera"], accept_downloads=True).open()
    room.until_state("ready")
    switch_on(room)
    room.at(source).click()
    room.until("now.kept?.frames >= 1")
    shapes = {"format": 1, "lines": [], "zones": [{"name": "door", "corners": CORNERS}]}
    room.give(json.dumps(shapes).encode(), "door.json", "application/json")
    room.until("now.counts?.zones.door")
    room.stop()
    open_dialog(room)

    counts = json.loads(saved(room, "counts")[1])
    data = saved(room, "session")[1]

    assert [zone["name"] for zone in counts["zones"]] == ["door"]
    with read_session_of(data) as session:
        assert [zone.name for zone in session.shapes.zones] == ["door"]
        assert "drawn" not in session.about.source
    room.reload()  # nothing is in view, and nothing was kept of it by this visit
    room.until_state("ready")
    room.give(data, "door.session.zip", "application/zip")
    room.until_text("export-note", "door.session.zip is open")
    open_dialog(room)
    room.at("export-of").select_option("door.session.zip")
    again = json.loads(saved(room, "counts")[1])
    assert [zone["name"] for zone in again["zones"]] == ["door"]


def test_delete_everything_deletes_what_was_kept(new_room: OpenRoom, walk: bytes) -> None:
    room = new_room(init=COUNT_RUNS).open()
    room.until_state("ready")
    switch_on(room)
    room.give(walk, "walk.webm", "video/webm")
    room.until("now.kept?.frames >= 2")
    room.at("pause").click()
    room.until_state("paused")
    room.until_idle()
    until_stored(room)
    room.at("promise").click()
    room.until_text("kept-list", "What was found in cameras and videos.?1 camera or video")
    room.at("forget").click()
    room.until_text("forget-what", "what was found in cameras and videos")
    with room.page.expect_navigation():
        room.at("forget-now").click()

    room.until_state("ready")
    room.page.evaluate("() => document.getElementById('export-open').click()")
    until_nothing_kept(room)


NO_ROOM = """
if (navigator.storage) navigator.storage.estimate = async () => ({ quota: 1e9, usage: 1e9 - 1e6 });
"""


def test_before_storage_is_full_keeping_ends_in_words(new_room: OpenRoom, walk: bytes) -> None:
    room = new_room(init=NO_ROOM, accept_downloads=True).open()
    room.until_state("ready")
    switch_on(room)
    room.give(walk, "walk.webm", "video/webm")
    room.until_text("export-note", "Storage is almost full")

    frames = room.snapshot()["kept"]["frames"]
    assert frames >= 1
    open_dialog(room)
    assert len(saved(room, "jsonl")[1].decode().splitlines()) == frames
    assert room.snapshot()["state"] == "running"
