"""The picture in its view: filling a phone's screen, zoomed, with labels that leave it in sight."""

from __future__ import annotations

from typing import Any

import pytest

from .access import DESKTOP, PHONE, PHONE_ON_ITS_SIDE
from .conftest import OpenRoom
from .pictures import encode, sample
from .room import Room

COVERED = """() => {
  const view = document.getElementById("view").getBoundingClientRect();
  const video = document.getElementById("video");
  const fill = getComputedStyle(video).objectFit === "cover";
  const fits = [view.width / video.videoWidth, view.height / video.videoHeight];
  const scale = fill ? Math.max(...fits) : Math.min(...fits);
  const seen = Math.min(view.width, video.videoWidth * scale)
    * Math.min(view.height, video.videoHeight * scale);
  return seen / (innerWidth * innerHeight);
}"""
"""The share of the screen that the video covers, by the words of CSS."""
INK = """(color) => {
  const overlay = document.getElementById("overlay");
  const pixels = overlay.getContext("2d").getImageData(0, 0, overlay.width, overlay.height).data;
  const box = [1e9, 1e9, -1, -1];
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i] === color[0] && pixels[i + 1] === color[1] && pixels[i + 2] === color[2]) {
      const x = (i / 4) % overlay.width, y = Math.floor(i / 4 / overlay.width);
      box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
    }
  }
  const ratio = overlay.width / overlay.clientWidth;
  return box.map((each) => each / ratio);
}"""
LYING_OVER = """() => {
  for (const id of ["no-connection", "no-storage", "progress", "progress-bar"]) {
    document.getElementById(id).hidden = false;
  }
  document.getElementById("progress-text").textContent = "Finding the fastest way (only once)";
  const said = "#chips li, .update, #progress, #controls, .welcome > *, #notice, #promise";
  const lines = [...document.querySelectorAll(said)]
    .filter((each) => each.checkVisibility())
    .map((each) => [each.id || each.textContent, each.getBoundingClientRect()]);
  const over = ([, a], [, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
  return [lines.length, lines.flatMap((a, i) =>
    lines.slice(i + 1).filter((b) => over(a, b)).map((b) => `${a[0]} and ${b[0]}`))];
}"""
"""How many lines of text there are when all are shown that the page may say at once, and which of
them lie over each other."""
PERSON = [0x78, 0xFF, 0xE1]
"""The colour of the class that the sample picture has."""


@pytest.fixture(params=["phone", "side"])
def phone(request: pytest.FixtureRequest, new_room: OpenRoom) -> Room:
    """A phone, upright or on its side."""
    device = PHONE if request.param == "phone" else PHONE_ON_ITS_SIDE
    room = new_room(**device).open()
    room.until_state("ready")
    return room


def rect(room: Room, name: str) -> dict[str, float]:
    box = room.at(name).bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize(
    ("button", "dialog"), [("help", "help-dialog"), ("promise", "promise-dialog")]
)
def test_a_dialog_that_is_read_begins_at_its_top(phone: Room, button: str, dialog: str) -> None:
    phone.at(button).click()
    phone.at(dialog).wait_for(state="visible")

    where = phone.at(dialog).evaluate("(it) => [it.scrollTop, it.contains(document.activeElement)]")
    assert where == [0, True]


def test_on_a_phone_the_picture_covers_the_screen_and_fits_it_on_request(phone: Room) -> None:
    phone.start()
    assert phone.page.evaluate(COVERED) == pytest.approx(1, abs=0.01)

    phone.at("fit").click()

    assert phone.page.evaluate(COVERED) < 0.9
    assert phone.at("fit").get_attribute("aria-pressed") == "false"
    phone.at("fit").click()
    assert phone.page.evaluate(COVERED) == pytest.approx(1, abs=0.01)


