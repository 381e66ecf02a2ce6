"""Asynchronous code runs here in loops of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_other_loop() -> Iterator[None]:
    """Let `asyncio.run` work in a process that has run browser tests: Playwright's loop stays
    marked as running there."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)
