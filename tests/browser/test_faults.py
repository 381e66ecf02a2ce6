"""What devices do to a page: each fault ends with a page that works."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from .conftest import OpenRoom
from .device import DEVICE, TRACKS, change_models, go_on, start_and_stop
from .faults import faulty
from .pictures import encode, sample
from .room import COUNT_ENGINES, SETTINGS, Room, another_tab
from .spies import NEVER_STABLE

NOTED = "() => Object.keys(localStorage).some((key) => key.startsWith('obscura.visit '))"
KEPT = {"model": "centernet-416", "backend": "auto"}


@pytest.fixture
def visit(new_room: OpenRoom) -> Room:
    """A browser in which somebody has chosen a model."""
    room = new_room("tabs").leave()
    room.page.evaluate(
        "([name, kept]) => localStorage.setItem(name, kept)", [SETTINGS, json.dumps(KEPT)]
    )
    return room


def die(page: Page) -> None:
    """Have the tab's process end, as when its memory is used up."""
    with page.expect_event("crash"), suppress(PlaywrightError):
        page.goto("chrome://crash")


BROKEN_OFF = """() => {
  const note = "obscura.visit of a page that is gone";
  localStorage.setItem(note, "");
  sessionStorage.setItem("obscura.here", note);
}"""
"""What a visit leaves in its tab when it crashes."""


def crash_and_load_again(room: Room) -> None:
    """Load the page again in a tab whose last visit crashed: Playwright gives up crashed tabs."""
    room.page.evaluate(BROKEN_OFF)
    room.reload()


def test_after_two_visits_that_died_the_next_is_careful_and_the_one_after_as_usual(
    visit: Room, artefacts
) -> None:
    room = another_tab(visit)
    room.page.add_init_script(NEVER_STABLE)
    room.open()
    for deaths in (1, 2):
        room.page.wait_for_function(NOTED)
        crash_and_load_again(room)
        room.until_async(f"async () => (await obscuraOffline.crashes) === {deaths}")

    now = room.until_state("ready")
    assert (now["model"], now["backend"], now["threads"]) == (KEPT["model"], "wasm", 1)
    assert "last two" in room.at("careful").inner_text()
    for width in (1280, 360):
        room.page.set_viewport_size({"width": width, "height": 760})
        room.page.keyboard.press("Escape")  # what covers the picture on a phone
        room.page.screenshot(path=artefacts / f"careful-{width}.png")

    crash_and_load_again(room)
    now = room.until_state("ready")
    assert now["model"] == "centernet-320", "the chosen one was too much"
    assert "smallest model" in room.at("careful").inner_text()
    kept = room.page.evaluate(f"() => JSON.parse(localStorage.getItem('{SETTINGS}'))")
    assert kept["model"] == KEPT["model"], "what was chosen stays chosen"
    with room.page.expect_navigation():
        room.at("careful-end").click()
    now = room.until_state("ready")
    assert now["model"] == KEPT["model"]
    assert not room.at("careful").is_visible()


@pytest.mark.provokes("the page crashed")
def test_a_browser_that_was_ended_twice_within_seconds_has_not_crashed(visit: Room) -> None:
    """Its tabs are gone with it, and nothing was written: a new tab finds the note alone."""
    for _ in range(3):
        room = another_tab(visit).open()
        room.page.wait_for_function(NOTED)
        assert room.page.evaluate("() => obscuraOffline.crashes") == 0
        die(room.page)

    assert another_tab(visit).open().page.evaluate("() => obscuraOffline.crashes") == 0


