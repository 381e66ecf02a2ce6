"""Five thousand pictures: what is kept of each is little, and nothing else stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ..browser import networks
from ..browser.conftest import OpenRoom
from ..browser.pictures import encode
from ..browser.spies import FAST_VISIT, Heaps, open_fast

COUNT = 5000
FIRST = 500
"""Pictures after which the small copies that are kept are all there."""
EACH = 4_000
"""Bytes of a heap that a picture may take: its file's name and place, and what is in it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures with three objects each, which differ by their names alone."""
    place = tmp_path_factory.mktemp("pictures")
    scene = networks.scene().resize((160, 120), Image.Resampling.NEAREST)
    data = encode(scene)
    paths = [place / f"p{number:04}.png" for number in range(COUNT)]
    for path in paths:
        path.write_bytes(data)
    return paths


def test_five_thousand_pictures_leave_memory_flat(new_room: OpenRoom, folder: list[Path]) -> None:
    room = open_fast(new_room("long", init=FAST_VISIT))
    heaps = Heaps(room)

    memories, used = [], []
    for count in range(0, COUNT + 1, FIRST):
        if count == FIRST:
            room.at("photo").set_input_files(folder)
        room.until(f"(now.photos?.analysed ?? 0) >= {count}")
        if count not in (0, FIRST, COUNT):
            continue
        room.page.wait_for_function("() => spied.posts === spied.answers")
        used.append(heaps.used()[0])
        memories.append(
            room.page.evaluate("() => spied.memories.map(({ buffer }) => buffer.byteLength)")
        )
        print(count, memories[-1], used[-1], room.page.evaluate("() => spied.proxies"))

    now = room.snapshot()["photos"]
    assert (now["analysed"], now["failed"], now["waiting"]) == (COUNT, 0, 0)
    for heap in (used, [sum(each) for each in memories]):
        before, first, last = heap
        assert last < before + EACH * COUNT
        assert last < first * 1.05 + 1_000_000, "analysing one more leaves next to nothing"
    assert room.page.locator("#photos-grid [role=option]").count() < 60
