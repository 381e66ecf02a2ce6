"""The models page: what helps to choose, the speed on this device, and switching at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator

from .conftest import OpenRoom
from .room import COUNT_ENGINES, SETTINGS, Room, device_memory
from .versions import with_facts

GATE = """
{
  globalThis.gate = null; // runs of the engines wait here, while it is a list
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const send = () => post.call(this, message, ...rest);
    if (gate && message.call === "run") gate.push(send);
    else send();
  };
}
"""
SHUT = "() => { globalThis.gate = []; }"
OPEN = "() => { const waiting = gate; globalThis.gate = null; for (const send of waiting) send(); }"


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """One visit that counts the engines alive, and can keep them from running."""
    room = shared_room(init=COUNT_ENGINES + GATE).open("?threads=2")
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Iterator[Room]:
    """The visit, ready, with the models page shut."""
    yield visit
    visit.page.unroute_all()
    if visit.at("models-dialog").is_visible():
        visit.page.keyboard.press("Escape")
    visit.home()


def row(room: Room, name: str) -> Locator:
    """A model's row on the models page."""
    return room.page.locator(f"#model-list [data-model='{name}']")


def engines(room: Room) -> list[int]:
    """How many engines are alive, and the most that ever were."""
    return room.page.evaluate("() => [engines, mostEngines]")


# ---- sessions ------------------------------------------------------------------------------------


def test_going_back_to_the_former_model_takes_no_new_engine(room: Room) -> None:
    room.choose("centernet-416")
    fetched: list[str] = []
    room.page.on("request", lambda request: fetched.append(request.url))

    room.choose("cocossd")
    room.choose("centernet-416")
    room.choose("cocossd")

    assert fetched == []
    assert engines(room) == [2, 2]
    assert room.labels() == ["person"]


def test_a_third_model_ends_the_one_not_used_for_longest(room: Room) -> None:
    room.choose("centernet-416")
    room.choose("cocossd")

    room.choose("centernet-512")

    assert engines(room) == [2, 2], "never more than two, not even while one is opened"
    fetched: list[str] = []
    room.page.on("request", lambda request: fetched.append(request.url))
    room.choose("cocossd")
    assert fetched == [], "the one used last is still there"


def test_a_device_with_much_memory_keeps_more_models_open(new_room: OpenRoom) -> None:
    room = new_room(init=COUNT_ENGINES + device_memory(16)).open("?threads=1")
    room.until_state("ready")
    for name in ("centernet-320", "centernet-416", "centernet-512"):
        room.choose(name)
    fetched: list[str] = []
    room.page.on("request", lambda request: fetched.append(request.url))

    room.choose("cocossd")

    assert fetched == []
    assert engines(room) == [4, 4]


def test_frames_go_on_while_another_model_is_on_its_way(room: Room) -> None:
    room.choose("cocossd")
    room.choose("centernet-512")
    room.choose("cocossd")
    room.start()
    model = room.hold("**/models/centernet-416/*.onnx")

    room.at("model").select_option("centernet-416")
    before = room.until("now.opening === 'centernet-416'")
    now = room.until(f"now.frames > {before['frames']} + 3")

    assert (now["state"], now["model"]) == ("running", "cocossd")
    assert [seen["label"] for seen in now["detections"]] == ["person"]
    model.release()
    now = room.until("now.model === 'centernet-416' && now.detections.length > 0")
    assert now["opening"] is None


@pytest.mark.provokes("Failed to load resource.*404")
def test_a_model_that_does_not_come_leaves_the_other_at_work(room: Room) -> None:
    room.choose("centernet-512")
    room.choose("cocossd")
    room.start()
    room.page.route("**/models/centernet-416/*.onnx", lambda route: route.fulfill(status=404))

    room.at("model").select_option("centernet-416")
    room.until_error("model-missing")
    before = room.snapshot()
    now = room.until(f"now.frames > {before['frames']} + 3")

    assert now["model"] == "cocossd"
    assert room.at("model").input_value() == "cocossd"
    room.at("notice-dismiss").click()
    assert room.snapshot()["state"] == "running"


# ---- the page ------------------------------------------------------------------------------------


def test_each_model_has_a_row_that_says_what_it_is(room: Room) -> None:
    room.page.keyboard.press("m")

    facts = json.loads(room.page.locator("#obscura-build").text_content())
    rows = room.at("model-list").locator("[data-model]")
    assert rows.count() == len(facts["models"])
    for card in facts["models"]:
        words = row(room, card["name"]).inner_text()
        for said in (card["title"], card["summary"], f"{card['file']['bytes'] / 1e6:.1f} MB"):
            assert said in words
        assert f"{card['accuracy']['ap']:.0f} of 100" in words
        assert f"Finds {card['accuracy']['found']} of 100 objects" in words
        assert "it was trained on" in words, "pictures seen in training read high"
        row(room, card["name"]).locator("summary", has_text="Licence and origin").click()
        origin = row(room, card["name"]).inner_text()
        assert card["license"] in origin
        assert card["source"]["package"] in origin
        assert card["file"]["sha256"] in origin
        assert card["accuracy"]["dataset"] in origin