@pytest.mark.provokes("the page crashed")
def test_visits_that_are_left_or_stand_or_run_at_once_did_not_die(visit: Room) -> None:
    room = another_tab(visit).open()
    for _ in range(3):  # loaded again in a hurry
        room.page.wait_for_function(NOTED)
        room.reload()
    beside = another_tab(visit).open()
    assert beside.page.evaluate("() => obscuraOffline.crashes") == 0
    # Nor does one that dies after it has been up for a while; what came before it is forgotten.
    beside.page.evaluate("() => localStorage.setItem('obscura.died', 1)")
    room.leave()
    beside.until_state("ready")
    beside.page.wait_for_function(f"() => !({NOTED})()")
    die(beside.page)
    assert another_tab(visit).open().page.evaluate("() => obscuraOffline.crashes") == 0


def test_nonsense_in_place_of_the_count_is_no_matter(visit: Room) -> None:
    visit.page.evaluate("() => localStorage.setItem('obscura.died', 'x')")
    assert another_tab(visit).open().page.evaluate("() => obscuraOffline.crashes") == 0


# ---- while a picture is live ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def live_visit(shared_room: OpenRoom) -> Room:
    """A visit on that device."""
    room = shared_room("tabs", init=DEVICE + COUNT_ENGINES, cores=2).open("?backend=wasm")
    room.until_state("ready")
    return room


@pytest.fixture
def live(live_visit: Room) -> Iterator[Room]:
    """That visit with its camera running."""
    live_visit.home()
    live_visit.start()
    yield live_visit
    live_visit.page.unroute_all()


def test_a_camera_that_is_lent_elsewhere_is_told_and_goes_on_when_it_is_back(live: Room) -> None:
    mute = """(muted) => {
      const [track] = video.srcObject.getVideoTracks();
      Object.defineProperty(track, "muted", { get: () => muted, configurable: true });
      track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
    }"""
    live.page.evaluate(mute, True)
    live.until_text("caption", "no picture")
    assert live.snapshot()["state"] == "running"

    live.page.evaluate(mute, False)
    live.page.wait_for_function("() => caption.hidden")
    go_on(live)


def test_a_permission_that_is_taken_back_ends_in_a_card_and_start_asks_again(live: Room) -> None:
    # What browsers do then is to end the track.
    live.page.evaluate("""() => {
      const track = device.tracks.at(-1);
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }""")
    live.until_error("camera-lost")
    live.at("notice-action").click()
    live.until_live()


def test_a_clock_that_jumps_is_no_matter(live: Room) -> None:
    for days in (400, -400, 0):
        live.page.evaluate("(days) => { device.days = days; }", days)
        assert go_on(live)["fps"] < 60


