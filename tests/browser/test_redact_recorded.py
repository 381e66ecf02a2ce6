"""What people see while things are hidden, recorded in the browser: no face is in it, whatever
happens meanwhile, and two face detectors that find them in a recording without hiding say so.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Browser, Playwright

from obscura.heads import HeadSpec, PipelineSpec
from obscura.heads.native import PipelineDetector

from .conftest import ALLOWED, FAKE_CAMERA, FLAGS, chromium_flags
from .pictures import CLIP_SIZE, encode, sample
from .room import PATIENCE, Room
from .watch import Watch

NETWORKS = ("faces", "faces-far")
FPS, SECONDS = 30, 6
LEAST_FRAMES = 6
"""In a recording; a slow machine shows few."""
WARM, LEAST_WARM = 16, 20
"""By how much the red of her skin and hair exceeds its blue, also where both are blurred; and how
many such pixels a box of her face has at least. The wall, her clothes and what is filled have none:
where a network takes a black rectangle over a pair of shoulders for a face, nothing of her shows.
"""
HEAD = (
    *((225, 14), (270, 22), (298, 62), (300, 105), (278, 132), (262, 190), (240, 214), (212, 214)),
    *((190, 190), (172, 118), (154, 92), (158, 52), (190, 22)),
)
SHOULDERS = ((60, 330), (90, 250), (190, 205), (262, 205), (350, 250), (380, 330))
"""Outlines in the pixels of the sample picture. The networks take her collar for a face now and
then, so the shoulders are drawn."""

Pixels = NDArray[np.uint8]
Faces = Callable[[list[Pixels], str], dict[str, int]]

RECORD = """(id) => {
  const stream = document.getElementById(id).captureStream(30);
  const kind = { mimeType: "video/webm;codecs=vp8", videoBitsPerSecond: 6e6 };
  const recorder = new MediaRecorder(stream, kind);
  const chunks = [];
  recorder.ondataavailable = (event) => chunks.push(event.data);
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start(200);
  globalThis.recorded = async () => {
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) {
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    }
    return btoa(text);
  };
}"""

WATCH_VEIL = """() => {
  globalThis.unveiled = 0;
  globalThis.looks = 0;
  const look = () => {
    looks += 1;
    for (const id of ["sample", "picture", "video"]) {
      const element = document.getElementById(id);
      if (!element.hidden && getComputedStyle(element).opacity !== "0") unveiled += 1;
    }
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.fixture(scope="module")
def passer_by(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera's view of somebody who comes in, walks through the picture and leaves."""
    path = tmp_path_factory.mktemp("clip") / "passer-by.mjpeg"
    person = sample()
    head = _polygon(HEAD, person.size)
    outline = ImageChops.lighter(head, _polygon(SHOULDERS, person.size))
    ImageDraw.Draw(person).polygon(SHOULDERS, fill=(44, 62, 96))
    person.paste(sample(), mask=head)
    frame = (50, 0, 390, 330)
    person, outline = person.crop(frame), outline.crop(frame)
    with path.open("wb") as file:
        for index in range(FPS * SECONDS):
            wall = Image.new("RGB", CLIP_SIZE, (96, 100, 104))
            x = round(-340 + (640 + 350) * index / (FPS * SECONDS))
            wall.paste(person, (x, 150), outline)
            file.write(encode(wall, "JPEG", quality=88))
    return path


def _polygon(corners: tuple[tuple[int, int], ...], size: tuple[int, int]) -> Image.Image:
    """Return a mask."""
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    return mask


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, passer_by: Path) -> Iterator[Browser]:
    """A browser whose camera sees them."""
    flags = [*FLAGS, ALLOWED, FAKE_CAMERA, f"--use-file-for-fake-video-capture={passer_by}"]
    browser = playwright.chromium.launch(**chromium_flags(flags))
    yield browser
    browser.close()


@pytest.fixture
def room(chromium: Browser, site: Any, watch: Watch) -> Iterator[Room]:
    """A page there."""
    context = chromium.new_context(service_workers="block")
    context.set_default_timeout(PATIENCE)
    watch.follow(context, site.url.rstrip("/"))
    yield Room(context.new_page(), site.url)
    context.close()


@pytest.fixture(scope="module")
def faces_in(artefacts: Path) -> Iterator[Faces]:
    """``faces_in(frames, name)``: in how many frames each of the two networks finds a face, in the
    frame or at somebody's head, where anything of a face's colour shows. Those are kept under this
    name, to be looked at."""
    detectors = {
        name: PipelineDetector(
            PipelineSpec("cocossd", (HeadSpec(name, name, ("frame", "person")),)),
            classes=["person"],
        )
        for name in NETWORKS
    }

    def count(frames: list[Pixels], name: str) -> dict[str, int]:
        found = dict.fromkeys(NETWORKS, 0)
        for index, frame in enumerate(frames):
            for network, each in detectors.items():
                rows = each.detect(frame)
                rows = rows[rows.class_id == each.labels.index("face")]
                boxes = [box for box in rows.xyxy.tolist() if _shows_skin(frame, box)]
                if boxes:
                    found[network] += 1
                    image = Image.fromarray(frame)
                    ImageDraw.Draw(image).rectangle(boxes[0], outline=(255, 0, 0))
                    image.save(artefacts / f"face-{name}-{network}-{index}.png")
        return found

    yield count
    for each in detectors.values():
        each.close()


def _shows_skin(frame: Pixels, box: list[float]) -> bool:
    """Whether anything within a box may be of a face: is warmer than all else in these pictures."""
    left, top, right, bottom = (max(0, round(edge)) for edge in box)
    red, _, blue = np.moveaxis(frame[top:bottom, left:right].astype(int), -1, 0)
    return int((red - blue > WARM).sum()) >= LEAST_WARM


def frames_of(recording: str, most: int = 60) -> list[Pixels]:
    """Return frames of a recording, evenly chosen, without those that repeat the one before."""
    with av.open(io.BytesIO(base64.b64decode(recording))) as video:
        decoded = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    frames: list[Pixels] = []
    for each in decoded:
        if not frames or each.shape != frames[-1].shape or (each != frames[-1]).mean() > 0.01:
            frames.append(each)
    return frames[:: max(1, len(frames) // most)]


def hides(room: Room) -> None:
    """Wait until parts of pictures are hidden, and not the whole of them."""
    room.until("now.hidden && !now.hidden.whole && now.hidden.boxes.length")


def until_walked(room: Room) -> None:
    """Wait until the whole walk may be in a recording, in frames that are spread over it."""
    room.page.wait_for_timeout(1000 * SECONDS)
    room.until_many(f"now.frames - {room.snapshot()['frames']}", 26)


def test_without_hiding_both_networks_find_faces_in_the_recording(
    room: Room, faces_in: Faces
) -> None:
    room.open("?backend=wasm")
    room.until_state("ready")
    room.start()
    room.page.evaluate(RECORD, "video")
    until_walked(room)
    frames = frames_of(room.page.evaluate("() => recorded()"), 30)

    found = faces_in(frames, "shown")

    assert len(frames) >= LEAST_FRAMES
    assert min(found.values()) > len(frames) / 3


@pytest.mark.parametrize("how", ["blur", "pixelate", "fill"])
def test_with_hiding_neither_finds_one(room: Room, how: str, faces_in: Faces) -> None:
    room.open(f"?backend=wasm&redact=1&redact_how={how}")
    room.until_state("ready")
    room.page.evaluate(WATCH_VEIL)
    room.page.evaluate(RECORD, "redacted")
    room.start()
    hides(room)
    until_walked(room)
    frames = frames_of(room.page.evaluate("() => recorded()"))

    assert len(frames) >= LEAST_FRAMES
    assert np.std([frame.mean() for frame in frames]) > 1, "it moves"
    assert faces_in(frames, how) == dict.fromkeys(NETWORKS, 0)
    assert room.page.evaluate("() => [looks > 100, unveiled]") == [True, 0]


# One may be on its way to the engine that ends; whether it is collected before the test ends is the
# browser's business.
@pytest.mark.provokes(perhaps=["A VideoFrame was garbage collected"])
def test_whatever_happens_no_face_is_shown_or_kept(
    room: Room, faces_in: Faces, artefacts: Path
) -> None:
    page = room.page
    page.add_init_script(
        """globalThis.workers = [];
        globalThis.Worker = class extends Worker {
          constructor(...args) { super(...args); workers.push(this); }
        };"""
    )
    seen: list[Pixels] = []

    def look() -> None:
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        box = room.at("stage").bounding_box()
        assert box is not None
        left, top = int(box["x"]), int(box["y"])
        shot = shot.crop((left, top, left + int(box["width"]), top + int(box["height"])))
        seen.append(np.asarray(shot))

    room.open("?backend=wasm&redact=1")
    room.until_state("ready")
    page.evaluate(WATCH_VEIL)
    page.evaluate(RECORD, "redacted")
    look()
    room.start()
    look()
    hides(room)
    room.choose("centernet-320")
    look()
    room.until_live()
    page.set_viewport_size({"width": 500, "height": 800})
    look()
    page.set_viewport_size({"width": 1280, "height": 800})
    hides(room)
    room.at("redact_how").select_option("pixelate")
    look()
    room.give(encode(sample()), "one.png")
    look()
    room.until("now.state === 'still' && now.hidden && !now.hidden.whole")
    look()
    room.start()
    hides(room)
    page.evaluate("() => workers.at(-1).terminate()")
    look()
    page.wait_for_timeout(1500)
    look()
    page.evaluate(
        """() => {
          const set = (name, value) =>
            Object.defineProperty(document, name, { value, configurable: true });
          set("hidden", true);
          set("visibilityState", "hidden");
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.wait_for_timeout(700)
    page.evaluate(
        """() => {
          delete document.hidden; delete document.visibilityState;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    look()
    room.at("start").click()
    room.until_state("ready")
    look()
    frames = frames_of(page.evaluate("() => recorded()"))
    for index, each in enumerate(seen):
        Image.fromarray(each).save(artefacts / f"hide-{index}.png")

    assert len(frames) >= LEAST_FRAMES
    assert faces_in(frames, "events") == dict.fromkeys(NETWORKS, 0)
    assert faces_in(seen, "screen") == dict.fromkeys(NETWORKS, 0)
    assert page.evaluate("() => unveiled") == 0
