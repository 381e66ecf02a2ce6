"""The live camera: found where they are, mirrored with care, paused, stopped, given back."""

from __future__ import annotations

import pytest

from .conftest import OpenRoom
from .pictures import CLIP_SIZE, encode, on_camera, overlap, sample
from .room import COUNT_RUNS, Room

SPY = """
globalThis.spied = { asked: 0, answered: 0, tracks: [], letters: [], ticksInRuns: 0, runs: 0 };
if (navigator.mediaDevices) {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    spied.asked += 1;
    const stream = await ask(wishes).finally(() => { spied.answered += 1; });
    spied.tracks.push(...stream.getTracks());
    return stream;
  };
}
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (...args) {
  const { a, b, d } = this.getTransform();
  spied.letters.push({ text: args[0], x: args[1], a, b, d });
  return fillText.apply(this, args);
};
let running = false;
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    // Before the page's own listener, which may send the next frame at once.
    this.addEventListener("message", () => { running = false; });
  }
  postMessage(message, ...rest) {
    if (message.call === "run") {
      running = true;
      spied.runs += 1;
    }
    super.postMessage(message, ...rest);
  }
};
const tick = () => { spied.ticksInRuns += running; requestAnimationFrame(tick); };
requestAnimationFrame(tick);
"""

_, PLACE = on_camera()


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """One visit for this file, with spies on the camera, the canvas and the worker."""
    room = shared_room(init=COUNT_RUNS + SPY).open()
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The start page, ready."""
    visit.home()
    return visit


def test_a_person_before_the_camera_is_boxed_where_she_is(room: Room) -> None:
    now = room.start()

    now = room.until("now.detections.length > 0")
    assert now["detections"][0]["label"] == "person"
    assert overlap(now["detections"][0]["box"], PLACE) >= 0.5
    room.until_text("seen", "person")  # a list of something else changes only now and then
    assert room.at("seen").inner_text().split() == ["person", "1"]
    assert room.at("seen-title").inner_text() == "Seen now"
    assert room.page.evaluate("() => [video.videoWidth, video.videoHeight]") == list(CLIP_SIZE)


def test_the_mirrored_preview_keeps_boxes_in_source_pixels_and_letters_readable(room: Room) -> None:
    room.at("mirror").check()
    room.start()
    room.until("now.detections.length > 0")

    mirrored = room.page.evaluate("() => getComputedStyle(video).transform")
    straight = room.page.evaluate(
        """() => {
          const all = [];
          for (let each = overlay; each; each = each.parentElement) {
            all.push(getComputedStyle(each).transform);
          }
          return all.every((transform) => transform === "none");
        }"""
    )
    letters = room.page.evaluate("() => spied.letters.at(-1)")
    box = room.snapshot()["detections"][0]["box"]

    assert mirrored == "matrix(-1, 0, 0, 1, 0, 0)"
    assert straight, "only the video is mirrored, not what is drawn above it"
    assert letters["a"] > 0
    assert letters["d"] > 0
    assert letters["b"] == 0
    assert letters["text"].startswith("person ")
    # The person stands left of the middle; her box says so although the preview shows her right.
    assert overlap(box, PLACE) >= 0.5


def test_the_box_is_drawn_over_the_person_mirrored_or_not(room: Room) -> None:
    room.at("mirror").check()
    room.start()
    room.until("now.detections.length > 0")
    room.page.keyboard.press("k")
    room.until_state("paused")
    drawn = """() => {
      const { width, height } = overlay;
      const row = overlay.getContext("2d").getImageData(0, Math.round(height / 2), width, 1).data;
      const inked = [...Array(width).keys()].filter((x) => row[4 * x + 3] > 128);
      return [inked[0] / width, inked.at(-1) / width];
    }"""

    left_mirrored, right_mirrored = room.page.evaluate(drawn)
    room.at("mirror").uncheck()
    left, right = room.page.evaluate(drawn)

    width, height, shown_width, shown_height = room.page.evaluate(
        "() => [video.videoWidth, video.videoHeight, video.clientWidth, video.clientHeight]"
    )
    scale = min(shown_width / width, shown_height / height)
    x1, _, x2, _ = room.snapshot()["detections"][0]["box"]
    edge = (shown_width - width * scale) / 2
    margin = 4 / shown_width
    assert left == pytest.approx((edge + x1 * scale) / shown_width, abs=margin)
    assert right == pytest.approx((edge + x2 * scale) / shown_width, abs=margin)
    assert left_mirrored == pytest.approx(1 - right, abs=margin)
    assert right_mirrored == pytest.approx(1 - left, abs=margin)


def test_stop_gives_the_camera_back(room: Room) -> None:
    room.start()
    assert room.page.evaluate("() => spied.tracks.at(-1).readyState") == "live"

    room.stop()

    assert room.page.evaluate("() => spied.tracks.at(-1).readyState") == "ended"
    assert room.page.evaluate("() => video.srcObject") is None
    assert room.at("start-text").inner_text() == "Start camera"
    assert room.at("sample").is_visible()


def test_pause_freezes_the_picture_and_the_count_of_frames(room: Room) -> None:
    room.start()
    label = room.at("pause-text").inner_text()
    room.at("pause").click()
    room.until_state("paused")
    room.until_idle()  # a frame that was under way may still come in
    before = room.snapshot()["frames"]
    moment = room.page.evaluate("() => [video.paused, video.currentTime]")

    room.ticks(30)

    assert room.snapshot()["frames"] == before
    assert room.page.evaluate("() => [video.paused, video.currentTime]") == moment
    assert moment[0]
    assert room.at("pause-text").inner_text() not in ("", label)

    room.at("pause").click()
    now = room.until(f"now.state === 'running' && now.frames > {before}")
    assert now["state"] == "running"


def test_a_paused_picture_still_follows_the_threshold(room: Room) -> None:
    room.start()
    room.until("now.detections.length > 0")
    room.at("pause").click()
    room.until_state("paused")

    room.move("threshold", 0.95)
    assert room.until("now.detections.length === 0")["state"] == "paused"

    room.move("threshold", 0.5)
    assert room.until("now.detections.length > 0")["state"] == "paused"


def test_another_model_takes_over_while_the_camera_runs(room: Room) -> None:
    room.start()
    room.move("threshold", 0.3)

    room.at("model").select_option("centernet-416")
    now = room.until("now.model === 'centernet-416' && now.detections.length > 0")

    assert now["state"] == "running"
    assert now["detections"][0]["label"] == "person"
    assert overlap(now["detections"][0]["box"], PLACE) >= 0.5
    room.move("threshold", 0.5)
    room.at("model").select_option("cocossd")
    room.until("now.model === 'cocossd' && now.frames > 0 && now.detections.length > 0")


def test_models_chosen_in_a_hurry_end_with_the_last_one(room: Room) -> None:
    room.at("model").select_option("centernet-512")
    room.until("now.opening !== null")  # what is chosen is opened in a later turn
    for name in ("centernet-416", "cocossd", "centernet-512", "cocossd"):
        room.at("model").select_option(name)

    room.until_model("cocossd")
    assert room.labels() == ["person"]
    assert room.at("model").input_value() == "cocossd"


@pytest.mark.parametrize("cores", [1, 2])
def test_threads_are_used_where_the_page_is_isolated_and_has_the_cores(
    new_room: OpenRoom, cores: int
) -> None:
    room = new_room(cores=cores).open()
    assert room.until_state("ready")["threads"] == cores
    assert room.page.evaluate("() => crossOriginIsolated") is True

    room.start()
    room.at("meter-line").click()

    room.until_text("meter-list", "WebAssembly")
    assert ("2 threads" in room.at("meter-list").inner_text()) == (cores == 2)


def test_the_page_is_painted_while_a_frame_is_analysed(room: Room) -> None:
    room.start()
    room.page.evaluate("() => { spied.ticksInRuns = 0; spied.runs = 0; }")

    room.page.wait_for_function("() => spied.runs >= 5")

    assert room.page.evaluate("() => spied.ticksInRuns") > 0


def test_the_meter_tells_rate_stages_backend_and_threads(room: Room) -> None:
    room.start()
    now = room.until("now.frames > 2 && now.fps > 0 && Object.keys(now.timings).length === 4")
    assert list(now["timings"]) == ["capture", "inference", "decode", "draw"]
    assert all(ms > 0 for ms in now["timings"].values())

    room.at("meter-line").click()
    room.page.wait_for_function("() => document.querySelectorAll('#meter-list dt').length > 6")
    # At once: the list is made again twice a second, and has a row more while the rate is limited.
    meter = room.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("#meter-list dt")]
          .map((term) => [term.textContent, term.nextElementSibling.textContent]))"""
    )
    room.at("meter-line").click()

    for stage in ("Capture", "Inference", "Decode", "Draw"):
        assert meter[stage].endswith(" ms")
    assert "per second" in meter["Frames shown"]
    assert "per second" in meter["Frames analysed"]
    assert meter["Backend"].startswith("WebAssembly")
    assert "2 threads" in meter["Backend"]
    assert "MB" in meter["Script memory"]


