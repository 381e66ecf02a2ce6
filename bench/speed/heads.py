"""What heads cost in the browser: the rate of the live picture, and each network's time and memory.

One tab per choice of looks, on a clip with people in view. They take turns, a few seconds each, so
that a busy machine is busy for all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from browsers.chromium import Chromium, Tab, launched
from builder.browser import find_chromium
from builder.build import ROOT
from obscura.live.timing import median
from speed.goals import verdict
from speed.host import Host
from speed.prepare import PEOPLE
from speed.stacks import FAILED, MODEL, PATIENCE_S, script
from speed.visits import TRACK, held

Tell = Callable[[str], None]

WITHOUT = "without"
LOOKS = {
    WITHOUT: "",
    "faces": "faces",
    "faces, expressions": "faces,emotion",
    "all five": "faces,emotion,age-gender,pose,text",
}
"""Which looks are on, by what the report calls them."""
ALONE = {
    "faces": ("faces", "faces-far"),
    "emotion": ("emotion",),
    "age-gender": ("age-gender",),
    "pose": ("pose",),
    "text": ("text",),
}
"""The networks that a look brings, beside those that find the faces for it."""
TURN_S = 4.0
COUNTS = (1, 2, 4)
"""Crops per call."""
RUNS = 15
OPENINGS = 5
FIRST = 15
"""Frames that a tab analyses before it takes turns."""
CROWD = "&threshold=0.05"
"""What the address asks for where there are many, of which the model is less sure."""

ENGINE = """(() => {
  const post = Worker.prototype.postMessage;
  const heads = {}; // by name: {message with which it was opened, crop looked at last}
  let engine, serial = 0, hidden = false;
  // A page that is out of sight analyses no frames; in a pause, heads look at all that there is.
  Object.defineProperty(document, "hidden", { get: () => hidden });
  const waiting = new Set(); // ids of calls
  const followed = new WeakSet();
  Worker.prototype.postMessage = function (message, ...rest) {
    const hear = ({ data }) => waiting.delete(data.id);
    if (!followed.has(this)) this.addEventListener("message", hear);
    followed.add(this);
    if (message?.call) waiting.add(message.id);
    if (message?.call === "run") engine = this;
    const { call, name } = message ?? {};
    if (call === "open" && name && name !== "detector") {
      heads[name] = { ...heads[name], message: { ...message, model: message.model.slice(0) } };
    }
    if (call === "crops") heads[name] = { ...heads[name], crop: structuredClone(message.crops[0]) };
    return post.call(this, message, ...rest);
  };
  const ask = (message) => new Promise((resolve, reject) => {
    const id = `bench ${(serial += 1)}`; // the page passes over answers to calls of others
    const hear = ({ data }) => {
      if (data.id !== id) return;
      engine.removeEventListener("message", hear);
      if (data.error) reject(new Error(data.error));
      else resolve(data);
    };
    engine.addEventListener("message", hear);
    post.call(engine, { ...message, id });
  });
  globalThis.benchHeads = {
    heads,
    show(shown) {
      hidden = !shown;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    async rest() {
      benchHeads.show(false);
      for (let quiet = 0; quiet < 5; quiet = waiting.size ? 0 : quiet + 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    // Least milliseconds of a call of so many crops, each the one looked at last.
    async time(name, count, runs) {
      let least = Infinity;
      for (let run = 0; run < runs; run += 1) {
        const begun = performance.now();
        await ask({ call: "crops", name, crops: Array(count).fill(heads[name].crop) });
        least = Math.min(least, performance.now() - begun);
      }
      return least;
    },
    // Least milliseconds to fetch a network from the browser's cache, verify and open it.
    async opening(name, times) {
      const files = performance.getEntriesByType("resource");
      const { name: url } = files.find((file) => file.name.includes(`/heads/${name}/`));
      const { message } = heads[name];
      let least = Infinity;
      for (let time = 0; time < times; time += 1) {
        const begun = performance.now();
        const bytes = await (await fetch(url, { cache: "force-cache" })).arrayBuffer();
        await crypto.subtle.digest("SHA-256", bytes);
        await ask({ ...message, name: "bench" });
        least = Math.min(least, performance.now() - begun);
        await ask({ call: "close", name: "bench" });
      }
      return least;
    },
  };
})()"""
"""Runs first in the page: sees what it tells its engine of heads, and asks that more."""

BEGIN = """
await until(() => now()?.state === "running" && now().frames >= %d, 100);
const looked = () => %s.every((name) => benchHeads.heads[name]?.crop);
const begun = performance.now();
await until(() => looked() || performance.now() - begun > %d, 100);
await benchHeads.rest();
return now();
"""
TURN = """
const before = now().frames, begun = performance.now();
benchHeads.show(true);
await new Promise((resolve) => setTimeout(resolve, %d));
const frames = now().frames - before, seconds = (performance.now() - begun) / 1000;
await benchHeads.rest();
const found = {};
for (const { label } of now().detections) found[label] = (found[label] ?? 0) + 1;
return { fps: frames / seconds, found, heads: now().heads };
"""


def measure(
    folder: Path, host: Host, backend: str, rounds: int, flags: Sequence[str], tell: Tell
) -> dict[str, Any]:
    """Return all figures of heads: "rates" by the number of people in view, "costs" and "sizes".

    Args:
        folder: with the site that `host` serves, and the clips.
        rounds: of turns; a turn is `TURN_S` long.
    """
    seen: dict[str, Any] = {"rates": {}, "costs": {}}
    for people, clip in PEOPLE.items():
        with launched(find_chromium(Path(sys.executable)), folder / clip, flags) as browser:
            tell(f"heads: {people} people in view")
            more = CROWD if int(people) > 2 else ""
            seen["rates"][people] = rates(browser, host, backend, more, rounds, tell)
            if not seen["costs"]:
                seen["costs"] = costs(browser, host, backend, tell)
    files = (ROOT / "models" / "heads").glob("*/model.onnx")
    return seen | {"sizes": {file.parent.name: file.stat().st_size for file in files}}


def rates(
    browser: Chromium, host: Host, backend: str, more: str, rounds: int, tell: Tell
) -> dict[str, Any]:
    """Return, for each of `LOOKS`, frames a second in each round, and what was found.

    Args:
        more: what else the page's address asks for.
    """
    seen: dict[str, Any] = {
        name: {"fps": [], "found": {}, "heads": {}, "ran": {}} for name in LOOKS
    }
    with ExitStack() as tabs:
        opened: dict[str, Tab] = {}
        for name, looks in LOOKS.items():
            tell(f"heads: opening the page, {name}")
            opened[name] = tab = visit(browser, host, backend, looks, tabs, more)
            now = tab.evaluate(script(FAILED + BEGIN % (FIRST, "[]", 0)), PATIENCE_S)
            seen[name]["ran"] = {key: now.get(key) for key in ("backend", "threads")}
        for number in range(rounds):
            tell(f"heads: round {number + 1} of {rounds}")
            for name, tab in opened.items():
                tab.front()
                told = tab.evaluate(script(FAILED + TURN % (1000 * TURN_S)), PATIENCE_S)
                seen[name]["fps"].append(told["fps"])
                for label, count in told["found"].items():
                    most = seen[name]["found"].get(label, 0)
                    seen[name]["found"][label] = max(most, count)
                seen[name]["heads"] = told["heads"] or {}
    return seen


def costs(browser: Chromium, host: Host, backend: str, tell: Tell) -> dict[str, Any]:
    """Return, for each network, the least milliseconds to open it from the browser's cache and of
    calls of some crops, and the memory of its look; and the memory of the page without heads."""
    seen: dict[str, Any] = {}
    for look, networks in {WITHOUT: (), **ALONE}.items():
        tell(f"heads: {look}")
        with ExitStack() as tabs:
            tab = visit(browser, host, backend, "" if look == WITHOUT else look, tabs)
            names = str(list(networks))
            tab.evaluate(script(FAILED + BEGIN % (60, names, 60_000)), PATIENCE_S)
            memory = held(tab)
            for name in networks or (WITHOUT,):
                seen[name] = {"look": look, "memory": memory}
            for name in networks:
                calls = {
                    count: tab.evaluate(f"benchHeads.time('{name}', {count}, {RUNS})", PATIENCE_S)
                    for count in COUNTS
                }
                opening = tab.evaluate(f"benchHeads.opening('{name}', {OPENINGS})", PATIENCE_S)
                seen[name] |= {"calls": calls, "opening": opening}
    return seen


def visit(
    browser: Chromium, host: Host, backend: str, looks: str, tabs: ExitStack, more: str = ""
) -> Tab:
    """Open the page with some looks on, in front; it closes with the stack."""
    tab = browser.tab()
    tabs.callback(tab.close)
    tab.begin_with(TRACK, workers=True)
    tab.begin_with(ENGINE)
    query = f"model={MODEL}&backend={backend}&autostart=1{more}"
    tab.open(f"{host.url}site/?{query}" + (f"&closer_looks={looks}" if looks else ""))
    tab.front()
    return tab


# ---- the report ----------------------------------------------------------------------------------

GOAL = 0.5
"""Least rate with heads, in rates without."""
OPENS_MS = 1000.0


def ratio(seen: Mapping[str, Any], name: str) -> float:
    """Return the median over the rounds of the rate with heads, by that without in that round."""
    pairs = zip(seen[name]["fps"], seen[WITHOUT]["fps"], strict=True)
    return median([fps / own if own else 0.0 for fps, own in pairs])


def rate_rows(clips: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return a line for each choice of looks on each clip."""
    made: list[tuple[str, ...]] = []
    for clip, seen in clips.items():
        for name, told in seen.items():
            found = ", ".join(f"{count} {label}" for label, count in sorted(told["found"].items()))
            shares = ", ".join(f"{head} {each['ms']:.1f}" for head, each in told["heads"].items())
            share = "" if name == WITHOUT else f"{ratio(seen, name):.2f}"
            met = "" if name == WITHOUT else verdict(ratio(seen, name) >= GOAL)
            made.append((clip, name, f"{median(told['fps']):.1f}", share, met, found, shares))
    return made


def cost_rows(seen: Mapping[str, Any], sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return a line for each network.

    Args:
        sizes: of the networks' files, in bytes.
    """
    bare = engine_bytes(seen[WITHOUT]["memory"])
    made = []
    for name, told in seen.items():
        if name == WITHOUT:
            continue
        calls = [told["calls"][key] for key in told["calls"]]
        more = engine_bytes(told["memory"]) - bare
        made.append(
            (
                name,
                f"{sizes[name] / 1e6:.2f} MB",
                f"{told['opening']:.0f}",
                verdict(told["opening"] <= OPENS_MS),
                *(f"{ms:.1f}" for ms in calls),
                f"{more / 1e6:.1f} MB",
            )
        )
    return made


def engine_bytes(memory: Mapping[str, float]) -> float:
    """Return the memory of all engines' runtimes and their GPU buffers."""
    kinds = ("wasm heap, worker", "GPU buffers, worker")
    return sum(size for kind, size in memory.items() if kind.startswith(kinds))


def parts(told: Mapping[str, Any], table: Callable[[Sequence[str], Any], str]) -> list[str]:
    """Return the tables of heads, in Markdown; none if they were not measured."""
    if not told:
        return []
    counts = tuple(f"ms, {count} crop{'s' * (count > 1)}" for count in COUNTS)
    head = ("network", "size", "opens in ms", "", *counts, "memory of its look")
    rows = cost_rows(told["costs"], told["sizes"])
    rate_head = ("people", "looks", "frames/s", "of the rate without", "", "found", "ms a frame")
    ran = next(iter(told["rates"].values()))[WITHOUT]["ran"]
    where = f"{ran['backend']}, {ran['threads']} threads"
    return [
        f"What a head costs, {where}:\n\n" + table(head, rows),
        "Frames a second with people in view:\n\n" + table(rate_head, rate_rows(told["rates"])),
    ]
