"""Shared screens: looked at whole and in part, ended by the browser's own button, refused."""

from __future__ import annotations

import base64

import pytest

from .conftest import OpenRoom
from .pictures import encode, overlap, sample
from .room import Room

PERSON = (20.0, 14.0, 364.0, 512.0)
"""The astronaut in the sample picture by eye, in its 512 x 512 pixels."""
PLACE = (640, 150)
"""Where the picture lies on the shared screen, which is otherwise grey."""
SIZE = (1280, 720)
SCREEN = (
    """
globalThis.shares = [];
globalThis.refusal = null;
const still = new Image();
still.src = "data:image/png;base64,PICTURE";
MediaDevices.prototype.getDisplayMedia = async (wishes) => {
  if (!navigator.userActivation.isActive) throw new DOMException("no press", "InvalidStateError");
  if (refusal) throw new DOMException("Permission denied", refusal);
  await still.decode();
  const screen = document.createElement("canvas");
  [screen.width, screen.height] = [WHOLE];
  const context = screen.getContext("2d");
  const draw = () => {
    context.fillStyle = "#777";
    context.fillRect(0, 0, screen.width, screen.height);
    context.drawImage(still, PLACE);
  };
  draw();
  const stream = screen.captureStream();
  const [track] = stream.getVideoTracks();
  setTimeout(draw, 50); // once: nothing changes on this screen
  shares.push({ track, draw, wishes });
  return stream;
};
globalThis.endSharing = () => {
  const { track } = shares.at(-1);
  track.stop();
  track.dispatchEvent(new Event("ended"));
};
""".replace("PICTURE", base64.b64encode(encode(sample())).decode())
    .replace("WHOLE", "{}, {}".format(*SIZE))
    .replace("PLACE", "{}, {}".format(*PLACE))
)
"""A script for a browser that shares a screen on which nothing moves."""


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


def test_a_part_is_drawn_by_mouse_and_the_whole_comes_back_by_one_press(room: Room) -> None:
    share(room)
    x, y = PLACE

    room.at("crop").click()
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
    room.at("crop").click()
    room.page.keyboard.press("ArrowLeft")
    room.page.keyboard.press("Escape")

    assert room.at("crop-surface").is_hidden()
    assert size(room) == list(SIZE)


def test_a_share_that_ends_while_a_part_is_in_view_leaves_nothing_behind(room: Room) -> None:
    share(room)
    room.at("crop").click()
    room.page.keyboard.press("Enter")
    room.page.wait_for_function("() => video.videoWidth === 1024")
    room.at("crop").click()

    room.page.evaluate("() => endSharing()")

    room.until_state("ready")
    assert room.at("crop-surface").is_hidden()
    assert room.at("crop-hint").is_hidden()
    assert room.at("crop-whole").is_hidden()


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
