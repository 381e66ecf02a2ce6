"""Events in the page: listed, downloaded, sent to embedders, and as alerts."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .access import PHONE
from .conftest import OpenRoom
from .pictures import ROOT
from .room import COUNT_RUNS, NO_GAPS, PATIENCE, Room, remembering
from .walks import walk as film

SHAPES = {
    "format": 1,
    "lines": [{"name": "door", "start": [0.4, 1], "end": [0.4, 0]}],
    "zones": [{"name": "till", "corners": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]}],
}
LASTS_S = 4.0
SPEED, BEGIN = 400 / 640 / LASTS_S, 0.15
"""Of the person's middle in the video, in widths of the picture; it begins about there."""
KINDS = ["appeared", "vanished", "crossing", "zone_entered", "zone_left"]
LABELS = tomllib.loads((ROOT / "models/cocossd/model.toml").read_text(encoding="utf-8"))["labels"]
BEGUN_AGAIN = """events.some(({ event, time_s }, at) => event === "vanished"
  && events.slice(at).some((other) => other.event === "appeared" && other.time_s < time_s))"""
"""Somebody has gone because the video began again, and has come again."""
LISTEN = """(kinds) => {
  globalThis.received = [];
  for (const kind of kinds) {
    obscura.events.addEventListener(kind, ({ type, detail }) => received.push([type, detail]));
  }
}"""


@pytest.fixture(scope="module")
def walk() -> bytes:
    """The video of a person who walks to the right."""
    return film(LASTS_S, size=(640, 320), side=320, way=(-40, 360), rate=20)


def kept(**settings: Any) -> str:
    """A script for `new_room(init=...)`: a line and a zone on the video, and events of people."""
    shapes = {"video walk.webm": json.dumps(SHAPES)}
    shown = {"drawn": shapes, "count": True, "track": True, "events": True}
    # In some frames the helmet is a ball or a mouse, which may cross the line before the person.
    shown["hidden"] = {"cocossd": [label for label in LABELS if label != "person"]}
    return remembering(json.dumps({**shown, **settings}))


def visit(new_room: OpenRoom, init: str, **options: Any) -> Room:
    """Open a page, and listen to its events."""
    room = new_room(init=COUNT_RUNS + init, **options).open()
    room.page.evaluate(LISTEN, KINDS)
    room.until_state("ready")
    room.at("events-tools").wait_for(state="attached")
    room.page.wait_for_function("() => !document.getElementById('events-tools').hidden")
    room.page.evaluate("() => { document.getElementById('events-options').open = true; }")
    return room


def play(room: Room, walk: bytes, until: str) -> None:
    """Play the video, over and over and slowly, until people have done this, or until a condition
    on their events in JavaScript; pause there, and wait for the frames that are under way, which
    may bring more events."""
    condition = f"events.some(({{ event }}) => event === '{until}')" if until in KINDS else until
    # Before it begins: machines of tests may analyse no more than a frame a second.
    room.page.evaluate("() => { document.getElementById('video-speed').value = '0.25'; }")
    room.give(walk, "walk.webm", "video/webm")
    room.page.wait_for_function(
        f"""() => {{
          const events = received.map(([, detail]) => detail);
          if (!({condition})) return false;
          document.getElementById("pause").click(); // much may happen until a test hears of it
          return true;
        }}""",
        timeout=2 * PATIENCE,
    )
    room.until_state("paused")
    room.until_idle()


def rows(room: Room) -> list[str]:
    """Return the rows of the list, oldest first."""
    return [*reversed(room.at("events-list").locator("li").all_text_contents())]


def received(room: Room) -> list[dict[str, Any]]:
    """Return the records that an embedder has received."""
    got = room.page.evaluate("() => received")
    assert [kind for kind, _ in got] == [record["event"] for _, record in got]
    return [record for _, record in got]