def test_the_sheet_covers_at_most_half_and_leaves_the_picture_in_view(phone: Room) -> None:
    phone.start()
    screen = phone.page.viewport_size
    assert screen is not None

    phone.at("panel-toggle").click()
    phone.page.wait_for_function(
        "() => document.querySelector('.panel.open')?.getAnimations().length === 0"
    )
    phone.page.wait_for_function(
        "() => document.getElementById('view').getAnimations().length === 0"
    )

    sheet, view = rect(phone, "panel"), rect(phone, "view")
    assert sheet["width"] * sheet["height"] <= 0.5 * screen["width"] * screen["height"] + 1
    assert view["width"] * view["height"] >= 0.45 * screen["width"] * screen["height"]
    apart = (
        view["y"] + view["height"] <= sheet["y"] + 1 or view["x"] + view["width"] <= sheet["x"] + 1
    )
    assert apart
    phone.page.keyboard.press("Escape")
    assert not phone.page.evaluate("() => document.querySelector('.panel.open') !== null")


def test_a_swipe_down_closes_the_sheet(new_room: OpenRoom) -> None:
    room = new_room(**PHONE).open()
    room.until_state("ready")
    room.at("panel-toggle").click()
    room.page.wait_for_function(
        "() => document.querySelector('.panel.open')?.getAnimations().length === 0"
    )

    handle = rect(room, "panel-handle")
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    room.page.mouse.move(x, y)
    room.page.mouse.down()
    room.page.mouse.move(x, y + 50)
    room.page.mouse.move(x, y + 120)
    room.page.mouse.up()

    assert not room.page.evaluate("() => document.querySelector('.panel.open') !== null")


def test_what_is_seen_is_read_on_a_phone_without_opening_anything(phone: Room) -> None:
    phone.read(encode(sample()), "astronaut.png")

    phone.until_text("chips", "person")
    box, screen = rect(phone, "chips"), phone.page.viewport_size
    assert screen is not None
    assert 0 <= box["y"] <= box["y"] + box["height"] <= screen["height"]


def test_no_line_on_the_picture_lies_over_another(phone: Room) -> None:
    count, over = phone.page.evaluate(LYING_OVER)
    assert count >= 6
    assert over == []

    phone.start()
    phone.until_text("chips", ".")
    count, over = phone.page.evaluate(LYING_OVER)
    assert count >= 5
    assert over == []

    phone.give(b"broken", "broken.png")
    phone.until_error("picture")
    count, over = phone.page.evaluate(LYING_OVER)
    assert count >= 5
    assert over == []


