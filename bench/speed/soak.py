"""``build.py soak``: run the live page for minutes, and report whether anything grows."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from browsers.chromium import ChromiumError, Tab, launched
from browsers.clip import CLIP, write_clip
from builder.browser import find_chromium
from builder.build import build
from builder.errors import BuildError
from builder.serve import serving
from obscura.live.timing import median
from speed import plot
from speed.command import machine
from speed.stacks import FAILED, MODEL, PATIENCE_S, script
from speed.visits import TRACK, held

Sample = dict[str, float]
"""What one look saw: "seconds" into the run, "frames" so far, "frame ms", "loop ms" of a loop that
is always the same, and what is held."""

COORDINATES = frozenset({"seconds", "frames", "loop ms"})

BEGIN = """
await until(() => now()?.state === "running" && now().frames >= 20, 200);
return now();
"""
PAUSE = """
document.getElementById("pause").click();
await until(() => now().state === "paused");
return now().frames;
"""
LOOP = """
const times = [];
for (let round = 0; round < 9; round++) {
  const begun = performance.now();
  let sum = 0;
  for (let i = 0; i < 2e6; i++) sum = (sum + i * i) % 1000003;
  if (sum >= 0) times.push(performance.now() - begun);
}
return times.sort((a, b) => a - b)[4];
"""
RESUME = """
document.getElementById("pause").click();
await until(() => now().state === "running");
return now().frames;
"""


def run(root: Path, args: argparse.Namespace) -> int:
    """Run the command; return 0 if everything is flat, 1 if anything grows.

    Raises:
        BuildError: something is missing, or the browser or the page failed.
    """
    if os.name == "nt":
        raise BuildError("soak speaks to the browser by pipes that Windows lacks: use WSL.")
    if args.read:
        told = json.loads(args.read.read_text(encoding="utf-8"))
    else:
        told = soak(root, args.minutes * 60, args.samples, args.backend)
    if args.json:
        args.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(markdown(told), flush=True)
    if args.plot:
        plot.draw_spec(spec(told["samples"]), args.plot, root / "bench" / "rivals")
    return 1 if any(row.grows for row in rows(told["samples"])) else 0


def soak(root: Path, seconds: float, count: int, backend: str) -> dict[str, Any]:
    """Run the page on the fake camera and take `count` samples of it."""
    folder = root / "build" / "soak"
    folder.mkdir(parents=True, exist_ok=True)
    clip = write_clip(folder / CLIP)
    build(folder / "site")
    try:
        with (
            serving(folder / "site") as server,
            launched(find_chromium(Path(sys.executable)), clip) as browser,
        ):
            tab = browser.tab()
            tab.begin_with(TRACK, workers=True)
            tab.open(f"{server.url}?model={MODEL}&backend={backend}&autostart=1")
            tab.front()
            begun = tab.evaluate(script(FAILED + BEGIN), PATIENCE_S)
            return {
                "date": date.today().isoformat(),
                "machine": machine(browser),
                "backend": begun["backend"],
                "threads": begun["threads"],
                "samples": watch(tab, seconds, count),
            }
    except ChromiumError as error:
        raise BuildError(f"the run ended early ({error}): see to that, and run it again.") from None


def watch(tab: Tab, seconds: float, count: int) -> list[Sample]:
    """Return `count` samples of the page at even intervals, each while the picture is paused."""
    samples: list[Sample] = []
    begun = resumed = time.monotonic()
    before = tab.evaluate(script(FAILED + "return now().frames;"))
    for number in range(1, count + 1):
        time.sleep(max(0.0, begun + seconds * number / count - time.monotonic()))
        frames = tab.evaluate(script(FAILED + PAUSE), PATIENCE_S)
        worked = time.monotonic() - resumed
        look = {"seconds": time.monotonic() - begun, "frames": frames}
        look["frame ms"] = 1000 * worked / max(1, frames - before)
        look["loop ms"] = tab.evaluate(script(LOOP))
        samples.append(look | held(tab))
        print(f"soak: {look['seconds']:.0f} s, {frames} frames ...", file=sys.stderr, flush=True)
        before = tab.evaluate(script(FAILED + RESUME), PATIENCE_S)
        resumed = time.monotonic()
    return samples


# ---- report --------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One quantity over the run."""

    name: str
    first: float
    last: float
    per_hour: float
    """The median of the slopes between all pairs of looks (Theil and Sen), which a few odd looks do
    not move."""
    grows: bool


