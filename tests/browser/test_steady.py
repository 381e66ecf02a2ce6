"""The frame loop over many frames: nothing queues, nothing is made anew, nothing grows."""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import CDPSession

from . import networks
from .conftest import OpenRoom
from .pictures import encode
from .room import Room

SPY = """
globalThis.spied = {
  proxies: 0, canvases: 0, images: 0, frames: 0, refused: 0, memories: [],
  posts: 0, answers: 0, mostWaiting: 0, offers: 0, gate: null, delay: 0, hidden: false,
  still: false,
};
Object.defineProperty(document, "hidden", { get: () => spied.hidden });
spied.battery = Object.assign(new EventTarget(), { charging: true, level: 1 });
navigator.getBattery = async () => spied.battery;
// Pyodide registers each proxy of a Python object here until it is destroyed or collected.
globalThis.FinalizationRegistry = class extends FinalizationRegistry {
  constructor(forget) { super((value) => { spied.proxies -= 1; forget(value); }); }
  register(...args) { spied.proxies += 1; super.register(...args); }
  unregister(token) {
    const known = super.unregister(token);
    spied.proxies -= known;
    return known;
  }
};
for (const name of ["instantiate", "instantiateStreaming"]) {
  const instantiate = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const made = await instantiate(...args);
    const all = Object.values((made.instance ?? made).exports);
    spied.memories.push(...all.filter((each) => each instanceof WebAssembly.Memory));
    return made;
  };
}
const create = document.createElement.bind(document);
document.createElement = (tag, ...rest) => {
  spied.canvases += tag === "canvas";
  return create(tag, ...rest);
};
const read = CanvasRenderingContext2D.prototype.getImageData;
CanvasRenderingContext2D.prototype.getImageData = function (...args) {
  spied.images += 1;
  return read.apply(this, args);
};
globalThis.VideoFrame = class extends VideoFrame {
  constructor(...args) { super(...args); spied.frames += 1; }
  close() {
    spied.refused += this.format !== null; // of those that went to the worker, only a shell is left
    super.close();
  }
};
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    this.asked = new Set();
    // Before the page's own listener, which may send the next frame at once.
    this.addEventListener("message", ({ data: { id } }) => {
      spied.answers += this.asked.delete(id);
    });
  }
  postMessage(message, ...rest) {
    if (message.call !== "run") return super.postMessage(message, ...rest);
    this.asked.add(message.id);
    spied.posts += 1;
    spied.mostWaiting = Math.max(spied.mostWaiting, spied.posts - spied.answers);
    const send = () => super.postMessage(message, ...rest);
    // An engine that takes as long as the gate is shut, or so many milliseconds.
    if (spied.gate) spied.gate.push(send);
    else if (spied.delay) setTimeout(send, spied.delay);
    else send();
  }
};
"""
"""Counts, on the page's side, what is made; a gate keeps the engine from answering."""

FAST = """
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const picture = new Image();
  picture.src = SCENE;
  await picture.decode();
  const context = new OffscreenCanvas(160, 120).getContext("2d", { willReadFrequently: true });
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  const writer = track.writable.getWriter();
  let shown = 0;
  const draw = () => {
    if (track.readyState !== "live") return;
    if (spied.still) return setTimeout(draw, 33);
    context.drawImage(picture, 0, 0, 160, 120);
    context.fillRect(shown % 160, 0, 1, 120);
    const frame = new OwnFrame(context.canvas, { timestamp: (shown += 1) * 33000 });
    writer.write(frame).then(() => setTimeout(draw, 33), () => {});
  };
  draw();
  return new MediaStream([track]);
};
const OwnFrame = Object.getPrototypeOf(VideoFrame);
let presentedFrames = 0;
HTMLVideoElement.prototype.requestVideoFrameCallback = (call) => {
  const offer = () => {
    if (spied.still) return setTimeout(offer, 4);
    spied.offers += 1;
    call(performance.now(), { presentedFrames: presentedFrames += 1 });
  };
  return setTimeout(offer, 4);
};
HTMLVideoElement.prototype.cancelVideoFrameCallback = clearTimeout;
"""
"""A camera that looks at a moving picture, and a video that offers frames as fast as it can."""

WORKER_SPY = """
self.spied = { memories: [], closed: 0, canvases: 0 };
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(...args) { super(...args); spied.memories.push(this); }
};
const close = VideoFrame.prototype.close;
VideoFrame.prototype.close = function () {
  spied.closed += this.codedWidth > 0; // closing it again is no matter
  close.call(this);
};
self.OffscreenCanvas = class extends OffscreenCanvas {
  constructor(...args) { super(...args); spied.canvases += 1; }
};
"""
"""Counts the same within the engine's worker."""

PAGE_COUNTS = """() => ({
  proxies: spied.proxies, canvases: spied.canvases, images: spied.images, frames: spied.frames,
  refused: spied.refused,
  posts: spied.posts, mostWaiting: spied.mostWaiting,
  memories: spied.memories.map(({ buffer }) => buffer.byteLength),
})"""
WORKER_COUNTS = """() => ({
  closed: spied.closed, canvases: spied.canvases,
  memories: spied.memories.map(({ buffer }) => buffer.byteLength),
})"""

OPEN_GATE = "() => { const [go] = spied.gate; spied.gate = null; go(); }"
SHOWN = "() => [video.getVideoPlaybackQuality().totalVideoFrames, spied.offers, spied.frames]"
PLUG = """(charging) => {
  spied.battery.charging = charging;
  spied.battery.dispatchEvent(new Event("chargingchange"));
}"""


