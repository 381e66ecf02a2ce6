"""Twenty minutes of recording, by the camera's clock: nothing grows but the file."""

from __future__ import annotations

from typing import Any

import pytest

from ..browser.conftest import OpenRoom
from ..browser.numbered import duration_s
from ..browser.spies import FAST_VISIT, PAGE_COUNTS, Heaps, start_fast
from ..browser.test_record import saved, until_finished

STEP_MS, DRAWN_MS = 600, 8
"""The camera's clock from frame to frame, and how often there is one."""
MINUTES = 20
LONG = FAST_VISIT.replace("* 33000", f"* {STEP_MS * 1000}").replace(
    "setTimeout(draw, 33), ()", f"setTimeout(draw, {DRAWN_MS}), ()"
)


def counted(room: Any, heaps: Heaps, minutes: float) -> tuple[dict[str, Any], list[int]]:
    """Return what there is once so much is recorded, while nothing is under way."""
    room.until(f"now.recording && now.recording.seconds >= {minutes * 60}")
    room.page.evaluate("() => { spied.hidden = true; }")
    room.page.wait_for_function("() => spied.posts === spied.answers")
    used = heaps.used()
    page = room.page.evaluate(PAGE_COUNTS)
    room.page.evaluate("() => { spied.hidden = false; }")
    return page, used


def test_twenty_minutes_make_nothing_grow_but_the_file(new_room: OpenRoom) -> None:
    assert str(STEP_MS * 1000) in LONG
    assert f"draw, {DRAWN_MS}" in LONG
    room = start_fast(new_room("long", init=LONG, accept_downloads=True))
    heaps = Heaps(room)
    room.at("record").click()

    (before, used), (after, used_later) = counted(room, heaps, 3), counted(room, heaps, MINUTES)
    room.at("record").click()
    until_finished(room)

    assert after["canvases"] == before["canvases"]
    assert after["images"] == before["images"]
    assert after["proxies"] - before["proxies"] < 10
    assert after["memories"] == before["memories"], "Python's memory"
    assert len(used) == len(used_later) > 2, "page, engine and disk"
    for now, then in zip(used_later, used, strict=True):
        assert now < then * 1.01 + 300_000
    assert duration_s(saved(room)) == pytest.approx(MINUTES * 60, rel=0.05)
