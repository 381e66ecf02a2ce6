"""Many pictures, and what goes wrong meanwhile: the engine, the store, a model; and videos."""

from __future__ import annotations

from pathlib import Path

from .clips import clip
from .conftest import OpenRoom
from .faults import faulty
from .pictures import encode, sample
from .room import without_room
from .test_photos_grid import file, give, on_disk, tile, until_analysed, until_shown

COUNT = 6
PICTURES = [file(f"p{n}.png", encode(sample().resize((200, 200 + n)))) for n in range(COUNT)]
OTHER = "centernet-512"


def test_an_engine_that_dies_in_the_background_is_replaced_and_no_picture_is_missed(
    new_room: OpenRoom,
) -> None:
    room = new_room().open("?threads=2")
    room.until_state("ready")
    room.before_engine(faulty({"runs": 3, "death": "unreachable", "threaded": True}))
    assert room.choose(OTHER)["threads"] == 2

    give(room, *PICTURES)

    now = until_analysed(room, COUNT)
    assert (now["analysed"], now["failed"]) == (COUNT, 0)
    assert room.snapshot()["threads"] == 1
    assert room.at("photos-dialog").is_visible()
    assert not room.at("notice").is_visible()


def test_where_nothing_more_can_be_stored_the_grid_goes_on_and_says_so(
    new_room: OpenRoom, tmp_path: Path
) -> None:
    room = new_room(init=without_room("obscura-photos")).open()
    room.until_state("ready")
    room.at("photo").set_input_files(on_disk(tmp_path, COUNT))
    room.page.wait_for_selector("#photos-dialog[open]")
    until_analysed(room, COUNT)

    room.page.evaluate("() => dispatchEvent(new Event('pagehide'))")

    room.until_text("photos-note", "stores no more answers")
    assert tile(room, "p0001.jpg").locator(".photo-chip").all_inner_texts() == ["person"]


def test_a_video_is_opened_from_the_grid_and_the_next_picture_from_beside_it(
    new_room: OpenRoom,
) -> None:
    room = new_room().open()
    room.until_state("ready")
    give(room, PICTURES[0], file("clip.mp4", clip(30), "video/mp4"), PICTURES[1])
    until_analysed(room, 2)

    assert "Open it to play it" in tile(room, "clip.mp4").inner_text()
    tile(room, "clip.mp4").click()
    room.until_live()
    room.page.wait_for_selector("#video-bar:visible")
    assert room.at("picture-position").inner_text() == "2 of 3"
    room.at("picture-next").click()

    until_shown(room, "p1.png")
    assert room.at("picture-position").inner_text() == "3 of 3"
    assert not room.at("video-bar").is_visible()


def test_what_was_asked_for_of_one_model_is_not_asked_of_another(new_room: OpenRoom) -> None:
    room = new_room().open()
    room.until_state("ready")
    give(room, *PICTURES[:2])
    until_analysed(room, 2)
    room.at("photos-with").select_option(label="person (2)")
    room.page.keyboard.press("Escape")

    room.choose(OTHER)
    room.page.keyboard.press("g")

    now = until_analysed(room, 2)
    assert room.at("photos-with").input_value() == ""
    assert now["shown"] == 2
