"""Thorough analysis: every frame of a video file, results that are kept, and marks."""

from __future__ import annotations

from typing import Any

import pytest

from .analysed import NOTHING_STORED, STORED, analyse, give, given, stored, until_done
from .clips import RATE, SPY, clip
from .conftest import OpenRoom
from .room import Room

PEOPLE = frozenset({*range(6, 12), *range(24, 28)})
"""Frames in which the person is."""
UNEVEN = tuple(index / 10 + (index % 3) * 0.017 for index in range(30))

OPEN_FRAMES = """
globalThis.decoded = { made: 0, open: 0, most: 0 };
{
  const ours = new WeakSet();
  globalThis.VideoDecoder = class extends VideoDecoder {
    constructor({ output, ...rest }) {
      super({
        ...rest,
        output(frame) {
          ours.add(frame);
          decoded.made += 1;
          decoded.most = Math.max(decoded.most, ++decoded.open);
          output(frame);
        },
      });
    }
  };
  const { close } = VideoFrame.prototype;
  VideoFrame.prototype.close = function () {
    if (ours.delete(this)) decoded.open -= 1;
    close.call(this);
  };
}
"""
"""A script that counts the frames that decoders make, and those that are not closed."""


UNSPECIFIED = """
for (const name of ["primaries", "transfer", "matrix"]) {
  const how = { get: () => "unspecified", configurable: true };
  Object.defineProperty(VideoColorSpace.prototype, name, how);
}
"""
"""A script: colours are named as WebKitGTK names those of a file that names none."""


def boxes(room: Room) -> list[list[float]]:
    return [row["box"] for row in room.snapshot()["detections"]]


def press_soon(room: Room, button: str) -> None:
    """Press a button once a few frames are analysed: in the page, since all may be until a test
    hears of it."""
    room.page.wait_for_function(
        """(button) => {
          if (!(obscura.snapshot().analysed?.frames > 2)) return false;
          document.getElementById(button).click();
          return true;
        }""",
        arg=button,
    )


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    room = new_room(init=SPY).open()
    room.until_state("ready")
    return room


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        pytest.param({}, "mp4", id="MP4"),
        pytest.param({"container": "webm"}, "webm", id="WebM"),
        pytest.param({"times": UNEVEN}, "mp4", id="at uneven times"),
        pytest.param({"turned": 90}, "mp4", id="turned by a quarter"),
        pytest.param({"container": "webm", "sound_s": 5.0}, "webm", id="with sound that is longer"),
        pytest.param({"container": "webm-live"}, "webm", id="without a duration"),
    ],
)
def test_every_frame_is_analysed_once_and_in_order(
    room: Room, how: dict[str, Any], kind: str
) -> None:
    give(room, clip(30, people=PEOPLE, **how), f"numbered.{kind}", f"video/{kind}")

    if "turned" in how:
        room.page.evaluate("() => { globalThis.edge = 'right'; }")

    analyse(room)

    assert given(room, 30) == list(range(30))
    assert room.snapshot()["analysed"] == {"frames": 30, "total": 30, "done": True, "paused": False}
    assert room.at("analyse-text").inner_text() == "All 30 frames analysed"
    assert room.at("analyse-said").inner_text() == ""
    assert room.at("video-time").is_visible()
    assert float(room.at("video-time").get_attribute("max") or 0) >= 2.9
    records = stored(room)
    assert [record["frame"] for record in records] == list(range(30))
    times = how.get("times", [index / RATE for index in range(30)])
    assert [record["time_s"] for record in records] == pytest.approx([*times], abs=0.001)
    assert {(record["width"], record["height"]) for record in records} == {
        (240, 320) if "turned" in how else (320, 240)
    }
    people = {
        record["frame"]
        for record in records
        if any(row["label"] == "person" and row["score"] > 0.5 for row in record["detections"])
    }
    if "turned" not in how:
        assert people == PEOPLE


