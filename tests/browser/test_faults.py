"""What devices do to a page: each fault ends with a page that works."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from .conftest import OpenRoom
from .room import SETTINGS, Room

NOTED = "() => Object.keys(localStorage).some((key) => key.startsWith('obscura.visit '))"
KEPT = {"model": "centernet-416", "backend": "auto"}


@pytest.fixture
def visit(new_room: OpenRoom) -> Room:
    """A browser in which somebody has chosen a model."""
    room = new_room().leave()
    room.page.evaluate(
        "([name, kept]) => localStorage.setItem(name, kept)", [SETTINGS, json.dumps(KEPT)]
    )
    return room


def another(room: Room) -> Room:
    """Another tab of that browser, on the page."""
    return Room(room.page.context.new_page(), room.url).open()


def die(page: Page) -> None:
    """Have the tab's process end, as when its memory is used up."""
    with page.expect_event("crash"), suppress(PlaywrightError):
        page.goto("chrome://crash")


@pytest.mark.provokes("the page crashed")
def test_after_two_visits_that_died_the_next_is_careful_and_the_one_after_as_usual(
    visit: Room, artefacts
) -> None:
    for deaths in (0, 1):
        room = another(visit)
        room.page.wait_for_function(f"async () => (await obscuraOffline.deaths) === {deaths}")
        room.page.wait_for_function(NOTED)
        die(room.page)

    room = another(visit)
    now = room.until_state("ready")

    assert (now["model"], now["backend"], now["threads"]) == ("centernet-320", "wasm", 1)
    assert "last two visits ended at once" in room.at("careful").inner_text()
    for width in (1280, 360):
        room.page.set_viewport_size({"width": width, "height": 760})
        room.page.keyboard.press("Escape")  # what covers the picture on a phone
        room.page.screenshot(path=artefacts / f"careful-{width}.png")
    kept = room.page.evaluate(f"() => JSON.parse(localStorage.getItem('{SETTINGS}'))")
    assert kept["model"] == KEPT["model"], "what was chosen stays chosen"
    with room.page.expect_navigation():
        room.at("careful-end").click()
    now = room.until_state("ready")
    assert now["model"] == KEPT["model"]
    assert not room.at("careful").is_visible()


@pytest.mark.provokes("the page crashed")
def test_visits_that_are_left_or_stand_or_run_at_once_did_not_die(visit: Room) -> None:
    room = another(visit)
    for _ in range(3):  # loaded again in a hurry
        room.page.wait_for_function(NOTED)
        room.reload()
    beside = another(visit)
    assert beside.page.evaluate("() => obscuraOffline.deaths") == 0
    room.leave()
    beside.until_state("ready")
    # Nor does one that dies after it has been up for a while; what came before it is forgotten.
    beside.page.evaluate("() => localStorage.setItem('obscura.died', 1)")
    beside.page.wait_for_function(f"() => !({NOTED})()", timeout=20_000)
    die(beside.page)
    assert another(visit).page.evaluate("() => obscuraOffline.deaths") == 0


def test_nonsense_in_place_of_the_count_is_no_matter(visit: Room) -> None:
    visit.page.evaluate("() => localStorage.setItem('obscura.died', 'x')")
    assert another(visit).page.evaluate("() => obscuraOffline.deaths") == 0
