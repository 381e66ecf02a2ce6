"""What a site with a server adds, for everyone: as `test_access` tests the rest of the page."""

from __future__ import annotations

from typing import Any

import pytest

from builder.serve import SiteServer
from obscura.engine.remote import Refusal
from obscura.page.features.remote import words

from .conftest import OpenRoom
from .faults import faulty
from .pictures import ROOT, encode, sample
from .room import Room
from .test_access import (  # noqa: F401  (run here, in the states below)
    DEVICES,
    put_away,
    test_every_control_has_a_name_and_only_images_that_say_something,
    test_every_target_is_large_enough_for_a_thumb,
    test_no_serious_violation_and_a_screenshot_to_look_at,
    test_nothing_is_wider_than_the_screen,
)

BROKEN = faulty({"refusal": "no available backend found. ERR: [wasm] Error: failed"})
LONGEST = words.refused(Refusal.BLOCKED, words.SAME)
IN_VIEW = """() => {
  const badge = document.getElementById("remote-badge");
  const { left, right, top, bottom } = badge.getBoundingClientRect();
  const y = (top + bottom) / 2;
  return [left + 12, (left + right) / 2, right - 12].every((x) =>
    badge.contains(document.elementFromPoint(x, y)));
}"""


def card(room: Room) -> None:
    """The device has failed."""


def dialog(room: Room) -> None:
    room.at("remote-offer").click()


def refused(room: Room) -> None:
    """The server wants a token, and the dialog is as long as it gets."""
    room.at("remote-offer").click()
    room.at("remote-token-field").evaluate("(field) => { field.hidden = false; }")
    room.at("remote-wrong").evaluate("(wrong, why) => { wrong.textContent = why; }", LONGEST)


def sending(room: Room) -> None:
    room.at("remote-offer").click()
    room.at("remote-agree").click()
    room.until("now.backend === 'server' && !now.error")
    room.read(encode(sample()), "astronaut.png")


def panel(room: Room) -> None:
    if room.at("panel-toggle").is_visible():
        room.at("panel-toggle").click()


def privacy(room: Room) -> None:
    room.at("promise").click()
    room.at("remote-end").scroll_into_view_if_needed()


def ended(room: Room) -> None:
    """The device detects again, or would, and a line says so."""
    room.at("remote-badge").click()
    room.until_error("backend")
    room.at("notice-dismiss").click()


def section(room: Room) -> None:
    panel(room)
    room.at("remote-open").scroll_into_view_if_needed()


STATES = {
    "server card": card,
    "server dialog": dialog,
    "server refused": refused,
    "server sending": sending,
    "server panel": panel,
    "server privacy": privacy,
    "server ended": ended,
    "server section": section,
}
"""One after the other, in this order."""


@pytest.fixture(scope="module")
def visits() -> dict[str, Room]:
    """The visits so far, one for each device."""
    return {}


@pytest.fixture(
    scope="module", params=[f"{device}, {state}" for device in DEVICES for state in STATES]
)
def state(
    request: pytest.FixtureRequest,
    visits: dict[str, Room],
    shared_room: OpenRoom,
    asking_site: SiteServer,
) -> Any:
    """A visit in one of the states, and the state's name."""
    device, name = request.param.split(", ")
    if device not in visits:
        for former in visits.values():
            former.page.context.close()
        room = shared_room(url=asking_site.url, watched=False, **DEVICES[device])
        room.before_engine(BROKEN)
        room.open().until_error("backend")
        axe = ROOT / "node_modules" / "axe-core" / "axe.min.js"
        room.page.evaluate(axe.read_text(encoding="utf-8"))
        visits[device] = room
    put_away(visits[device])
    STATES[name](visits[device])
    return visits[device], request.param


def test_the_badge_is_in_view_while_pictures_may_be_sent(state: Any) -> None:
    room, name = state

    if name.endswith(("sending", "panel")):
        assert room.page.evaluate(IN_VIEW)
    else:
        assert room.at("remote-badge").is_visible() == name.endswith("privacy")


def test_both_buttons_of_the_dialog_are_in_view_without_scrolling(state: Any) -> None:
    room, name = state
    if not name.endswith(("dialog", "refused")):
        return

    screen = room.page.viewport_size
    for button in room.at("remote-dialog").locator("button").all():
        box = button.bounding_box()
        assert box is not None
        assert 0 <= box["y"] <= box["y"] + box["height"] <= screen["height"]
