"""When a model or a part of Python does not arrive, or arrives damaged: a card, and a way on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import OpenRoom, Serve
from .room import Room
from .versions import copy_of, replace

NOT_FOUND = r"Failed to load resource.*404"
FIRST_MODEL = "**/models/cocossd/*.onnx"
OTHER_MODEL = "**/models/centernet-416/*.onnx"

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "one flipped bit": lambda data: data[:1000] + bytes([data[1000] ^ 1]) + data[1001:],
    "half of it": lambda data: data[: len(data) // 2],
    "an error page instead": lambda _: b"<!doctype html><title>Sorry</title>",
    "nothing": lambda _: b"",
}


def test_a_damaged_model_is_not_used_nor_taken_from_the_cache_again(
    new_room: OpenRoom, dist: Path, tmp_path: Path, serve: Serve
) -> None:
    site = copy_of(dist, tmp_path / "site")
    (file,) = site.glob("models/cocossd/*.onnx")
    whole = file.read_bytes()
    replace(file, DAMAGE["one flipped bit"](whole))
    room = new_room(url=serve(site).url).open()

    card = room.until_error("model-corrupt")
    assert "damaged" in card
    assert "sha256" in room.at("notice-details").text_content()
    assert room.snapshot()["model"] is None
    assert room.snapshot()["detections"] == []

    replace(file, whole)  # the browser was told to keep the damaged one for a year
    room.at("notice-action").click()
    assert room.until_state("ready")["model"] == "cocossd"
    assert room.labels() == ["person"]


@pytest.mark.provokes(NOT_FOUND)
def test_without_its_first_model_the_page_offers_the_others(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route(FIRST_MODEL, lambda route: route.fulfill(status=404))
    room.open()
    room.until_error("model-missing")

    now = room.choose("centernet-416")
    assert now["state"] == "ready"
    assert not room.at("notice").is_visible()


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """One visit for all that can go wrong with a model that is chosen later."""
    room = shared_room().open()
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Iterator[Room]:
    """The visit, ready with the first model; the other one that is chosen has no session yet."""
    visit.use_others("centernet-416")
    yield visit
    visit.page.unroute_all()
    visit.home()


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_is_not_the_model_is_refused(room: Room, dist: Path, damage: str) -> None:
    (file,) = dist.glob("models/centernet-416/*.onnx")
    body = DAMAGE[damage](file.read_bytes())
    room.page.route(OTHER_MODEL, lambda route: route.fulfill(body=body))

    room.at("model").select_option("centernet-416")
    room.until_error("model-corrupt")
    room.page.unroute_all()
    room.at("notice-action").click()

    assert room.until_model("centernet-416")["state"] == "ready"
    assert room.labels() == ["person"]


@pytest.mark.provokes(NOT_FOUND)
def test_a_model_that_is_missing_is_fetched_again_on_demand(room: Room) -> None:
    room.page.route(OTHER_MODEL, lambda route: route.fulfill(status=404))

    room.at("model").select_option("centernet-416")
    room.until_error("model-missing")
    assert "404" in room.at("notice-details").text_content()
    room.page.unroute_all()
    room.at("notice-action").click()

    room.until_model("centernet-416")


@pytest.mark.provokes("ERR_FAILED")
def test_a_connection_that_breaks_is_told_like_a_missing_file(room: Room) -> None:
    room.page.route(OTHER_MODEL, lambda route: route.abort())

    room.at("model").select_option("centernet-416")

    room.until_error("model-missing")


@pytest.mark.provokes(NOT_FOUND)
def test_a_model_lost_while_the_camera_runs_does_not_take_the_camera_with_it(room: Room) -> None:
    room.start()
    room.page.route(OTHER_MODEL, lambda route: route.fulfill(status=404))

    room.at("model").select_option("centernet-416")
    room.until_error("model-missing")
    room.page.unroute_all()
    room.at("notice-action").click()

    now = room.until("now.model === 'centernet-416' && now.detections.length > 0")
    assert now["state"] == "running"


# ---- Python --------------------------------------------------------------------------------------

PYTHON_PARTS = {
    "PyScript": "**/pyscript-*/core.js*",
    "Pyodide": "**/pyodide-*/pyodide.asm.wasm",
    "the standard library": "**/pyodide-*/python_stdlib.zip",
    "numpy": "**/pyodide-*/numpy*.whl",
    "Obscura's own code": "**/py/obscura.*.zip",
    "main.py": "**/py/main.*.py",
}


# PyScript and Pyodide complain in words of their own, then or later, which are not ours to hold.
@pytest.mark.provokes(NOT_FOUND, any_error=True)
@pytest.mark.parametrize("part", PYTHON_PARTS)
def test_python_that_cannot_start_is_told(new_room: OpenRoom, part: str) -> None:
    room = new_room()
    room.page.route(PYTHON_PARTS[part], lambda route: route.fulfill(status=404))
    room.open()

    card = room.until_error("python")

    assert "Python could not start" in card
    assert room.at("notice-details").text_content().strip()
    assert not room.at("progress").is_visible()


@pytest.mark.provokes(NOT_FOUND, any_error=True)
def test_loading_again_mends_what_did_not_arrive(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route(PYTHON_PARTS["numpy"], lambda route: route.fulfill(status=404))
    room.open()
    room.until_error("python")

    room.page.unroute_all()
    with room.page.expect_navigation():
        room.at("notice-action").click()

    room.until_state("ready")


@pytest.mark.provokes("ERR_FAILED")
@pytest.mark.parametrize("module", ["**/pyodide-*/pyodide.mjs", "**/pyscript-*/core.js"])
def test_a_module_that_breaks_off_is_asked_for_once_more(new_room: OpenRoom, module: str) -> None:
    room = new_room()
    room.page.route(module, lambda route: route.abort())

    room.open()

    room.until_state("ready")


def test_a_browser_without_simd_is_asked_to_update(new_room: OpenRoom) -> None:
    room = new_room(init="WebAssembly.validate = () => false;").open()

    card = room.until_error("no-simd")

    assert "update the browser" in card
    heavy = room.page.evaluate(
        """() => performance.getEntriesByType("resource").map((entry) => entry.name)
          .filter((name) => /wasm|zip|whl|onnx/.test(name))"""
    )
    assert heavy == [], "what cannot run is not fetched"
    with room.page.expect_navigation():
        room.at("notice-action").click()
