"""Room: how long a recording may go on until the device is full. Pure Python."""

from __future__ import annotations

RESERVE = 32_000_000
"""Bytes that stay free, for what browsers take beside."""
LEAST = 64_000_000
"""Bytes that must be free when a recording begins."""
MOST_IN_MEMORY = 256_000_000
"""Bytes of a recording that is in memory, because the browser stores nothing."""
WARNED_S = 120.0
"""Seconds left from which a person is warned."""


def seconds_left(free: int, written: int, seconds: float) -> float:
    """Return how long a recording can still be finished: that takes its own size once more.

    Args:
        free: bytes that the site may still store.
        written: bytes of the recording so far.
        seconds: that it lasts so far.
    """
    spare = free - written - RESERVE
    if spare <= 0:
        return 0.0
    if not written or seconds <= 0:
        return float("inf")
    return spare / (2 * written / seconds)


def seconds_left_in_memory(written: int, seconds: float) -> float:
    """As `seconds_left`, of a recording in memory."""
    return seconds_left(2 * MOST_IN_MEMORY - written + RESERVE, written, seconds)


def reaches_s(free: int, written: int, seconds: float) -> float:
    """Return how long a video can become before the device is full: infinite while that is not
    known.

    Args: as of `seconds_left`.
    """
    if not written or seconds <= 0:
        return float("inf")
    return seconds * (1 + max(free - RESERVE, 0) / written)