def happened(room: Room, event: str) -> dict[str, int]:
    """Return how often this has happened, by class."""
    return dict(Counter(each["label"] for each in received(room) if each["event"] == event))


def people(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records of people."""
    return [record for record in records if record["label"] == "person"]


def of(track: int, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records of a track."""
    return [record for record in records if record["track_id"] == track]


def in_order(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records in one order, whenever they were reported."""
    return sorted(records, key=lambda each: (each["track_id"], each["time_s"], each["event"]))


def saved(room: Room) -> list[dict[str, Any]]:
    """Download the events; return the records of the file."""
    with room.page.expect_download() as download:
        room.at("events-save").click()
    name = download.value.suggested_filename
    assert re.fullmatch(r"obscura-events-[\d-]+\.jsonl", name)
    room.until_text("events-note", re.escape(name))
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_who_crosses_a_line_and_enters_a_zone_is_listed_with_the_time_of_the_video(
    new_room: OpenRoom, walk: bytes
) -> None:
    room = visit(new_room, kept())
    play(room, walk, "zone_entered")

    # Of the first round, until they have entered: the frame that was under way when the video was
    # paused may bring more, and the next round may have begun.
    track = received(room)[0]["track_id"]
    records = of(track, received(room))[:3]
    assert [record["event"] for record in records] == ["appeared", "crossing", "zone_entered"]
    for record in records:
        assert record["source"] == "walk.webm"
        assert record["wall_time"] is None
        assert 0 <= record["time_s"] < LASTS_S
    assert records[1]["line"] == "door"
    place, time_s = records[1]["x"], records[1]["time_s"]
    assert place > 0.4, "beyond the line, by as much as the machine is slow"
    assert place == pytest.approx(BEGIN + SPEED * time_s, abs=0.04), "where they are at that time"
    crossed, entered = [row for row in rows(room) if f"person {track} " in row][:2]
    assert re.fullmatch(rf"0:0[1-3]person {track} crossed door \(in\)", crossed)
    assert re.fullmatch(rf"0:0[1-3]person {track} entered till", entered)

    assert of(track, saved(room))[:2] == records[1:], "the kinds that are listed"
    room.at("events_views").check()
    room.until_text("events-list", "came into view")
    assert in_order(saved(room)) == in_order(received(room))
    assert rows(room)[0].endswith(f"person {track} came into view")


def test_a_video_that_begins_again_has_the_same_times_again_in_order(
    new_room: OpenRoom, walk: bytes
) -> None:
    room = visit(new_room, kept(events_views=True))
    play(room, walk, BEGUN_AGAIN)

    records = saved(room)
    numbers: dict[int, set[int]] = {}  # of the rounds in which each track has events
    number = 0
    for before, record in pairwise([records[0], *records]):
        number += record["time_s"] < before["time_s"]
        numbers.setdefault(record["track_id"], set()).add(number)
        assert 0 <= record["time_s"] < LASTS_S
    assert number in (1, 2), "it has begun again, and time runs backwards nowhere else"
    assert all(len(rounds) == 1 for rounds in numbers.values())
    assert len(rows(room)) == len(records) == len(received(room))
    assert in_order(received(room)) == in_order(records)


def test_where_a_video_is_sought_nobody_has_crossed_what_lies_between(
    new_room: OpenRoom, walk: bytes
) -> None:
    room = visit(new_room, kept())
    play(room, walk, "appeared")
    before = len(received(room))
    paused_s = room.page.evaluate("() => document.getElementById('video').currentTime")

    for place in (0.2, 3.4, 0.2, 3.4):  # on one side of the line, and on the other
        room.move("video-time", place)
        room.until("now.state === 'paused' && now.detections.length > 0")

    since = received(room)[before:]
    assert {record["event"] for record in since} <= {"appeared", "vanished", "zone_entered"}
    for record in since:
        if record["event"] == "vanished":
            continue  # where they were seen last
        places = (0.2, 3.4, paused_s)  # a busy browser may show the frame before the first seek
        assert any(record["time_s"] == pytest.approx(time, abs=0.2) for time in places)


def test_who_is_in_a_zone_has_left_it_once_the_video_is_sought(
    new_room: OpenRoom, walk: bytes
) -> None:
    room = visit(new_room, kept())
    play(room, walk, "zone_entered")

    room.move("video-time", 0.2)
    room.until("now.state === 'paused' && now.detections.length > 0")
    room.until_idle()

    zone = room.snapshot()["counts"]["zones"]["till"]
    assert zone["entered"]["person"] >= 1
    assert zone["entered"] == happened(room, "zone_entered")
    assert zone["left"] == happened(room, "zone_left") == zone["entered"]
    assert zone["inside"] == {}


def test_the_camera_has_times_by_the_clock_and_a_list_can_be_cleared_and_had_back(
    new_room: OpenRoom,
) -> None:
    room = new_room(cold=True, init=NO_GAPS).open()
    room.until_state("ready")
    assert not room.page.evaluate(
        "() => performance.getEntriesByType('resource')"
        ".some((each) => each.name.includes('feature-events'))"
    ), "what is not used costs nothing"
    room.at("events").check()
    room.page.wait_for_function("() => document.getElementById('track').checked")
    room.until_text("events-empty", "Start the camera or open a video")
    room.start()
    room.until_text("events-empty", "Switch Count on, and draw a line or a zone")
    room.at("events-options").locator("summary").click()
    room.at("events_views").check()

    room.until_text("events-list", r"\d\d:\d\d:\d\dperson \d+ came into view")
    (record,) = people(saved(room))
    assert record["wall_time"].startswith("20")
    age = room.page.evaluate("(time) => Date.now() - Date.parse(time)", record["wall_time"])
    assert 0 <= age < PATIENCE

    room.at("events-clear").click()
    room.at("events-list").wait_for(state="hidden")
    room.until_text("events-empty", "comes into view")
    room.at("events-undo").click()
    room.until_text("events-list", "came into view")
    assert not room.at("events-undo").is_visible()

    room.at("track").uncheck()
    room.page.wait_for_function("() => !document.getElementById('events').checked")
    room.at("events-tools").wait_for(state="hidden")
    assert room.at("events-needs").inner_text() == "Events need tracking, so they are off, too."


def test_a_class_that_is_hidden_has_no_events(new_room: OpenRoom) -> None:
    room = visit(new_room, NO_GAPS + kept(events_views=True, hidden={"cocossd": ["person"]}))
    room.start()
    room.until("now.frames > 5")
    room.at("classes").locator("summary").click()
    assert people(received(room)) == []

    room.at("classes-all").click()

    room.until("now.detections.length > 0")
    assert people(received(room)) == [], "who is shown from now on was in view before"


EXAMPLE = re.compile(r"```html\n(<ul id=\"events\">.*?)```", re.DOTALL)


def test_the_example_of_the_docs_lists_events_in_a_page_around(new_room: OpenRoom) -> None:
    (example,) = EXAMPLE.findall((ROOT / "docs" / "automation.md").read_text(encoding="utf-8"))
    room = new_room()
    page = f"<link rel='icon' href='data:,'>{example.replace('./obscura/?', './?')}"
    room.page.route(
        "**/around.html", lambda route: route.fulfill(content_type="text/html", body=page)
    )

    room.page.goto(f"{room.url}around.html")

    item = room.page.locator("#events li").first
    item.wait_for(timeout=PATIENCE)
    assert re.fullmatch(r"\w+: person \d+", item.inner_text())


# ---- alerts --------------------------------------------------------------------------------------

SOUNDS = """
globalThis.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  tones.push([this.frequency.value, performance.now()]);
  return start.apply(this, when);
};
"""


def notifications(answer: str) -> str:
    """A script in place of the system's notifications, with the answer of the person."""
    return f"""
globalThis.notices = [];
globalThis.Notification = class {{
  static permission = "default";
  static async requestPermission() {{
    return (Notification.permission = navigator.userActivation.isActive ? "{answer}" : "default");
  }}
  constructor(title, options) {{ notices.push([title, options.tag]); }}
}};
document.hasFocus = () => globalThis.focused ?? false;
"""


def test_a_tone_sounds_for_a_line_and_two_for_a_zone(new_room: OpenRoom, walk: bytes) -> None:
    room = visit(new_room, SOUNDS + kept())
    room.at("events_sound").check()
    room.page.wait_for_function("() => tones.length === 1", timeout=PATIENCE)  # to try it out

    play(room, walk, "tones.some(([hertz]) => hertz === 660)")  # none is within a second of another

    chimes: list[tuple[float, list[int]]] = []  # when each began, and its tones
    for hertz, ms in room.page.evaluate("() => tones"):
        if chimes and ms - chimes[-1][0] < 500:
            chimes[-1][1].append(hertz)
        else:
            chimes.append((ms, [hertz]))
    tried, crossed, *others = (hertz for _, hertz in chimes)
    assert tried == crossed == [880]
    assert [660, 880] in others
    times = [ms for ms, _ in chimes]
    assert all(after - before > 999 for before, after in pairwise(times)), "once a second"


def test_a_notification_says_who_did_what_while_another_window_is_used(
    new_room: OpenRoom, walk: bytes
) -> None:
    room = visit(new_room, notifications("granted") + kept())
    room.at("events_notify").check()
    room.page.wait_for_function("() => Notification.permission === 'granted'")

    play(room, walk, "crossing")

    room.page.wait_for_function("() => notices.length > 0")  # it is shown in a later turn
    title, tag = room.page.evaluate("() => notices[0]")
    assert re.fullmatch(r"person \d+ crossed door \(in\)", title)
    assert tag == "obscura-events"
    assert room.at("events_notify").is_checked()


def test_notifications_that_are_refused_are_switched_off_with_a_sentence(
    new_room: OpenRoom,
) -> None:
    room = new_room(init=notifications("denied")).open("?events=1")
    room.until_state("ready")

    room.at("events-options").locator("summary").click()
    room.at("events_notify").click()

    room.until_text("events-note", "Notifications are blocked. Allow them")
    room.page.wait_for_function("() => !document.getElementById('events_notify').checked")


def test_where_there_are_no_notifications_the_switch_says_why(new_room: OpenRoom) -> None:
    room = new_room(init="delete globalThis.Notification;").open("?events=1")
    room.until_state("ready")

    room.until_text("events-notify-help", "can't show notifications here")
    assert room.at("events_notify").is_disabled()


def test_events_are_read_aloud_a_few_seconds_apart(new_room: OpenRoom, walk: bytes) -> None:
    silent = "delete globalThis.speechSynthesis;"  # so a screen reader reads them
    room = visit(new_room, silent + kept(events_aloud=True))

    play(room, walk, "crossing")

    announcer = room.at("events-announcer")
    assert announcer.get_attribute("role") == "status"
    announced = announcer.text_content() or ""
    assert re.fullmatch(r"person \d+ crossed door \(in\)(, and \d+ more)?", announced)


# ---- how it looks --------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_screenshots_to_look_at(
    new_room: OpenRoom, walk: bytes, device: str, scheme: str, artefacts: Path
) -> None:
    screen = PHONE if device == "phone" else {"viewport": {"width": 1280, "height": 1400}}
    room = visit(new_room, kept(events_views=True), **screen)
    room.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    play(room, walk, "zone_entered")
    if device == "phone":
        room.at("panel-toggle").click()
    room.at("events-list").scroll_into_view_if_needed()

    room.page.screenshot(path=artefacts / f"events-{device}-{scheme}.png")

    assert len(rows(room)) >= 3
