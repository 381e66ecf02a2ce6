"""WebGPU, here on Chromium's software adapter: slow, but the same code as on a real one."""

from __future__ import annotations

import pytest

from . import networks
from .conftest import OpenRoom
from .pictures import PERSON, encode, overlap, sample
from .room import Room


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom) -> Room:
    """A visit that insists on WebGPU."""
    room = shared_room("webgpu").open("?backend=webgpu")
    room.until_state("ready")
    return room


def test_webgpu_creates_runs_and_reproduces_the_recorded_answer(room: Room) -> None:
    now = room.snapshot()

    assert now["backend"] == "webgpu"
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5


def test_webgpu_reads_a_photo(room: Room) -> None:
    now = room.read(encode(sample().crop((0, 0, 400, 512))))

    assert now["backend"] == "webgpu"
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5
    room.until_text("meter-text", "WebGPU$")


def test_webgpu_runs_a_model_that_a_person_brings(room: Room) -> None:
    room.read(encode(networks.scene()), "scene.png")

    file = {"name": "colours.onnx", "mimeType": "", "buffer": networks.yolox()}
    room.at("own-files").set_input_files(files=[file])

    now = room.until("(now.model === 'own-colours' && now.state === 'still') || now.error")
    assert (now["error"], now["backend"]) == (None, "webgpu")
    boxes = [row["box"] for row in now["detections"]]
    for place in networks.PLACES.values():
        assert max(overlap(box, place) for box in boxes) >= 0.8


def test_left_to_itself_the_page_does_not_choose_a_software_adapter(new_room: OpenRoom) -> None:
    room = new_room("webgpu").open()

    now = room.until_state("ready")

    assert room.page.evaluate("async () => Boolean(await navigator.gpu.requestAdapter())")
    assert now["backend"] == "wasm"


def test_webgpu_insisted_on_where_there_is_none_is_told(new_room: OpenRoom) -> None:
    room = new_room(init="Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });")
    room.open("?backend=webgpu")

    room.until_error("backend")

    assert room.snapshot()["backend"] is None
