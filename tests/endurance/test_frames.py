"""Thousands of frames: nothing is made that stays, and every heap stays flat."""

from __future__ import annotations

import pytest

from ..browser.conftest import OpenRoom
from ..browser.spies import FAST_VISIT, Counts, Heaps, assert_nothing_stays, count, start_fast


@pytest.fixture(scope="module")
def counts(shared_room: OpenRoom) -> dict[int, Counts]:
    """What there is after 100, 600 and 2100 frames."""
    room = start_fast(shared_room("long", init=FAST_VISIT))
    heaps = Heaps(room)
    return {frames: count(room, heaps, frames) for frames in (100, 600, 2100)}


def test_five_hundred_frames_make_nothing_that_stays(counts: dict[int, Counts]) -> None:
    before, after = counts[100], counts[600]
    assert after.page["frames"] - before.page["frames"] >= 450
    assert_nothing_stays(before, after)


def test_at_most_one_frame_is_with_the_engine(counts: dict[int, Counts]) -> None:
    assert [each.page["mostWaiting"] for each in counts.values()] == [1, 1, 1]


def test_two_thousand_frames_leave_every_heap_flat(counts: dict[int, Counts]) -> None:
    before, after = counts[100], counts[2100]

    # Wasm: not a byte, once the first frames are through.
    assert len(after.page["memories"]) == len(after.worker["memories"]) == 1
    assert after.page["memories"] == before.page["memories"]
    assert after.worker["memories"] == before.worker["memories"]
    # JavaScript: the page's heap holds some caches that fill up, and code compiled meanwhile.
    assert len(after.heaps) == len(before.heaps) > 1
    for now, then in zip(after.heaps, before.heaps, strict=True):
        assert now < then * 1.01 + 300_000
