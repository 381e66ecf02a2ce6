"""People who walk, counted as a person would have them counted: on the sample clip by one tap, at
the camera by a line drawn with the mouse, by keys alone, and on a phone.

tools/clip/story.py says what happens in the clip: three come in, one goes out, one of them waits on
the yellow field. How fast pictures are analysed here depends on the machine, so the clip plays
slowly, and tests wait for what happens, not for a time.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Playwright

from obscura.counting.shapes import from_json

from .access import PHONE
from .conftest import ALLOWED, FAKE_CAMERA, FLAGS, OpenRoom, chromium_flags
from .pictures import ROOT, encode
from .room import PATIENCE, SETTINGS, Room
from .test_count import at, drag, has
from .watch import Watch

CLIP = ROOT / "assets" / "clip" / "people.webm"
CAMERA_FPS = 30
"""At which Chromium's fake camera plays pictures."""
PASS_MS = 240_000
"""For one pass of the clip, on a slow machine."""
STORED = """([line, counted]) => new Promise((resolve, reject) => {
  const opened = indexedDB.open("obscura-counts");
  opened.onupgradeneeded = () => opened.result.createObjectStore("records");
  opened.onerror = () => reject(opened.error);
  opened.onsuccess = () => {
    const store = opened.result.transaction("records").objectStore("records");
    const all = store.getAll(IDBKeyRange.bound(["totals"], ["totals", []]));
    store.transaction.oncomplete = () => {
      opened.result.close();
      const sums = all.result.map((text) => JSON.parse(text).sums[line] ?? []);
      const of = (rows, way) => rows.find(([kind, label]) => kind === way && label === "person");
      const same = (rows) => ["in", "out"].every(
        (way) => (of(rows, way)?.[2] ?? 0) === counted[way]);
      resolve(sums.some(same));
    };
  };
})"""
"""Whether these crossings of a line are stored, which is so within seconds."""


def until(room: Room, condition: str) -> dict[str, Any]:
    """As `Room.until`, with the patience that a pass of the clip takes."""
    look = f"() => {{ const now = obscura.snapshot(); return {condition} && JSON.stringify(now); }}"
    # Not at every display frame, as would be usual: looking takes time from the analysis.
    found = room.page.wait_for_function(look, timeout=PASS_MS, polling=200).json_value()
    return dict(json.loads(found))


def plays_slowly(room: Room) -> None:
    """Have the clip in view begin again, at a quarter of its speed."""
    room.page.wait_for_selector("#video-bar:not([hidden])")
    room.at("video-speed").select_option("0.25")
    room.move("video-time", 0)


def pauses_at_its_beginning(room: Room) -> None:
    """Have the clip in view stand still, so that nobody walks while a line is drawn."""
    plays_slowly(room)
    room.page.keyboard.press("k")
    room.until_state("paused")
    room.move("video-time", 0)


def crossings(now: dict[str, Any], name: str) -> dict[str, int]:
    """Return how many people crossed a line, by direction."""
    line = now["counts"]["lines"][name]
    return {way: line[way].get("person", 0) for way in ("in", "out")}


def until_all_have_crossed(room: Room, name: str, condition: str = "true") -> dict[str, Any]:
    """Wait until four people have crossed a line, as in each pass of the clip.

    Clip and camera begin again at once, so what is right is known of four crossings, whichever
    was the first, and not of all that happen until a slow machine looks.
    """
    line = f"now.counts?.lines[{json.dumps(name)}]"
    crossed = f"({line}?.in.person ?? 0) + ({line}?.out.person ?? 0) >= 4"
    return until(room, f"{crossed} && {condition}")


# ---- one tap -------------------------------------------------------------------------------------


