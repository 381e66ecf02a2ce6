"""Measurements in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from browsers.chromium import Chromium, ChromiumError, SessionGone, Tab
from speed.host import Host, Line
from speed.prepare import FACTS
from speed.stacks import FAILED, MODEL, PATIENCE_S, Ours, Setting, Stack, open_rival, script

Tell = Callable[[str], None]


class Amount(NamedTuple):
    """How much to measure."""

    warm_up: int
    """Frames that do not count: the first ones compile, and fill caches."""
    frames: int  # a round
    rounds: int


# ---- the machine ---------------------------------------------------------------------------------

LOOK = """
const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
const info = adapter?.info;
const keys = ["vendor", "architecture", "device", "description"];
const words = keys.map((key) => info?.[key]).filter(Boolean);
const gl = document.createElement("canvas").getContext("webgl2");
const names = gl?.getExtension("WEBGL_debug_renderer_info");
return {
  isolated: crossOriginIsolated,
  cores: navigator.hardwareConcurrency,
  webgpu: info ? (words.join(" ") || "unnamed") : null,
  software: Boolean(info?.isFallbackAdapter) || words.some((word) => /swiftshader/i.test(word)),
  webgl: names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : null,
};
"""


def look_around(browser: Chromium, host: Host) -> dict[str, Any]:
    """Return what the browser reports about the device."""
    tab = browser.tab()
    tab.open(host.url + FACTS)  # any file of the server: only its origin matters
    told: dict[str, Any] = tab.evaluate(script(LOOK))
    tab.close()
    return told


# ---- frames --------------------------------------------------------------------------------------


def compare_frames(
    browser: Chromium,
    host: Host,
    setting: Setting,
    rivals: Sequence[str],
    amount: Amount,
    tell: Tell,
) -> dict[str, Any]:
    """Let the stacks take turns analysing frames, one tab in front at a time; return their figures.

    Returns:
        by the stack's name, the value of `Stack.result`; "failures" says why a stack is missing.
    """
    failures: dict[str, str] = {}
    with ExitStack() as tabs:
        stacks: list[Stack] = []
        tell(f"{setting.title}: opening Obscura")
        ours = Ours(browser, host.url, setting, amount.warm_up)
        tabs.callback(ours.close)
        stacks.append(ours)
        wanted = [("tfjs", backend) for backend in setting.tfjs if "tfjs" in rivals]
        wanted += [("js", setting.backend)] if "js" in rivals else []
        for page, backend in wanted:
            tell(f"{setting.title}: opening {page} ({backend})")
            told = {"backend": backend, "threads": ours.threads, "setting": setting.name}
            try:
                rival = open_rival(browser, host.url, page, told, amount.warm_up)
            except ChromiumError as error:
                failures[f"tfjs-{backend}" if page == "tfjs" else page] = str(error)
                continue
            tabs.callback(rival.tab.close)
            stacks.append(rival)
        for number in range(amount.rounds):
            tell(f"{setting.title}: round {number + 1} of {amount.rounds}")
            for stack in stacks:
                stack.round(amount.frames)
        results: dict[str, Any] = {stack.name: stack.result() for stack in stacks}
    return results | {"failures": failures}


# ---- first boxes ---------------------------------------------------------------------------------

OURS_FIRST = """
const mark = () => performance.getEntriesByName("obscura:first-boxes")[0]?.startTime;
return until(() => mark() ?? (now()?.state === "ready" && performance.now()), 5);
"""
TFJS_FIRST = """
await until(() => globalThis.bench, 5);
await bench.ready;
return performance.getEntriesByName("first-boxes")[0].startTime;
"""
FIRST = {
    "obscura": (f"site/?model={MODEL}", script(FAILED + OURS_FIRST)),
    "tfjs": ("rivals/tfjs.html?backend=wasm&sample", script(TFJS_FIRST)),
}
"""By stack: the page, and what answers with the milliseconds from navigation to the first boxes on
the bundled picture, drawn from an inference made in this visit."""


def first_boxes(tab: Tab, host: Host, stack: str, backend: str = "auto") -> float:
    """Open a stack's page and return the milliseconds to its first boxes.

    Args:
        backend: ours; "auto" for the one that the page chooses.
    """
    page, expression = FIRST[stack]
    forced = f"&backend={backend}" if stack == "obscura" and backend != "auto" else ""
    tab.open(host.url + page + forced)
    return float(tab.evaluate(expression, PATIENCE_S))


def warm_starts(
    browser: Chromium, host: Host, stacks: Sequence[str], backend: str, rounds: int, tell: Tell
) -> dict[str, list[float]]:
    """Visit the stacks in turn with warm caches; return milliseconds to first boxes, by stack.

    Two earlier visits fill the caches of files and of compiled code. Each is left after a while,
    because browsers write compiled code once a page is idle.
    """
    seen: dict[str, list[float]] = {stack: [] for stack in stacks}
    for number in range(-2, rounds):
        tell(f"first boxes, warm cache: round {number + 1} of {rounds}")
        for stack in stacks:
            tab = browser.tab()
            ms = first_boxes(tab, host, stack, backend)
            if number < 0:
                tab.evaluate("new Promise((resolve) => setTimeout(resolve, 3000))")
            else:
                seen[stack].append(ms)
            tab.close()
    return seen


def cold_starts(
    browser: Chromium,
    host: Host,
    line: Callable[[], Line],
    stacks: Sequence[str],
    backend: str,
    rounds: int,
    tell: Tell,
) -> dict[str, list[dict[str, float]]]:
    """Make first visits to the stacks in turn, over a slow connection.

    Returns:
        by stack, a visit's milliseconds and the bytes of bodies sent until the first boxes.
    """
    seen: dict[str, list[dict[str, float]]] = {stack: [] for stack in stacks}
    for number in range(rounds):
        for stack in stacks:
            tell(f"first boxes, cold cache: round {number + 1} of {rounds}, {stack}")
            context = browser.context()
            host.line = line()
            ms = first_boxes(browser.tab(context), host, stack, backend)
            seen[stack].append({"ms": ms, "bytes": host.line.sent})
            browser.close_context(context)
    return seen


# ---- memory --------------------------------------------------------------------------------------

TRACK = """(() => {
  const { Memory } = WebAssembly;
  const memories = new Set();
  const keep = (memory) => memory instanceof Memory && memories.add(memory);
  WebAssembly.Memory = class extends Memory {
    constructor(...args) {
      super(...args);
      keep(this);
    }
  };
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const make = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await make.apply(WebAssembly, args);
      Object.values((made.instance ?? made).exports).forEach(keep);
      return made;
    };
  }

  const Registry = FinalizationRegistry;
  let proxies = 0;
  globalThis.FinalizationRegistry = class extends Registry {
    constructor(callback) {
      super((held) => {
        proxies -= 1;
        callback(held);
      });
    }
    register(...args) {
      super.register(...args);
      proxies += 1;
    }
    unregister(token) {
      const known = super.unregister(token);
      proxies -= known;
      return known;
    }
  };

  const buffers = new Map();
  const gone = new Registry((id) => buffers.delete(id));
  let serial = 0;
  const followBuffers = () => {
    const { createBuffer } = globalThis.GPUDevice?.prototype ?? {};
    if (!createBuffer) return;
    GPUDevice.prototype.createBuffer = function (wishes) {
      const buffer = createBuffer.call(this, wishes);
      const id = ++serial;
      buffers.set(id, wishes.size);
      gone.register(buffer, id);
      buffer.destroy = () => {
        buffers.delete(id);
        GPUBuffer.prototype.destroy.call(buffer);
      };
      return buffer;
    };
  };
  // A worker has no GPUDevice yet when this runs there, before its own script.
  if (globalThis.document) followBuffers();
  else addEventListener("message", followBuffers, { once: true });

  const sum = (numbers) => [...numbers].reduce((total, number) => total + number, 0);
  globalThis.benchTrack = () => ({
    wasm: sum([...memories].map(({ buffer }) => buffer.byteLength)),
    gpu: sum(buffers.values()),
    proxies,
  });
})()"""
"""Runs first in the page and in its workers: who knows the memories and buffers made there, and the
objects that somebody wants to be told the end of. In the page these are Pyodide's proxies."""

