"""Closer looks: what is found out about people, where it is shown, and what happens when a network
does not come or does not work."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import OpenRoom, Serve
from .pictures import encode, sample
from .room import Room
from .test_keep import saved, take
from .versions import copy_of

POSE = "**/heads/pose/*.onnx"
NOT_FOUND = r"Failed to load resource.*404"
OFFLINE = r"Failed to load resource.*ERR_"

LOOKED = """now.detections.some((row) => row.label === 'person' && row.attributes?.pose)"""
SMILED = """now.detections.some((row) => row.label === 'face' && row.attributes?.emotion)"""

FAIL = """
self.addEventListener("message", (event) => {
  const { call, name, id } = event.data;
  if (call === "%(call)s" && name === "pose") {
    event.stopImmediatePropagation();
    %(what)s
  }
});
"""
"""A script for the engine's worker, in which a call for the head that finds poses goes wrong."""

DIE = """
self.addEventListener("message", (event) => {
  if (event.data.call !== "run" || !self.opened) return;
  event.stopImmediatePropagation();
  setTimeout(() => { throw "gone"; });
});
self.addEventListener("message", ({ data }) => { self.opened ||= data.name === "pose"; });
"""
"""One that dies with the first frame that it is given once that head is open."""


def tick(room: Room, *looks: str) -> None:
    """Choose exactly these looks, in this order: what the last one leads to is not followed by what
    choosing another one does."""
    if not room.at("closer").is_checked():
        room.at("closer").check()
    room.at("closer-tools").wait_for()  # which are chosen is shown together with them
    boxes = {
        box.get_attribute("value"): box for box in room.page.locator("#closer-looks input").all()
    }
    for look, box in boxes.items():
        if look not in looks:
            box.uncheck()
    for look in looks:
        boxes[look].check()


def person(now: dict[str, Any], label: str = "person") -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in now["detections"] if row["label"] == label)
    return found


def assert_goes_on(room: Room, why: str) -> None:
    """The look for poses says why it has stopped; the detector and the other looks go on."""
    room.until_text("closer-note", why)
    assert room.at("closer-again").is_visible()
    now = room.read(encode(sample()), "another.png")
    assert {row["label"] for row in now["detections"]} == {"person", "face"}
    assert "pose" not in person(now).get("attributes", {})
    assert person(now, "face")["attributes"]["emotion"]["label"] == "happy"
    room.until_text("closer-note", why)
    assert now["error"] is None


# ---- where it is shown ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    room = shared_room(cold=True, accept_downloads=True, permissions=["camera"]).open()
    room.until_state("ready")
    tick(room, "faces", "emotion", "pose")
    room.until(f"{LOOKED} && {SMILED}")
    return room


@pytest.fixture
def room(visit: Room) -> Iterator[Room]:
    yield visit
    visit.page.evaluate("() => document.getElementById('keep-dialog').close()")
    visit.home()


def test_the_sample_picture_is_looked_at_and_again_after_the_camera(room: Room) -> None:
    now = room.snapshot()

    assert person(now, "face")["attributes"]["emotion"] == {
        "label": "happy",
        "score": pytest.approx(1, abs=0.01),
    }
    assert len(person(now)["attributes"]["pose"]) == 17
    assert "keypoints" not in person(now)
    assert len(person(now, "face")["keypoints"]) == 6
    assert "happy" in room.at("seen").inner_text()

    room.start()
    room.until(f"{LOOKED} && {SMILED}")
    room.stop()
    room.until(f"{LOOKED} && {SMILED}")


def test_a_photo_and_what_is_saved_of_it_have_attributes(room: Room) -> None:
    room.read(encode(sample()), "smile.png")
    assert "happy" in room.at("seen").inner_text()
    take(room)

    record = json.loads(saved(room, "keep-json")[1])
    rows = {row["label"]: row for row in record["detections"]}
    assert rows["face"]["attributes"]["emotion"]["label"] == "happy"
    assert len(rows["person"]["attributes"]["pose"]) == 17

    text = saved(room, "keep-csv")[1].decode()
    lines = {line["label"]: line for line in csv.DictReader(io.StringIO(text))}
    assert (lines["face"]["emotion"], lines["person"]["emotion"]) == ("happy", "")
    assert float(lines["person"]["pose17_score"]) <= 1


def test_a_snapshot_of_the_camera_has_attributes_of_that_very_picture(room: Room) -> None:
    room.start()
    room.until(f"{LOOKED} && {SMILED}")

    take(room)

    record = json.loads(saved(room, "keep-json")[1])
    rows = {row["label"]: row for row in record["detections"]}
    assert rows["face"]["attributes"]["emotion"]["label"] == "happy"
    assert len(rows["person"]["attributes"]["pose"]) == 17


def test_the_meter_has_the_share_of_each_head(room: Room) -> None:
    room.start()
    room.until(f"{LOOKED} && {SMILED}")
    room.at("meter-line").click()

    for title in ("Faces", "Expression", "Pose"):
        room.until_text("meter-list", rf"{title}\d+\.\d ms")
    room.at("meter-line").click()