@pytest.mark.parametrize("presses", ["a double click", "two clicks in one breath"])
def test_pressing_start_twice_quickly_stops(room: Room, presses: str) -> None:
    asked = room.page.evaluate("() => spied.asked")
    if presses == "a double click":
        room.at("start").dblclick()
    else:
        room.page.evaluate("() => { start.click(); start.click(); }")

    room.until_state("ready")
    # The camera is asked for in a later turn, and comes although it is not wanted any more.
    room.page.wait_for_function(
        "(before) => spied.asked > before && spied.answered === spied.asked", arg=asked
    )
    room.page.wait_for_function("() => spied.tracks.every((t) => t.readyState === 'ended')")
    assert room.page.evaluate("() => video.srcObject") is None
    room.start()  # and it works afterwards


def test_a_photo_taken_up_while_the_camera_runs_gives_the_camera_back(room: Room) -> None:
    room.start()

    now = room.read(encode(sample()), "meanwhile.png")

    assert now["detections"][0]["label"] == "person"
    assert room.page.evaluate("() => spied.tracks.every((t) => t.readyState === 'ended')")
    assert not room.at("video").is_visible()


def test_another_resolution_is_taken_on_by_the_camera_that_runs(room: Room) -> None:
    room.start()
    before = room.page.evaluate("() => spied.tracks.length")
    # The camera of these tests has one size, so what counts is what it is asked for.
    room.page.evaluate("""() => {
      const track = spied.tracks.at(-1);
      const apply = track.applyConstraints;
      track.applyConstraints = (size) => {
        spied.size = [size.width.ideal, size.height.ideal];
        return apply.call(track, size);
      };
    }""")

    room.at("resolution").select_option("640x480")
    room.page.wait_for_function("() => String(spied.size) === '640,480'")
    frames = room.until_live()["frames"]
    room.until(f"now.frames > {frames}")

    assert room.page.evaluate("() => spied.tracks.length") == before, "it was not opened again"
    assert room.page.evaluate("() => spied.tracks.at(-1).readyState") == "live"


