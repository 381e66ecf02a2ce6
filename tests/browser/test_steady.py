"""The frame loop: nothing queues, and no frame makes anything that stays."""

from __future__ import annotations

import pytest

from .conftest import OpenRoom
from .room import Room
from .spies import FAST_VISIT, Counts, Heaps, assert_nothing_stays, count, start_fast

OPEN_GATE = "() => { const [go] = spied.gate; spied.gate = null; go(); }"
SHOWN = "() => [video.getVideoPlaybackQuality().totalVideoFrames, spied.offers, spied.frames]"
PLUG = """(charging) => {
  spied.battery.charging = charging;
  spied.battery.dispatchEvent(new Event("chargingchange"));
}"""


@pytest.fixture(scope="module")
def fast(shared_room: OpenRoom) -> Room:
    """A visit with a small model, and a camera and an engine that are as fast as can be."""
    return start_fast(shared_room(init=FAST_VISIT))


@pytest.fixture(scope="module")
def counts(fast: Room) -> dict[int, Counts]:
    """What there is after 100 and 250 frames; tests/endurance looks after thousands."""
    heaps = Heaps(fast)
    return {frames: count(fast, heaps, frames) for frames in (100, 250)}


def test_frames_make_nothing_that_stays(counts: dict[int, Counts]) -> None:
    before, after = counts[100], counts[250]
    assert after.page["frames"] - before.page["frames"] >= 100
    assert_nothing_stays(before, after)


def test_at_most_one_frame_is_with_the_engine(counts: dict[int, Counts]) -> None:
    assert [each.page["mostWaiting"] for each in counts.values()] == [1, 1]


def shut(room: Room) -> None:
    """Keep the engine from answering, while frames are offered.

    After one that took long, as any may on a busy machine, none is until the next is answered.
    """
    for _ in range(40):
        room.page.evaluate("() => { spied.gate = []; }")
        room.page.wait_for_function("() => spied.gate.length === 1")
        offers = room.page.evaluate("() => spied.offers")
        room.ticks(20)
        if room.page.evaluate("() => spied.offers") > offers + 1:
            return
        frames = room.snapshot()["frames"]
        room.page.evaluate(OPEN_GATE)
        room.until(f"now.frames > {frames} + 3")
    raise AssertionError("nothing is offered while the engine works")


def test_frames_do_not_queue_while_the_engine_takes_its_time(fast: Room) -> None:
    fast.until("now.frames > 0")
    shut(fast)
    before, shown = fast.snapshot(), fast.page.evaluate(SHOWN)

    fast.page.wait_for_function(
        f"([frames, offers]) => ({SHOWN})()[0] > frames + 20 && spied.offers > offers + 200",
        arg=shown[:2],
    )

    assert fast.snapshot()["frames"] == before["frames"]
    assert fast.page.evaluate("() => spied.gate.length") == 1
    assert fast.page.evaluate(SHOWN)[2] == shown[2], "and none was captured to wait"
    fast.page.evaluate(OPEN_GATE)
    fast.until(f"now.frames > {before['frames']} + 10")


def test_a_slow_engine_is_offered_nothing_while_it_works_and_misses_nothing(fast: Room) -> None:
    fast.page.evaluate("() => { spied.delay = 100; }")
    before = fast.until(f"now.frames > {fast.snapshot()['frames']} + 3")["frames"]
    offers = fast.page.evaluate("() => spied.offers")

    fast.until(f"now.frames > {before} + 10")
    assert fast.page.evaluate("() => spied.offers") - offers < 5, "it looks for itself"

    # No new frame: nothing to analyse, until there is.
    fast.page.evaluate("() => { spied.still = true; }")
    fast.ticks(30)
    fast.page.wait_for_function("() => spied.posts === spied.answers")
    posts = fast.page.evaluate("() => spied.posts")
    fast.ticks(30)
    assert fast.page.evaluate("() => spied.posts") == posts
    fast.page.evaluate("() => { spied.still = false; spied.delay = 0; }")
    fast.page.wait_for_function("(posts) => spied.posts > posts + 10", arg=posts)


def test_a_hidden_tab_analyses_nothing_and_a_shown_one_goes_on(fast: Room) -> None:
    fast.until("now.frames > 0")
    fast.page.evaluate("() => { spied.hidden = true; }")
    fast.page.wait_for_function("() => spied.posts === spied.answers")
    offers, posts = fast.page.evaluate("() => [spied.offers, spied.posts]")

    fast.page.wait_for_function("(offers) => spied.offers > offers + 50", arg=offers)

    assert fast.page.evaluate("() => spied.posts") == posts
    before = fast.snapshot()["frames"]
    fast.page.evaluate("() => { spied.hidden = false; }")
    fast.until(f"now.frames > {before} + 10")


def test_on_battery_the_rate_is_held_down_said_so_and_can_be_let_go(fast: Room) -> None:
    fast.until("!Object.keys(now.held).length")

    fast.page.evaluate(PLUG, False)
    now = fast.until("now.held.battery && now.fps <= 15.5")
    assert now["held"] == {"battery": 15}
    fast.until_text("meter-text", "saving power")
    fast.at("meter-line").click()
    fast.until_text("meter-list", "to 15 .+ battery")
    fast.at("meter-line").click()

    fast.at("pace").uncheck()
    fast.until("!Object.keys(now.held).length")
    fast.at("pace").check()
    fast.until("now.held.battery === 15")

    fast.page.evaluate(PLUG, True)
    fast.until("!Object.keys(now.held).length")
