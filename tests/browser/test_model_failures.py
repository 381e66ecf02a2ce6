"""When a part does not arrive, is damaged, or computes wrongly: a card, and a way on."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route

from builder.serve import ISOLATION

from .conftest import OpenRoom, Serve
from .pictures import encode, sample
from .room import Room

NOT_FOUND = r"Failed to load resource.*404"
MODEL = "**/models/cocossd/*.onnx"
ENGINE = "**/assets/engine.*.js"


@pytest.fixture
def own_site(dist: Path, tmp_path: Path) -> Path:
    """A copy of the site that a test may damage; files are shared until they are replaced."""

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError:  # another disk
            shutil.copy2(source, target)

    shutil.copytree(dist, tmp_path / "site", copy_function=link)
    return tmp_path / "site"


def replace(path: Path, data: bytes) -> None:
    """Give a file other contents, without touching those it shares with the built site."""
    path.unlink()
    path.write_bytes(data)


@pytest.mark.provokes(NOT_FOUND)
def test_a_model_that_is_missing_is_fetched_again_on_demand(
    new_room: OpenRoom, own_site: Path, serve: Serve
) -> None:
    (file,) = own_site.glob("models/cocossd/*.onnx")
    kept = file.rename(file.with_suffix(".away"))
    room = new_room(url=serve(own_site).url).open()

    card = room.until_error("model-missing")
    assert "did not arrive" in card
    assert "404" in room.at("notice-details").text_content()

    kept.rename(file)
    room.at("notice-action").click()
    assert room.until_state("ready")["model"] == "cocossd"
    assert room.labels() == ["person"]
    assert not room.at("notice").is_visible()


DAMAGE = {
    "one flipped bit": lambda data: data[:1000] + bytes([data[1000] ^ 1]) + data[1001:],
    "half of it": lambda data: data[: len(data) // 2],
    "an error page instead": lambda _: b"<!doctype html><title>Sorry</title>",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_model_is_not_used_and_not_taken_from_the_cache_again(
    new_room: OpenRoom, own_site: Path, serve: Serve, damage: str
) -> None:
    (file,) = own_site.glob("models/cocossd/*.onnx")
    whole = file.read_bytes()
    replace(file, DAMAGE[damage](whole))
    room = new_room(url=serve(own_site).url).open()

    card = room.until_error("model-corrupt")
    assert "damaged" in card
    assert "sha256" in room.at("notice-details").text_content()
    assert room.snapshot()["model"] is None

    replace(file, whole)  # the browser was told to keep the damaged one for a year
    room.at("notice-action").click()
    assert room.until_state("ready")["model"] == "cocossd"


@pytest.mark.provokes(NOT_FOUND)
def test_without_its_model_the_page_offers_the_others(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route(MODEL, lambda route: route.fulfill(status=404))
    room.open()
    room.until_error("model-missing")

    room.at("model").select_option("centernet-416")

    now = room.until("now.state === 'ready' && now.model === 'centernet-416'")
    assert now["error"] is None


# The parts that Python is made of, and what the console says of their absence.
PYTHON_PARTS = {
    "PyScript": "**/pyscript-*/core.js",
    "Pyodide": "**/pyodide-*/pyodide.asm.wasm",
    "the standard library": "**/pyodide-*/python_stdlib.zip",
    "numpy": "**/pyodide-*/numpy*.whl",
    "Obscura's own code": "**/py/obscura.*.zip",
    "main.py": "**/py/main.*.py",
}


@pytest.mark.provokes(NOT_FOUND)
@pytest.mark.parametrize("part", PYTHON_PARTS)
def test_python_that_cannot_start_is_told_and_loading_again_mends_it(
    new_room: OpenRoom, watch: Any, part: str
) -> None:
    room = new_room()
    room.page.route(PYTHON_PARTS[part], lambda route: route.fulfill(status=404))
    room.open()

    card = room.until_error("python")

    assert "Python could not start" in card
    assert room.at("notice-details").text_content().strip()
    assert not room.at("progress").is_visible()
    # PyScript reports to the console in its own words, which are not ours to hold.
    watch.complaints = [line for line in watch.complaints if re.search(NOT_FOUND, line)]
    room.page.unroute_all()
    with room.page.expect_navigation():
        room.at("notice-action").click()
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


def serve_engine(room: Room, script: str) -> None:
    """Serve another worker, with the headers that an isolated page asks of it."""
    room.page.route(
        ENGINE,
        lambda route: route.fulfill(body=script, content_type="text/javascript", headers=ISOLATION),
    )


REFUSING_ENGINE = """
self.onmessage = ({ data }) => postMessage({ id: data.id, error: %s });
"""

REFUSALS = {
    "RangeError: WebAssembly.Memory(): could not allocate memory": "out-of-memory",
    "std::bad_alloc": "out-of-memory",
    "Array buffer allocation failed": "out-of-memory",
    "no available backend found. ERR: [wasm] Error: failed": "backend",
}


@pytest.mark.parametrize("message", REFUSALS)
def test_an_engine_that_gives_up_says_why_and_can_be_tried_again(
    new_room: OpenRoom, message: str
) -> None:
    code = REFUSALS[message]
    room = new_room()
    serve_engine(room, REFUSING_ENGINE % json.dumps(message))
    room.open()

    room.until_error(code)
    assert message in room.at("notice-details").text_content()
    room.page.unroute_all()
    room.at("notice-action").click()

    now = room.until_state("ready")
    assert now["model"] == ("centernet-416" if code == "out-of-memory" else "cocossd")


@pytest.mark.parametrize("part", [ENGINE, "**/ort-*/ort.wasm.min.mjs"])
def test_an_engine_that_does_not_arrive_is_told(new_room: OpenRoom, part: str) -> None:
    room = new_room()
    room.page.route(part, lambda route: route.fulfill(status=404))
    room.open()

    room.until_error("backend")

    room.page.unroute_all()
    room.at("notice-action").click()
    room.until_state("ready")


def alter_engine(room: Room, dist: Path, old: str, new: str) -> None:
    """Serve the page's worker with one passage changed."""
    (file,) = dist.glob("assets/engine.*.js")
    script = file.read_text(encoding="utf-8")
    assert script.count(old) == 1
    serve_engine(room, script.replace(old, new))


