"""WebGPU, here on Chromium's software adapter: the same code as on a real one, but so slow that a
small network stands in for the shipped ones wherever it can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, Worker

from . import networks
from .conftest import OpenRoom
from .faults import faulty
from .pictures import PERSON, encode, overlap
from .room import Room

OWN = "own-colours"

AS_IF_REAL = """
for (const name of ["GPUAdapter", "GPUAdapterInfo"]) {
  const kind = globalThis[name]; // only secure contexts have it
  if (kind) Object.defineProperty(kind.prototype, "isFallbackAdapter", { get: () => false });
}
"""
"""Passes the software adapter off as a real one, which the page then takes unasked."""


def bring_model(room: Room) -> Room:
    """Leave a small network in the browser, as a former visit with wasm would."""
    room.open("?backend=wasm").until_state("ready")
    room.pick(("colours.onnx", networks.yolox()))
    room.until_model(OWN)
    return room


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """A visitor with a small network of their own."""
    return bring_model(shared_room("webgpu"))


@pytest.fixture
def room(visit: Room) -> Iterator[Room]:
    """A new visit of theirs that insists on WebGPU."""
    visit.open("?backend=webgpu")
    assert visit.until_state("ready")["backend"] == "webgpu"
    yield visit
    visit.page.unroute_all()


def engines(page: Page) -> list[Worker]:
    """The inference workers that are alive."""
    return [worker for worker in page.workers if "/engine." in worker.url]


def stays_on_gpu(room: Room, dist: Path) -> bool:
    """Whether frames and commands stay on the GPU: then its module is at work in the worker."""
    (file,) = dist.glob("assets/gpu.*.js")
    (engine,) = engines(room.page)[-1:]
    module = f"{room.url}assets/{file.name}"
    return engine.evaluate("async (url) => Boolean((await import(url)).device)", module)


def sees_the_scene(now: dict[str, Any]) -> bool:
    boxes = [row["box"] for row in now["detections"]]
    return all(
        max((overlap(box, place) for box in boxes), default=0) >= 0.8
        for place in networks.PLACES.values()
    )


def test_a_network_stays_on_the_gpu_and_reproduces_its_recorded_answer(
    room: Room, dist: Path
) -> None:
    assert stays_on_gpu(room, dist)
    assert room.snapshot()["model"] == OWN


def test_a_photo_is_read_on_the_gpu(room: Room) -> None:
    now = room.read(encode(networks.scene()), "scene.png")

    assert now["backend"] == "webgpu"
    assert sees_the_scene(now)
    room.until_text("meter-text", "^Analysed in")


def test_frames_of_a_camera_are_read_on_the_gpu_one_after_another(room: Room) -> None:
    room.start()

    now = room.until("now.frames > 20")

    assert (now["backend"], now["error"]) == ("webgpu", None)
    assert sees_the_scene(now)
    room.stop()


def test_a_gpu_that_is_lost_gives_way_to_the_next_way_to_run(room: Room, dist: Path) -> None:
    room.start()
    (file,) = dist.glob("assets/gpu.*.js")
    frames = room.snapshot()["frames"]

    engines(room.page)[-1].evaluate(
        "async (url) => (await import(url)).device.destroy()", f"{room.url}assets/{file.name}"
    )

    room.page.wait_for_function(
        "(count) => obscura.snapshot().backend && obscura.snapshot().frames > count + 20",
        arg=frames,
    )
    now = room.snapshot()
    assert (now["state"], now["error"]) == ("running", None)
    assert sees_the_scene(now)
    room.at("meter-line").click()
    room.until_text("meter-list", "webgpu backend failed")
    room.stop()


def test_half_precision_that_fails_gives_way_to_full(new_room: OpenRoom) -> None:
    # This adapter has none; the page is told otherwise, the engine's worker is not.
    claim = """
    const { has } = GPUSupportedFeatures.prototype;
    GPUSupportedFeatures.prototype.has = function (name) {
      return name === "shader-f16" || has.call(this, name);
    };
    """
    room = bring_model(new_room("webgpu", init=f"if (globalThis.GPUSupportedFeatures) {{{claim}}}"))

    room.open("?backend=webgpu")

    assert room.until_state("ready")["backend"] == "webgpu"
    assert sees_the_scene(room.read(encode(networks.scene()), "scene.png"))
    room.at("meter-line").click()
    room.until_text("meter-list", "BackendWebGPUDevice")
    room.until_text("meter-list", "webgpu backend failed")


@pytest.mark.parametrize("fault", ["zeros", "stale"])
def test_a_gpu_that_does_not_tell_the_truth_is_not_kept_busy(
    visit: Room, dist: Path, fault: Literal["zeros", "stale"]
) -> None:
    visit.before_engine(faulty({fault: True}))
    try:
        visit.open("?backend=webgpu")
        now = visit.until_state("ready")

        # The next way is the GPU, too, with pictures that are carried to it.
        assert now["backend"] == "webgpu"
        assert not stays_on_gpu(visit, dist)
        assert sees_the_scene(visit.read(encode(networks.scene()), "scene.png"))
    finally:
        visit.page.unroute_all()


@pytest.mark.provokes("cannot use the graph capture feature")
def test_a_network_whose_commands_cannot_be_captured_does_not_stay_on_the_gpu(
    visit: Room, dist: Path
) -> None:
    """It has an operator that the GPU has no kernel for."""
    visit.open("?backend=webgpu").until_state("ready")
    visit.pick(("partly.onnx", networks.yolox(operator="Shrink")))

    now = visit.until_model("own-partly")

    assert now["backend"] == "webgpu"
    assert not stays_on_gpu(visit, dist)
    assert sees_the_scene(visit.read(encode(networks.scene()), "scene.png"))
    visit.choose(OWN)


def test_a_gpu_that_goes_wrong_later_is_found_out(room: Room) -> None:
    room.start()

    # What the page does every ten minutes, on a GPU that has begun to answer with nothing.
    engines(room.page)[-1].evaluate(
        "() => { GPUBuffer.prototype.getMappedRange = () => new ArrayBuffer(1 << 20); }"
    )
    room.until("now.detections.length === 0")
    room.page.evaluate("() => obscura.recheck()")

    now = room.until("now.detections.length > 0")
    assert (now["state"], now["error"]) == ("running", None)
    assert sees_the_scene(now)
    room.stop()


def test_the_race_is_won_by_the_faster_and_remembered(new_room: OpenRoom) -> None:
    room = new_room("webgpu", init=AS_IF_REAL)
    bring_model(room)

    room.open().until_state("ready")
    room.page.wait_for_function(
        "() => JSON.parse(localStorage.getItem('obscura.settings')).winners['own-colours']"
    )

    kept = json.loads(room.page.evaluate("() => localStorage.getItem('obscura.settings')"))
    winner = kept["winners"][OWN]["plan"]["backend"]
    assert room.snapshot()["backend"] == winner
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    room.open().until_state("ready")
    assert room.snapshot()["backend"] == winner
    other = {"webgpu": "simd-threaded.wasm", "wasm": "simd-threaded.jspi.wasm"}[winner]
    assert not any(url.endswith(other) for url in asked), "no second race"


def test_left_to_itself_the_page_does_not_choose_a_software_adapter(new_room: OpenRoom) -> None:
    room = new_room("webgpu").open()

    now = room.until_state("ready")

    assert room.page.evaluate("async () => Boolean(await navigator.gpu.requestAdapter())")
    assert now["backend"] == "wasm"


def test_webgpu_insisted_on_where_there_is_none_is_told(new_room: OpenRoom) -> None:
    room = new_room(init="Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });")
    room.open("?backend=webgpu")

    assert "This browser gives no WebGPU here." in room.until_error("backend-unusable")

    assert room.snapshot()["backend"] is None


def test_a_shipped_model_reproduces_its_recorded_answer_on_the_gpu(new_room: OpenRoom) -> None:
    room = new_room("webgpu")
    room.page.set_default_timeout(240_000)
    room.open("?backend=webgpu&model=centernet-320")

    room.page.wait_for_function("() => ['ready', 'error'].includes(obscura.snapshot().state)")

    now = room.snapshot()
    assert (now["backend"], now["error"]) == ("webgpu", None)
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5
