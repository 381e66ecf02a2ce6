"""Goals, and the rows that compare a run with them. Pure: from figures to a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from obscura.live.timing import median

MET, MISSED, OPEN = "met", "missed", "not measured"

FRAME_GOALS = {"threads": 0.68, "one": 0.88, "gpu": 0.30}
"""By setting: our frame over TensorFlow.js's."""
LITERT_GOALS = {"threads": 0.45, "one": 0.65}
"""The same where LiteRT computes."""
PYTHON_RATIO, PYTHON_MS = 1.10, 2.5
BLOCKED_MS = 6.0
WARM_RATIO, WARM_MS = 1.5, 1000.0
COLD_RATIO, COLD_MS = 1.0, 9000.0
BYTES = 9.5e6
MEMORY_RATIO = 1.01

NO_RIVAL = "the rival was not asked for"

Measured = Mapping[str, Any]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    against: str
    goal: str
    measured: str
    verdict: str  # MET, MISSED, or OPEN with the reason


def rows(run: Measured, wanted: frozenset[str]) -> list[Row]:
    """Return the table of a run.

    Args:
        run: what `command.measure` returns; ``failures`` says what is missing in it.
        wanted: which rows, of `ROWS`.
    """
    made = [frame_row(run, name) for name in FRAME_GOALS if name in wanted]
    for part, row in (("python", python_row), ("blocked", blocked_row)):
        if part in wanted:
            made += [row(run, name) for name in run["settings"]]
    for part, row_of_run in (("warm", warm_row), ("cold", cold_row), ("bytes", bytes_row)):
        if part in wanted:
            made.append(row_of_run(run))
    return made + (memory_rows(run) if "memory" in wanted else [])


ROWS = (
    *("threads", "one", "gpu", "python", "blocked", "warm", "cold", "bytes", "memory", "growth"),
    "heads",
    "others",
)


def frame_row(run: Measured, name: str) -> Row:
    """Return the row of a frame's time, from capture to drawn boxes, against TensorFlow.js."""
    what = f"frame, capture to drawn boxes, {title(run, name)}"
    most = (LITERT_GOALS if title(run, name).startswith("litert") else FRAME_GOALS)[name]
    goal = f"≤ {most:.2f} of it"
    stacks = run["frames"].get(name, {})
    rivals = {key: told for key, told in stacks.items() if key.startswith("tfjs-")}
    against = "TF.js `detect`"
    if "obscura" not in stacks or not rivals:
        part = f"frames {name}, tfjs" if "obscura" in stacks else f"frames {name}"
        return Row(what, against, goal, "", missing(run, part, NO_RIVAL))
    best = min(rivals, key=lambda key: float(rivals[key]["median"]))
    backend = best.removeprefix("tfjs-")
    threads = rivals[best].get("threads")
    against += f", {backend}" + (f", {plural(threads, 'thread')}" if threads else "")
    others = [
        f"{key.removeprefix('tfjs-')} {told['median']:.1f} ms"
        for key, told in rivals.items()
        if key != best
    ]
    against += f" (its best here; {', '.join(others)})" if others else ""
    ratio = stacks["obscura"]["median"] / rivals[best]["median"]
    measured = f"{spread(stacks['obscura'])} / {spread(rivals[best])} = **{ratio:.2f}**"
    return Row(what, against, goal, measured, verdict(ratio <= most))


def python_row(run: Measured, name: str) -> Row:
    """Return the row of our frame's time against plain JavaScript."""
    what = f"Python's share, {title(run, name)}"
    against = "the same worker, model and work in plain JavaScript"
    goal = f"≤ {PYTHON_RATIO:.2f} of it, and ≤ {PYTHON_MS:.1f} ms a frame"
    stacks = run["frames"].get(name, {})
    if "obscura" not in stacks or "js" not in stacks:
        part = f"frames {name}, js" if "obscura" in stacks else f"frames {name}"
        return Row(what, against, goal, "", missing(run, part, NO_RIVAL))
    ours, plain = stacks["obscura"]["median"], stacks["js"]["median"]
    ratio, more = ours / plain, ours - plain
    measured = (
        f"{spread(stacks['obscura'])} / {spread(stacks['js'])} = **{ratio:.2f}**, {more:+.1f} ms"
    )
    return Row(what, against, goal, measured, verdict(ratio <= PYTHON_RATIO and more <= PYTHON_MS))


def blocked_row(run: Measured, name: str) -> Row:
    """Return the row of the main thread's time per frame."""
    what = f"main thread blocked per frame, {title(run, name)}"
    goal = f"≤ {BLOCKED_MS:.0f} ms at the 95th percentile"
    ours = run["frames"].get(name, {}).get("obscura")
    if ours is None:
        return Row(what, "-", goal, "", missing(run, f"frames {name}", "not opened"))
    busy = f"all tasks of the page {ours['task_ms_per_frame']:.1f} ms a frame"
    if ours["blocked_p95"] is None:
        return Row(what, "-", goal, busy, f"{OPEN}: this build's page keeps no account of it")
    usual = f" (median {ours['blocked']:.1f})" if "blocked" in ours else ""
    measured = f"**{ours['blocked_p95']:.1f} ms**{usual}; {busy}"
    return Row(what, "-", goal, measured, verdict(ours["blocked_p95"] <= BLOCKED_MS))


