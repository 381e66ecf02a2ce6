"""When the engine gives up, dies at work or computes wrongly: the next one, or a card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Route

from builder.serve import ISOLATION

from .conftest import OpenRoom
from .faults import faulty
from .pictures import encode, sample
from .room import ENGINE, Room
from .versions import with_facts

OTHER = "centernet-512"
SMALLEST = "centernet-320"


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """One visit; each model that is opened gets an engine of its own."""
    room = shared_room().open("?threads=2")
    assert room.until_state("ready")["threads"] == 2
    return room


@pytest.fixture
def room(visit: Room) -> Iterator[Room]:
    """The visit, ready with the first model; `OTHER` has no session yet."""
    visit.use_others(OTHER)
    yield visit
    visit.page.unroute_all()
    visit.home()


REFUSALS = {
    "RangeError: WebAssembly.Memory(): could not allocate memory": "out-of-memory",
    "std::bad_alloc": "out-of-memory",
    "Array buffer allocation failed": "out-of-memory",
    "no available backend found. ERR: [wasm] Error: failed": "backend",
}


@pytest.mark.parametrize("message", REFUSALS)
def test_an_engine_that_gives_up_says_why_and_can_be_tried_again(room: Room, message: str) -> None:
    code = REFUSALS[message]
    room.before_engine(faulty({"refusal": message}))

    room.at("model").select_option(OTHER)
    room.until_error(code)
    assert message in room.at("notice-details").text_content()
    room.page.unroute_all()
    room.at("notice-action").click()

    # Out of memory, the way on is the smallest model; else the same once more.
    room.until_model(SMALLEST if code == "out-of-memory" else OTHER)


@pytest.mark.parametrize("part", [ENGINE, "**/ort-*/ort.wasm.min.mjs"], ids=["worker", "runtime"])
def test_an_engine_that_does_not_arrive_is_told(room: Room, part: str) -> None:
    room.page.route(part, lambda route: route.fulfill(status=404, headers=ISOLATION))

    room.at("model").select_option(OTHER)
    room.until_error("backend")
    assert room.snapshot()["model"] == "cocossd"
    room.page.unroute_all()
    room.at("notice-action").click()

    room.until_model(OTHER)


def test_an_engine_that_dies_at_work_is_replaced_by_the_next(room: Room) -> None:
    room.before_engine(faulty({"runs": 3, "death": "unreachable", "threaded": True}))
    assert room.choose(OTHER)["threads"] == 2

    room.at("start").click()

    now = room.until("now.threads === 1 && now.frames > 5 && now.detections.length > 0")
    assert now["state"] == "running"
    assert now["error"] is None


def test_an_engine_that_dies_over_a_photo_is_replaced_by_the_next(room: Room) -> None:
    room.before_engine(faulty({"runs": 1, "death": "unreachable", "threaded": True}))
    assert room.choose(OTHER)["threads"] == 2

    now = room.read(encode(sample()), "deadly.png")

    assert now["threads"] == 1
    assert [row["label"] for row in now["detections"]] == ["person"]
    room.start()  # back to a state from which the next test can go on
    room.stop()


def test_an_engine_that_always_dies_at_work_ends_in_a_card(room: Room) -> None:
    room.before_engine(faulty({"runs": 1, "death": "memory access out of bounds"}))
    room.choose(OTHER)

    room.at("start").click()
    room.until_error("backend")
    room.page.unroute_all()
    room.at("notice-action").click()

    room.until_model(OTHER)


def test_a_backend_that_computes_wrongly_gives_way_to_one_that_does_not(room: Room) -> None:
    room.before_engine(faulty({"halved": "scores", "threaded": True}))

    now = room.choose(OTHER)
    assert now["threads"] == 1
    assert [row["label"] for row in now["detections"]] == ["person"]


# ---- the recorded answer -------------------------------------------------------------------------


def tamper(room: Room, change: Callable[[dict[str, Any]], None]) -> None:
    """Serve the page with the first model's card changed."""

    def change_card(facts: dict[str, Any]) -> None:
        change(next(model for model in facts["models"] if model["name"] == "cocossd"))

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=with_facts(response.text(), change_card))

    room.page.route(room.url, answer)


def elsewhere(card: dict[str, Any]) -> None:
    """The recorded person is said to be somewhere else."""
    card["check"]["detections"][0]["box"] = [300, 300, 500, 500]


def something_else(card: dict[str, Any]) -> None:
    """The recorded person is said to be a dog."""
    card["check"]["detections"][0]["class_id"] = card["labels"].index("dog")


@pytest.mark.parametrize("change", [elsewhere, something_else])
def test_a_backend_that_does_not_reproduce_the_recorded_answer_is_refused(
    new_room: OpenRoom, change: Callable[[dict[str, Any]], None]
) -> None:
    room = new_room()
    tamper(room, change)
    room.open()

    room.until_error("backend")

    assert "wrong answer" in room.at("notice-details").text_content()
    assert room.snapshot()["backend"] is None
    assert room.snapshot()["detections"] == []
    room.at("notice-dismiss").click()
    room.give(encode(sample()))
    room.until_text("caption", "photo.png")
    room.ticks(30)  # a model that is in use reads a photo as soon as it is in view
    assert room.snapshot()["detections"] == [], "it is not used behind one's back either"
