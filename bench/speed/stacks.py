"""Stacks to compare: opening each, having it analyse frames, and reading its times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from browsers.chromium import Chromium, ChromiumError, Tab
from speed.figures import summary

MODEL = "cocossd"
PATIENCE_S = 300  # for a page to be ready or a round to end: machines may be small and busy

# For evaluated code: wait for a condition without blocking the page.
UNTIL = """
const until = async (condition, ms = 50) => {
  for (;;) {
    const answer = condition();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
};
"""


def script(body: str) -> str:
    """Return an expression that runs the body of an async function, which may use `until`."""
    return f"(async () => {{ {UNTIL} {body} }})()"


class Setting(NamedTuple):
    """A way to run in which stacks are compared."""

    name: str
    title: str
    backend: str  # ours: "wasm", "litert" or "webgpu"
    threads: int  # 0: what our page chooses
    isolated: bool
    tfjs: tuple[str, ...]
    """TensorFlow.js's backends to compare with, the best of which counts."""


class Stack(Protocol):
    """A page that analyses the camera's frames on request."""

    name: str

    def round(self, frames: int) -> None:
        """Analyse `frames` frames with this page in front."""

    def result(self) -> dict[str, Any]:
        """Return the times of the frames of all rounds; see `figures.summary`."""


@dataclass
class Busy:
    """Time during which a page's main thread was busy in the rounds, as the browser counts it."""

    tab: Tab
    frames: int = 0
    task_s: float = 0.0
    script_s: float = 0.0
    wall_s: float = 0.0

    def told(self) -> dict[str, float]:
        """Return milliseconds of the main thread per frame, and frames per second."""
        if not self.frames:
            return {}
        return {
            "task_ms_per_frame": 1000 * self.task_s / self.frames,
            "script_ms_per_frame": 1000 * self.script_s / self.frames,
            "fps": self.frames / self.wall_s,
        }

    def during(self, expression: str) -> Any:
        """Evaluate an expression that returns `frames` and `seconds`, and add up its busy time."""
        before = self.tab.metrics()
        answer = self.tab.evaluate(expression, PATIENCE_S)
        after = self.tab.metrics()
        self.task_s += after["TaskDuration"] - before["TaskDuration"]
        self.script_s += after["ScriptDuration"] - before["ScriptDuration"]
        self.wall_s += answer["seconds"]
        self.frames += answer["frames"]
        return answer


# ---- ours ----------------------------------------------------------------------------------------

FAILED = """
const now = () => {
  const told = globalThis.obscura?.snapshot();
  if (told?.error) {
    const details = document.getElementById("notice-details").textContent.trim();
    const last = details.split("\\n").at(-1);
    throw new Error(`${told.error.code}: ${told.error.message}: ${last}`);
  }
  return told;
};
"""
WARM = """
await until(() => now()?.frames >= %d && globalThis.benchRecorded);
document.getElementById("start").click();
await until(() => now().state === "ready");
document.getElementById("start").click();
await until(() => now().state === "running" && now().frames > 0);
document.getElementById("pause").click();
return now();
"""
ROUND = """
const before = now().frames;
const begun = performance.now();
document.getElementById("pause").click();
await until(() => now().frames >= before + %d, 500); // each look takes time of the page
const seconds = (performance.now() - begun) / 1000;
document.getElementById("pause").click();
return { frames: now().frames - before, seconds };
"""


RECORD = """(() => {
  const post = Worker.prototype.postMessage;
  const opened = new WeakMap();
  const store = indexedDB.open("bench");
  store.onupgradeneeded = () => store.result.createObjectStore("messages");
  const keep = (worker, { frame, pixels, ...run }) => {
    const messages = { open: opened.get(worker), run, byFrame: Boolean(frame) };
    const write = store.result.transaction("messages", "readwrite");
    write.objectStore("messages").put(messages, %s);
    write.oncomplete = () => { globalThis.benchRecorded = true; };
    Worker.prototype.postMessage = post;
  };
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.call === "open") opened.set(this, structuredClone(message));
    const { naturalWidth } = document.getElementById("sample");
    const camera = message?.frame || message?.width !== naturalWidth;
    if (message?.call === "run" && camera && store.readyState === "done") keep(this, message);
    return post.call(this, message, ...rest);
  };
})()"""
"""Runs first in the page: keeps what it tells its worker, for the rival in plain JavaScript to say
the same, up to the first frame of the camera; then it is out of the way."""


class Ours:
    """Obscura's page, unchanged, with the fake camera."""

    name = "obscura"

    def __init__(
        self, browser: Chromium, url: str, setting: Setting, warm_up: int, also: str = ""
    ) -> None:
        """Open the page and let it analyse `warm_up` frames; then it resets its times.

        Args:
            also: a script that runs first, in the page and its workers.
        """
        tab = self.tab = browser.tab()
        if also:
            tab.begin_with(also, workers=True)
        tab.begin_with(RECORD % json.dumps(setting.name))
        query = f"model={MODEL}&backend={setting.backend}&threads={setting.threads}&autostart=1"
        tab.open(f"{url}site/?{query}")
        self.begun = tab.evaluate(script(FAILED + WARM % warm_up), PATIENCE_S)
        self._busy = Busy(tab)

    @property
    def threads(self) -> int:
        """The number of threads."""
        return int(self.begun["threads"])

    def round(self, frames: int) -> None:
        """Analyse at least so many frames."""
        self._busy.tab.front()
        self._busy.during(script(FAILED + ROUND % frames))

    def close(self) -> None:
        """Close the page."""
        self._busy.tab.close()

    def result(self) -> dict[str, Any]:
        """Return the page's own times of the last frames."""
        now = json.loads(self._busy.tab.evaluate("JSON.stringify(obscura.snapshot())"))
        ran = {key: now[key] for key in ("backend", "threads", "precision") if key in now}
        return ours_told(now) | ran | self._busy.told()


def ours_told(now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times of recent frames as `obscura.snapshot()` reports them.

    Older pages do not time whole frames; for them the medians of the stages are added up, and
    the sum has no 95th percentile.
    """
    stages = dict(now["timings"])
    told = now.get("frame") or {"median": sum(stages.values()), "count": now["frames"]}
    boxes = len(now["detections"])
    return {"p95": None, "blocked_p95": None, **told, "stages": stages, "boxes": boxes}


# ---- the rivals ----------------------------------------------------------------------------------

READY = "await until(() => globalThis.bench); return bench.ready;"
FRAMES = """
const { ms, stages, seconds } = await bench.frames(%d);
return { ms, stages, seconds, frames: ms.length };
"""


@dataclass
class Rival:
    """A page of bench/rivals."""

    name: str
    tab: Tab
    ran: dict[str, Any]
    ms: list[float] = field(default_factory=list)
    stages: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._busy = Busy(self.tab)

    def round(self, frames: int) -> None:
        """Analyse so many frames."""
        self.tab.front()
        answer = self._busy.during(script(FRAMES % frames))
        self.ms += answer["ms"]
        self.stages += answer["stages"]

    def result(self) -> dict[str, Any]:
        """Return the times of its frames."""
        told = summary(self.ms, self.stages)
        boxes = told["stages"].pop("boxes")
        return told | {"boxes": boxes} | self.ran | self._busy.told()


def open_rival(
    browser: Chromium,
    url: str,
    page: str,
    told: Mapping[str, object],
    warm_up: int,
    also: str = "",
) -> Rival:
    """Open a rival's page of bench/rivals/pages and let it analyse `warm_up` frames.

    Args:
        told: "backend", "threads" and "setting", for the page's address.
        also: a script that runs first, in the page and its workers.
    """
    tab = browser.tab()
    if also:
        tab.begin_with(also, workers=True)
    backend = told["backend"]
    tab.open(f"{url}rivals/{page}.html?{urlencode(told)}")
    try:
        ran = tab.evaluate(script(READY), PATIENCE_S)
        tab.front()
        if warm_up:
            tab.evaluate(script(FRAMES % warm_up), PATIENCE_S)
    except ChromiumError as error:
        tab.close()
        raise ChromiumError(f"{page} with {backend}: {error}") from None
    return Rival(f"tfjs-{backend}" if page == "tfjs" else page, tab, ran)