def test_one_tap_counts_the_people_of_the_sample_clip(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open()
    room.until_state("ready")

    # Before it begins: nobody is to cross before it is known that the clip begins again.
    room.page.evaluate("() => { document.getElementById('video-speed').value = '0.25'; }")
    room.at("try-count").click()
    room.until_live()
    has(room, 1, 1)
    plays_slowly(room)
    now = until_all_have_crossed(room, "Door", "now.counts.zones['Yellow field'].left.person")

    assert crossings(now, "Door") == {"in": 3, "out": 1}
    field = now["counts"]["zones"]["Yellow field"]
    assert (field["entered"], field["left"], field["inside"]) == ({"person": 1}, {"person": 1}, {})
    assert "Door" in room.at("count-list").inner_text()
    room.stop()
    room.page.wait_for_function("() => !document.getElementById('count').checked")
    assert not room.at("track").is_checked()
    kept = room.page.evaluate(f"() => localStorage.getItem('{SETTINGS}')")
    assert "Yellow field" not in (kept or ""), "a trial leaves no settings behind"
    assert room.at("try-count").is_visible()


def test_after_a_trial_the_camera_is_back_as_it_was(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open()
    room.until_state("ready")
    room.start()

    room.at("try-track").click()
    room.until_text("video-name", "^Sample clip$")
    room.page.wait_for_function("() => document.getElementById('track').checked")
    room.at("start").click()

    room.page.wait_for_function("() => !document.getElementById('track').checked")
    room.until_live()
    assert room.at("video-bar").is_hidden()


# ---- at the camera -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def walkers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip as a camera sees it, at a quarter of its speed, after ten seconds of nobody."""
    path = tmp_path_factory.mktemp("walkers") / "walkers.mjpeg"
    with av.open(str(CLIP)) as video:
        pictures = [encode(frame.to_image(), "JPEG", quality=88) for frame in video.decode(video=0)]
    slower = CAMERA_FPS // 15 * 4
    with path.open("wb") as file:
        file.write(pictures[0] * CAMERA_FPS * 10)
        for picture in pictures:
            file.write(picture * slower)
    return path


@pytest.fixture
def street(playwright: Playwright, walkers: Path, site: Any, watch: Watch) -> Iterator[Room]:
    """A page whose camera sees the people walk."""
    flags = [*FLAGS, ALLOWED, FAKE_CAMERA, f"--use-file-for-fake-video-capture={walkers}"]
    browser = playwright.chromium.launch(**chromium_flags(flags))
    context = browser.new_context(accept_downloads=True, service_workers="block")
    context.set_default_timeout(PATIENCE)
    watch.follow(context, site.url.rstrip("/"))
    room = Room(context.new_page(), site.url).open()
    room.until_state("ready")
    yield room
    browser.close()


def test_a_line_drawn_with_the_mouse_counts_people_and_is_kept(street: Room) -> None:
    street.start()
    street.at("count").check()
    street.at("count-line").click()
    drag(street, (0.44, 0.98), (0.44, 0.3))
    has(street, 1, 0)

    # How many exactly is known of the clip, where no frame is lost: here a slow machine may lose
    # somebody who is hidden by another for a moment.
    crossed = "(now.counts.lines['Line 1'].in.person ?? 0) + "
    crossed += "(now.counts.lines['Line 1'].out.person ?? 0) >= 3"
    counted = crossings(until(street, crossed), "Line 1")

    way = max(counted, key=lambda each: counted[each])  # in a mirror in and out change sides
    assert counted[way] >= 2
    with street.page.expect_download() as download:
        street.at("count-export").click()
    shapes = from_json(Path(download.value.path()).read_text("utf-8"))
    assert [line.name for line in shapes.lines] == ["Line 1"]
    street.stop()  # else somebody might cross after the last look
    counted = crossings(street.snapshot(), "Line 1")
    street.until_async(STORED, ["Line 1", counted])
    street.reload()
    street.until_state("ready")
    street.start()
    until(street, f"now.counts?.lines['Line 1']?.{way}.person >= {counted[way]}")
    assert crossings(street.snapshot(), "Line 1") == counted


# ---- by keys, and by touch -----------------------------------------------------------------------


def test_a_line_drawn_with_keys_alone_counts_people(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open()
    room.until_state("ready")
    keyboard = room.page.keyboard

    room.at("try-track").focus()
    keyboard.press("Enter")
    room.until_live()
    pauses_at_its_beginning(room)
    keyboard.press("l")
    room.page.wait_for_function("() => document.activeElement.id === 'overlay'")
    for key in (*["Shift+ArrowDown"] * 40, "Enter", *["Shift+ArrowUp"] * 30, "Enter"):
        keyboard.press(key)
    has(room, 2, 1)
    keyboard.press("k")

    assert crossings(until_all_have_crossed(room, "Line 1"), "Line 1") == {"in": 3, "out": 1}


def test_a_finger_on_a_phone_draws_a_line_that_counts_people(new_room: OpenRoom) -> None:
    room = new_room(**PHONE).open()
    room.until_state("ready")
    touch = room.page.touchscreen

    room.at("panel-toggle").tap()
    room.at("try-track").tap()
    room.until_live()
    pauses_at_its_beginning(room)
    room.at("count").tap()
    room.at("count-line").tap()
    room.page.wait_for_function("() => document.activeElement.id === 'overlay'")
    for place in ((0.5, 0.97), (0.5, 0.3)):
        touch.tap(*at(room, *place))
        room.page.wait_for_timeout(400)  # two quick taps are one double tap
    has(room, 2, 1)
    room.at("pause").tap()

    assert crossings(until_all_have_crossed(room, "Line 1"), "Line 1") == {"in": 3, "out": 1}


def test_the_clip_is_a_file_of_the_site_that_the_start_does_not_fetch(new_room: OpenRoom) -> None:
    room = new_room(cold=True).open()
    room.until_state("ready")
    fetched = "() => performance.getEntriesByType('resource').map((each) => each.name)"
    assert not [name for name in room.page.evaluate(fetched) if "people" in name]

    room.at("try-track").click()
    room.until_live()

    assert len([name for name in room.page.evaluate(fetched) if "people" in name]) == 1
    assert CLIP.stat().st_size <= 250_000
    with av.open(io.BytesIO(CLIP.read_bytes())) as video:
        assert video.streams.video[0].codec_context.name in ("vp9", "libvpx-vp9")
