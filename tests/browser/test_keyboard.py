"""The keys: those of the list under "?", and none that would be in the way."""

from __future__ import annotations

import json

import pytest

from .conftest import OpenRoom
from .pictures import encode, sample
from .room import SETTINGS, Room


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    room = shared_room().open()
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The start page, ready, with the focus nowhere."""
    visit.home()
    visit.page.evaluate("() => document.activeElement.blur()")
    return visit


def test_space_starts_and_stops(room: Room) -> None:
    room.page.keyboard.press("Space")
    room.until_live()

    room.page.keyboard.press("Space")
    room.until_state("ready")
    assert room.page.evaluate("() => video.srcObject") is None


def test_space_on_a_button_presses_that_button_only(room: Room) -> None:
    room.at("theme").focus()

    room.page.keyboard.press("Space")
    room.ticks(10)

    assert room.page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    assert room.snapshot()["state"] == "ready"
    room.at("theme").click()
    room.at("theme").click()


def test_k_pauses_and_goes_on(room: Room) -> None:
    room.start()

    room.page.keyboard.press("k")
    room.until_state("paused")
    room.page.keyboard.press("K")
    room.until_state("running")


def test_the_arrows_move_the_threshold_by_a_percent(room: Room) -> None:
    assert room.at("threshold-value").inner_text() == "40 %"

    for _ in range(3):
        room.page.keyboard.press("ArrowRight")
    assert room.at("threshold-value").inner_text() == "43 %"
    for _ in range(4):
        room.page.keyboard.press("ArrowLeft")
    assert room.at("threshold-value").inner_text() == "39 %"

    room.page.keyboard.press("ArrowRight")
    kept = json.loads(room.page.evaluate(f"() => localStorage.getItem('{SETTINGS}')"))
    assert kept["threshold"] == pytest.approx(0.4)


def test_the_arrows_stop_at_the_ends(room: Room) -> None:
    room.move("threshold", 0.95)
    room.page.keyboard.press("ArrowRight")
    assert room.at("threshold-value").inner_text() == "95 %"

    room.move("threshold", 0.05)
    room.page.keyboard.press("ArrowLeft")
    assert room.at("threshold-value").inner_text() == "5 %"
    room.move("threshold", 0.5)


def test_m_goes_to_the_models_and_c_to_the_search_of_classes(room: Room) -> None:
    room.page.keyboard.press("m")
    room.at("models-dialog").wait_for(state="visible")

    room.page.keyboard.press("Escape")
    room.page.keyboard.press("c")
    assert room.page.evaluate("() => document.activeElement.id") == "class-search"
    room.at("class-list").wait_for(state="visible")
    assert room.at("class-search").input_value() == "", "the key itself is not typed"

    room.page.keyboard.type("cup k m ?")
    assert room.at("class-search").input_value() == "cup k m ?"
    assert room.snapshot()["state"] == "ready"
    assert not room.at("help-dialog").is_visible()
    room.at("class-search").fill("")
    room.at("classes").locator("summary").click()


def test_p_opens_the_picker_of_photos(room: Room) -> None:
    # Told by the press on the picker itself: whether the browser's own dialog then comes through is
    # between it and its driver, and is looked at where cards offer a photo.
    room.page.evaluate(
        """() => document.getElementById("photo").addEventListener(
          "click", ({ target }) => (target.dataset.pressed = "once"), { once: true })"""
    )
    room.page.keyboard.press("p")
    room.page.wait_for_function("() => document.getElementById('photo').dataset.pressed")

    room.give(encode(sample()), "p.png")
    now = room.until_state("still")
    assert [row["label"] for row in now["detections"]] == ["person"]
    room.start()
    room.stop()


def test_a_question_mark_opens_the_list_of_keys_and_escape_closes_it(room: Room) -> None:
    room.page.keyboard.press("?")
    room.at("help-dialog").wait_for(state="visible")
    for key in ("Space", "K", "P", "M", "C", "F", "?"):
        assert key in room.at("keys").locator("dt").all_inner_texts()

    room.page.keyboard.press("k")  # no key works behind a dialog
    room.page.keyboard.press("Escape")
    room.at("help-dialog").wait_for(state="hidden")
    assert room.snapshot()["state"] == "ready"


def test_escape_closes_the_promise_and_gives_the_focus_back(room: Room) -> None:
    room.at("promise").focus()
    room.page.keyboard.press("Enter")
    room.at("promise-dialog").wait_for(state="visible")

    room.page.keyboard.press("Escape")

    room.at("promise-dialog").wait_for(state="hidden")
    assert room.page.evaluate("() => document.activeElement.id") == "promise"


def test_f_shows_the_picture_alone_and_back(room: Room) -> None:
    room.page.keyboard.press("f")
    room.page.wait_for_function("() => document.fullscreenElement?.id === 'stage'")

    room.page.keyboard.press("f")
    room.page.wait_for_function("() => !document.fullscreenElement")


def test_keys_with_ctrl_belong_to_the_browser(room: Room) -> None:
    room.page.evaluate(
        """() => {
          globalThis.taken = [];
          for (const key of ["k", "p", "f", "c", "m", " "]) {
            const event = new KeyboardEvent("keydown",
              { key, ctrlKey: true, bubbles: true, cancelable: true });
            document.body.dispatchEvent(event);
            if (event.defaultPrevented) taken.push(key);
          }
        }"""
    )

    assert room.page.evaluate("() => taken") == []
    assert room.snapshot()["state"] == "ready"


def test_what_is_seen_is_read_aloud_on_demand_and_not_with_every_frame(room: Room) -> None:
    room.start()
    room.until("now.detections.length > 0 && now.frames > 5")
    spoken = room.at("announcer").text_content()

    room.at("announce").click()

    assert room.at("announcer").text_content() == "1 person"
    assert spoken in ("", "1 person")
    changes = room.page.evaluate(
        """() => new Promise((resolve) => {
          let count = 0;
          new MutationObserver(() => { count += 1; })
            .observe(document.getElementById("announcer"), { childList: true, subtree: true });
          const before = obscura.snapshot().frames;
          const look = () =>
            obscura.snapshot().frames > before + 5 ? resolve(count) : requestAnimationFrame(look);
          look();
        })"""
    )
    assert changes == 0


def test_an_error_card_takes_the_focus_to_its_way_on(room: Room) -> None:
    room.give(b"broken", "broken.png")
    room.until_error("picture")

    assert room.page.evaluate("() => document.activeElement.id") == "notice-action"
    assert room.at("notice").get_attribute("role") == "alert"


def test_a_photos_result_is_announced(room: Room) -> None:
    room.page.evaluate("() => { document.getElementById('announcer').textContent = ''; }")

    room.read(encode(sample()), "announced.png")

    room.page.wait_for_function(
        "() => document.getElementById('announcer').textContent === '1 person'"
    )
