"""WebGL, here in software: the same code as on a real GPU, but so slow that a small network stands
in for the shipped ones wherever it can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Worker

from . import networks
from .conftest import OpenRoom
from .pictures import PERSON, encode, overlap
from .room import Room

OWN = "own-colours"
RUNTIME = "ort.webgl"

AS_IF_REAL = """
const { getContext } = OffscreenCanvas.prototype;
const { getParameter } = WebGL2RenderingContext.prototype;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return name === 0x9246 ? "a GPU" : getParameter.call(this, name); // UNMASKED_RENDERER_WEBGL
};
OffscreenCanvas.prototype.getContext = function (kind, options) {
  if (kind === "webgl2") globalThis.onWebGL = true;
  return getContext.call(this, kind, { ...options, failIfMajorPerformanceCaveat: false });
};
"""
"""Passes the software that draws off as a GPU, which the page then takes unasked."""

ELSE_SLOW = """
const answer = self.postMessage.bind(self);
self.postMessage = (...message) =>
  setTimeout(() => answer(...message), globalThis.onWebGL ? 0 : 1500);
"""
"""Has every other engine answer late, so that WebGL wins."""

LOSE = """
async (url) => {
  const { env } = await import(url);
  env.webgl.context.getExtension("WEBGL_lose_context").loseContext();
}
"""


def engine(room: Room) -> Worker:
    """The inference worker that was started last."""
    return [worker for worker in room.page.workers if "/engine." in worker.url][-1]


def runtime(room: Room) -> str:
    """The address of the runtime with WebGL."""
    text = room.page.locator("#obscura-build").text_content()
    assert text
    return str(
        room.page.evaluate(
            "(url) => new URL(url, document.baseURI).href",
            json.loads(text)["ort"]["webgl"]["webgl"],
        )
    )


def bring_model(room: Room) -> Room:
    """Leave a small network in the browser, as a former visit would."""
    room.open("?backend=wasm").until_state("ready")
    room.pick(("colours.onnx", networks.yolox()))
    room.until_model(OWN)
    return room


def sees_the_scene(now: dict[str, Any]) -> bool:
    boxes = [row["box"] for row in now["detections"]]
    return all(
        max((overlap(box, place) for box in boxes), default=0) >= 0.8
        for place in networks.PLACES.values()
    )


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """A visitor with a small network of their own."""
    return bring_model(shared_room("webgpu", late=True))


@pytest.fixture
def room(visit: Room) -> Iterator[Room]:
    """A new visit of theirs that insists on WebGL."""
    visit.open("?backend=webgl")
    assert visit.until_state("ready")["backend"] == "webgl"
    yield visit
    visit.page.unroute_all()


def test_an_own_network_is_read_from_photos_and_from_a_camera(room: Room) -> None:
    assert room.snapshot()["model"] == OWN
    assert sees_the_scene(room.read(encode(networks.scene()), "scene.png"))
    room.at("meter-line").click()
    room.until_text("meter-list", "BackendWebGLDevice")
    room.start()

    now = room.until("now.frames > 5")

    assert (now["backend"], now["error"]) == ("webgl", None)
    assert sees_the_scene(now)
    room.stop()


@pytest.mark.parametrize("name", ["cocossd", "centernet-320"])
def test_a_shipped_model_reproduces_its_recorded_answer(new_room: OpenRoom, name: str) -> None:
    room = new_room("camera", late=True)
    room.page.set_default_timeout(240_000)
    room.open(f"?backend=webgl&model={name}")

    room.page.wait_for_function("() => ['ready', 'error'].includes(obscura.snapshot().state)")

    now = room.snapshot()
    assert (now["backend"], now["model"], now["error"]) == ("webgl", name, None)
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5


def test_webgl_in_software_is_not_chosen_and_its_runtime_not_even_fetched(
    new_room: OpenRoom,
) -> None:
    room = new_room("camera", late=True)
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    room.open().until_state("ready")

    room.page.wait_for_function(
        "() => JSON.parse(localStorage.getItem('obscura.settings'))?.winners?.cocossd"
    )

    assert room.snapshot()["backend"] != "webgl"
    assert not [url for url in asked if RUNTIME in url]


def test_where_webgl_wins_it_takes_over_after_the_first_boxes_of_later_visits(
    new_room: OpenRoom,
) -> None:
    room = bring_model(new_room("webgpu", late=True))
    room.before_engine(AS_IF_REAL + ELSE_SLOW)
    room.open().until("now.backend === 'webgl'")
    room.page.wait_for_function(
        f"() => JSON.parse(localStorage.getItem('obscura.settings')).winners['{OWN}']"
    )

    room.page.unroute_all()
    room.before_engine(AS_IF_REAL)
    room.open()
    assert room.until_state("ready")["backend"] == "wasm"
    assert room.until("now.backend === 'webgl'")["state"] == "ready"
    room.start()
    assert sees_the_scene(room.until("now.frames > 3"))

    # A GPU that is lost gives way to the next way to run.
    frames = room.snapshot()["frames"]
    engine(room).evaluate(LOSE, runtime(room))
    now = room.until(f"now.backend === 'wasm' && now.frames > {frames} + 3")
    assert (now["state"], now["error"]) == ("running", None)
    room.at("meter-line").click()
    room.until_text("meter-list", "webgl backend failed")
    room.stop()


def test_heads_run_on_wasm_beside_it(new_room: OpenRoom) -> None:
    room = new_room("camera", late=True).open("?backend=webgl&model=cocossd")
    room.until_state("ready")

    room.at("closer").check()
    room.at("closer-tools").wait_for()
    room.page.locator("#closer-looks input[value=faces]").set_checked(True)

    now = room.until("now.detections.some(({ label }) => label === 'face')")
    assert now["backend"] == "webgl"
    assert now["heads"]["faces"]["failed"] is None


def test_webgl_insisted_on_where_there_is_none_is_told(new_room: OpenRoom) -> None:
    room = new_room("camera", late=True)
    room.before_engine("OffscreenCanvas.prototype.getContext = () => null;")
    room.open("?backend=webgl")

    card = room.until_error("backend-unusable")

    assert room.snapshot()["backend"] is None
    assert "WebGL 2 here." in card or "gives no WebGL 2 on this device" in card
