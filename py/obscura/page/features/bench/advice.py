"""What to choose on this device, in one sentence. Pure Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

USE = "Use {name}"
FASTER = ": {times:.1f} times as fast as one thread"
ONLY = ": nothing else works here"
NOTHING_FASTER = ": nothing else is faster here"
FACES = "; faces cost {ms} ms more a frame"
NONE = "Nothing could be measured here"

NOTICEABLE = 1.05
"""Below this ratio, one way is no faster than another."""

Row = Mapping[str, Any]


def measured(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of ways that have figures."""
    return [row for row in rows if "why" not in row]


def fastest(rows: Sequence[Row]) -> Row | None:
    """Return the row of the way with the shortest median frame; None if none has figures."""
    return min(measured(rows), key=lambda row: float(row["median"]), default=None)


def one_thread(rows: Sequence[Row]) -> Row | None:
    """Return the row of onnxruntime-web on one thread, which every browser has."""
    plain = [row for row in measured(rows) if (row["backend"], row["threads"]) == ("wasm", 1)]
    return plain[0] if plain else None


def sentence(backends: Sequence[Row], heads: Sequence[Row]) -> str:
    """Return what to choose.

    Args:
        backends: rows of ways to run, see `obscura.page.features.bench.page`.
        heads: rows of second networks.

    >>> rows = [{"name": "WebGPU", "backend": "webgpu", "threads": 1, "median": 10.0},
    ...         {"name": "WebAssembly, 1 thread", "backend": "wasm", "threads": 1, "median": 32.0}]
    >>> sentence(rows, [{"name": "faces", "frame": 8.7}])
    'Use WebGPU: 3.2 times as fast as one thread; faces cost 9 ms more a frame.'
    """
    best, plain = fastest(backends), one_thread(backends)
    if best is None:
        return f"{NONE}."
    words = USE.format(name=best["name"])
    if plain is not None and plain["median"] >= NOTICEABLE * best["median"]:
        words += FASTER.format(times=plain["median"] / best["median"])
    elif best is plain:
        words += NOTHING_FASTER if len(measured(backends)) > 1 else ONLY
    faces = [row for row in measured(heads) if row["name"] == "faces"]
    if faces:
        cost = float(faces[0]["frame"])
        words += FACES.format(ms=f"{cost:.0f}" if cost >= 1 else f"{cost:.1f}")
    return f"{words}."
