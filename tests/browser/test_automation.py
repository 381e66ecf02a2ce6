"""The contract of docs/automation.md: what the address asks for, and what `snapshot()` tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builder.serve import ISOLATION

from .conftest import OpenRoom
from .pictures import PERSON, encode, film, overlap, sample
from .room import PATIENCE, Room

SHAPE = {
    "state": str,
    "error": dict | None,
    "model": str | None,
    "opening": str | None,
    "models": list,
    "backend": str | None,
    "threads": int,
    "precision": str | None,
    "frames": int,
    "fps": int | float,
    "timings": dict,
    "frame": dict | None,
    "held": dict,
    "detections": list,
    "recording": dict | None,
    "photos": dict | None,
    "cameras": list,
    "counts": dict | None,
    "heads": dict | None,
    "hidden": dict | None,
    "kept": dict | None,
    "analysed": dict | None,
}
ROW = {"label": str, "score": int | float, "box": list, "track_id": int | None}

FRAMES = """for (let frame = 0; frame < 45; frame++) {
    context.drawImage(image, 0, 0, 320, 320);
    context.fillRect(frame, 0, 1, 1);
    await new Promise(requestAnimationFrame);
  }"""


@pytest.fixture(scope="module")
def video(shared_room: OpenRoom) -> bytes:
    """A second of the person as WebM, recorded by the browser."""
    return film(shared_room(watched=False).page, 320, 320, FRAMES)


def offer(room: Room, name: str, data: bytes, kind: str) -> None:
    """Put a file beside the page."""
    room.page.route(
        f"{room.url}{name}",
        lambda route: route.fulfill(body=data, content_type=kind, headers=ISOLATION),
    )


def assert_shape(snapshot: dict[str, Any]) -> None:
    """Hold a snapshot to the documented fields and their types: none more, none less."""
    assert list(snapshot) == list(SHAPE)
    for name, kind in SHAPE.items():
        assert isinstance(snapshot[name], kind), name
    for row in snapshot["detections"]:
        assert list(row) == list(ROW)
        for name, kind in ROW.items():
            assert isinstance(row[name], kind), name
        assert len(row["box"]) == 4
    for model in snapshot["models"]:
        assert list(model) == ["name", "title", "own", "ms"]
    if snapshot["frame"] is not None:
        assert list(snapshot["frame"]) == ["median", "p95", "blocked", "blocked_p95", "count"]
    if snapshot["error"] is not None:
        assert list(snapshot["error"]) == ["code", "message"]


def test_the_snapshot_has_one_shape_in_every_state(new_room: OpenRoom) -> None:
    room = new_room()
    python = room.hold("**/pyodide-*/pyodide.mjs")
    room.open()

    shapes = [room.snapshot()]
    facts = json.loads(room.page.locator("#obscura-build").text_content() or "")
    names = [model["name"] for model in facts["models"]]
    assert [model["name"] for model in shapes[0]["models"]] == names
    assert {**shapes[0], "models": []} == {
        "state": "loading",
        "error": None,
        "model": None,
        "opening": None,
        "models": [],
        "backend": None,
        "threads": 0,
        "precision": None,
        "frames": 0,
        "fps": 0,
        "timings": {},
        "frame": None,
        "held": {},
        "detections": [],
        "recording": None,
        "photos": None,
        "cameras": [],
        "counts": None,
        "heads": None,
        "hidden": None,
        "kept": None,
        "analysed": None,
    }
    python.release()
    shapes.append(room.until_state("ready"))
    room.start()
    shapes.append(room.until("now.detections.length > 0"))
    room.page.keyboard.press("k")
    shapes.append(room.until_state("paused"))
    shapes.append(room.read(encode(sample())))
    room.give(b"nothing", "broken.png")
    room.until_error("picture")
    shapes.append(room.snapshot())

    assert [each["state"] for each in shapes] == [
        "loading",
        "ready",
        "running",
        "paused",
        "still",
        "error",
    ]
    for each in shapes:
        assert_shape(each)
    assert list(shapes[4]["timings"]) == ["capture", "inference", "decode", "draw"]
    assert [each["frame"] is None for each in shapes] == [True, True, False, False, True, True]


def test_an_address_with_everything_in_it_is_obeyed_and_not_kept(new_room: OpenRoom) -> None:
    room = new_room()
    offer(room, "street.png", encode(sample()), "image/png")
    room.open(
        "?source=./street.png&autostart=1&model=centernet-416&threshold=0.61&threads=1&backend=wasm"
    )

    now = room.until_state("still")

    assert (now["model"], now["backend"], now["threads"]) == ("centernet-416", "wasm", 1)
    assert now["precision"] == "float32"
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5
    assert room.at("threshold-value").inner_text() == "61 %"
    assert room.at("caption").inner_text() == "street.png"
    assert room.at("start-text").inner_text() == "Open picture"
    kept = room.page.evaluate("() => localStorage.getItem('obscura.settings') ?? ''")
    assert "0.61" not in kept
    assert "centernet" not in kept

    room.move("threshold", 0.9)  # a control that a person moves rules from then on
    assert room.until("now.detections.length === 0")["state"] == "still"


def test_values_that_mean_nothing_are_ignored_and_named_in_the_console(new_room: OpenRoom) -> None:
    room = new_room()
    words: list[str] = []
    room.page.on("console", lambda message: words.append(message.text))
    room.open(
        "?source=&autostart=0&model=nonesuch&backend=cuda&threads=many&threshold=7&colour=green"
    )

    now = room.until_state("ready")
    room.ticks(10)

    assert (now["model"], now["backend"]) == ("cocossd", "wasm")
    assert now["threads"] >= 1
    assert room.at("threshold-value").inner_text() == "40 %"
    assert room.snapshot()["state"] == "ready", "autostart=0 starts nothing"
    told = " ".join(words)
    for each in ("model=nonesuch", "backend=cuda", "threads=many", "threshold=7"):
        assert each in told
    assert "green" not in told


def test_autostart_opens_the_camera(new_room: OpenRoom) -> None:
    room = new_room().open("?autostart")

    now = room.until("now.state === 'running' && now.detections.length > 0")

    assert now["detections"][0]["label"] == "person"


def test_a_video_on_the_site_is_played_over_and_over(new_room: OpenRoom, video: bytes) -> None:
    room = new_room()
    offer(room, "lobby.webm", video, "video/webm")
    room.open("?source=./lobby.webm")
    room.until_state("ready")
    assert room.at("start-text").inner_text() == "Play video"

    room.start()
    now = room.until("now.detections.length > 0")

    assert now["detections"][0]["label"] == "person"
    place = [edge * 320 / 512 for edge in PERSON]
    assert overlap(now["detections"][0]["box"], place) >= 0.5
    assert not room.page.evaluate("() => video.classList.contains('mirrored')")
    assert not room.at("flip").is_visible()
    room.page.evaluate(
        """() => video.addEventListener("timeupdate", () => {
          globalThis.looped ||= video.currentTime < globalThis.last;
          globalThis.last = video.currentTime;
        })"""
    )
    room.page.wait_for_function("() => globalThis.looped", timeout=PATIENCE)
    room.stop()
    assert room.page.evaluate("() => video.getAttribute('src')") is None

    # A video from one's own disk is taken like a photo.
    room.give(video, "clip.webm", "video/webm", "drop")

    room.until_live()
    assert room.until("now.detections.length > 0")["detections"][0]["label"] == "person"
    room.stop()


def test_a_video_by_address_may_begin_later(new_room: OpenRoom, video: bytes) -> None:
    room = new_room()
    offer(room, "lobby.webm", video, "video/webm")
    room.open("?source=./lobby.webm%23t%3D0.2&autostart=1")

    room.until_live()
    assert room.page.evaluate("() => video.src").endswith("lobby.webm#t=0.2")
    assert room.until("now.detections.length > 0")["detections"][0]["label"] == "person"


@pytest.mark.parametrize("name", ["clip.avi", "clip.ts", "clip.mpg"])
def test_a_video_that_browsers_do_not_play_is_refused_as_one(new_room: OpenRoom, name: str) -> None:
    room = new_room()
    offer(room, name, b"\0\0\1\xba" + bytes(600), "video/mpeg")
    room.open(f"?source=./{name}")
    room.until_state("ready")
    assert room.at("start-text").inner_text() == "Play video"

    room.at("start").click()

    room.until_error("video-unreadable")


REFUSED = {
    "a picture on another site": ("https://elsewhere.test/x.png", "source-foreign"),
    "a video on another site": ("//elsewhere.test/x.mp4", "source-foreign"),
    "another scheme": ("javascript:alert(1)", "source-foreign"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_source_elsewhere_is_refused_and_not_asked_for(new_room: OpenRoom, case: str) -> None:
    source, code = REFUSED[case]
    room = new_room().open(f"?autostart=1&source={source}")

    card = room.until_error(code)

    assert "another site" in card
    now = room.read(encode(sample()))  # and the page goes on
    assert [row["label"] for row in now["detections"]] == ["person"]


@pytest.mark.provokes("Failed to load resource.*404")
@pytest.mark.parametrize(
    ("source", "code"), [("gone.png", "source-missing"), ("gone.webm", "video-unreadable")]
)
def test_a_source_that_is_not_there_is_told(new_room: OpenRoom, source: str, code: str) -> None:
    room = new_room().open(f"?autostart=1&source=./{source}")

    room.until_error(code)

    assert source in room.at("notice-details").text_content()
