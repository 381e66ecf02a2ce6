"""Report of a run as Markdown: the machine, the table of goals, and the time per frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from speed import heads, others
from speed.goals import Measured, Row, rows

STACKS = {
    "obscura": "Obscura",
    "js": "plain JavaScript",
    "tfjs-wasm": "TF.js, wasm",
    "tfjs-webgl": "TF.js, WebGL",
    "tfjs-webgpu": "TF.js, WebGPU",
}


TASKS = "page's tasks a frame"


def markdown(run: Measured, wanted: frozenset[str]) -> str:
    """Return the whole report of a run."""
    made = rows(run, wanted)
    parts = [machine(run), *([goal_table(made)] if made else [])]
    frames = stage_rows(run)
    if frames:
        head = (
            "setting",
            "stack",
            "frame",
            "p95",
            "stages, medians in ms",
            "page's tasks",
            "frames/s",
        )
        parts.append("Where a frame's milliseconds go:\n\n" + table(head, frames))
    parts += growth(run.get("growth") or {})
    parts += heads.parts(run.get("heads") or {}, table)
    parts += others.parts(run.get("others") or {}, table)
    kept = [f"{part}: {why}" for part, why in run["failures"].items()]
    if kept:
        parts.append("Not measured: " + "; ".join(kept))
    return "\n\n".join(parts)


def machine(run: Measured) -> str:
    """Return a description of the machine, in a few lines."""
    told = run["machine"]
    gpu = told["webgpu"] or "none"
    gpu += " (in software)" if told["software"] else ""
    lines = [
        f"{told['cpu']}, {told['cores']} cores, {told['memory']}, {told['system']}",
        f"{told['browser']}; WebGPU adapter: {gpu}; WebGL: {told['webgl'] or 'none'}",
        ", ".join(f"{name} {version}" for name, version in sorted(run["versions"].items())),
        f"{run['rounds']} rounds of {run['round_frames']} frames a stack, in turn, "
        f"after {run['warm_up']} to warm up; {run['date']}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def goal_table(made: Sequence[Row]) -> str:
    """Return the table of goals."""
    return table(("what", "rival or limit", "goal", "measured", ""), made)


def stage_rows(run: Measured) -> list[tuple[str, ...]]:
    """Return a line for each stack in each setting."""
    made: list[tuple[str, ...]] = []
    for name, stacks in run["frames"].items():
        for key, told in stacks.items():
            stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in told["stages"].items())
            tail = "" if told["p95"] is None else f"{told['p95']:.1f}"
            busy = f"{told['task_ms_per_frame']:.1f} ms"
            rate = f"{told['fps']:.1f}"
            title = str(run["settings"][name]["title"])
            half = ", half precision" if told.get("precision") == "float16" else ""
            stack = STACKS[key] + half
            made.append((title, stack, f"{told['median']:.1f} ms", tail, stages, busy, rate))
    return made


def growth(told: Mapping[str, Any]) -> list[str]:
    """Return the tables of how times grow with work; see obscura.page.features.bench."""
    parts = []
    models = [row for row in told.get("models", ()) if "why" not in row]
    if models:
        body = [
            (row["title"], row["input"], f"{row['inference']:.1f}", f"{row['decode']:.2f}")
            for row in models
        ]
        head = ("model", "input", "inference ms", "decode ms")
        parts.append(f"As the input grows, {models[0]['backend']}:\n\n" + table(head, body))
    for kind in ("boxes", "classes"):
        if told.get(kind):
            lines = [
                (str(row["count"]), f"{row['decode']:.2f}", f"{row['draw']:.2f}")
                for row in told[kind]
            ]
            head_of_kind = (kind, "decode ms", "draw ms")
            parts.append(f"As the {kind} grow:\n\n" + table(head_of_kind, lines))
    return parts


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
