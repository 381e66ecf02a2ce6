"""LiteRT in the page: raced after the first boxes, remembered, insisted on, and given up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route

from . import networks
from .conftest import OpenRoom, Serve
from .pictures import PERSON, encode, overlap, sample
from .room import Room

CLASSIC = """
const classic = (() => {
  try {
    importScripts();
    return true; // the worker that runs LiteRT is no module
  } catch {
    return false;
  }
})();
"""
ELSE_SLOW = (
    CLASSIC
    + """
const answer = self.postMessage.bind(self);
self.postMessage = (...message) => setTimeout(() => answer(...message), classic ? 0 : 1000);
"""
)
"""Has every other engine answer late, so that LiteRT wins."""
SLOW = ELSE_SLOW.replace("classic ?", "!classic ?")
FAILS = CLASSIC + 'if (classic) self.importScripts = () => { throw new Error("no script here"); };'
WINNER = "() => JSON.parse(localStorage.getItem('obscura.settings'))?.winners?.cocossd?.plan"


def asked(room: Room) -> list[str]:
    """The addresses that the page and its workers ask for from now on."""
    urls: list[str] = []
    room.page.on("request", lambda request: urls.append(request.url))
    return urls


def of_litert(urls: list[str]) -> list[str]:
    return [url for url in urls if "litert" in url]


def winner(room: Room) -> Any:
    """The plan that won, once the race is over."""
    return room.page.wait_for_function(WINNER).json_value()


def boxes(now: dict[str, Any]) -> list[Any]:
    return [row["box"] for row in now["detections"]]


# ---- where it is not wanted ----------------------------------------------------------------------


def test_browsers_without_relaxed_simd_never_fetch_a_byte_of_it(new_room: OpenRoom) -> None:
    room = new_room()
    urls = asked(room)
    room.open().until_state("ready")

    assert winner(room)["backend"] == "wasm"
    assert of_litert(urls) == []


def test_own_models_never_fetch_a_byte_of_it(new_room: OpenRoom) -> None:
    room = new_room(late=True).open("?backend=wasm")
    room.until_state("ready")
    room.pick(("colours.onnx", networks.yolox()))
    room.until_model("own-colours")
    urls = asked(room)
    room.open().until_state("ready")

    room.page.wait_for_function(WINNER.replace("cocossd", "['own-colours']"))

    assert room.snapshot()["model"] == "own-colours"
    assert of_litert(urls) == []


@pytest.mark.parametrize(
    ("relaxed", "query", "why"),
    [
        (False, "?backend=litert", "This browser lacks relaxed SIMD, which LiteRT needs."),
        (
            True,
            "?backend=litert&model=centernet-320",
            "This site has no LiteRT version of CenterNet fast.",
        ),
    ],
)
def test_insisting_on_it_where_it_cannot_be_had_says_why(
    new_room: OpenRoom, relaxed: bool, query: str, why: str
) -> None:
    room = new_room(late=relaxed).open(query)

    assert why in room.until_error("backend-unusable")

    room.at("notice-action").click()
    assert room.until_state("ready")["backend"] == "wasm"


def test_an_own_model_that_it_cannot_run_leaves_the_former_in_use(new_room: OpenRoom) -> None:
    room = new_room(late=True).open("?backend=litert")
    room.until_state("ready")

    room.pick(("colours.onnx", networks.yolox()))

    now = room.until("now.error !== null")
    assert now["error"]["code"] == "backend-unusable"
    assert (now["state"], now["model"], now["backend"]) == ("ready", "cocossd", "litert")
    why = room.at("notice-why").inner_text()
    assert why.startswith("This site has no LiteRT version of colours.")
    room.at("notice-action").click()
    assert room.until_model("own-colours")["backend"] == "wasm"


# ---- where it is ---------------------------------------------------------------------------------


def test_insisted_on_it_sees_what_wasm_sees(new_room: OpenRoom) -> None:
    room = new_room(late=True).open("?backend=wasm&threads=1")
    room.until_state("ready")
    by_wasm = room.read(encode(sample()))
    urls = asked(room)

    now = room.open("?backend=litert").until_state("ready")
    by_litert = room.read(encode(sample()))

    assert (now["backend"], now["threads"]) == ("litert", 2)
    assert not [url for url in urls if "/ort-" in url]
    for one, other in zip(by_litert["detections"], by_wasm["detections"], strict=True):
        assert (one["label"], other["score"]) == (
            other["label"],
            pytest.approx(one["score"], abs=3e-5),
        )
        assert one["box"] == pytest.approx(other["box"], abs=0.05)
    room.start()
    assert room.until("now.frames > 5")["error"] is None
    room.stop()


def test_it_is_raced_after_the_first_boxes_and_opens_later_visits(new_room: OpenRoom) -> None:
    room = new_room(late=True, cold=True)
    urls = asked(room)
    room.before_engine(ELSE_SLOW)
    assert room.open().until_state("ready")["backend"] == "wasm"
    assert room.until("now.backend === 'litert'")["state"] == "ready"
    assert winner(room)["backend"] == "litert"
    assert of_litert(urls)

    room.page.unroute_all()
    urls.clear()
    now = room.reload().until_state("ready")

    assert (now["backend"], now["threads"]) == ("litert", 2)
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5
    assert of_litert(urls)
    assert not [url for url in urls if "/ort-" in url]


def test_where_it_loses_the_first_engine_stays(new_room: OpenRoom) -> None:
    room = new_room(late=True)
    room.before_engine(SLOW)
    room.open().until_state("ready")

    assert winner(room)["backend"] == "wasm"
    assert room.snapshot()["backend"] == "wasm"


@pytest.mark.provokes(any_error=True)
def test_a_winner_that_fails_gives_way_with_a_word_in_the_meter(new_room: OpenRoom) -> None:
    room = new_room(late=True)
    room.before_engine(ELSE_SLOW)
    room.open().until("now.backend === 'litert'")
    winner(room)
    room.page.unroute_all()
    room.before_engine(FAILS)

    now = room.reload().until_state("ready")

    assert (now["backend"], now["error"]) == ("wasm", None)
    room.read(encode(sample()))
    room.at("meter-line").click()
    room.until_text("meter-list", "others failed: the litert backend failed")


@pytest.mark.provokes(any_error=True)
def test_a_file_that_is_missing_at_the_race_leaves_the_first_engine_for_this_visit(
    new_room: OpenRoom,
) -> None:
    room = new_room(late=True, cold=True)
    room.page.context.route("**/litert-*/*.wasm", lambda route: route.abort())
    with room.page.expect_event("requestfailed", lambda request: "litert" in request.url):
        room.open().until_state("ready")
    room.start()
    room.until("now.frames > 5")

    now = room.snapshot()
    assert (now["backend"], now["error"]) == ("wasm", None)
    kept = room.page.evaluate("() => localStorage.getItem('obscura.settings')")
    assert not json.loads(kept or "{}").get("winners"), "only what was measured has lost"

    room.page.context.unroute_all()
    room.open().until_state("ready")
    assert winner(room)["backend"] in ("wasm", "litert")


@pytest.mark.provokes("ERR_FAILED")
def test_a_file_that_fails_once_is_asked_for_again(new_room: OpenRoom) -> None:
    room = new_room(late=True, cold=True)
    failed: list[str] = []

    def fail_once(route: Route) -> None:
        if failed:
            route.continue_()
        else:
            failed.append(route.request.url)
            route.abort()

    room.page.context.route("**/litert-*/*.wasm", fail_once)
    room.open().until_state("ready")

    assert winner(room)["backend"] in ("wasm", "litert")
    assert failed


def test_without_isolation_it_runs_on_one_thread(
    new_room: OpenRoom, serve: Serve, dist: Path
) -> None:
    room = new_room(url=serve(dist, isolated=False).url, late=True)
    urls = asked(room)

    now = room.open("?backend=litert").until_state("ready")

    assert (now["backend"], now["threads"]) == ("litert", 1)
    assert not [url for url in urls if "/ort-" in url or "litert_wasm_threaded" in url]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5


def test_heads_run_beside_it(new_room: OpenRoom) -> None:
    room = new_room(late=True).open("?backend=litert")
    room.until_state("ready")

    room.at("closer").check()
    room.at("closer-tools").wait_for()
    room.page.locator("#closer-looks input[value=faces]").set_checked(True)

    now = room.until("now.detections.some(({ label }) => label === 'face')")
    assert now["backend"] == "litert"
    assert now["heads"]["faces"]["failed"] is None
