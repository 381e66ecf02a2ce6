"""Thousands of frames with second networks, and fifty times on and off: every heap stays flat."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from ..browser import networks
from ..browser.conftest import OpenRoom
from ..browser.pictures import ROOT
from ..browser.room import Room
from ..browser.spies import Counts, Heaps, count, fast_visit, start_fast

SIZE = (320, 240)
HEAD = (140, 20, 310, 190)
"""Of the person in the sample picture."""
PLACE = (456, 296)
"""Where it is pasted, beside the rectangles."""
LABELS = ("person", "green", "blue")
FOUND = (*LABELS, "face")

CALLS = """
globalThis.headCalls = { open: 0, close: 0, crops: {} };
const engines = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...rest) {
  const { call, name } = message ?? {};
  if (name && name !== "detector") {
    if (call === "open" || call === "close") headCalls[call] += 1;
    const { crops } = headCalls;
    if (call === "crops") crops[name] = (crops[name] ?? 0) + message.crops.length;
  }
  return engines.call(this, message, ...rest);
};
"""
"""Counts what the engine is told of heads."""
RAN = "(crops) => Object.values(headCalls.crops).reduce((a, b) => a + b) > crops"
MEMORIES = "() => spied.memories.map(({ buffer }) => buffer.byteLength)"


def scene() -> Image.Image:
    """Rectangles, one of which the model calls a person, and a face."""
    image = networks.scene()
    image.paste(Image.open(ROOT / "assets" / "sample.jpg").convert("RGB").crop(HEAD), PLACE)
    return image


def visit(shared_room: OpenRoom) -> Room:
    """A visit with a fast camera, in which the faces' expressions are looked at."""
    room = shared_room("long", init=CALLS + fast_visit(scene(), SIZE))
    return start_fast(room, LABELS)


NETWORKS = ("faces", "faces-far", "emotion")


def switch(room: Room, *, on: bool) -> None:
    """Switch faces and their expressions on or off, and wait until it is so."""
    room.page.evaluate("() => document.getElementById('closer').click()")
    wanted = len(NETWORKS) if on else 0
    room.page.wait_for_function("(n) => headCalls.open - headCalls.close === n", arg=wanted)


def calls(room: Room) -> dict[str, Any]:
    """What the engine was told of heads so far."""
    told: dict[str, Any] = room.page.evaluate("() => headCalls")
    return told


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom) -> Room:
    """A visit in which person, face and expression are looked at."""
    opened = visit(shared_room)
    opened.page.evaluate("() => document.getElementById('closer').click()")
    opened.until("now.detections.some(({ label }) => label === 'face')")
    opened.page.evaluate("() => document.querySelector('#closer-looks [value=emotion]').click()")
    opened.page.wait_for_function("() => headCalls.crops.emotion")
    return opened


def test_two_thousand_frames_with_two_heads_leave_every_heap_flat(room: Room) -> None:
    heaps = Heaps(room)
    begun = room.snapshot()["frames"]
    counts: list[Counts] = []
    for frames in (200, 2200):
        counts.append(count(room, heaps, begun + frames, FOUND))
        counts[-1].page["crops"] = calls(room)["crops"]
    before, after = counts

    for name in NETWORKS:  # an expression is looked at every two seconds only
        least = 1 if name == "emotion" else 10
        assert after.page["crops"][name] >= before.page["crops"][name] + least, name
    assert len(after.worker["memories"]) == 1
    assert after.page["memories"] == before.page["memories"]
    assert after.worker["memories"] == before.worker["memories"]
    assert len(after.heaps) == len(before.heaps) > 1
    for now, then in zip(after.heaps, before.heaps, strict=True):
        assert now < then * 1.01 + 300_000
    assert after.page["images"] == before.page["images"], "no crop's pixels are on the page"
    assert after.page["canvases"] == before.page["canvases"]
    assert after.worker["canvases"] == before.worker["canvases"] == 2, (
        "one for frames, one for crops"
    )
    assert after.page["proxies"] - before.page["proxies"] < 10
    kept = 1  # the frame that crops are cut from
    given_back = after.page["refused"] + after.worker["closed"]
    assert after.page["frames"] == given_back + kept


def test_fifty_times_on_and_off_closes_what_was_opened(room: Room) -> None:
    switch(room, on=False)
    begun = calls(room)["open"]
    memories: list[list[int]] = []
    for number in range(50):
        crops = sum(calls(room)["crops"].values())
        switch(room, on=True)
        room.page.wait_for_function(RAN, arg=crops)
        switch(room, on=False)
        if number in (9, 49):
            memories.append(room.page.workers[-1].evaluate(MEMORIES))

    told = calls(room)
    assert told["open"] == told["close"] == begun + 50 * len(NETWORKS)
    assert memories[0] == memories[1]