RUN_STARTS = "async run({ pixels, width, height }) {"


def test_an_engine_that_dies_at_work_is_replaced_by_the_next(
    new_room: OpenRoom, dist: Path
) -> None:
    room = new_room()
    alter_engine(
        room,
        dist,
        RUN_STARTS,
        f"""{RUN_STARTS}
          self.runs = (self.runs ?? 0) + 1;
          if (self.runs > 3 && ort.env.wasm.numThreads > 1) throw new Error("unreachable");""",
    )
    room.open("?threads=2")
    assert room.until_state("ready")["threads"] == 2

    room.at("start").click()

    now = room.until("now.threads === 1 && now.frames > 5 && now.detections.length > 0")
    assert now["state"] == "running"
    assert now["error"] is None


def test_an_engine_that_always_dies_at_work_ends_in_a_card(new_room: OpenRoom, dist: Path) -> None:
    room = new_room()
    alter_engine(
        room,
        dist,
        RUN_STARTS,
        f"""{RUN_STARTS}
          self.runs = (self.runs ?? 0) + 1;
          if (self.runs > 1) throw new Error("memory access out of bounds");""",
    )
    room.open()
    room.until_state("ready")

    room.at("start").click()
    room.until_error("backend")

    room.page.unroute_all()
    room.at("notice-action").click()
    room.until("now.model === 'cocossd' && now.error === null")


def tamper(room: Room, change: Any) -> None:
    """Serve the page with the first model's card changed."""

    def answer(route: Route) -> None:
        response = route.fetch()
        page = response.text()
        block = re.search(r'(id="obscura-build">)(.*?)(</script>)', page, re.DOTALL)
        facts = json.loads(block[2])
        card = next(model for model in facts["models"] if model["name"] == "cocossd")
        change(card)
        text = page[: block.start(2)] + json.dumps(facts) + page[block.end(2) :]
        route.fulfill(response=response, body=text)

    room.page.route(room.url, answer)


def elsewhere(card: dict[str, Any]) -> None:
    card["check"]["detections"][0]["box"] = [300, 300, 500, 500]


def something_else(card: dict[str, Any]) -> None:
    card["check"]["detections"][0]["class_id"] = card["labels"].index("dog")


def two_of_them(card: dict[str, Any]) -> None:
    row = card["check"]["detections"][0]
    card["check"]["detections"].append({**row, "box": [0, 0, 100, 100]})


@pytest.mark.parametrize("change", [elsewhere, something_else, two_of_them])
def test_a_backend_that_does_not_reproduce_the_recorded_answer_is_refused(
    new_room: OpenRoom, change: Any
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
    room.ticks(30)
    assert room.snapshot()["detections"] == [], "it is not used behind one's back either"


def test_a_backend_that_computes_wrongly_gives_way_to_one_that_does_not(
    new_room: OpenRoom, dist: Path
) -> None:
    room = new_room()
    alter_engine(
        room,
        dist,
        "scores: scores.data,",
        "scores: ort.env.wasm.numThreads > 1 ? scores.data.map((s) => s / 2) : scores.data,",
    )
    room.open("?threads=2")

    now = room.until_state("ready")

    assert now["threads"] == 1
    assert [row["label"] for row in now["detections"]] == ["person"]