UNTIL_FRAME = """
if (now()?.state === "paused") document.getElementById("pause").click();
await until(() => now()?.frames >= %d, 200);
document.getElementById("pause").click();
await until(() => now().state === "paused");
return now().frames;
"""


def memory(
    browser: Chromium, host: Host, setting: Setting, first: int, last: int, tell: Tell
) -> list[dict[str, float]]:
    """Return the memory of our page after `first` and after `last` frames, by kind; see `held`.

    The sizes of JavaScript heaps are taken after garbage collection, with the picture frozen.
    """
    tab = browser.tab()
    try:
        tab.begin_with(TRACK, workers=True)
        query = f"model={MODEL}&backend={setting.backend}&threads={setting.threads}&autostart=1"
        tab.open(f"{host.url}site/?{query}")
        tab.front()
        seen = []
        for count in (first, last):
            tell(f"memory, {setting.title}: until frame {count}")
            wait_s = PATIENCE_S + 0.5 * count
            frames = tab.evaluate(script(FAILED + UNTIL_FRAME % count), wait_s)
            seen.append({"frames": frames, **held(tab)})
        return seen
    finally:
        tab.close()


def held(tab: Tab) -> dict[str, float]:
    """Return the memory in bytes of a page and its workers, by kind, and the number of proxies."""
    sizes: dict[str, float] = {}
    found = []
    for session in tab.realms():
        try:
            found.append(_looked_at(tab, session))
        except SessionGone:
            if session == tab.session:
                raise  # any other is a worker that had done its work
    for realm, (heaps, tracks) in enumerate(found):
        where = "page" if realm == 0 else "worker" if realm == 1 else f"worker {realm}"
        # The least of three, because temporary objects do not count.
        sizes[f"JS heap, {where}"] = min(heaps)
        sizes[f"wasm heap, {where}"] = tracks[-1]["wasm"]
        sizes[f"GPU buffers, {where}"] = tracks[-1]["gpu"]
        if realm == 0:
            sizes["proxies"] = min(track["proxies"] for track in tracks)
    return sizes


