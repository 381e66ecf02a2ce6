"""Whole videos, made of a file that was analysed: every frame, each with its own boxes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av
import pytest
from playwright.sync_api import Route

from .conftest import OpenRoom
from .numbered import GREEN, HEIGHT, SIZE, TOP, WIDTH, clip, duration_s, place, shown, sounds
from .room import Room
from .test_record import NO_H264, check, until_finished

UNEVEN = [0, 33, 67, 100, 250, 290, 300, 333, 480, 500, 700, 733, 767, 800, 1000, 1033, 1500, 1533]
ANALYSED = """
_made = Assembly._make_app


def _with_results(self):
    app = _made(self)

    def give():
        import json
        from obscura.page.live.results import Head, Results

        class Store:
            async def read(self, *prefix):
                return []

            async def write(self, records):
                pass

        kept = Results(Store(), "clip", Head("numbered.webm", "", RED_GREEN_BLUE, 0.0))
        for record in json.loads(RECORDS):
            kept.add(record)
        kept.head.complete = True
        app.features._context.results = kept
        return {}

    publish("analysed", give)
    return app


Assembly._make_app = _with_results
run(main())
"""
"""In place of the page's last line: `obscura.analysed()` has the clip's results there."""


def records(times_ms: list[int], track: int | None = None) -> list[dict[str, Any]]:
    """Return what is found in the clip: its rectangle in each frame.

    Args:
        track: the number that it has, if it is followed.
    """
    made = []
    for number, time_ms in enumerate(times_ms):
        left, right = place(number)
        box = {"x1": left, "y1": TOP, "x2": right, "y2": TOP + HEIGHT}
        row = {"label": "green", "class_id": GREEN, "score": 0.9, **box}
        if track is not None:
            row["track_id"] = track
        frame = {"frame": number, "time_s": time_ms / 1000, "width": SIZE[0], "height": SIZE[1]}
        made.append({**frame, "detections": [row]})
    return made


def opened(
    new_room: OpenRoom,
    times_ms: list[int],
    data: bytes,
    *,
    init: str = "",
    query: str = "",
    track: int | None = None,
) -> Room:
    """Return a visit in which a clip plays and is analysed."""
    room = new_room(cold=True, accept_downloads=True, init=init)
    known = ANALYSED.replace("RECORDS", repr(json.dumps(records(times_ms, track))))
    known = known.replace("RED_GREEN_BLUE", "['red', 'green', 'blue']")

    def answer(route: Route) -> None:
        response = route.fetch()
        changed = re.sub(r"\nrun\(main\(\)\)\s*$", lambda _: known, response.text())
        assert changed != response.text()
        route.fulfill(response=response, body=changed)

    room.page.route(re.compile(r"/py/main[^/]*\.py"), lambda route: answer(route))
    room.open(query).until_state("ready")
    room.give(data, "numbered.webm", "video/webm")
    room.until_live()
    room.page.wait_for_selector("#analyse-row:not([hidden])")  # else what begins late forgets it
    room.page.evaluate("() => obscura.analysed()")
    room.page.wait_for_selector("#record-whole:visible")
    return room


def left(room: Room) -> Any:
    """Return the names of the files that are on the device."""
    return room.page.evaluate(
        """async () => {
          const root = await navigator.storage.getDirectory();
          const folder = await root.getDirectoryHandle("obscura-recordings");
          const names = [];
          for await (const name of folder.keys()) names.push(name);
          return names;
        }"""
    )


def saved(room: Room) -> bytes:
    until_finished(room)
    with room.page.expect_download() as download:
        room.at("record-save").click()
    return Path(download.value.path()).read_bytes()


SLOW = """
if (globalThis.VideoEncoder) {
  const encode = VideoEncoder.prototype.encode;
  VideoEncoder.prototype.encode = function (...values) {
    const until = performance.now() + 120;
    while (performance.now() < until);
    return encode.apply(this, values);
  };
}
"""


BOTH = pytest.mark.parametrize(
    ("init", "kind"), [("", b"ftyp"), (NO_H264, b"webm")], ids=["mp4", "webm"]
)
"""Kinds of file that are made, with what each begins with."""


@BOTH
def test_every_frame_is_there_with_its_own_box_at_its_own_time(
    new_room: OpenRoom, init: str, kind: bytes
) -> None:
    data = clip(UNEVEN, sound=True)
    room = opened(new_room, UNEVEN, data, init=init)

    room.at("record-whole").click()
    made = saved(room)

    frames = shown(made)
    assert kind in made[:64]
    assert [each.number for each in frames] == list(range(len(UNEVEN)))
    assert [each.time_s for each in frames] == pytest.approx(
        [each / 1000 for each in UNEVEN], abs=0.001
    )
    check(frames)
    assert UNEVEN[-1] / 1000 < duration_s(made) <= UNEVEN[-1] / 1000 + 0.2
    given, copied = sounds(data), sounds(made)
    assert [each for _, each in copied] == [each for _, each in given], "copied, not encoded again"
    assert [time for time, _ in copied] == pytest.approx([time for time, _ in given], abs=0.01)


@BOTH
def test_sound_goes_on_while_the_last_frame_shows(
    new_room: OpenRoom, init: str, kind: bytes
) -> None:
    times = [0, 100, 200, 300, 700]
    data = clip(times, sound=True, sound_ms=1300)
    room = opened(new_room, times, data, init=init)

    room.at("record-whole").click()
    made = saved(room)

    assert kind in made[:64]
    assert [each.number for each in shown(made)] == list(range(len(times)))
    assert [each for _, each in sounds(made)] == [each for _, each in sounds(data)]
    assert 1.3 <= duration_s(made) <= 1.35


def test_the_page_says_how_far_it_is_and_it_can_be_cancelled(new_room: OpenRoom) -> None:
    times = list(range(0, 6000, 33))
    room = opened(new_room, times, clip(times), init=SLOW)

    room.at("record-whole").click()
    room.until_text("record-note-text", r"^Making the video: \d+ %, about \d+:\d\d left$")
    assert not room.at("record-whole").is_visible()
    room.at("record-cancel").click()

    room.until_text("record-note-text", "^Cancelled")
    room.page.wait_for_selector("#record-whole:visible")
    assert not room.at("record-cancel").is_visible()
    assert left(room) == []


def test_trails_lines_and_zones_are_drawn_as_of_each_frame(new_room: OpenRoom) -> None:
    times = list(range(0, 1000, 100))
    door = {"name": "door", "start": [0.9, 0.2], "end": [0.9, 0.9]}
    shapes = quote(json.dumps({"format": 1, "lines": [door]}))
    room = opened(new_room, times, clip(times), query=f"?shapes={shapes}", track=7)

    room.at("record-whole").click()
    made = saved(room)

    with av.open(io.BytesIO(made)) as container:
        frames = [each.to_ndarray(format="rgb24") for each in container.decode(video=0)]
    assert len(frames) == len(times)
    ground = slice(TOP + HEIGHT - 3, TOP + HEIGHT + 4)  # where the rectangle's foot goes along
    # From the foot in the first frame to that in the next: within the box's edge, and behind it.
    first = slice(place(0)[0] + WIDTH // 2 + 2, place(1)[0] + WIDTH // 2)
    for number, frame in enumerate(frames):
        left_edge, right_edge = place(number)
        if left_edge > first.stop:
            assert frame[ground, first].max() > 120, "the trail"
        assert frame[ground, right_edge + 20 : 560].max(initial=0) < 60, "nothing of later frames"
        assert frame[200:300, 565:588].max() > 150, "the line"


def test_what_is_changed_meanwhile_does_not_change_the_video(new_room: OpenRoom) -> None:
    times = list(range(0, 3000, 33))
    room = opened(new_room, times, clip(times), init=SLOW)

    room.at("record-whole").click()
    room.until_text("record-note-text", "^Making the video: ")
    room.at("threshold").evaluate(
        "at => { at.value = 0.95; at.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    room.give(clip([0, 100, 200], size=(320, 240)), "other.webm", "video/webm")
    frames = shown(saved(room))

    assert [each.number for each in frames] == list(range(len(times)))
    check(frames)


def test_nothing_is_made_while_parts_are_hidden(new_room: OpenRoom) -> None:
    room = opened(new_room, UNEVEN, clip(UNEVEN))
    room.page.keyboard.press("h")
    room.page.wait_for_selector("#redacted:visible")

    room.at("record-whole").click()

    room.until_text("record-note-text", "^While Hide is on")
    assert not room.at("record-dialog").is_visible()


def test_a_video_is_made_no_further_once_parts_are_hidden(new_room: OpenRoom) -> None:
    times = list(range(0, 6000, 33))
    room = opened(new_room, times, clip(times), init=SLOW)

    room.at("record-whole").click()
    room.until_text("record-note-text", "^Making the video: ")
    room.page.keyboard.press("h")

    room.until_text("record-note-text", "^While Hide is on")
    room.page.wait_for_selector("#record-whole:visible")
    assert left(room) == []
