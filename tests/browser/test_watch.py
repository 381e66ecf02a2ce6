"""The watch itself: each thing that it must see is done once, on purpose."""

from __future__ import annotations

import time

import pytest

from .conftest import OpenRoom
from .room import PATIENCE, Room
from .watch import Watch

# What to do in a page, and the complaint that must come of it.
MISDEEDS = {
    "a request to another site": (
        "() => fetch('http://elsewhere.test/').catch(() => {})",
        "request leaves the origin: GET http://elsewhere.test/",
    ),
    "an image from another site": (
        "() => { new Image().src = 'http://elsewhere.test/x.png'; }",
        "request leaves the origin: GET http://elsewhere.test/x.png",
    ),
    "a request with a body": (
        "() => fetch('./', { method: 'POST', body: 'pixels' }).catch(() => {})",
        "request carries a body: POST ",
    ),
    "a beacon": (
        "() => { navigator.sendBeacon('./count', 'pixels'); }",
        "request carries a body: POST ",
    ),
    "a web socket": (
        "() => { new WebSocket('ws://elsewhere.test/'); }",
        "web socket: ws://elsewhere.test/",
    ),
    "a request from a worker": (
        """() => new Promise((resolve) => {
          const code = "fetch('http://elsewhere.test/').catch(() => {}).then(() => postMessage(1))";
          const worker = new Worker(URL.createObjectURL(new Blob([code])));
          worker.onmessage = resolve;
        })""",
        "request leaves the origin: GET http://elsewhere.test/",
    ),
    "an error in the console": ("() => console.error('oh')", "console error: oh"),
    "an uncaught error": (
        "() => { setTimeout(() => { throw new Error('oh'); }); }",
        "page error: oh",
    ),
    "a rejected promise": ("() => { Promise.reject(new Error('oh')); }", "page error: oh"),
    "an alert": ("() => alert('oh')", "dialog: alert oh"),
}


def until_said(room: Room, watch: Watch, words: str) -> None:
    """Wait for a complaint, which comes from the browser when it likes."""
    limit = time.monotonic() + PATIENCE / 1000
    while not any(words in text for text in watch.complaints):
        assert time.monotonic() < limit, watch.complaints
        room.ticks(2)


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_the_watch_sees(new_room: OpenRoom, misdeed: str) -> None:
    script, complaint = MISDEEDS[misdeed]
    watch = Watch()
    room = new_room(watched=False, bypass_csp=True)
    room.page.route(room.url, lambda route: route.fulfill(body="<!doctype html><title>x</title>"))
    watch.follow(room.page.context, room.url.rstrip("/"))
    room.open()

    room.page.evaluate(script)
    until_said(room, watch, complaint)

    assert any(text.startswith(complaint) for text in watch.complaints), watch.complaints


def test_the_pages_own_policy_forbids_other_sites_before_the_watch_could_complain(
    new_room: OpenRoom,
) -> None:
    watch = Watch()
    room = new_room(watched=False).open()
    watch.follow(room.page.context, room.url.rstrip("/"))

    outcome = room.page.evaluate(
        "() => fetch('http://elsewhere.test/').then(() => 'came', (error) => error.name)"
    )

    assert outcome == "TypeError"
    until_said(room, watch, "Content Security Policy")
    assert not any("leaves the origin" in text for text in watch.complaints)


def test_provoked_complaints_are_forgiven_and_missed_ones_are_not() -> None:
    watch = Watch()
    watch.complaints = ["console error: 404", "page error: oh"]

    assert watch.take(["404", "never said"]) == ["page error: oh", "never came: never said"]
    assert watch.take() == []


def test_what_is_provoked_must_come_and_what_may_come_need_not() -> None:
    watch = Watch()
    watch.complaints = ["console error: one", "console error: two", "console error: three"]

    assert watch.take(["one", "four"], perhaps=["two", "five"]) == [
        "console error: three",
        "never came: four",
    ]
    assert watch.take() == [], "they are forgotten"
