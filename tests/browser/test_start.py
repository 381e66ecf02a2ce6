"""The first seconds: every press counts at any moment, and the progress is true."""

from __future__ import annotations

import re

import pytest

from .conftest import OpenRoom
from .pictures import encode, sample
from .room import COUNT_ENGINES, remembering

PYTHON = "**/pyodide-*/pyodide.mjs"
MODEL = "**/models/**/*.onnx"
ENGINE = "**/assets/engine.*.js"

ALL_TRACKS_ENDED = "() => video.srcObject === null"


def test_the_first_paint_says_what_this_is_and_offers_both_ways(new_room: OpenRoom) -> None:
    room = new_room()
    room.hold(PYTHON)
    room.open()

    assert room.page.title() == "Obscura"
    assert room.page.locator("h1").is_visible()
    assert "camera" in room.at("welcome").inner_text()
    assert "this device" in room.at("welcome").inner_text()
    assert room.at("start").is_enabled()
    assert room.at("photo").is_enabled()
    assert room.at("sample").is_visible()


@pytest.mark.parametrize("held", [PYTHON, MODEL, ENGINE], ids=["Python", "model", "engine"])
def test_start_pressed_while_something_is_on_its_way_is_kept(new_room: OpenRoom, held: str) -> None:
    room = new_room()
    on_its_way = room.hold(held)
    room.open()
    if held != PYTHON:
        # Python is here, its part is not: the camera opens meanwhile.
        room.page.wait_for_function("() => !document.getElementById('model').disabled")

    room.at("start").click()
    if held == PYTHON:
        assert room.at("start").get_attribute("aria-busy") == "true"
    else:
        room.until_state("starting")
        room.page.wait_for_function("() => video.videoWidth > 0")
        assert room.at("progress").is_visible(), "it says what it waits for"
    on_its_way.release()

    now = room.until_live()
    assert now["error"] is None
    room.until("now.detections.length > 0")
    assert not room.at("progress").is_visible()


def test_start_pressed_at_the_first_moment_is_kept(new_room: OpenRoom) -> None:
    room = new_room(
        init="""new MutationObserver((_, observer) => {
          const start = document.getElementById("start");
          if (start && globalThis.obscura) { observer.disconnect(); start.click(); }
        }).observe(document, { childList: true, subtree: true });"""
    ).open()
    room.page.evaluate("() => document.body.append(document.createComment('now'))")

    room.until_live()


@pytest.mark.parametrize("held", [PYTHON, MODEL], ids=["Python", "model"])
def test_a_second_press_while_waiting_takes_the_first_back(new_room: OpenRoom, held: str) -> None:
    room = new_room()
    on_its_way = room.hold(held)
    room.open()
    if held == MODEL:
        room.page.wait_for_function("() => !document.getElementById('model').disabled")

    room.at("start").click()
    if held == MODEL:
        room.page.wait_for_function("() => video.videoWidth > 0")
    room.at("start").click()
    on_its_way.release()

    room.until_state("ready")
    room.ticks(30)
    assert room.snapshot()["state"] == "ready"
    assert room.page.evaluate(ALL_TRACKS_ENDED)
    assert room.at("start").get_attribute("aria-busy") != "true"


@pytest.mark.parametrize("held", [PYTHON, MODEL], ids=["Python", "model"])
def test_a_photo_chosen_while_something_is_on_its_way_is_read_then(
    new_room: OpenRoom, held: str
) -> None:
    room = new_room()
    on_its_way = room.hold(held)
    room.open()
    if held == MODEL:
        room.page.wait_for_function("() => !document.getElementById('model').disabled")

    room.give(encode(sample()), "early.png")
    if held == MODEL:
        room.page.wait_for_function("() => document.body.dataset.scene === 'still'")
        assert room.snapshot()["state"] == "starting"
        assert room.at("picture").is_visible(), "the photo shows before its boxes"
    on_its_way.release()

    now = room.until_state("still")
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert room.at("caption").inner_text() == "early.png"


def test_a_photo_dropped_before_python_is_read_then(new_room: OpenRoom) -> None:
    room = new_room()
    python = room.hold(PYTHON)
    room.open()
    url = room.page.url

    prevented = room.page.evaluate(
        """([data]) => {
          const bytes = Uint8Array.from(data);
          const bag = new DataTransfer();
          bag.items.add(new File([bytes], "early.png", { type: "image/png" }));
          const options = { bubbles: true, cancelable: true, dataTransfer: bag };
          return ["dragover", "drop"].map(
            (kind) => !document.body.dispatchEvent(new DragEvent(kind, options)));
        }""",
        [list(encode(sample()))],
    )
    python.release()

    assert all(prevented), "else the browser leaves the page and opens the file"
    now = room.until_state("still")
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert room.page.url == url