def test_one_model_is_suggested_for_the_device_in_the_list_and_beside_it(room: Room) -> None:
    """Two cores and no GPU: COCO-SSD is the most accurate that is expected to keep up."""
    room.choose("centernet-512")
    beside = room.at("model-suggested")
    assert "COCO-SSD" in beside.text_content()
    assert beside.get_attribute("hidden") is None

    room.page.keyboard.press("m")
    suggested = room.page.locator("#model-list [data-part=suggested]:not([hidden])")
    assert suggested.count() == 1
    assert "keeps up with live video" in row(room, "cocossd").inner_text()
    room.page.keyboard.press("Escape")

    room.choose("cocossd")
    assert beside.get_attribute("hidden") is not None


def test_what_a_card_says_is_text_whatever_it_holds(new_room: OpenRoom, dist: Path) -> None:
    hostile = "<img src=x onerror='alert(1)'>"

    def change(facts: dict[str, Any]) -> None:
        card = next(model for model in facts["models"] if model["name"] == "cocossd")
        for table, key in (
            (card, "title"),
            (card, "summary"),
            (card, "license"),
            (card["source"], "package"),
        ):
            assert isinstance(table[key], str)
            table[key] = f"{key} {hostile}"

    html = with_facts((dist / "index.html").read_text(encoding="utf-8"), change)
    room = new_room()
    room.page.route(room.url, lambda route: route.fulfill(content_type="text/html", body=html))
    room.open().until_state("ready")

    room.at("models").click()

    of_model = row(room, "cocossd")
    of_model.locator("summary", has_text="Licence and origin").click()
    words = of_model.inner_text()
    for key in ("title", "summary", "license", "package"):
        assert f"{key} {hostile}" in words
    assert f"title {hostile}" in room.at("model").inner_text()
    assert room.page.locator("img[src=x]").count() == 0


def test_classes_unfold_and_are_searched_within_a_row(room: Room) -> None:
    room.page.keyboard.press("m")
    of_model = row(room, "cocossd")
    of_model.locator("summary", has_text="80 classes").click()
    visible = of_model.locator(".class-names li:visible")
    assert visible.count() == 80

    of_model.locator("input[type=search]").fill("TEDDY be")
    assert visible.all_inner_texts() == ["teddy bear"]

    of_model.locator("input[type=search]").fill("<img>")
    assert visible.count() == 0
    assert "no class" in of_model.inner_text().lower()
    of_model.locator("input[type=search]").fill("")


def test_use_switches_the_model_and_says_which_is_in_use(room: Room) -> None:
    room.choose("cocossd")
    room.at("models").click()
    pressed = "[data-act=use][aria-pressed=true]"
    assert row(room, "cocossd").locator(pressed).inner_text() == "In use"

    row(room, "centernet-416").locator("[data-act=use]").click()
    room.until("now.model === 'centernet-416' && now.opening === null")

    assert room.at("model-list").locator(pressed).count() == 1
    assert row(room, "centernet-416").locator(pressed).is_visible()
    assert room.at("models-dialog").is_visible()
    assert room.at("model").input_value() == "centernet-416"


def test_the_speed_on_this_device_is_measured_on_demand_and_kept(room: Room) -> None:
    room.choose("cocossd")
    room.at("models").click()
    of_model = row(room, "centernet-320")
    assert "not measured" in of_model.inner_text()

    room.page.evaluate(SHUT)  # else it may be done before anybody looks
    of_model.locator("[data-act=measure]").click()
    bar = of_model.locator("progress")
    bar.wait_for()
    assert of_model.locator("[data-act=cancel]").inner_text() == "Cancel"
    room.page.evaluate(OPEN)
    bar.wait_for(state="hidden")

    now = room.snapshot()
    (ms,) = [each["ms"]["wasm"] for each in now["models"] if each["name"] == "centernet-320"]
    assert ms > 0
    assert re.search(r"\d ms\n.*pictures (a|per) second", of_model.inner_text())
    assert now["model"] == "cocossd", "what is measured is not thereby used"
    assert engines(room)[1] == 2
    kept = json.loads(room.page.evaluate(f"() => localStorage.getItem('{SETTINGS}')"))
    assert kept["speeds"] == {"centernet-320": {"wasm": ms}}


def test_measuring_can_be_cancelled_and_lets_the_camera_go_on(room: Room) -> None:
    room.choose("cocossd")
    room.start()
    room.page.keyboard.press("m")
    of_model = row(room, "cocossd")

    room.page.evaluate(SHUT)  # else it may be done before it is cancelled
    of_model.locator("[data-act=measure]").click()
    of_model.locator("[data-act=cancel]").click()
    room.page.evaluate(OPEN)
    of_model.locator("progress").wait_for(state="hidden")

    assert "not measured" in of_model.inner_text()
    frames = room.snapshot()["frames"]
    assert room.until(f"now.frames > {frames} + 3")["state"] == "running"


def test_escape_closes_the_models_page_and_gives_the_focus_back(room: Room) -> None:
    room.at("models").focus()
    room.page.keyboard.press("Enter")
    assert room.at("models-dialog").is_visible()

    room.page.keyboard.press("Escape")

    assert not room.at("models-dialog").is_visible()
    assert room.page.evaluate("() => document.activeElement.id") == "models"