class Counts(NamedTuple):
    """What there is after a number of frames."""

    frames: int
    page: dict[str, Any]
    worker: dict[str, Any]
    heaps: list[int]
    """Bytes in use after collecting garbage: of the page, then of its workers."""


class Heaps:
    """The JavaScript heaps of a page and of its workers, by the browser's debugging protocol."""

    def __init__(self, room: Room) -> None:
        self._page: CDPSession = room.page.context.new_cdp_session(room.page)
        self._workers: list[str] = []
        self._answers: dict[int, Any] = {}
        self._calls = 0
        self._page.on("Target.attachedToTarget", self._attached)
        self._page.on("Target.receivedMessageFromTarget", self._received)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        self._page.send("Target.setAutoAttach", attach)

    def used(self) -> list[int]:
        """Collect garbage, and return the bytes in use."""
        used = []
        for _ in range(2):  # what the first round frees may hold more
            used = [self._collected(None), *map(self._collected, self._workers)]
        return used

    def _collected(self, worker: str | None) -> int:
        self._send(worker, "HeapProfiler.collectGarbage")
        return int(self._send(worker, "Runtime.getHeapUsage")["usedSize"])

    def _send(self, worker: str | None, method: str) -> Any:
        if worker is None:
            return self._page.send(method)
        self._calls += 1
        message = json.dumps({"id": self._calls, "method": method})
        self._page.send("Target.sendMessageToTarget", {"sessionId": worker, "message": message})
        for _ in range(10_000):
            if self._calls in self._answers:
                return self._answers.pop(self._calls)
            self._page.send("Runtime.getHeapUsage")  # lets events come in
        raise AssertionError(f"a worker did not answer {method}")

    def _attached(self, event: dict[str, Any]) -> None:
        if event["targetInfo"]["type"] == "worker":
            self._workers.append(event["sessionId"])

    def _received(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer["result"]


@pytest.fixture(scope="module")
def fast(shared_room: OpenRoom) -> Room:
    """A visit with a small model, and a camera and an engine that are as fast as can be."""
    scene = f"data:image/png;base64,{base64.b64encode(encode(networks.scene())).decode()}"
    room = shared_room("long", init=f"const SCENE = {json.dumps(scene)};{SPY}{FAST}")
    room.before_engine(WORKER_SPY)
    room.open("?threads=1").until_state("ready")
    names = networks.named("red", "green", "blue")
    room.pick(("colours.onnx", networks.yolov8(metadata=names)))
    room.until("now.model === 'own-colours' && now.opening === null")
    room.page.keyboard.press("Escape")
    room.start()
    return room


@pytest.fixture(scope="module")
def heaps(fast: Room) -> Heaps:
    """The heaps of that visit."""
    return Heaps(fast)


def count(room: Room, heaps: Heaps, frames: int) -> Counts:
    """What there is once so many frames were analysed, at a moment when nothing is under way."""
    now = room.until(f"now.frames >= {frames}")
    assert {row["label"] for row in now["detections"]} == {"red", "green", "blue"}
    room.page.evaluate("() => { spied.hidden = true; }")
    room.page.wait_for_function("() => spied.posts === spied.answers")
    used = heaps.used()
    page = room.page.evaluate(PAGE_COUNTS)
    worker = room.page.workers[-1].evaluate(WORKER_COUNTS)
    room.page.evaluate("() => { spied.hidden = false; }")
    return Counts(now["frames"], page, worker, used)


@pytest.fixture(scope="module")
def counts(fast: Room, heaps: Heaps) -> dict[int, Counts]:
    """What there is after 100, 600 and 2100 frames."""
    return {frames: count(fast, heaps, frames) for frames in (100, 600, 2100)}


def test_five_hundred_frames_make_nothing_that_stays(counts: dict[int, Counts]) -> None:
    before, after = counts[100], counts[600]
    assert after.page["frames"] - before.page["frames"] >= 450

    assert after.page["canvases"] == before.page["canvases"]
    assert after.page["images"] == before.page["images"], "no frame's pixels are on the page"
    assert after.page["proxies"] - before.page["proxies"] < 10
    assert after.worker["canvases"] == 1
    given_back = after.page["refused"] + after.worker["closed"]
    assert after.page["frames"] == given_back, "each frame is given back"


def test_at_most_one_frame_is_with_the_engine(counts: dict[int, Counts]) -> None:
    assert [each.page["mostWaiting"] for each in counts.values()] == [1, 1, 1]


def test_two_thousand_frames_leave_every_heap_flat(counts: dict[int, Counts]) -> None:
    before, after = counts[100], counts[2100]

    # Wasm: not a byte, once the first frames are through.
    assert len(after.page["memories"]) == len(after.worker["memories"]) == 1
    assert after.page["memories"] == before.page["memories"]
    assert after.worker["memories"] == before.worker["memories"]
    # JavaScript: the page's heap holds some caches that fill up, and code compiled meanwhile.
    assert len(after.heaps) == len(before.heaps) > 1
    for now, then in zip(after.heaps, before.heaps, strict=True):
        assert now < then * 1.01 + 300_000


def shut(room: Room) -> None:
    """Keep the engine from answering, while frames are offered.

    After one that took long, as any may on a busy machine, none is until the next is answered.
    """
    for _ in range(10):
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
    fast.until_text("meter-text", "sparing power")
    fast.at("meter-line").click()
    fast.until_text("meter-list", "to 15 per second, because the device runs on battery")
    fast.at("meter-line").click()

    fast.at("pace").uncheck()
    fast.until("!Object.keys(now.held).length")
    fast.at("pace").check()
    fast.until("now.held.battery === 15")

    fast.page.evaluate(PLUG, True)
    fast.until("!Object.keys(now.held).length")