def test_the_last_press_before_python_wins(new_room: OpenRoom) -> None:
    room = new_room()
    python = room.hold(PYTHON)
    room.open()

    room.give(encode(sample()), "early.png")
    room.at("start").click()
    python.release()

    room.until_live()


def test_the_progress_counts_the_bytes_that_come(new_room: OpenRoom) -> None:
    room = new_room()
    model = room.hold(MODEL)
    room.open()

    room.page.wait_for_function("() => !document.getElementById('model').disabled")
    facts = room.page.evaluate("() => JSON.parse(document.getElementById('obscura-build').text)")
    size = next(p["bytes"] for p in facts["parts"] if p.get("model") == "cocossd")
    room.page.wait_for_function(
        """(missing) => {
          const words = document.getElementById("progress-text").textContent;
          const [done, total] = (words.match(/\\d+/g) ?? []).map(Number); // whole megabytes
          const { value } = document.getElementById("progress-bar");
          const whole = missing / (1 - value);
          const rest = [total - whole, whole - missing - done]; // rounded up, and down
          return rest.every((each) => -0.1 < each && each < 1.1);
        }""",
        arg=size / 1e6,  # all but the model is here
    )
    model.release()
    room.until_state("ready")
    assert not room.at("progress").is_visible()


SAVE_DATA = """
Object.defineProperty(Navigator.prototype, "connection", {
  value: Object.assign(new EventTarget(), { saveData: true, effectiveType: "3g" }),
});
"""
HEAVY = """() => performance.getEntriesByType("resource")
  .map((entry) => entry.name)
  .filter((name) => /\\.(wasm|zip|whl|onnx|mjs)$|pyscript/.test(name))"""


@pytest.mark.parametrize("press", ["start", "drop"])
def test_a_connection_that_saves_data_is_not_used_before_a_press(
    new_room: OpenRoom, press: str
) -> None:
    room = new_room(init=SAVE_DATA).open()
    room.page.wait_for_load_state("load")
    room.until_text("progress-text", "save data|data saver")
    room.ticks(30)
    assert room.page.evaluate(HEAVY) == []
    assert re.search(r"\d+(\.\d)? MB", room.at("progress-text").inner_text())
    assert room.snapshot()["state"] == "loading"

    if press == "start":
        room.at("start").click()
        room.until_live()
    else:
        room.give(encode(sample()), way="drop")
        room.until_state("still")

    assert room.page.evaluate(HEAVY) != []


def test_models_chosen_while_the_first_is_on_its_way(new_room: OpenRoom) -> None:
    room = new_room()
    model = room.hold("**/models/cocossd/*.onnx")
    room.open()
    room.page.wait_for_function("() => !document.getElementById('model').disabled")

    room.at("model").select_option("centernet-416")
    model.release()

    now = room.until_state("ready")
    assert now["model"] == "centernet-416"


MARKED = "(name) => performance.getEntriesByName(`obscura:${name}`).length > 0"


def test_the_engine_answers_before_python_is_here_and_python_goes_on_with_it(
    new_room: OpenRoom,
) -> None:
    room = new_room(init=COUNT_ENGINES)
    python = room.hold(PYTHON)
    room.open()

    room.page.wait_for_function(MARKED, arg="answer")
    assert room.snapshot()["state"] == "loading"
    python.release()

    assert [row["label"] for row in room.until_state("ready")["detections"]] == ["person"]
    assert room.page.evaluate(MARKED, "first-boxes")
    assert room.page.evaluate("mostEngines") == 1
    assert room.read(encode(sample()))["detections"]


def test_an_engine_that_was_begun_in_another_way_is_not_used(new_room: OpenRoom) -> None:
    """An entry of another browser's race misleads boot.js, but not Python."""
    entry = '{"winners": {"cocossd": {"of": "another", "plan": ["wasm", "wasm", 1, false]}}}'
    room = new_room(init=COUNT_ENGINES + remembering(entry), cores=2)
    python = room.hold(PYTHON)
    room.open()
    room.page.wait_for_function(MARKED, arg="answer")
    python.release()

    now = room.until_state("ready")

    assert now["threads"] == 2
    assert room.page.evaluate("engines") == 1
    assert room.read(encode(sample()))["detections"]


def test_a_browser_without_a_connection_is_said_as_long_as_it_has_none(new_room: OpenRoom) -> None:
    room = new_room().open()
    room.until_state("ready")
    assert not room.at("no-connection").is_visible()

    room.page.context.set_offline(True)
    room.at("no-connection").wait_for(state="visible")
    room.page.context.set_offline(False)

    room.at("no-connection").wait_for(state="hidden")
