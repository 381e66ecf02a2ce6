"""Nothing is ever shown for another picture than its own, also while everything is on its way.

Each visit notes what the page says at every change of its state and many times in between. Other
pictures than the sample must never be said to have the sample's boxes.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Route

from builder.serve import ISOLATION

from .conftest import OpenRoom
from .pictures import PERSON, encode, on_camera, overlap, sample
from .room import Room

MODEL = "**/models/**/*.onnx"
NOTE = """
globalThis.notes = [];
const note = () => {
  const now = globalThis.obscura?.snapshot?.();
  if (!now) return;
  const { state, model, detections } = now;
  const entry = JSON.stringify({ state, model, boxes: detections.map((row) => row.box) });
  if (notes.at(-1) !== entry) notes.push(entry);
};
new MutationObserver(note).observe(document, {
  subtree: true, childList: true, attributes: true, attributeFilter: ["data-state", "hidden"],
});
setInterval(note, 5);
"""
RECORD = """async (picture) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const { width, height } = image;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: "video/webm;codecs=vp8" });
  const chunks = [];
  recorder.ondataavailable = (event) => chunks.push(event.data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  for (let frame = 0; frame < 30; frame++) {
    context.drawImage(image, 0, 0);
    context.fillRect(frame, 0, 1, 1);
    await new Promise(requestAnimationFrame);
  }
  recorder.stop();
  await stopped;
  return Array.from(new Uint8Array(await new Blob(chunks).arrayBuffer()));
}"""

LEFT, SIDE = 352, 256
PLACE = tuple(edge / 2 + (LEFT, 0)[axis % 2] for axis, edge in enumerate(PERSON))
"""Where the person of the tests' own picture is."""


def own_picture() -> Image.Image:
    """The person on the right side of a wall, far from where she is in the sample picture."""
    wall = Image.new("RGB", (LEFT + SIDE, SIDE), (96, 96, 96))
    wall.paste(sample().resize((SIDE, SIDE), Image.Resampling.LANCZOS), (LEFT, 0))
    return wall


class Offer:
    """A file beside the page, which may be kept waiting until it is released."""

    def __init__(self, room: Room, name: str, data: bytes, kind: str, *, held: bool) -> None:
        self._answer = {"body": data, "content_type": kind, "headers": ISOLATION}
        self._held = held
        self._routes: list[Route] = []
        room.page.route(f"{room.url}{name}", self._meet)

    def release(self) -> None:
        """Let it through."""
        self._held = False
        for route in self._routes:
            route.fulfill(**self._answer)  # type: ignore[arg-type]

    def _meet(self, route: Route) -> None:
        if self._held:
            self._routes.append(route)
        else:
            route.fulfill(**self._answer)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def files(shared_room: OpenRoom) -> dict[str, tuple[str, bytes, str]]:
    """The tests' own picture as a photo, and as a second of video recorded by the browser."""
    photo = encode(own_picture())
    page = shared_room(watched=False).page
    video = bytes(page.evaluate(RECORD, f"data:image/png;base64,{b64encode(photo).decode()}"))
    return {
        "photo": ("own.png", photo, "image/png"),
        "video": ("own.webm", video, "video/webm"),
    }


def notes(room: Room) -> list[dict[str, Any]]:
    """Return what the page has said, in order."""
    return [json.loads(entry) for entry in room.page.evaluate("() => notes")]


def sample_box(room: Room) -> list[float]:
    """Return the box of the sample picture's recorded answer."""
    facts = json.loads(room.page.locator("#obscura-build").text_content() or "")
    (model,) = [each for each in facts["models"] if each["name"] == facts["default_model"]]
    box: list[float] = model["check"]["detections"][0]["box"]
    return box


def assert_only_its_own(room: Room, place: tuple[float, ...]) -> None:
    """Hold everything that was said since the visit began to the picture that was asked for."""
    said, of_the_sample = notes(room), sample_box(room)
    boxes = [entry["boxes"][0] for entry in said if entry["boxes"]]

    assert {"starting"} <= {entry["state"] for entry in said} <= {
        "loading", "starting", "still", "running",
    }  # fmt: skip
    assert boxes, "in the end it has its own boxes"
    for box in boxes:
        assert overlap(box, of_the_sample) < 0.8, "this is the box of the sample picture"
        assert overlap(box, place) > 0.5
    for entry in said:
        if entry["state"] in ("still", "running"):
            assert entry["model"] is not None
        if entry["state"] == "still":
            assert entry["boxes"], "a photo is still once it has its answer"


@pytest.mark.parametrize("late", ["model", "source"])
@pytest.mark.parametrize("kind", ["photo", "video"])
def test_a_source_of_the_address_is_never_shown_with_the_samples_boxes(
    new_room: OpenRoom, files: dict[str, tuple[str, bytes, str]], kind: str, late: str
) -> None:
    room = new_room(init=NOTE)
    name, data, mime = files[kind]
    source = Offer(room, name, data, mime, held=late == "source")
    model = room.hold(MODEL) if late == "model" else None

    room.open(f"?source=./{name}&autostart=1")
    if model is not None:  # the source is open by then
        element = "picture" if kind == "photo" else "video"
        room.page.wait_for_function(f"() => !document.getElementById('{element}').hidden")
        assert room.snapshot()["state"] == "starting"
        model.release()
    else:
        now = room.until("now.model !== null")
        assert now["state"] == "starting"
        assert now["detections"] == []
        room.ticks(3)
        source.release()
    room.until("['still', 'running'].includes(now.state) && now.detections.length > 0")

    assert_only_its_own(room, PLACE)


def test_a_camera_that_starts_by_itself_is_never_shown_with_the_samples_boxes(
    new_room: OpenRoom,
) -> None:
    room = new_room(init=NOTE)
    model = room.hold(MODEL)

    room.open("?autostart=1")
    room.page.wait_for_function("() => video.videoWidth > 0 && !video.hidden")
    model.release()
    room.until("now.state === 'running' && now.detections.length > 0")

    assert_only_its_own(room, on_camera()[1])


HOLD_PLAY = """
const play = HTMLMediaElement.prototype.play;
let open;
const gate = new Promise((resolve) => { open = resolve; });
globalThis.letPlay = open;
globalThis.played = [];
HTMLMediaElement.prototype.play = async function () {
  played.push(this);
  await gate;
  return play.call(this);
};
"""


def test_a_video_given_while_the_camera_starts_is_what_plays(
    new_room: OpenRoom, files: dict[str, tuple[str, bytes, str]]
) -> None:
    name, data, mime = files["video"]
    room = new_room(init=HOLD_PLAY).open()
    room.until_state("ready")
    room.at("start").click()
    room.page.wait_for_function("() => played.some((each) => each.srcObject)")

    room.give(data, name, mime, "drop")
    room.page.wait_for_function("() => played.some((each) => each.hasAttribute('src'))")
    room.page.evaluate("() => letPlay()")
    now = room.until("now.state === 'running' && now.detections.length > 0")

    assert overlap(now["detections"][0]["box"], PLACE) > 0.5
    assert room.page.evaluate("() => video.srcObject === null && video.hasAttribute('src')")
