"""A visit in which all that is made for each frame is counted, with a fast camera and engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import CDPSession

from . import networks
from .pictures import encode
from .room import Room

COUNT_PROXIES = """
// Pyodide registers each proxy of a Python object here until it is destroyed or collected.
globalThis.proxies = 0;
globalThis.FinalizationRegistry = class extends FinalizationRegistry {
  constructor(forget) { super((value) => { proxies -= 1; forget(value); }); }
  register(...args) { proxies += 1; super.register(...args); }
  unregister(token) {
    const known = super.unregister(token);
    proxies -= known;
    return known;
  }
};
"""
"""A script for `new_room(init=...)` that counts the proxies that are alive."""

SPY = """
globalThis.spied = {
  canvases: 0, images: 0, frames: 0, refused: 0, memories: [],
  posts: 0, answers: 0, mostWaiting: 0, offers: 0, gate: null, delay: 0, hidden: false,
  still: false,
};
Object.defineProperty(document, "hidden", { get: () => spied.hidden });
spied.battery = Object.assign(new EventTarget(), { charging: true, level: 1 });
navigator.getBattery = async () => spied.battery;
for (const name of ["instantiate", "instantiateStreaming"]) {
  const instantiate = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const made = await instantiate(...args);
    const all = Object.values((made.instance ?? made).exports);
    const memories = all.filter((each) => each instanceof WebAssembly.Memory);
    spied.memories = [...new Set([...spied.memories, ...memories])]; // Python's is exported twice
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
  // So that frames of decoders are ones, too.
  static [Symbol.hasInstance](each) {
    return Function.prototype[Symbol.hasInstance].call(Object.getPrototypeOf(VideoFrame), each);
  }
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
  const context = new OffscreenCanvas(...SIZE).getContext("2d", { willReadFrequently: true });
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  const writer = track.writable.getWriter();
  let shown = 0;
  const draw = () => {
    if (track.readyState !== "live") return;
    if (spied.still) return setTimeout(draw, 33);
    context.drawImage(picture, 0, 0, ...SIZE);
    context.fillRect(shown % SIZE[0], 0, 1, SIZE[1]);
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
    presentedFrames += 1;
    call(performance.now(), { presentedFrames, mediaTime: presentedFrames / 30 });
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
  proxies, canvases: spied.canvases, images: spied.images, frames: spied.frames,
  refused: spied.refused,
  posts: spied.posts, mostWaiting: spied.mostWaiting,
  memories: spied.memories.map(({ buffer }) => buffer.byteLength),
})"""
WORKER_COUNTS = """() => ({
  closed: spied.closed, canvases: spied.canvases,
  memories: spied.memories.map(({ buffer }) => buffer.byteLength),
})"""


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


def fast_visit(scene: Image.Image, size: tuple[int, int]) -> str:
    """Return the script to begin such a visit with; it is for browsers with the flags "long".

    Args:
        scene: what the camera looks at.
        size: width and height of the camera's picture.
    """
    address = f"data:image/png;base64,{base64.b64encode(encode(scene)).decode()}"
    facts = f"const SCENE = {json.dumps(address)}, SIZE = {json.dumps(size)};"
    return f"{facts}{COUNT_PROXIES}{SPY}{FAST}"


FAST_VISIT = fast_visit(networks.scene(), (160, 120))


def start_fast(room: Room, labels: Sequence[str] = ("red", "green", "blue")) -> Room:
    """As `open_fast`, and start the camera."""
    open_fast(room, labels).start()
    return room


def open_fast(room: Room, labels: Sequence[str] = ("red", "green", "blue")) -> Room:
    """Open the page with a small model.

    Args:
        labels: what the model calls these colours.
    """
    room.before_engine(WORKER_SPY)
    room.open("?threads=1").until_state("ready")
    names = networks.named(*labels)
    room.pick(("colours.onnx", networks.yolov8(metadata=names)))
    room.until("now.model === 'own-colours' && now.opening === null")
    room.page.keyboard.press("Escape")
    return room


def count(
    room: Room,
    heaps: Heaps,
    frames: int,
    labels: Collection[str] = ("red", "green", "blue"),
) -> Counts:
    """What there is once so many frames were analysed, at a moment when nothing is under way.

    Args:
        labels: of what is to be found then.
    """
    room.until_many("now.frames", frames, 50)
    now = room.snapshot()
    assert {row["label"] for row in now["detections"]} == set(labels)
    room.page.evaluate("() => { spied.hidden = true; }")
    room.page.wait_for_function("() => spied.posts === spied.answers")
    used = heaps.used()
    page = room.page.evaluate(PAGE_COUNTS)
    worker = room.page.workers[-1].evaluate(WORKER_COUNTS)
    room.page.evaluate("() => { spied.hidden = false; }")
    return Counts(now["frames"], page, worker, used)


def assert_nothing_stays(before: Counts, after: Counts) -> None:
    """Assert that the frames between two counts have left nothing behind."""
    assert after.page["canvases"] == before.page["canvases"]
    assert after.page["images"] == before.page["images"], "no frame's pixels are on the page"
    assert after.page["proxies"] - before.page["proxies"] < 10
    assert after.worker["canvases"] == 1
    given_back = after.page["refused"] + after.worker["closed"]
    assert after.page["frames"] == given_back, "each frame is given back"


def timers(ms: int, instead: int) -> str:
    """A script for `new_room(init=...)`: the page's timers of this time take another time instead,
    where a busy machine may need longer for what the page waits for."""
    return f"""{{
  const later = globalThis.setTimeout;
  globalThis.setTimeout = (call, ms, ...rest) => later(call, ms === {ms} ? {instead} : ms, ...rest);
}}"""


PATIENT_OF_WORKER = timers(4000, 60_000)
"""The first visit waits longer for the service worker before it goes on without threads."""
NEVER_STABLE = timers(6000, 3_600_000)
"""No visit has been up for so long that the crashes before it no longer count."""