def test_what_was_found_is_shown_without_the_model_and_after_a_reload(room: Room) -> None:
    data = clip(30, people=PEOPLE)
    give(room, data)
    analyse(room)
    room.page.evaluate("() => { given.length = 0; }")

    room.at("video-time").fill("0.35")  # else boxes may be those of the frame before
    room.until("now.state === 'paused' && now.detections.length === 0")
    room.at("video-time").fill("0.85")
    room.until("now.state === 'paused' && now.detections.length > 0")
    shown = boxes(room)
    room.at("video-time").fill("0.35")
    room.until("now.state === 'paused' && now.detections.length === 0")
    before = stored(room)

    room.reload()
    room.until_state("ready")
    give(room, data)
    room.until("now.analysed?.done")
    room.page.evaluate("() => { given.length = 0; }")
    room.at("video-time").fill("0.35")
    room.until("now.state === 'paused' && now.detections.length === 0")
    room.at("video-time").fill("0.85")
    room.until("now.state === 'paused' && now.detections.length > 0")

    assert boxes(room) == shown
    room.move("threshold", 0.11)
    room.until(f"now.detections.length > {len(shown)}")
    assert stored(room) == before
    assert room.page.evaluate("() => given") == []
    row = before[8]["detections"][0]
    assert [row[edge] for edge in ("x1", "y1", "x2", "y2")] == pytest.approx(shown[0], abs=0.01)


def test_without_webcodecs_a_player_goes_from_frame_to_frame(new_room: OpenRoom) -> None:
    room = new_room(init=f"delete globalThis.VideoDecoder; {SPY}").open()
    room.until_state("ready")
    give(room, clip(12, times=UNEVEN[:12]))

    analyse(room)

    assert given(room, 12) == list(range(12))
    assert [record["time_s"] for record in stored(room)] == pytest.approx([*UNEVEN[:12]], abs=0.001)
    assert room.at("analyse-said").inner_text() == ""


def test_a_browser_that_calls_colours_unspecified_decodes_every_frame(new_room: OpenRoom) -> None:
    room = new_room(init=UNSPECIFIED + SPY).open()
    room.until_state("ready")
    give(room, clip(12))

    analyse(room)

    assert given(room, 12) == list(range(12))
    assert room.at("analyse-said").inner_text() == ""


def test_where_nothing_says_when_frames_begin_the_words_say_that_some_may_be_missing(
    new_room: OpenRoom,
) -> None:
    room = new_room(init=SPY)
    library = "export const open = async () => null;"
    room.page.route(
        "**/assets/media.*.js",
        lambda route: route.fulfill(content_type="text/javascript", body=library),
    )
    room.open()
    room.until_state("ready")
    give(room, clip(6))

    analyse(room)

    assert given(room, 6) == list(range(6))
    assert "may be missing" in room.at("analyse-said").inner_text()


def test_frames_are_closed_as_soon_as_they_are_analysed(new_room: OpenRoom) -> None:
    room = new_room(init=OPEN_FRAMES + SPY).open()
    room.until_state("ready")
    give(room, clip(100))

    analyse(room)

    frames = room.page.evaluate("() => decoded")
    assert frames["made"] >= 100
    assert frames["most"] < 60, "mediabunny has 40 decoded ahead, and no more"
    assert frames["open"] == 0


def test_the_largest_pictures(new_room: OpenRoom) -> None:
    room = new_room(init=OPEN_FRAMES + SPY).open()
    room.until_state("ready")
    give(room, clip(12, people=PEOPLE, size=(3840, 2160)))

    analyse(room)

    assert given(room, 12) == list(range(12))
    records = stored(room)
    assert {(record["width"], record["height"]) for record in records} == {(3840, 2160)}
    assert {
        record["frame"]
        for record in records
        if any(row["label"] == "person" and row["score"] > 0.5 for row in record["detections"])
    } == set(range(6, 12))
    assert room.page.evaluate("() => decoded.open") == 0


def test_another_file_of_the_same_name_has_no_results(room: Room) -> None:
    give(room, clip(12))
    analyse(room)

    give(room, clip(13))

    room.page.wait_for_selector("#analyse-all:not([hidden])")
    assert room.snapshot()["analysed"] is None


