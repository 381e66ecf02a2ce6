"""Statistics of the benchmark, the same for every stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from obscura.live.timing import median, quantile


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return quantile(values, 0.95)


def medians(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the median of each key over rows that have the same keys."""
    columns: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            columns.setdefault(key, []).append(value)
    return {key: median(values) for key, values in columns.items()}


def summary(ms: Sequence[float], stages: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return the figures of a stack's frames: milliseconds per frame and per stage."""
    return {
        "count": len(ms),
        "median": median(ms),
        "p95": p95(ms),
        "stages": medians(stages),
        "ms": [round(value, 3) for value in ms],
    }
