"""The screen stays on while something long is under way, and no longer."""

from __future__ import annotations

from .analysed import give, until_done
from .clips import clip
from .conftest import OpenRoom
from .numbered import clip as numbered
from .room import Room
from .test_record import see_colours

LOCKS = """
globalThis.locks = [];
Object.defineProperty(navigator, "wakeLock", {
  value: {
    async request(type) {
      const lock = { type, released: false, async release() { lock.released = true; } };
      locks.push(lock);
      return lock;
    },
  },
});
"""
REFUSED = """
Object.defineProperty(navigator, "wakeLock", {
  value: { request: async () => { throw new DOMException("no", "NotAllowedError"); } },
});
"""


def until_held(room: Room, held: int) -> None:
    """Wait until so many locks are held."""
    room.page.wait_for_function(f"() => locks.filter((each) => !each.released).length === {held}")


def test_while_all_is_analysed(new_room: OpenRoom) -> None:
    room = new_room(init=LOCKS).open()
    room.until_state("ready")
    give(room, clip(60))
    assert room.page.evaluate("() => locks") == []

    room.at("analyse-all").click()
    until_held(room, 1)
    room.at("analyse-pause").click()
    room.until("now.analysed?.paused")
    until_held(room, 0)
    room.at("analyse-pause").click()
    until_held(room, 1)
    until_done(room)
    until_held(room, 0)

    assert room.page.evaluate("() => locks.map((each) => each.type)") == ["screen", "screen"]


def test_while_it_is_recorded(new_room: OpenRoom) -> None:
    room = new_room(cold=True, init=LOCKS).open()
    room.until_state("ready")
    see_colours(room)
    room.give(numbered(range(0, 6000, 100)), "numbered.webm", "video/webm")
    room.until_live()
    assert room.page.evaluate("() => locks") == []

    room.at("record").click()
    until_held(room, 1)
    room.at("record").click()
    until_held(room, 0)


def test_where_the_browser_refuses_it_all_is_analysed_all_the_same(new_room: OpenRoom) -> None:
    room = new_room(init=REFUSED).open()
    room.until_state("ready")
    give(room, clip(12))

    room.at("analyse-all").click()

    until_done(room)