def warm_row(run: Measured) -> Row:
    """Return the row of the time to first boxes with warm caches."""
    what = "first boxes after navigation, warm cache"
    against = "the TF.js page, warm cache"
    goal = f"≤ {WARM_RATIO:.1f} of it, and ≤ {WARM_MS / 1000:.1f} s"
    seen = run.get("warm") or {}
    if not seen.get("obscura") or not seen.get("tfjs"):
        return Row(what, against, goal, "", missing(run, "warm", NO_RIVAL))
    ours, theirs = median(seen["obscura"]), median(seen["tfjs"])
    measured = f"{ours / 1000:.2f} s / {theirs / 1000:.2f} s = **{ours / theirs:.2f}**"
    return Row(
        what, against, goal, measured, verdict(ours / theirs <= WARM_RATIO and ours <= WARM_MS)
    )


def cold_row(run: Measured) -> Row:
    """Return the row of the time to first boxes on a first visit over a slow connection."""
    what = f"first boxes, cold cache, {run['line']}"
    against = "the TF.js page, likewise"
    goal = f"≤ {COLD_RATIO:.1f} of it, and ≤ {COLD_MS / 1000:.1f} s"
    seen = run.get("cold") or {}
    if not seen.get("obscura") or not seen.get("tfjs"):
        return Row(what, against, goal, "", missing(run, "cold", NO_RIVAL))
    ours, theirs = (median([visit["ms"] for visit in seen[key]]) for key in ("obscura", "tfjs"))
    measured = f"{ours / 1000:.1f} s / {theirs / 1000:.1f} s = **{ours / theirs:.2f}**"
    return Row(
        what, against, goal, measured, verdict(ours / theirs <= COLD_RATIO and ours <= COLD_MS)
    )


def bytes_row(run: Measured) -> Row:
    """Return the row of the bytes that a first visit fetches until it has boxes."""
    what = f"bytes to first detection, Brotli {run['quality']}"
    goal = f"≤ {BYTES / 1e6:.1f} MB"
    seen = run.get("cold") or {}
    sizes = {
        key: median([visit["bytes"] for visit in visits]) for key, visits in seen.items() if visits
    }
    against = "the TF.js page"
    if "obscura" not in sizes:
        return Row(what, against, goal, "", missing(run, "cold", "not visited"))
    if "tfjs" in sizes:
        against += f" ({sizes['tfjs'] / 1e6:.2f} MB)"
    return Row(
        what,
        against,
        goal,
        f"**{sizes['obscura'] / 1e6:.2f} MB**",
        verdict(sizes["obscura"] <= BYTES),
    )


def memory_rows(run: Measured) -> list[Row]:
    """Return the rows that compare memory after many frames with memory after few."""
    goal = f"≤ {MEMORY_RATIO} of it, each"
    made = []
    for name, seen in (run.get("memory") or {}).items():
        first, last = seen
        what = f"memory after {last['frames']:.0f} frames, {title(run, name)}"
        kinds = [kind for kind in {**first, **last} if kind != "frames"]
        sizes = {kind: (first.get(kind, 0), last.get(kind, 0)) for kind in kinds}
        grown = {kind: times(*pair) for kind, pair in sizes.items() if any(pair)}
        parts = [
            f"{kind} {amount(kind, sizes[kind][0])} → {amount(kind, sizes[kind][1])} ({ratio:.3f})"
            for kind, ratio in grown.items()
        ]
        worst = max(grown.values())
        measured = f"**{worst:.3f}** at most: {', '.join(parts)}"
        against = f"after {first['frames']:.0f} frames"
        made.append(Row(what, against, goal, measured, verdict(worst <= MEMORY_RATIO)))
    if not made:
        reason = missing(run, "memory", "not visited")
        made.append(Row("memory after many frames", "after 100 frames", goal, "", reason))
    return made


def times(first: float, last: float) -> float:
    """Return the ratio of the last to the first."""
    return last / first if first else float("inf")


def title(run: Measured, name: str) -> str:
    """Return a setting's title."""
    return str(run["settings"].get(name, {}).get("title", TITLES[name]))


TITLES = {
    "threads": "wasm, isolated, all cores",
    "one": "wasm, one thread, no isolation",
    "gpu": "GPU",
}


def missing(run: Measured, part: str, otherwise: str) -> str:
    """Return why a row has no figures: the failure in that part of the run, if any."""
    reasons = [why for where, why in run["failures"].items() if where.startswith(part)]
    return f"{OPEN}: {'; '.join(reasons) or otherwise}"


def verdict(met: bool) -> str:
    """Return the verdict."""
    return MET if met else MISSED


def spread(told: Mapping[str, Any]) -> str:
    """Return a median with its 95th percentile, if known."""
    tail = "" if told["p95"] is None else f" (p95 {told['p95']:.1f})"
    return f"{told['median']:.1f} ms{tail}"


def amount(kind: str, value: float) -> str:
    """Return bytes as megabytes, and a number of proxies unchanged."""
    return f"{value:.0f}" if kind == "proxies" else f"{value / 1e6:.2f} MB"


def plural(count: int, word: str) -> str:
    """Return ``1 thread`` or ``2 threads``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
