"""Text of the benchmark page: its tables, also as Markdown. Pure Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

READY = "Ready"
STOPPED = "Stopped. Results so far are below."
DONE = "Done"
OPENING = "Preparing {what}"
MEASURING = "Measuring {what}"
COPIED = "Copied"
NOT_COPIED = "The browser blocked copying. Select the text below and copy it."
SOFTWARE = "skipped: the graphics adapter is emulated in software"
NO_GPU = "WebGPU is not available in this browser"
NO_THREADS = "the host does not isolate the page (see docs/deploy.md)"
ONE_CORE = "this device has only one core"
BOX_COUNT = "{count} boxes"
CLASS_COUNT = "{count} classes"

Results = Mapping[str, Any]


class Table(NamedTuple):
    """Table: the id of its element, its title, column headings and rows."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def backend_name(backend: str, threads: int) -> str:
    """Return the name of a backend with its number of threads."""
    if backend == "webgpu":
        return "WebGPU"
    return f"WebAssembly, {threads} threads" if threads > 1 else "WebAssembly, 1 thread"


def tables(results: Results) -> list[Table]:
    """Return the results as tables; a row of two cells is a name and why it has no figures."""
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
            (
                "",
                "frame",
                "95 % within",
                "capture",
                "inference",
                "decode",
                "draw",
                "frames per second",
            ),
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
    """Return the results as Markdown: the device, then the tables that have rows."""
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
    """Return a text without what would end its table cell."""
    return " ".join(text.replace("|", "\\|").split())


def ms(value: float) -> str:
    """Return milliseconds; times below 10 ms get two decimals."""
    return f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"