def test_it_pauses_and_goes_on_with_the_next_frame(room: Room) -> None:
    give(room, clip(24))
    room.at("analyse-all").click()

    press_soon(room, "analyse-pause")
    paused = room.until("now.analysed?.paused")["analysed"]
    assert 2 < paused["frames"] < 24
    assert room.at("analyse-pause").inner_text() == "Continue"
    room.at("analyse-pause").click()
    until_done(room)

    assert [record["frame"] for record in stored(room)] == list(range(24))
    assert given(room, 24) == list(range(24))


def test_a_reload_in_the_middle_goes_on_where_it_was(room: Room) -> None:
    data = clip(24)
    give(room, data)
    room.at("analyse-all").click()
    press_soon(room, "analyse-pause")
    paused = room.until("now.analysed?.paused")["analysed"]

    room.reload()
    room.until_state("ready")
    give(room, data)
    again = room.until("now.analysed?.paused")["analysed"]
    room.at("analyse-pause").click()
    until_done(room)

    assert again["frames"] == paused["frames"]
    records = stored(room)
    assert [record["frame"] for record in records] == list(range(24))
    tracks = {row["track_id"] for record in records for row in record["detections"][:1]}
    assert len(tracks) == 1, "the person, who stands there all the time, has one number"


def test_what_is_cancelled_is_deleted_unless_that_is_undone(room: Room) -> None:
    give(room, clip(24))
    room.at("analyse-all").click()

    press_soon(room, "analyse-cancel")
    room.until("now.analysed === null")
    room.until_text("analyse-said", "Cancelled")
    room.at("analyse-pause").click()
    assert room.until("now.analysed?.paused")["analysed"]["frames"] > 2
    room.until_async(f"async () => (await ({STORED})()).length > 0")
    room.at("analyse-cancel").click()
    room.stop()

    room.until_async(NOTHING_STORED)


def test_what_was_deleted_stays_so_if_the_page_is_closed(room: Room) -> None:
    give(room, clip(12))
    analyse(room)
    assert stored(room)
    room.at("analyse-cancel").click()
    room.until_text("analyse-said", "Deleted")

    room.reload()
    room.until_state("ready")

    room.until_async(NOTHING_STORED)


def test_marks_lead_to_where_something_was_found(room: Room) -> None:
    give(room, clip(30, people=PEOPLE))
    room.move("threshold", 0.5)  # her elbow is a ball otherwise
    analyse(room)
    marks = room.at("video-marks").locator("button")
    time = "document.getElementById('video').currentTime"

    assert marks.count() == 2
    assert marks.first.get_attribute("aria-label") == "person: 0:00 to 0:01"
    marks.last.click()
    room.page.wait_for_function(f"() => Math.abs({time} - 2.4) < 0.01")
    room.until("now.state === 'paused' && now.detections.length > 0")
    assert room.page.evaluate(f"() => {time}") == pytest.approx(2.4, abs=0.01)
    room.page.evaluate("() => document.activeElement.blur()")
    room.page.keyboard.press("[")
    room.page.wait_for_function(f"() => Math.abs({time} - 0.6) < 0.01")
    room.page.keyboard.press("]")
    room.page.wait_for_function(f"() => Math.abs({time} - 2.4) < 0.01")
    assert room.at("mark-class").locator("option").all_inner_texts() == ["Everything", "person"]
    marks.last.focus()
    room.page.keyboard.press("ArrowLeft")
    room.page.keyboard.press("Enter")
    room.page.wait_for_function(f"() => Math.abs({time} - 0.6) < 0.01")


@pytest.mark.parametrize(
    ("container", "lasts"),
    [("webm", "0:06"), ("mp4-fast", "0:06"), ("mp4-pieces", "0:04")],  # what the part there says
)
def test_of_a_video_that_breaks_off_all_before_that_is_kept(
    room: Room, container: str, lasts: str
) -> None:
    whole, kind = clip(60, container=container), container[:4].strip("-")
    give(room, whole[: len(whole) // 2], f"broken.{kind}", f"video/{kind}")

    analyse(room)

    room.until_text("analyse-said", rf"damaged after 0:0\d of {lasts}")
    numbers = [record["frame"] for record in stored(room)]
    assert 10 < len(numbers) < 50
    assert numbers == list(range(len(numbers)))
