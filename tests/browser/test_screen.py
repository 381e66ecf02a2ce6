"""Shared screens: looked at whole and in part, ended by the browser's own button, refused."""

from __future__ import annotations

import pytest

from .conftest import OpenRoom
from .pictures import encode, overlap, sample
from .room import Room
from .screens import PLACE, SCREEN, SIZE

PERSON = (20.0, 14.0, 364.0, 512.0)
"""The astronaut in the sample picture by eye, in its 512 x 512 pixels."""


def on_screen() -> list[float]:
    """Return where the person is on the shared screen."""
    x, y = PLACE
    return [PERSON[0] + x, PERSON[1] + y, PERSON[2] + x, PERSON[3] + y]


def person(room: Room) -> list[float]:
    """Wait for the person; return her box."""
    now = room.until("now.detections.some((each) => each.label === 'person')")
    return next(each["box"] for each in now["detections"] if each["label"] == "person")


def size(room: Room) -> list[int]:
    answer: list[int] = room.page.evaluate("() => [video.videoWidth, video.videoHeight]")
    return answer


def share(room: Room) -> None:
    room.at("share").click()
    room.until_state("running")


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    room = shared_room(init=SCREEN).open()
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The start page, ready."""
    visit.home()
    visit.page.evaluate("() => { refusal = null; }")
    return visit


def test_what_is_on_a_shared_screen_is_boxed_where_it_is(room: Room) -> None:
    share(room)

    assert overlap(person(room), on_screen()) >= 0.6
    assert size(room) == list(SIZE)
    assert room.page.evaluate("() => getComputedStyle(video).transform") in (
        "none",
        "matrix(1, 0, 0, 1, 0, 0)",
    )
    assert not room.at("flip").is_visible()
    assert not room.at("video-bar").is_visible()
    assert room.page.evaluate("() => shares.at(-1).wishes.audio") is False


def test_stop_ends_sharing(room: Room) -> None:
    share(room)

    room.stop()

    assert room.page.evaluate("() => shares.at(-1).track.readyState") == "ended"
    assert room.at("crop").is_hidden()


def test_sharing_that_the_browser_ends_leads_back_with_a_sentence(room: Room) -> None:
    room.read(encode(sample()), "before.png")
    share(room)

    room.page.evaluate("() => endSharing()")

    room.until_state("still")
    room.until_text("source-note", "Sharing has ended.")
    assert room.at("caption").inner_text() == "before.png"
    assert room.at("notice").is_hidden()
    room.start()
    assert room.at("source-note").inner_text() == ""


def test_a_refusal_is_a_sentence_and_can_be_tried_again(room: Room) -> None:
    room.page.evaluate("() => { refusal = 'NotAllowedError'; }")
    room.at("share").click()
    room.until_error("screen-refused")
    room.page.evaluate("() => { refusal = null; }")

    room.at("notice-action").click()

    room.until_state("running")


def drag(room: Room, box: tuple[float, float, float, float]) -> None:
    """Draw a frame around a box in pixels of the whole screen that is in view."""
    view = room.at("view").bounding_box()
    assert view is not None
    scale = min(view["width"] / SIZE[0], view["height"] / SIZE[1])
    left = view["x"] + (view["width"] - SIZE[0] * scale) / 2
    top = view["y"] + (view["height"] - SIZE[1] * scale) / 2
    mouse = room.page.mouse
    mouse.move(left + box[0] * scale, top + box[1] * scale)
    mouse.down()
    mouse.move(left + box[2] * scale, top + box[3] * scale, steps=3)
    mouse.up()


def begin(room: Room) -> None:
    """Have the frame shown; its code is fetched when it is first wanted."""
    room.at("crop").click()
    room.at("crop-hint").wait_for()


def test_a_part_is_drawn_by_mouse_and_the_whole_comes_back_by_one_press(room: Room) -> None:
    share(room)
    x, y = PLACE

    begin(room)
    drag(room, (x, y, x + 512, y + 512))
    room.at("crop-use").click()
    room.page.wait_for_function("() => document.getElementById('crop-surface').hidden")

    assert size(room) == pytest.approx([512, 512], abs=8)
    assert overlap(person(room), PERSON) >= 0.6, "in pixels of the part"
    assert room.page.evaluate("() => document.activeElement.id") == "crop"
    room.at("crop-whole").click()
    room.page.wait_for_function(f"() => video.videoWidth === {SIZE[0]}")
    assert overlap(person(room), on_screen()) >= 0.6
    assert room.at("crop-whole").is_hidden()
    assert room.page.evaluate("() => shares.at(-1).track.readyState") == "live"


def test_the_frame_is_sized_by_its_edges_and_corners(room: Room) -> None:
    share(room)
    begin(room)

    drag(room, (1152, 648, 896, 432))  # its lower right corner
    assert room.at("crop-size").inner_text() == "768 × 360 px"  # noqa: RUF001
    drag(room, (128, 300, 384, 300))  # its left edge
    assert room.at("crop-size").inner_text() == "512 × 360 px"  # noqa: RUF001
    cursor = "() => document.getElementById('crop-surface').style.cursor"
    room.page.wait_for_function(f"() => ({cursor})() === 'ew-resize'")
    room.at("crop-use").click()
    room.page.wait_for_function("() => video.videoWidth === 512 && video.videoHeight === 360")
    room.at("crop-whole").click()
    room.page.wait_for_function(f"() => video.videoWidth === {SIZE[0]}")


def test_a_part_is_chosen_by_keyboard_alone_and_lasts_as_long_as_the_share(room: Room) -> None:
    share(room)
    keys = room.page.keyboard
    room.at("crop").focus()
    keys.press("Enter")
    assert room.page.evaluate("() => document.activeElement.id") == "crop-frame"
    for _ in range(5):
        keys.press("ArrowRight")
    for _ in range(10):
        keys.press("Shift+ArrowUp")
    assert room.at("crop-frame").get_attribute("aria-label") == (
        "The part to look at: 1024 × 432 px"  # noqa: RUF001
    )
    keys.press("Enter")
    room.page.wait_for_function("() => video.videoWidth === 1024 && video.videoHeight === 432")
    room.page.keyboard.press("k")
    room.until_state("paused")
    room.page.keyboard.press("k")
    room.until_state("running")
    assert size(room) == [1024, 432]

    share(room)
    assert size(room) == list(SIZE), "another share is whole again"
    assert room.at("crop-whole").is_hidden()


def test_escape_leaves_the_picture_as_it_was(room: Room) -> None:
    share(room)
    begin(room)
    room.page.keyboard.press("ArrowLeft")
    room.page.keyboard.press("Escape")

    assert room.at("crop-surface").is_hidden()
    assert size(room) == list(SIZE)


def test_a_share_that_ends_while_a_part_is_in_view_leaves_nothing_behind(room: Room) -> None:
    share(room)
    begin(room)
    room.page.keyboard.press("Enter")
    room.page.wait_for_function("() => video.videoWidth === 1024")
    begin(room)

    room.page.evaluate("() => endSharing()")

    room.until_state("ready")
    assert room.at("crop-surface").is_hidden()
    assert room.at("crop-hint").is_hidden()
    assert room.at("crop-whole").is_hidden()


def test_while_a_part_is_chosen_the_whole_picture_is_in_view(room: Room) -> None:
    share(room)
    room.at("fit").click()  # fill
    room.page.wait_for_function("() => document.querySelector('#view.fill')")

    begin(room)

    frame, view = room.at("crop-frame").bounding_box(), room.at("view").bounding_box()
    assert frame
    assert view
    scale = min(view["width"] / SIZE[0], view["height"] / SIZE[1])
    assert frame["width"] == pytest.approx(0.8 * SIZE[0] * scale, abs=8)
    assert room.at("crop-size").inner_text() == "1024 × 576 px"  # noqa: RUF001
    room.at("crop-cancel").click()
    room.page.wait_for_function("() => document.querySelector('#view.fill')")
    room.at("fit").click()


def test_a_line_and_a_part_are_not_drawn_at_the_same_time(room: Room) -> None:
    share(room)
    begin(room)

    room.page.evaluate("() => document.activeElement.blur()")
    room.page.keyboard.press("l")

    room.at("count-hint").wait_for()
    assert room.at("crop-surface").is_hidden()
    assert room.at("crop-hint").is_hidden()
    begin(room)
    room.at("count-hint").wait_for(state="hidden")
    assert room.at("crop-hint").is_visible()
    room.at("crop-cancel").click()
    room.at("track").uncheck()


def lines(room: Room) -> list[str]:
    """Return the names of the lines over the picture in view."""
    return list((room.snapshot()["counts"] or {"lines": {}})["lines"])


def test_lines_are_of_one_share_and_one_part_of_it(room: Room) -> None:
    share(room)
    keys = room.page.keyboard
    keys.press("l")
    room.page.wait_for_function("() => document.activeElement.id === 'overlay'")
    for key in ("Enter", *["Shift+ArrowUp"] * 5, "Enter"):
        keys.press(key)
    room.until("Object.keys(now.counts?.lines ?? {}).length === 1")

    begin(room)
    keys.press("Enter")
    room.page.wait_for_function("() => video.videoWidth === 1024")
    assert lines(room) == [], "it would lie elsewhere"
    room.at("crop-whole").click()
    room.page.wait_for_function(f"() => video.videoWidth === {SIZE[0]}")
    assert lines(room) == ["Line 1"]
    room.stop()
    share(room)
    assert lines(room) == [], "another screen"
    kept = room.page.evaluate("() => localStorage.getItem('obscura.settings') ?? ''")
    assert "Line 1" not in kept
    room.at("track").uncheck()


def test_a_screen_on_which_nothing_changes_is_recorded_all_the_same(room: Room) -> None:
    share(room)
    room.at("record").click()
    room.until("now.recording?.seconds > 2 && now.recording.frames > 2")

    begin(room)
    room.page.keyboard.press("Enter")
    room.page.wait_for_function("() => video.videoWidth === 1024")
    frames = room.snapshot()["recording"]["frames"]
    now = room.until(f"now.recording.frames > {frames + 1}")

    assert now["recording"]["seconds"] < 60, "a part goes on where the whole was"
    room.at("record").click()
    room.at("record-save").wait_for()
    room.at("record-delete").click()


def test_the_privacy_dialog_says_what_is_shared(room: Room) -> None:
    room.at("promise").click()
    room.at("promise-dialog").wait_for()
    room.until_text("fact-screen", "^not shared$")
    room.page.keyboard.press("Escape")
    share(room)

    room.at("promise").click()

    room.until_text("fact-screen", "^shared: Screen$")
    room.until_text("fact-camera", "^off$")
    room.page.keyboard.press("Escape")


def test_a_screen_in_the_address_waits_for_a_press(new_room: OpenRoom) -> None:
    room = new_room(init=SCREEN).open("?source=screen&autostart=1")
    room.until_state("ready")
    assert room.page.evaluate("() => shares.length") == 0
    assert room.at("start-text").inner_text() == "Share screen"
    assert room.at("share").is_hidden()

    room.at("start").click()

    room.until_state("running")


def test_where_the_browser_shares_nothing_it_is_not_offered(new_room: OpenRoom) -> None:
    room = new_room(init="delete MediaDevices.prototype.getDisplayMedia;").open()
    room.until_state("ready")

    assert room.at("share").is_hidden()


def test_a_real_share_of_the_browser_is_analysed(new_room: OpenRoom) -> None:
    room = new_room("tabs").open()
    room.until_state("ready")

    room.at("share").click()

    now = room.until("now.frames > 2")
    assert now["state"] == "running"