def test_the_main_controls_lie_over_the_picture_and_none_is_clipped(phone: Room) -> None:
    phone.start()
    screen = phone.page.viewport_size
    assert screen is not None

    view = rect(phone, "view")
    assert (view["width"], view["height"]) == (screen["width"], screen["height"])
    for button in phone.page.locator("#controls .button:visible, #bar button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= screen["width"]
        assert box["y"] + box["height"] <= screen["height"]


# ---- zoom ----------------------------------------------------------------------------------------


@pytest.fixture
def photo(new_room: OpenRoom) -> Room:
    """A photo on a desktop, the same as the sample picture."""
    room = new_room(**DESKTOP).open()
    room.until_state("ready")
    room.read(encode(sample()), "astronaut.png")
    return room


def person(room: Room) -> Any:
    """Return where the person's box has to be drawn, from what the page shows of the photo."""
    (found,) = room.snapshot()["detections"]
    return room.page.evaluate(
        """(box) => {
          const view = document.getElementById("view").getBoundingClientRect();
          const shown = document.getElementById("picture").getBoundingClientRect();
          const { width, height } = document.getElementById("picture");
          const zoomed = shown.width / view.width;
          const scale = Math.min(view.width / width, view.height / height) * zoomed;
          const left = shown.left + shown.width / 2 - width * scale / 2 - view.left;
          const top = shown.top + shown.height / 2 - height * scale / 2 - view.top;
          return [left + box[0] * scale, top + box[1] * scale,
                  left + box[2] * scale, top + box[3] * scale];
        }""",
        found["box"],
    )


def drawn(room: Room) -> Any:
    return room.page.evaluate(INK, PERSON)


def test_keys_zoom_a_photo_and_its_box_stays_on_it(photo: Room) -> None:
    whole = person(photo)

    photo.page.keyboard.press("+")

    larger = person(photo)
    assert larger[2] - larger[0] == pytest.approx(1.5 * (whole[2] - whole[0]), rel=0.01)
    ink = drawn(photo)
    assert ink[0] == pytest.approx(larger[0], abs=3)
    assert photo.at("zoom-reset").is_visible()
    photo.page.keyboard.press("0")
    assert person(photo) == pytest.approx(whole, abs=0.5)
    assert not photo.at("zoom-reset").is_visible()


def test_the_wheel_zooms_where_it_points_and_dragging_pans(photo: Room) -> None:
    view = rect(photo, "view")
    x, y = view["x"] + view["width"] * 0.5, view["y"] + view["height"] * 0.3
    photo.page.mouse.move(x, y)
    photo.page.mouse.wheel(0, -400)
    photo.page.wait_for_function("() => document.querySelector('#view.zoomed')")
    before = person(photo)

    photo.page.mouse.down()
    photo.page.mouse.move(x, y + 40)
    photo.page.mouse.up()

    after = person(photo)
    assert after[1] - before[1] == pytest.approx(40, abs=1)
    assert drawn(photo)[0] == pytest.approx(max(after[0], 0), abs=3)


def test_the_mark_in_the_bar_stands_beside_the_name(photo: Room) -> None:
    mark = photo.page.locator(".brand .mark").bounding_box()
    name = photo.page.locator(".brand span").bounding_box()

    assert mark
    assert name
    assert mark["x"] + mark["width"] <= name["x"]
    assert mark["height"] == mark["width"]


def test_a_live_picture_is_not_zoomed(photo: Room) -> None:
    photo.page.keyboard.press("+")
    photo.start()

    assert not photo.page.evaluate("() => document.querySelector('#view.zoomed') !== null")
    photo.page.keyboard.press("+")
    assert not photo.page.evaluate("() => document.querySelector('#view.zoomed') !== null")


# ---- labels --------------------------------------------------------------------------------------


def test_names_and_percentages_are_switched_off_in_the_panel(photo: Room) -> None:
    def amount() -> int:
        return int(
            photo.page.evaluate(
                """() => {
                  const { width, height } = overlay;
                  const data = overlay.getContext("2d").getImageData(0, 0, width, height).data;
                  return data.reduce((sum, each, i) => sum + (i % 4 === 3 && each > 0), 0);
                }"""
            )
        )

    all_of_it = amount()
    photo.at("percentages").uncheck()
    without_percentages = amount()
    photo.at("names").uncheck()
    without_labels = amount()

    assert all_of_it > without_percentages > without_labels > 0
    photo.reload()
    photo.until_state("ready")
    assert not photo.at("names").is_checked()


def test_keys_work_after_a_click_on_a_slider(photo: Room) -> None:
    photo.at("threshold").click()
    before = photo.at("threshold").input_value()

    photo.page.keyboard.press("?")
    assert photo.at("help-dialog").is_visible()
    photo.page.keyboard.press("Escape")
    photo.at("threshold").focus()
    photo.page.keyboard.press("ArrowRight")

    assert float(photo.at("threshold").input_value()) == pytest.approx(float(before) + 0.01)


SPEECH = """
globalThis.spoken = [];
Object.defineProperty(globalThis, "speechSynthesis", { configurable: true, value: {
  speaking: false, pending: false, cancel() { spoken.push(null); },
  speak(utterance) { spoken.push(utterance.text); },
} });
"""


def test_read_aloud_speaks_what_is_seen_and_stops(new_room: OpenRoom) -> None:
    room = new_room(init=SPEECH).open()
    room.until_state("ready")

    room.at("announce").click()
    assert room.page.evaluate("() => spoken") == ["1 person"]
    assert room.at("announce").inner_text() == "Stop reading"
    room.at("announce").click()

    assert room.page.evaluate("() => spoken") == ["1 person", None]


def test_without_speech_the_button_says_what_it_does(new_room: OpenRoom) -> None:
    room = new_room(init="delete globalThis.speechSynthesis; "
                    "delete globalThis.SpeechSynthesisUtterance;").open()  # fmt: skip
    room.until_state("ready")

    assert room.at("announce").inner_text() == "Announce to screen readers"
    room.at("announce").click()
    assert room.at("announcer").text_content() == "1 person"
