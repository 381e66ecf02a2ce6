"""The device table, and its place in docs/performance.md. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from devices.record import PlanFigures, Record

BEGIN = "<!-- devices: written by tools/draw_devices.py -->"
END = "<!-- devices: end -->"
TRACKED = 20
"""Number of objects whose tracking is shown."""


class Column(NamedTuple):
    """Ways to run that share a column, of which the fastest is shown."""

    head: str
    backend: str
    threaded: bool


COLUMNS = (
    Column("WebGPU", "webgpu", False),
    Column("WebGL", "webgl", False),
    Column("LiteRT, threads", "litert", True),
    Column("LiteRT, 1 thread", "litert", False),
    Column("wasm, threads", "wasm", True),
    Column("wasm, 1 thread", "wasm", False),
)


class PlaceError(Exception):
    """The document has no place for the table."""


def table(records: Sequence[Record]) -> str:
    """Return the table in Markdown: medians with 95th percentiles, the fastest of a device bold."""
    head = ["device", "browser", *(column.head for column in COLUMNS)]
    head += ["opens in", "faces", f"{TRACKED} tracks", "Obscura"]
    lines = [head, ["---"] * len(head), *map(_row, records)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replaced(document: str, made: str) -> str:
    """Return a document with the table in its place.

    Raises:
        PlaceError: it does not have both marks once, in their order.
    """
    parts = re.split(f"({re.escape(BEGIN)}|{re.escape(END)})", document)
    if parts[1::2] != [BEGIN, END]:
        raise PlaceError(f"wanted one {BEGIN} and then one {END}")
    return f"{parts[0]}{BEGIN}\n{made}\n{END}{parts[4]}"


def gpu_name(renderer: str) -> str:
    """Return the name of a graphics adapter out of what WebGL calls it.

    >>> gpu_name("ANGLE (Apple, ANGLE Metal Renderer: Apple M1, Unspecified Version)")
    'Apple M1'
    >>> gpu_name("ANGLE (NVIDIA, Vulkan 1.4.312 (NVIDIA NVIDIA H200 (0x00002335)), NVIDIA)")
    'NVIDIA H200'
    >>> gpu_name("ANGLE (Intel, Intel(R) UHD Graphics (0x00009A60) Direct3D11 vs_5_0, D3D11)")
    'Intel(R) UHD Graphics'
    >>> gpu_name("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)")
    'none'
    """
    if not renderer or "swiftshader" in renderer.lower() or "llvmpipe" in renderer.lower():
        return "none"
    whole = re.fullmatch(r"ANGLE \(([^,]*), (.*), [^,]*\)", renderer)
    name = whole[2] if whole else renderer
    name = re.sub(r"^ANGLE Metal Renderer: ", "", name)
    name = re.sub(r"^Vulkan [\d.]+ \(", "", name)
    name = re.sub(r" \(0x.*$", "", name)
    return re.sub(r"^(\w+) \1 ", r"\1 ", name)


def _row(record: Record) -> list[str]:
    fastest = record.fastest
    faces = "-" if record.faces_ms is None else f"{_ms(record.faces_ms)} ms"
    tracks = record.tracker_ms.get(TRACKED)
    cells = [
        f"{record.title}: {record.cores} cores, GPU: {gpu_name(record.gpu)}",
        f"{record.browser}, {record.system}",
        *(_cell(record, column) for column in COLUMNS),
        f"{fastest.opening_ms / 1000:.2f} s",
        faces,
        "-" if tracks is None else f"{_ms(tracks)} ms",
        f"{record.obscura}, {record.date}",
    ]
    return [" ".join(cell.replace("|", "\\|").split()) for cell in cells]


def _cell(record: Record, column: Column) -> str:
    among = [
        plan for plan in record.plans
        if plan.backend == column.backend and (plan.threads > 1) == column.threaded
    ]  # fmt: skip
    if not among:
        return "-"
    plan = min(among, key=lambda each: each.median_ms)
    text = f"{_ms(plan.median_ms)} ({_ms(plan.p95_ms)}) ms{_how(plan, column)}"
    return f"**{text}**" if plan == record.fastest else text


def _how(plan: PlanFigures, column: Column) -> str:
    if column.threaded:
        return f", {plan.threads} threads"
    return ", half precision" if plan.half else ""


def _ms(value: float) -> str:
    return f"{value:.1f}"