def _looked_at(tab: Tab, session: str) -> tuple[list[int], list[dict[str, float]]]:
    """Return the JavaScript heap of a page or worker and what `TRACK` counts there, three times."""
    heaps, tracks = [], []
    for _ in range(3):
        heaps.append(tab.heap_bytes(session))
        tracks.append(tab.evaluate("benchTrack()", session=session))
    return heaps, tracks


# ---- more work -----------------------------------------------------------------------------------

GROWTH = """
const now = () => globalThis.obscura?.snapshot();
await until(() => !["loading", "ready", "running"].includes(now()?.state ?? "loading"), 500);
if (now().state !== "done") throw new Error(now().error?.message ?? `the page is ${now().state}`);
return now().results;
"""


SECONDS = 300  # a small machine, and nobody waits


def growth(browser: Chromium, host: Host, frames: int, tell: Tell) -> dict[str, Any]:
    """Return the figures of bench.html for models, boxes and classes; see obscura.page.features.bench."""  # noqa: E501
    tell("what more work costs")
    tab = browser.tab()
    try:
        tab.open(
            f"{host.url}site/bench.html?parts=models,boxes,classes&frames={frames}&seconds={SECONDS}&start"
        )
        tab.front()
        results: dict[str, Any] = tab.evaluate(script(GROWTH), PATIENCE_S)
        return results
    finally:
        tab.close()