def test_another_model_has_the_heads_too(room: Room) -> None:
    room.choose("centernet-416")

    room.until(f"now.model === 'centernet-416' && {LOOKED} && {SMILED}")
    room.choose("cocossd")
    room.until(f"now.model === 'cocossd' && {LOOKED} && {SMILED}")
    assert room.at("closer-note").inner_text() == ""


def test_switched_off_nothing_of_it_is_left(room: Room) -> None:
    room.at("closer").uncheck()
    now = room.until("now.heads === null && now.detections.length === 1")
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert "attributes" not in now["detections"][0]
    room.at("closer").check()
    room.until(f"{LOOKED} && {SMILED}")


# ---- when something goes wrong -------------------------------------------------------------------


@pytest.mark.provokes(NOT_FOUND)
def test_a_missing_network_is_said_and_fetched_when_it_is_there(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route(POSE, lambda route: route.fulfill(status=404))
    room.open().until_state("ready")
    tick(room, "emotion", "pose")

    assert_goes_on(room, "Pose could not be downloaded")

    room.page.unroute(POSE)
    room.at("closer-again").click()
    room.until(LOOKED)
    room.until_text("closer-note", "^$")
    assert not room.at("closer-again").is_visible()


@pytest.mark.provokes(OFFLINE)
def test_offline_a_head_that_was_never_fetched_waits_for_a_connection(new_room: OpenRoom) -> None:
    room = new_room()
    room.open().until_state("ready")
    tick(room, "emotion")
    room.until(SMILED)
    room.page.route(POSE, lambda route: route.abort("internetdisconnected"))
    tick(room, "emotion", "pose")

    assert_goes_on(room, "Pose could not be downloaded. Check your connection")

    room.page.unroute(POSE)
    room.at("closer-again").click()
    room.until(LOOKED)


@pytest.mark.provokes(OFFLINE)
def test_without_the_list_of_heads_that_is_said_too(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route("**/heads*.json", lambda route: route.abort("internetdisconnected"))
    room.open().until_state("ready")
    tick(room, "pose")
    room.until_text("closer-note", "Closer looks could not be downloaded. Check your connection")

    room.page.unroute("**/heads*.json")
    room.at("closer-again").click()
    room.until(LOOKED)


def test_a_damaged_network_is_not_used(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route(POSE, lambda route: route.fulfill(body=b"<!doctype html>"))
    room.open().until_state("ready")
    tick(room, "emotion", "pose")

    assert_goes_on(room, "Pose was damaged on its way")

    room.page.unroute(POSE)
    room.at("closer-again").click()
    room.until(LOOKED)


def test_a_network_of_another_shape_stops_alone(
    new_room: OpenRoom, dist: Path, tmp_path: Path, serve: Serve
) -> None:
    site = copy_of(dist, tmp_path / "site")
    (listed,) = site.glob("heads/heads*.json")
    heads = {head["name"]: head for head in json.loads(listed.read_text())}
    heads["pose"] |= {key: heads["faces"][key] for key in ("file", "url")}
    listed.unlink()
    listed.write_text(json.dumps(list(heads.values())))
    room = new_room(url=serve(site).url).open()
    room.until_state("ready")
    tick(room, "emotion", "pose")

    assert_goes_on(room, "Pose stopped: its network returns something unexpected")


@pytest.mark.parametrize(
    ("call", "message", "why"),
    [
        ("open", "std::bad_alloc", "Pose stopped: there is not enough memory for it"),
        ("crops", "it broke", "Pose stopped: its network failed on this device"),
        ("crops", "out of memory", "Pose stopped: there is not enough memory for it"),
    ],
)
def test_a_head_that_fails_to_open_or_mid_run_stops_alone(
    new_room: OpenRoom, call: str, message: str, why: str
) -> None:
    room = new_room()
    answer = f"self.postMessage({{ id, error: {json.dumps(message)} }});"
    room.before_engine(FAIL % {"call": call, "what": answer})
    room.open().until_state("ready")
    tick(room, "emotion", "pose")

    assert_goes_on(room, why)


def test_when_the_worker_dies_another_one_has_the_heads(new_room: OpenRoom) -> None:
    room = new_room()
    room.before_engine(DIE)
    room.open().until_state("ready")
    room.page.unroute_all()  # the next worker works
    first = room.snapshot()

    tick(room, "emotion", "pose")

    now = room.until(f"{LOOKED} && {SMILED}")
    assert (now["backend"], now["threads"]) != (first["backend"], first["threads"])
    assert now["error"] is None
    assert room.at("closer-note").inner_text() == ""


def test_a_head_with_which_the_worker_dies_stops_alone(new_room: OpenRoom) -> None:
    room = new_room()
    room.before_engine(FAIL % {"call": "crops", "what": "setTimeout(() => { throw 'gone'; });"})
    room.open().until_state("ready")
    first = room.snapshot()
    tick(room, "emotion", "pose")

    assert_goes_on(room, "Pose stopped: its network failed on this device")
    now = room.snapshot()
    assert (now["backend"], now["threads"]) == (first["backend"], first["threads"])
