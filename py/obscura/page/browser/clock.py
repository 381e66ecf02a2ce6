"""The browser's clock, timeline and memory."""

from __future__ import annotations

from js import performance


def now_ms() -> float:
    """Return milliseconds since the page began to load; never runs backwards."""
    return float(performance.now())


def mark(name: str) -> None:
    """Put a mark into the browser's timeline; bench/start.py reads them."""
    performance.mark(f"obscura:{name}")


def script_memory() -> int:
    """Return the bytes of the JavaScript heap in use; 0 where the browser does not say."""
    memory = getattr(performance, "memory", None)
    return int(memory.usedJSHeapSize) if memory is not None else 0
