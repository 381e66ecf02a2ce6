"""A long video that is analysed frame by frame: nothing grows but what is found."""

from __future__ import annotations

from ..browser.analysed import give
from ..browser.clips import clip
from ..browser.conftest import OpenRoom
from ..browser.spies import FAST_VISIT, Heaps, open_fast

FRAMES, FIRST = 2000, 400
"""Of the video, and those after which all that is kept for speed is there."""
EACH = 100
"""Bytes of a heap that a frame may take: when it begins, and marks."""
MEMORIES = "() => spied.memories.map((each) => each.buffer.byteLength)"


def test_two_thousand_frames_leave_memory_flat(new_room: OpenRoom) -> None:
    room = open_fast(new_room("long", init=FAST_VISIT))
    give(
        room,
        clip(FRAMES, size=(160, 120), container="webm", codec="libvpx"),
        "long.webm",
        "video/webm",
    )
    heaps = Heaps(room)

    room.at("analyse-all").click()
    memories, used, proxies = [], [], []
    for count in (FIRST, FRAMES):
        for frames in range(0, count + 1, 200):  # a step at a time, however slow the machine is
            room.until(f"now.analysed?.frames >= {frames}")
        used.append(heaps.used()[0])
        memories.append(sum(room.page.evaluate(MEMORIES)))
        proxies.append(room.page.evaluate("() => proxies"))

    room.until("now.analysed.done")
    assert room.snapshot()["analysed"]["frames"] == FRAMES
    assert proxies[1] - proxies[0] < 20
    for first, last in (used, memories):
        assert last < first * 1.05 + 1_000_000 + EACH * (FRAMES - FIRST)
