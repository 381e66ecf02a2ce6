"""Tracking in the page: a number for each object, by a switch or a key, kept across visits."""

from __future__ import annotations

import pytest

from .conftest import OpenRoom
from .pictures import encode, sample
from .room import NO_GAPS, Room

FETCHED = (
    "() => performance.getEntriesByType('resource')"
    ".some((each) => each.name.includes('feature-track'))"
)
HAS_NUMBER = "now.detections.some((each) => each.track_id > 0)"


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    """A page whose camera shows the person of the sample picture."""
    opened = new_room(cold=True, init=NO_GAPS).open()
    opened.until_state("ready")
    return opened


def person(room: Room) -> int:
    """Return the person's number."""
    now = room.until(HAS_NUMBER)
    (row,) = (each for each in now["detections"] if each["label"] == "person")
    return int(row["track_id"])


def test_a_switch_gives_the_person_a_number_that_stays(room: Room) -> None:
    room.start()
    assert room.snapshot()["detections"][0]["track_id"] is None
    assert not room.page.evaluate(FETCHED), "what is not used costs nothing"

    room.at("track").check()

    number = person(room)
    room.until("now.detections.some((each) => each.seen_s > 1)")
    assert person(room) == number
    room.until_text("seen", rf"person {number}\s*\d+ s")

    room.at("track").uncheck()
    room.until("now.detections.every((each) => each.track_id === null)")


def test_a_key_does_the_same_and_the_next_visit_remembers(room: Room) -> None:
    room.page.keyboard.press("t")
    room.page.wait_for_function("() => document.getElementById('track').checked")
    room.start()
    assert person(room) > 0

    room.reload()
    room.until_state("ready")
    assert room.at("track").is_checked()
    room.start()
    assert person(room) > 0


def test_the_address_can_ask_for_it(new_room: OpenRoom) -> None:
    room = new_room().open("?track=1&autostart=1")

    assert person(room) > 0


def test_a_photo_has_no_numbers(room: Room) -> None:
    room.at("track").check()

    now = room.read(encode(sample()))

    assert [each["track_id"] for each in now["detections"]] == [None]


def test_while_paused_the_person_keeps_the_number(room: Room) -> None:
    room.start()
    room.at("track").check()
    number = person(room)

    room.at("pause").click()
    room.until_state("paused")

    assert person(room) == number
    room.move("threshold", 0.95)
    assert room.until("now.detections.length === 0")["state"] == "paused"
    room.move("threshold", 0.3)
    assert person(room) == number
