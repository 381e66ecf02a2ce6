"""bench.html: anybody measures their own device and takes the result away as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from devices.measure import measure
from devices.record import read
from obscura.engine.plans import BACKENDS
from obscura.page.features.bench import words

from .access import AXE, PHONE
from .conftest import SHORT_VISIT, OpenRoom
from .pictures import ROOT
from .room import PATIENCE, Room

QUICK = "bench.html?frames=2&parts=backends,heads,tracking,boxes"


AT_ONCE = """
new MutationObserver(() => {
  if (document.body?.dataset.state !== "running") return;
  globalThis.left ??= { said: document.getElementById("progress-left").textContent };
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-state"] });
"""
"""Notes how much time is said to be left once the page shows that it measures."""


def settled(room: Room) -> dict[str, Any]:
    """Wait until the page measures no more; return its snapshot."""
    room.page.wait_for_function(
        "() => !['loading', 'running'].includes(obscura.snapshot().state)", timeout=4 * PATIENCE
    )
    return room.snapshot()


@pytest.fixture(scope="module")
def measured(shared_room: OpenRoom) -> Room:
    """One visit by keyboard in which all there is was measured, shortly."""
    room = shared_room(permissions=["clipboard-read", "clipboard-write"], **PHONE)
    room.open(f"{QUICK}&seconds=600")  # what is not measured in time has no figures
    assert settled(room)["state"] == "ready"
    room.at("start").focus()
    room.page.keyboard.press("Enter")
    room.page.wait_for_function("() => obscura.snapshot().state === 'running'")
    assert room.page.evaluate("() => document.activeElement.id") == "stop", "focus goes on to Stop"
    assert settled(room)["state"] == "done"
    return room


def test_every_way_to_run_has_figures_or_a_reason(measured: Room) -> None:
    rows = measured.snapshot()["results"]["backends"]
    assert {row["backend"] for row in rows} == set(BACKENDS[1:])
    figured = [row for row in rows if "why" not in row]
    assert figured[-1]["name"] == "WebAssembly, 1 thread", "it runs anywhere"
    for row in figured:
        assert list(row["stages"]) == ["capture", "inference", "decode", "draw"]
        assert 2 <= row["count"] <= 3
        assert 0 < row["median"] <= row["p95"]
        assert row["opening"] > 0
        assert row["agreement"]["found"] == row["agreement"]["recorded"] > 0
    assert all(len(row["why"]) > 10 for row in rows if "why" in row)


def test_faces_are_found_on_the_picture_and_objects_are_tracked(measured: Room) -> None:
    results = measured.snapshot()["results"]
    (faces,) = results["heads"]
    assert (faces["name"], faces["found"]) == ("faces", 1)
    assert faces["crops"] == 2, "the picture, and the person in it"
    assert 0 < faces["frame"] < faces["look"]
    assert [row["count"] for row in results["tracking"]] == [2, 20, 100]
    assert all(row["track"] > 0 for row in results["tracking"])


def test_it_says_in_a_sentence_what_to_choose(measured: Room) -> None:
    said = measured.at("advice").inner_text()
    assert re.fullmatch(r"Use .+; faces cost [\d.]+ ms more a frame\.", said)
    assert measured.snapshot()["advice"] == said


@pytest.mark.provokes("requires 'Trusted")
def test_no_string_can_become_markup_or_a_foreign_worker(measured: Room) -> None:
    refused = measured.page.evaluate(
        """() => [
          () => { document.getElementById("boxes").innerHTML = "<b>markup</b>"; },
          () => new Worker("https://example.org/worker.js"),
        ].map((attempt) => {
          try { attempt(); return "done"; } catch (error) { return error.name; }
        })"""
    )

    assert refused == ["TypeError"] * 2


def test_boxes_are_measured_up_to_300_and_unasked_parts_are_not_shown(measured: Room) -> None:
    results = measured.snapshot()["results"]
    assert [row["count"] for row in results["boxes"]] == [0, 10, 30, 100, 200, 300]
    assert all(row["decode"] > 0 and row["draw"] > 0 for row in results["boxes"])
    assert measured.at("boxes").is_visible()
    assert not measured.at("models-title").is_visible()


def test_the_result_is_copied_as_markdown(measured: Room) -> None:
    measured.at("copy").click()
    measured.until_text("progress-text", "^Copied$")
    copied = measured.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == measured.at("markdown").input_value()
    assert copied.startswith("# Obscura on this device\n\nUse ")
    assert "| WebAssembly, 1 thread |" in copied


def test_the_result_is_copied_as_a_record_for_the_device_table(
    measured: Room, tmp_path: Path
) -> None:
    measured.at("copy-json").click()
    measured.until_async("async () => (await navigator.clipboard.readText()).startsWith('{')")
    copied = measured.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == measured.at("json").input_value()
    path = tmp_path / "my-device.json"
    path.write_text(copied, encoding="utf-8")
    record = read(path)
    assert record.title == "my device"
    assert (record.faces_ms or 0) > 0
    assert set(record.tracker_ms) == {2, 20, 100}
    assert record.plans[-1].name == "WebAssembly, 1 thread"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read_by_everyone(
    measured: Room, scheme: str, artefacts: Path
) -> None:
    measured.page.emulate_media(color_scheme=scheme)
    measured.page.screenshot(path=artefacts / f"bench-{scheme}.png", full_page=True)
    assert measured.page.evaluate("() => document.documentElement.scrollWidth") <= 360
    measured.page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    assert measured.page.evaluate(AXE) == []


def test_on_a_phone_nothing_lies_over_the_title_and_controls_are_large(measured: Room) -> None:
    boxes = measured.page.evaluate(
        """() => [".bar", "h1", "button:not([hidden])", "summary", ".brand"].flatMap((what) =>
          [...document.querySelectorAll(what)].filter((e) => e.checkVisibility()).map((element) => {
            const { top, bottom, height } = element.getBoundingClientRect();
            return { what, top, bottom, height };
          }))"""
    )
    (bar,) = [box for box in boxes if box["what"] == ".bar"]
    (title,) = [box for box in boxes if box["what"] == "h1"]
    assert bar["bottom"] <= title["top"]
    controls = [box for box in boxes if box["what"] not in (".bar", "h1")]
    assert len(controls) >= 6
    assert [box for box in controls if box["height"] < 44] == []


def test_stop_ends_it_and_keeps_what_there_is(measured: Room) -> None:
    measured.at("start").click()
    measured.at("stop").click()
    assert settled(measured)["state"] == "stopped"
    assert measured.at("start").is_visible()
    assert "Stopped" in measured.at("progress-text").inner_text()


def test_it_ends_when_the_time_is_up_and_keeps_what_there_is(new_room: OpenRoom) -> None:
    room = new_room(init=AT_ONCE)
    room.open("bench.html?seconds=5&frames=9999&start")
    left = room.page.wait_for_function("() => globalThis.left", timeout=PATIENCE).json_value()
    assert re.fullmatch(r"at most [1-5] s left", left["said"]), "from the moment that it runs"

    now = settled(room)

    assert now["state"] == "done"
    assert now["results"]["backends"][-1]["name"] == "WebAssembly, 1 thread"
    assert room.at("progress-text").inner_text() == words.TIME_IS_UP
    assert room.at("progress-left").inner_text() == ""
    assert len(now["results"]["models"]) == 4, "what was not reached says so"
    assert words.NO_TIME in [row.get("why") for row in now["results"]["models"]]


@pytest.mark.provokes(r"console error: Failed to load resource.*404")
def test_a_model_that_does_not_come_is_a_reason_not_an_end(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route("**/*.onnx", lambda route: route.fulfill(status=404))
    room.open(f"{QUICK}&start")

    now = settled(room)

    assert now["state"] == "done"
    assert all("why" in row for row in now["results"]["backends"])
    assert "did not arrive" in now["results"]["backends"][-1]["why"]


def test_the_start_page_leads_to_it_and_fetches_nothing_of_it(new_room: OpenRoom) -> None:
    room = new_room()
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    room.open()
    room.until_state("ready")
    assert not [url for url in asked if "bench" in url]

    room.at("help").click()
    room.page.get_by_role("link", name="How fast is it").click()
    room.page.wait_for_url("**/bench.html")
    room.page.wait_for_function("() => globalThis.obscura?.snapshot().state === 'ready'")


def test_a_machine_is_measured_without_playwright(dist: Path) -> None:
    """As tools/draw_devices.py does it."""
    advice, record = measure(dist, [SHORT_VISIT], "&frames=2&parts=backends")
    assert advice.startswith(("Use Web", "Use LiteRT"))
    assert record["plans"][-1]["name"] == "WebAssembly, 1 thread"
    assert record["browser"].count(".") == 3, "its whole version"
