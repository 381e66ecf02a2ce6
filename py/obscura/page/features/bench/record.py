"""The result of the benchmark as JSON, for `tools/draw_devices.py` and other programs. Pure Python.

Its shape is described in bench/devices/README.md, and checked by `tools/devices/record.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from obscura.page.features.bench.device import Device

SCHEMA = 1


def record(
    device: Device, results: Mapping[str, Any], *, version: str, date: str, model: str
) -> dict[str, Any]:
    """Return the result as plain values.

    Args:
        results: see `obscura.page.features.bench.page`.
        version: of Obscura.
        date: as YYYY-MM-DD.
        model: name of the model that all ways ran.
    """
    facts = device.facts
    return {
        "schema": SCHEMA,
        "obscura": version,
        "date": date,
        "browser": device.browser,
        "os": device.system,
        "cores": facts.cores,
        "isolated": facts.isolated,
        "gpu": device.gpu_name or None,
        "model": model,
        "plans": [_plan(row) for row in results["backends"]],
        "heads": [_head(row) for row in results["heads"]],
        "tracker": [{"objects": r["count"], "ms": _ms(r["track"])} for r in results["tracking"]],
    }


def as_text(made: Mapping[str, Any]) -> str:
    """Return a record as indented JSON with a final line break."""
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _plan(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: row[name] for name in ("name", "backend", "threads", "half")}
    if "why" in row:
        return named | {"why": row["why"]}
    return named | {
        "median_ms": _ms(row["median"]),
        "p95_ms": _ms(row["p95"]),
        "opening_ms": _ms(row["opening"]),
        "frames": row["count"],
        "agreement": row["agreement"],
    }


def _head(row: Mapping[str, Any]) -> dict[str, Any]:
    if "why" in row:
        return {"name": row["name"], "why": row["why"]}
    return {
        "name": row["name"],
        "plan": row["way"],
        "opening_ms": _ms(row["opening"]),
        "look_ms": _ms(row["look"]),
        "crops": row["crops"],
        "frame_ms": _ms(row["frame"]),
        "found": row["found"],
    }


def _ms(value: float) -> float:
    return round(float(value), 2)