def test_twenty_starts_and_stops_leave_no_camera_open(room: Room) -> None:
    before = room.page.evaluate("() => spied.tracks.length")

    for _ in range(20):
        room.at("start").click()
        room.until("now.state === 'running'")
        room.stop()

    tracks = room.page.evaluate("() => spied.tracks.map((t) => t.readyState)")[before:]
    assert tracks == ["ended"] * 20


@pytest.mark.parametrize("lacking", ["VideoFrame", "OffscreenCanvas"])
def test_a_browser_that_cannot_hand_frames_on_draws_them_itself(
    new_room: OpenRoom, lacking: str
) -> None:
    other = new_room(init=f"delete globalThis.{lacking};").open()
    other.until_state("ready")
    other.start()

    now = other.until("now.frames > 2 && now.detections.length")
    assert now["detections"][0]["label"] == "person"


def test_front_and_back_switch_is_there_with_two_cameras_only(
    room: Room, new_room: OpenRoom
) -> None:
    room.start()
    # Cameras are listed once one runs: any one, and the only one.
    room.page.wait_for_function("() => camera.options.length === 2")
    assert not room.at("flip").is_visible()

    other = new_room("two cameras", init=SPY).open()
    other.until_state("ready")
    other.start()
    other.page.wait_for_function("() => camera.options.length === 3")
    assert other.at("flip").is_visible()
    first = other.page.evaluate("() => spied.tracks.at(-1).getSettings().deviceId")
    options = [o.get_attribute("value") for o in other.at("camera").locator("option").all()]
    second = next(value for value in options if value not in ("", first))

    other.at("camera").select_option(second)
    other.page.wait_for_function(
        "(id) => spied.tracks.at(-1).getSettings().deviceId === id", arg=second
    )
    other.until_live()
    states = other.page.evaluate("() => spied.tracks.map((t) => t.readyState)")
    assert states.count("live") == 1

    count = other.page.evaluate("() => spied.tracks.length")
    other.at("flip").click()
    other.page.wait_for_function("(count) => spied.tracks.length > count", arg=count)
    other.until_live()
