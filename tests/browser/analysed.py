"""Has the page analyse all frames of a video, and reads what it has stored of them."""

from __future__ import annotations

import json
from typing import Any

from .room import Room

STORED = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("obscura-results");
  opening.onupgradeneeded = () => opening.result.createObjectStore("records");
  opening.onerror = reject;
  opening.onsuccess = () => {
    const asked = opening.result.transaction("records").objectStore("records").getAll();
    asked.onerror = reject;
    asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
  };
})"""

NOTHING_STORED = f"async () => (await ({STORED})()).length === 0"
"""For `Room.until_async`."""


def give(room: Room, data: bytes, name: str = "numbered.mp4", kind: str = "video/mp4") -> None:
    """Give the page a video, and wait until it is shown, paused."""
    room.give(data, name, kind)
    room.until_live()
    room.at("pause").click()
    room.until_state("paused")
    room.page.wait_for_selector("#analyse-row:not([hidden])")


def analyse(room: Room) -> None:
    """Analyse all, and wait until that is done, however long it takes as long as it goes on."""
    room.at("analyse-all").click()
    until_done(room)


def until_done(room: Room) -> None:
    """Wait until all is analysed, however long it takes as long as it goes on."""
    seen, done = 0, False
    while not done:
        now = room.until(f"now.analysed?.done || now.analysed?.frames >= {seen + 10}")["analysed"]
        seen, done = now["frames"], now["done"]


def given(room: Room, count: int) -> list[int]:
    """Return the numbers of the last frames that the engine was given. Browsers may show one frame
    more after they were asked to pause, which is analysed before them."""
    numbers: list[int] = room.page.evaluate("(count) => given.slice(-count)", count)
    return numbers


def stored(room: Room) -> list[dict[str, Any]]:
    """Return the records of the frames that the page has stored."""
    texts: list[str] = room.page.evaluate(STORED)
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    return [line for line in lines if "frame" in line]
