"""Python's second half: it comes after the first boxes, or when a function of it is called."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from .conftest import OpenRoom
from .room import another_tab, settled

REST = "**/pyodide-*/pyodide.rest.wasm"

CALL = """async () => {
  const python = await obscura.boot.python.ready;
  return python.runPython("import unicodedata; unicodedata.name(chr(233))");
}"""
"""A function that no start runs."""
NAME = "LATIN SMALL LETTER E WITH ACUTE"

ARRIVED = "() => performance.getEntriesByName('obscura:rest').length === 1"
WAITED = "() => performance.getEntriesByName('obscura:waited-for-rest').length"

LIKE_SAFARI = """
Object.defineProperty(Navigator.prototype, "vendor", { get: () => "Apple Computer, Inc." });
{
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, later = true) {
    if (!later) throw new DOMException("A network error occurred.", "NetworkError");
    open.call(this, method, url, later);
  };
}
"""
"""A script: the service worker is not asked for what a thread waits for, as in WebKit."""


def test_it_comes_after_the_first_boxes_and_nothing_waits_for_it(new_room: OpenRoom) -> None:
    room = new_room().open()
    room.page.wait_for_function(ARRIVED)

    order = room.page.evaluate(
        "() => ['first-boxes', 'rest'].map((name) =>"
        " performance.getEntriesByName(`obscura:${name}`)[0].startTime)"
    )

    assert order == sorted(order)
    assert room.page.evaluate(WAITED) == 0
    assert room.page.evaluate(CALL) == NAME


@pytest.mark.parametrize("storage", ["a first visit", "another visit"])
def test_a_start_runs_without_it(new_room: OpenRoom, storage: str) -> None:
    room = new_room()
    held = room.hold(REST)
    room.open()
    room.until_state("ready")
    if storage == "another visit":
        room.reload()
        room.until_state("ready")

    assert room.page.evaluate(WAITED) == 0
    held.release()
    room.page.wait_for_function(ARRIVED)


def test_a_call_of_it_before_it_has_come_waits_for_it(new_room: OpenRoom) -> None:
    """The first request is never answered; that of the waiting thread is."""
    room = new_room()
    held: list[Route] = []

    def answer(route: Route) -> None:
        # A browser also answers what is held once no route is left, so this one stays.
        if held:
            route.continue_()
        else:
            held.append(route)

    with room.page.expect_request(REST):
        room.page.route(REST, answer)
        room.open()

    assert room.page.evaluate(CALL) == NAME
    assert room.page.evaluate(WAITED) == 1
    assert room.page.evaluate(CALL) == NAME
    assert room.page.evaluate(WAITED) == 1


@pytest.mark.provokes("404")
def test_it_is_asked_for_again_if_it_did_not_come(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route(REST, lambda route: route.fulfill(status=404), times=1)

    room.open()
    room.until_state("ready")

    room.page.wait_for_function(ARRIVED)


@pytest.mark.parametrize("half", ["asm", "rest"])
def test_a_host_that_serves_it_as_another_type_is_no_hindrance(
    new_room: OpenRoom, half: str
) -> None:
    def answer(route: Route) -> None:
        response = route.fetch()
        headers = {**response.headers, "content-type": "application/octet-stream"}
        route.fulfill(response=response, headers=headers)

    room = new_room()
    room.page.route(f"**/pyodide-*/pyodide.{half}.wasm", answer)

    room.open()
    room.until_state("ready")

    room.page.wait_for_function(ARRIVED)
    assert room.page.evaluate(CALL) == NAME
    assert room.page.evaluate(WAITED) == 0


@pytest.mark.provokes("404", any_error=True)
def test_if_it_is_out_of_reach_the_page_says_so_and_loading_again_helps(new_room: OpenRoom) -> None:
    room = new_room()
    room.page.route(REST, lambda route: route.fulfill(status=404))
    room.open()
    room.until_state("ready")

    room.page.evaluate(f"() => ({CALL})().catch(() => {{}})")

    room.until_error("part-missing")
    assert "pyodide.rest.wasm: status 404" in room.at("notice-details").text_content()
    room.page.unroute_all()
    with room.page.expect_navigation():
        room.at("notice-action").click()
    room.until_state("ready")
    assert room.page.evaluate(CALL) == NAME


def test_it_is_kept_for_use_without_a_connection(new_room: OpenRoom) -> None:
    room = new_room(service_workers="allow").open()
    room.until_state("ready")
    assert settled(room).startswith("yes")
    room.page.context.set_offline(True)

    other = another_tab(room).open()
    other.until_state("ready")

    assert other.page.evaluate(CALL) == NAME
    other.page.wait_for_function(ARRIVED)
    other.page.close()


def test_where_a_waiting_thread_would_find_nothing_it_is_there_before_python_runs(
    new_room: OpenRoom,
) -> None:
    room = new_room(service_workers="allow", init=LIKE_SAFARI).open()
    assert settled(room).startswith("yes")
    room.page.context.set_offline(True)

    other = another_tab(room).open()
    other.until_state("ready")

    assert other.page.evaluate(CALL) == NAME
    assert other.page.evaluate(WAITED) == 0
    order = other.page.evaluate(
        "() => ['rest', 'python'].map((name) =>"
        " performance.getEntriesByName(`obscura:${name}`)[0].startTime)"
    )
    assert order == sorted(order)
    other.page.close()


@pytest.mark.provokes("ERR_FAILED", any_error=True)
def test_without_it_a_model_that_does_not_come_is_still_told(new_room: OpenRoom) -> None:
    """The connection is gone, so nothing may wait for the second half."""
    room = new_room()
    for pattern in ("**/models/**", REST):
        room.page.route(pattern, lambda route: route.abort())

    room.open()

    room.until_error("model-missing")
    assert room.page.evaluate(WAITED) == 0
