"""Drives the built engine's worker from CPython: the page's own session, without the page.

The session runs in a thread with an event loop; Playwright, which is not safe to share between
threads, passes its messages on in this one.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, Queue
from types import SimpleNamespace
from typing import Any

from PIL.Image import Image
from playwright.sync_api import Page, Worker

from builder.serve import ISOLATION
from obscura.engine.plans import Plan
from obscura.engine.worker_session import WorkerSession

from .pictures import encode

BLANK = '<!doctype html><link rel="icon" href="data:,">'
HTML: dict[str, Any] = {"content_type": "text/html", "headers": ISOLATION}

HOST = """([url, type]) => {
  const worker = new Worker(url, { type, name: "tests" });
  const waiting = new Map();
  worker.onmessage = ({ data }) => waiting.get(data.id)?.(data);
  worker.onerror = (event) => waiting.forEach((give, id) => give({ id, error: event.message }));
  const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const encode = (bytes) => btoa(String.fromCharCode(...bytes));
  const received = (output) => ({ ...output, dims: [...output.dims], bytes: encode(output.bytes) });
  const bitmapOf = async (text) => createImageBitmap(new Blob([decode(text)]));
  const pixelsOf = async (text) => {
    const bitmap = await bitmapOf(text);
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer;
  };
  const given = async (value) => {
    if (value?.asBuffer) return decode(value.asBuffer);
    if (value?.asFrame) return new VideoFrame(await bitmapOf(value.asFrame), { timestamp: 0 });
    if (value?.asPixels) return pixelsOf(value.asPixels);
    if (Object.prototype.toString.call(value) !== "[object Object]") return value;
    const whole = {};
    for (const [name, each] of Object.entries(value)) whole[name] = await given(each);
    return whole;
  };
  globalThis.askEngine = async (message) => {
    const whole = await given(message);
    const answer = new Promise((give) => {
      waiting.set(whole.id, give);
      setTimeout(give, 60_000, { id: whole.id, error: "the worker did not answer" });
    });
    const transferred = [whole.frame, whole.pixels, whole.model].filter(Boolean);
    worker.postMessage(whole, transferred);
    const { outputs, crops, ...more } = await answer;
    return {
      ...more,
      ...(outputs && { outputs: outputs.map(received) }),
      ...(crops && { crops: crops.map((each) => each.map(received)) }),
    };
  };
}"""


class RemoteWorker:
    """The browser's worker. Implements `obscura.engine.calls.EngineWorker`."""

    def __init__(self) -> None:
        self.posted: Queue[dict[str, Any]] = Queue()

    def message(self, **values: Any) -> Any:
        return SimpleNamespace(**values)

    def buffer(self, data: bytes) -> Any:
        return {"asBuffer": base64.b64encode(data).decode()}

    def bytes_of(self, buffer: Any) -> bytes:
        return base64.b64decode(buffer["asBuffer"])

    def listen(self, on_answer: Callable[[dict[str, Any]], None], on_crash: object) -> None:
        self._on_answer, self._loop = on_answer, asyncio.get_running_loop()

    def post(self, message: Any, transferred: Any = None) -> None:
        self.posted.put(dict(vars(message)))

    def answer(self, answer: dict[str, Any]) -> None:
        """Deliver an answer, from the other thread."""
        for outputs in [answer.get("outputs", []), *answer.get("crops", [])]:
            for output in outputs:
                output["bytes"] = memoryview(base64.b64decode(output["bytes"]))
        self._loop.call_soon_threadsafe(self._on_answer, answer)

    def end(self) -> None:
        pass  # the worker ends with its page


def pixels(picture: Image) -> Any:
    """What the session takes for an `ImageData` of this picture."""
    data = {"asPixels": base64.b64encode(encode(picture)).decode()}
    return SimpleNamespace(
        width=picture.width, height=picture.height, data=SimpleNamespace(buffer=data)
    )


def frame(picture: Image, width: int, height: int) -> Any:
    """What the session takes for a frame of a video, to be drawn at this size."""
    video = _Video(base64.b64encode(encode(picture)).decode(), picture.size)
    return SimpleNamespace(width=width, height=height, frame=video)


class _Video(dict[str, str]):
    def __init__(self, data: str, size: tuple[int, int]) -> None:
        super().__init__(asFrame=data)
        self.displayWidth, self.displayHeight = size

    def close(self) -> None:
        pass  # made in the page, where the worker closes it


class EngineHost:
    """A page that has nothing but the engine's worker."""

    def __init__(self, page: Page, url: str, dist: Path, *, classic: bool = False) -> None:
        """
        Args:
            classic: whether its worker is one that is no module, as for LiteRT.
        """
        html = (dist / "index.html").read_text(encoding="utf-8")
        found = re.search(r'id="obscura-build"[^>]*>(.*?)</script>', html, re.DOTALL)
        assert found
        self._build = json.loads(found[1])
        self.page, self._url = page, url
        page.route(f"{url}blank", lambda route: route.fulfill(body=BLANK, **HTML))
        page.goto(f"{url}blank")
        with page.expect_worker() as started:
            kind = "classic" if classic else "module"
            page.evaluate(HOST, [self._address(self._build["engine"]), kind])
        self.worker: Worker = started.value
        self.gpu_url = self._address(self._build["gpu"])

    def runtime(self, plan: Plan) -> dict[str, str]:
        """The addresses of the runtime that a plan needs."""
        addresses = self._build["ort"][plan.runtime]
        return {name: self._address(url) for name, url in addresses.items()}

    def litert(self, plan: Plan, model: str) -> dict[str, Any]:
        """What a plan with LiteRT needs for a model."""
        found = self._build["litert"]
        addresses = {**found["builds"][plan.runtime], "module": found["module"]}
        addresses["core"] = found["cores"][model]
        whole = {name: self._address(url) for name, url in addresses.items()}
        return {**whole, "threads": plan.threads}

    def play(self, plan: Plan, scene: Callable[[WorkerSession], Awaitable[Any]]) -> Any:
        """Run a scene with a session in the worker."""
        worker = RemoteWorker()

        async def run() -> Any:
            return await scene(WorkerSession(worker, plan, "test"))

        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(lambda: asyncio.run(run()))
            while not ended.done():
                try:
                    message = worker.posted.get(timeout=0.05)
                except Empty:
                    continue
                worker.answer(self.page.evaluate("(message) => askEngine(message)", message))
            return ended.result()

    def _address(self, url: str) -> str:
        return self._url + url.removeprefix("./")