def rows(samples: Sequence[Sample]) -> list[Row]:
    """Return a row per quantity that every sample has.

    The first fifth of the samples is left out: caches fill, and the garbage collector settles.
    """
    settled = samples[len(samples) // 5 :]
    names = [key for key in settled[0] if key not in COORDINATES]
    made = []
    for name in names:
        series = [(look["seconds"], look[name]) for look in settled if name in look]
        if len(series) < 2 or not any(value for _, value in series):
            continue
        hourly = 3600 * slope(series)
        hours = (series[-1][0] - series[0][0]) / 3600
        judged = hourly
        if name == "frame ms":  # the page is not to blame for a machine that gets slower
            loop = settled[0]["loop ms"]
            pairs = [(look["seconds"], look[name] * loop / look["loop ms"]) for look in settled]
            judged = 3600 * slope(pairs)
        grows = judged * hours > allowance(name, series[0][1])
        made.append(Row(name, series[0][1], series[-1][1], hourly, grows))
    return made


def slope(series: Sequence[tuple[float, float]]) -> float:
    """Return the median slope between all pairs of points."""
    pairs = [
        (later[1] - former[1]) / (later[0] - former[0])
        for number, former in enumerate(series)
        for later in series[number + 1 :]
        if later[0] > former[0]
    ]
    return median(pairs)


def allowance(name: str, first: float) -> float:
    """Return the rise over the run that still counts as flat.

    Two per cent of bytes and proxies, but at least the effect of one garbage collection; a fifth of
    a frame's time, which other work on the machine affects.
    """
    if name == "frame ms":
        return 0.2 * first
    if name == "proxies":
        return max(5.0, 0.02 * first)
    return max(256 * 1024.0, 0.02 * first)


def shown(name: str, value: float) -> str:
    """Return a figure with its unit."""
    if name == "frame ms":
        return f"{value:.1f} ms"
    return f"{value:.0f}" if name == "proxies" else f"{value / 1e6:.2f} MB"


def markdown(told: Mapping[str, Any]) -> str:
    """Return the table, and where it was measured."""
    samples = told["samples"]
    end = samples[-1]
    on = told["machine"]
    loops = [look["loop ms"] for look in samples]
    lines = [
        f"{told['date']}, {on['browser']}, {on['cpu']}, {on['memory']}; "
        f"{told['backend']}, {told['threads']} threads; "
        f"{end['frames']:.0f} frames in {end['seconds'] / 60:.1f} minutes, {len(samples)} looks. "
        f"A loop that is always the same took {min(loops):.0f} to {max(loops):.0f} ms meanwhile; a "
        "frame's time is judged by that.",
        "",
        "| held | first | last | per hour | |",
        "|---|---:|---:|---:|---|",
    ]
    for row in rows(samples):
        title = "time of a frame" if row.name == "frame ms" else row.name
        sign = "+" if row.per_hour >= 0 else ""
        figures = f"{shown(row.name, row.first)} | {shown(row.name, row.last)}"
        verdict = "**grows**" if row.grows else "flat"
        lines.append(f"| {title} | {figures} | {sign}{shown(row.name, row.per_hour)} | {verdict} |")
    return "\n".join(lines)


def spec(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the plot in Vega-Lite's grammar: each quantity over the minutes, from zero."""
    names = [*(row.name for row in rows(samples)), "loop ms"]
    values = [
        {
            "minute": look["seconds"] / 60,
            "what": f"{name}, MB" if "heap" in name or "buffers" in name else name,
            "value": look[name] / 1e6 if "heap" in name or "buffers" in name else look[name],
        }
        for look in samples
        for name in names
        if name in look
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": "What the live page holds, over the minutes of the run.",
        "data": {"values": values},
        "facet": {"field": "what", "type": "nominal", "sort": None, "header": {"title": None}},
        "columns": 2,
        "spec": {
            "width": 300,
            "height": 90,
            "mark": {"type": "line", "color": "#4c78d8"},
            "encoding": {
                "x": {"field": "minute", "type": "quantitative", "axis": {"grid": False}},
                "y": {
                    "field": "value", "type": "quantitative", "scale": {"zero": True},
                    "axis": {"title": None, "grid": False, "tickCount": 4},
                },
            },
        },
        "resolve": {"scale": {"y": "independent"}},
        "background": None,
        "config": {"view": {"stroke": None}},
    }  # fmt: skip
