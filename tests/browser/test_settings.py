"""What a person chose is still so after loading the page again, and nothing stored can break it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .conftest import OpenRoom
from .room import SETTINGS, Room, remembering


def stored(room: Room) -> dict[str, object]:
    """What the page keeps on the device."""
    return json.loads(room.page.evaluate(f"() => localStorage.getItem('{SETTINGS}')"))


def test_every_setting_survives_a_reload(new_room: OpenRoom) -> None:
    room = new_room().open()
    room.until_state("ready")
    room.at("model").select_option("centernet-416")
    room.until("now.state === 'ready' && now.model === 'centernet-416'")
    room.move("threshold", 0.27)
    room.move("iou", 0.61)
    room.at("classes").locator("summary").click()
    room.at("class-search").fill("person")
    room.at("class-list").locator("input[value=person]").uncheck()
    room.at("resolution").select_option("640x480")
    room.at("mirror").uncheck()
    room.at("pace").uncheck()
    room.at("theme").click()
    assert room.labels() == [label for label in room.labels() if label != "person"]

    room.reload()
    now = room.until("now.state === 'ready'")

    assert now["model"] == "centernet-416"
    assert room.at("model").input_value() == "centernet-416"
    assert float(room.at("threshold").input_value()) == pytest.approx(0.27)
    assert room.at("threshold-value").inner_text() == "27 %"
    assert float(room.at("iou").input_value()) == pytest.approx(0.61)
    assert room.at("classes-count").text_content() == "79 of 80"
    assert "person" not in room.labels()
    assert room.at("resolution").input_value() == "640x480"
    assert not room.at("mirror").is_checked()
    assert not room.at("pace").is_checked()
    assert room.page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    room.start()
    assert room.page.evaluate("() => [video.videoWidth, video.videoHeight]") == [640, 480]
    assert not room.page.evaluate("() => video.classList.contains('mirrored')")


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom) -> Room:
    """One visit for the settings that need no reload."""
    room = shared_room().open()
    room.until_state("ready")
    return room


def test_the_threshold_is_live(room: Room) -> None:
    room.move("threshold", 0.95)
    assert room.until("now.detections.length === 0")["state"] == "ready"
    assert "confidence" in room.at("seen-empty").inner_text()

    room.move("threshold", 0.05)
    many = room.until("now.detections.length > 3")["detections"]
    assert all(row["score"] >= 0.05 for row in many)
    assert [row["score"] for row in many] == sorted((r["score"] for r in many), reverse=True)

    room.move("threshold", 0.5)
    assert room.labels() == ["person"]


def test_the_overlap_threshold_is_live(room: Room) -> None:
    room.move("threshold", 0.05)
    room.move("iou", 0.9)
    lenient = len(room.snapshot()["detections"])

    room.move("iou", 0.1)
    strict = len(room.snapshot()["detections"])

    assert strict < lenient
    room.move("iou", 0.5)
    room.move("threshold", 0.5)


def test_classes_are_found_by_search_and_hidden_by_a_tick(room: Room) -> None:
    room.at("classes").locator("summary").click()
    room.at("class-search").fill("per")
    visible = room.at("class-list").locator("li:visible")
    assert visible.all_inner_texts() == ["person"]

    visible.locator("input").uncheck()
    assert room.until("now.detections.length === 0")["state"] == "ready"
    assert room.at("classes-count").text_content() == "79 of 80"
    assert stored(room)["hidden"] == {"cocossd": ["person"]}

    room.at("class-search").fill("no such thing")
    assert room.at("class-empty").is_visible()
    room.at("class-search").fill("")
    assert visible.count() == 80

    room.at("classes-none").click()
    assert room.at("classes-count").text_content() == "none"
    assert "class filter" in room.at("seen-empty").inner_text()
    room.at("classes-all").click()
    assert room.at("classes-count").text_content() == "all 80"
    assert room.labels() == ["person"]
    room.at("classes").locator("summary").click()


def test_the_theme_goes_from_the_systems_to_its_opposite_and_back(room: Room) -> None:
    room.page.emulate_media(color_scheme="dark")
    background = "() => getComputedStyle(document.body).backgroundColor"
    dark = room.page.evaluate(background)
    room.page.emulate_media(color_scheme="light")
    light = room.page.evaluate(background)
    assert dark != light

    seen = []
    for _ in range(3):
        room.at("theme").click()
        seen.append((room.at("theme").get_attribute("aria-label"), room.page.evaluate(background)))

    assert seen == [
        ("Theme: dark", dark),
        ("Theme: light", light),
        ("Theme: automatic", light),
    ]


def test_the_promise_lists_every_request_and_tells_of_the_camera(
    room: Room, artefacts: Path
) -> None:
    """Those of the engine's worker, too, and more than the 250 that a page's timeline holds."""
    room.page.evaluate(
        """async () => {
          const read = async (_, i) => (await fetch(`./NOTICE?${i}`)).text();
          await Promise.all(Array.from({ length: 300 }, read));
        }"""
    )
    room.start()
    room.at("promise").click()
    room.until_text("request-list", r"NOTICE\?299")
    room.at("request-list").locator("xpath=ancestor::details/summary").click()
    room.page.screenshot(path=artefacts / "promise.png")

    room.until_text("fact-camera", r"camera\.mjpeg$")
    assert room.at("fact-foreign").inner_text() == "0"
    assert int(room.at("fact-requests").inner_text()) > 320
    names = room.at("request-list").locator("dt").all_inner_texts()
    assert len(set(names)) == len(names)
    assert names[0] in ("./", "index.html")
    assert {f"NOTICE?{i}" for i in range(300)} < set(names)
    ours = " ".join(names)
    for part in ("assets/boot.", "pyodide.asm.wasm", "numpy", "models/cocossd/"):
        assert part in ours
    assert "ort.wasm.min.mjs" in ours, "which the engine's worker asks for"
    room.at("kept-list").locator("xpath=ancestor::details/summary").click()
    # What is stored is looked up once the dialog is open, and the browser takes its time to say.
    room.at("kept-list").locator("dt", has_text=re.compile("^Settings$")).wait_for()

    room.page.keyboard.press("Escape")
    room.home()
    room.at("promise").click()
    room.until_text("fact-camera", "^off$")
    room.page.keyboard.press("Escape")


def test_forgetting_the_settings_leaves_nothing_behind(room: Room) -> None:
    room.move("threshold", 0.7)
    assert stored(room)["threshold"] == pytest.approx(0.7)

    room.at("promise").click()
    room.at("forget").click()
    room.at("forget-keep").wait_for(state="visible")  # what is stored is looked up first
    assert "your settings" in room.at("forget-what").inner_text()
    room.at("forget-keep").click()
    assert room.at("forget").is_visible()
    assert stored(room)["threshold"] == pytest.approx(0.7), "nothing is deleted before the answer"
    room.at("forget").click()
    with room.page.expect_navigation():
        room.at("forget-now").click()

    room.until_state("ready")
    assert room.page.evaluate("() => localStorage.length") == 0
    assert room.at("threshold-value").inner_text() == "40 %"


NONSENSE = {
    "no JSON": "{not json",
    "values of wrong types": json.dumps(
        {"threshold": "high", "iou": True, "model": 7, "hidden": ["a"], "camera": None}
        | {"theme": "pink", "resolution": "9x9", "mirror": "yes", "threads": -1, "backend": "cpu"}
    ),
    "values out of range": '{"threshold": 7, "iou": -1, "model": "gone", "threads": 1000000000}',
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_in_the_store_breaks_nothing(new_room: OpenRoom, case: str) -> None:
    room = new_room(init=remembering(NONSENSE[case])).open()

    now = room.until_state("ready")

    assert now["model"] == "cocossd"
    assert room.labels() == ["person"]
    assert room.at("threshold-value").inner_text() == "40 %"
    room.move("threshold", 0.6)
    assert stored(room)["threshold"] == pytest.approx(0.6)


DENIED = """
const denied = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
Object.defineProperty(globalThis, "localStorage", { get: denied });
"""
DATABASES = {
    "throws": "throw new DOMException('The operation is insecure.', 'SecurityError');",
    "refuses": """
      const request = new EventTarget();
      setTimeout(() => request.onerror?.(new Event("error", { cancelable: true })));
      return request;
    """,
    "never answers": "return new EventTarget();",
}


@pytest.mark.parametrize("how", DATABASES)
def test_where_nothing_can_be_stored_the_page_works_and_says_so(
    new_room: OpenRoom, how: str
) -> None:
    forbidden = f"""
      {DENIED}
      Object.defineProperty(globalThis, "sessionStorage", {{ get: denied }});
      globalThis.BroadcastChannel = denied;
      IDBFactory.prototype.open = function () {{ {DATABASES[how]} }};
    """
    room = new_room(init=forbidden).open()
    room.until_state("ready")

    assert room.labels() == ["person"]
    assert "stores nothing" in room.at("no-storage").inner_text()
    room.at("promise").click()
    room.until_text("fact-kept", "^nothing")


FULL = """
Storage.prototype.setItem = () => {
  throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
};
"""


@pytest.mark.parametrize("init", [DENIED, FULL], ids=["denied", "full"])
def test_without_a_store_settings_work_for_this_visit(new_room: OpenRoom, init: str) -> None:
    room = new_room(init=init).open()
    room.until_state("ready")

    room.move("threshold", 0.95)
    assert room.until("now.detections.length === 0")["state"] == "ready"
    room.at("theme").click()
    room.at("model").select_option("centernet-416")

    room.until("now.state === 'ready' && now.model === 'centernet-416'")
    assert room.at("threshold-value").inner_text() == "95 %"
    assert room.page.evaluate("() => document.documentElement.dataset.theme") == "dark"
