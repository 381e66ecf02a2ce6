"""What the benchmark's page says: its tables, and the same as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

READY = "Ready"
STOPPED = "Stopped. What was measured until then stands below."
DONE = "Done"
OPENING = "Preparing {what}"
MEASURING = "Measuring {what}"
COPIED = "Copied"
NOT_COPIED = "The browser does not let the page copy: select the text below and copy it yourself."
SOFTWARE = "left out: the adapter computes in software"
NO_GPU = "this browser offers no WebGPU here"
NO_THREADS = "the host does not isolate this page"
ONE_CORE = "this device has one core"
BOXES_AT_ONCE = "{count} boxes"
CLASSES_APART = "{count} classes"

Results = Mapping[str, Any]


class Table(NamedTuple):
    """One table: where it stands, its title, and its words."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def backend_name(backend: str, threads: int) -> str:
    """A way to run, as people say it."""
    if backend == "webgpu":
        return "WebGPU"
    return f"WebAssembly, {threads} threads" if threads > 1 else "WebAssembly, one thread"


def tables(results: Results) -> list[Table]:
    """The results as tables; a row of two cells is a name and why it has no figures."""
    backends: list[tuple[str, ...]] = []
    for row in results["backends"]:
        if "why" in row:
            backends.append((row["name"], row["why"]))
        else:
            stages = row["stages"].values()
            figures = [ms(row["median"]), ms(row["p95"]), *map(ms, stages)]
            backends.append((row["name"], *figures, f"{1000 / row['median']:.0f}"))
    models: list[tuple[str, ...]] = []
    for row in results["models"]:
        if "why" in row:
            models.append((row["title"], row["why"]))
        else:
            figures = [ms(row[stage]) for stage in ("inference", "decode")]
            models.append((row["title"], row["input"], *figures, row["backend"]))
    made = [
        Table(
            "backends",
            "One frame, by backend",
            ("", "frame", "95 %", "capture", "inference", "decode", "draw", "a second"),
            backends,
        ),
        Table(
            "models", "One frame, by model", ("", "input", "inference", "decode", "backend"), models
        ),
    ]
    for name, title in (("boxes", "More boxes"), ("classes", "More classes")):
        rows = [(str(row["count"]), ms(row["decode"]), ms(row["draw"])) for row in results[name]]
        made.append(Table(name, title, (name, "decode", "draw"), list(rows)))
    return made


def markdown(results: Results) -> str:
    """The results as Markdown: the device, then the tables that have rows."""
    device = "\n".join(f"- {name}: {value}" for name, value in results["device"].items())
    parts = [f"# Obscura on this device\n\n{device}"]
    for table in tables(results):
        if table.rows:
            width = len(table.head)
            lines = [table.head, ("---",) * width]
            lines += [row + ("",) * (width - len(row)) for row in table.rows]
            body = "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)
            parts.append(f"## {table.title}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def cell(text: str) -> str:
    """A text that stays in its cell."""
    return " ".join(text.replace("|", "\\|").split())


def ms(value: float) -> str:
    """Milliseconds; short ones with more digits, for there they matter."""
    return f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"
