"""Hundreds of starts, and fifty changes of the model."""

from __future__ import annotations

import pytest

from ..browser.conftest import OpenRoom
from ..browser.device import DEVICE, TRACKS, change_models, go_on, start_and_stop
from ..browser.room import COUNT_ENGINES, Room


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom) -> Room:
    """A visit, ready, on a device that counts cameras and engines."""
    opened = shared_room("long", init=DEVICE + COUNT_ENGINES).open("?backend=wasm")
    opened.until_state("ready")
    return opened


def test_two_hundred_starts_and_stops_leave_nothing_open(room: Room) -> None:
    start_and_stop(room, 200)

    assert room.page.evaluate(TRACKS) == ["ended"] * 200
    assert room.page.evaluate("() => device.engines.length") == 1
    room.start()
    go_on(room)
    room.stop()


def test_fifty_changes_of_the_model_leave_two_engines_at_most(room: Room) -> None:
    change_models(room, 50)

    assert room.page.evaluate("() => mostEngines") == 2
    room.start()
    go_on(room)