def test_a_tab_that_was_out_of_sight_for_ten_minutes_goes_on(live: Room) -> None:
    """And frozen, as browsers do with such tabs: no task of its own ran, all clocks did."""
    show = """(hidden) => {
      device.hidden = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    browser = live.page.context.new_cdp_session(live.page)
    go_on(live)
    live.page.evaluate(show, True)
    browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    live.page.evaluate("() => { device.away += 600_000; }")
    browser.send("Page.setWebLifecycleState", {"state": "active"})
    before = live.snapshot()["frames"]
    live.page.evaluate(show, False)

    assert go_on(live)["backend"] == "wasm"
    assert live.snapshot()["frames"] - before < 60, "what was missed meanwhile is not made up for"
    assert live.page.evaluate("() => device.engines.length") == 1, "its engine was not given up"


def test_a_device_that_is_turned_and_a_window_that_is_resized_during_a_frame(live: Room) -> None:
    # The run under way began with the former size.
    turn = """(size) => new Promise((turned) => {
      const engine = device.engines.at(-1);
      const post = engine.postMessage;
      engine.postMessage = function (...message) {
        post.apply(this, message);
        engine.postMessage = post;
        device.size = size;
        turned();
      };
    })"""
    for width, height, window in (
        (640, 360, (740, 360)),
        (360, 640, (360, 740)),
        (512, 512, (1280, 720)),
    ):
        live.page.evaluate(turn, [width, height])
        live.page.set_viewport_size({"width": window[0], "height": window[1]})
        live.page.wait_for_function(
            "([w, h]) => video.videoWidth === w && video.videoHeight === h", arg=[width, height]
        )
        x1, y1, x2, y2 = go_on(live)["detections"][0]["box"]
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
        assert (y2 - y1) / height > 0.8, "she fills the picture's height"
        # Both at once: the view of a small screen takes on another size little by little.
        shown, overlay = live.page.evaluate(
            """() => [view, overlay].map((each) => {
              const { width, height } = each.getBoundingClientRect();
              return [width, height];
            })"""
        )
        assert shown == pytest.approx(overlay, abs=1)


def test_twenty_starts_and_stops_leave_nothing_open(live: Room) -> None:
    live.stop()

    start_and_stop(live, 20)

    assert live.page.evaluate(TRACKS) == ["ended"] * 20
    assert live.page.evaluate("() => device.engines.length") == 1
    live.start()
    go_on(live)


def test_a_worker_that_is_gone_without_a_word_is_replaced(live: Room) -> None:
    engines = live.page.evaluate("() => device.engines.length")
    live.page.evaluate("() => device.kill.call(device.engines.at(-1))")
    # So long that the slowest frame so far, however busy this machine is, is no measure any more;
    # and more than once, for the frame that is not answered may be the next.
    live.page.wait_for_function(
        """(former) => {
          if (device.engines.length === former) device.pass(300);
          return device.engines.length > former;
        }""",
        arg=engines,
        polling=500,
    )
    go_on(live)
    live.at("meter-line").click()
    live.until_text("meter-list", r"no answer for \d+ seconds")
    live.at("meter-line").click()


PAINTED = """(canvases) => canvases.every((name) => {
  const { width, height } = globalThis[name];
  const { data } = globalThis[name].getContext("2d").getImageData(0, 0, width, height);
  return data.some((value, index) => index % 4 < 3 && value > 0);
})"""


def test_a_lost_graphics_process_takes_no_picture_with_it(live: Room) -> None:
    browser = live.page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()

    def end_it(*canvases: str) -> None:
        told = session.send("SystemInfo.getProcessInfo")["processInfo"]
        (process,) = (each["id"] for each in told if each["type"] == "GPU")
        live.page.evaluate(
            """(canvases) => {
          globalThis.restored = 0;
          for (const name of canvases) {
            globalThis[name].addEventListener("contextrestored", () => restored++, { once: true });
          }
        }""",
            canvases,
        )
        os.kill(process, signal.SIGTERM)
        live.page.wait_for_function("(count) => restored === count", arg=len(canvases))

    end_it("overlay")
    go_on(live)
    live.page.wait_for_function(PAINTED, arg=["overlay"])
    # Engines prove themselves on the sample picture, and it is still there.
    live.stop()
    live.use_others("centernet-512")
    live.choose("centernet-512")

    live.read(encode(sample()), "kept.png")
    end_it("overlay", "picture")
    live.page.wait_for_function(PAINTED, arg=["overlay", "picture"])
    live.use_others("centernet-512")
    assert live.until_state("still")["detections"][0]["label"] == "person"


def test_changes_of_the_model_leave_two_engines_at_most(live: Room) -> None:
    live.stop()

    change_models(live, 6)

    assert live.page.evaluate("() => mostEngines") == 2
    live.start()
    go_on(live)


def test_memory_that_does_not_suffice_ends_in_a_card(live: Room) -> None:
    live.stop()
    live.use_others("centernet-512")
    live.before_engine(faulty({"pages": 16}))  # less than the runtime takes for the first model
    live.at("model").select_option("centernet-512")
    live.until_error("out-of-memory")
    live.page.unroute_all()
    live.at("notice-action").click()
    live.until_model("centernet-320")
    live.start()
    go_on(live)


def test_two_tabs_at_once_both_detect(live: Room) -> None:
    beside = another_tab(live).open("?backend=wasm")
    beside.until_state("ready")
    beside.start()
    go_on(beside)
    live.page.bring_to_front()
    go_on(live)
    beside.page.close()
    go_on(live)
