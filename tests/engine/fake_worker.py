"""A stand-in for the browser's worker, with what it was sent."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from obscura.engine.calls import Answer


class FakeWorker:
    """Implements `obscura.engine.calls.EngineWorker`. Nothing answers but what a test says."""

    def __init__(self) -> None:
        self.posted: list[tuple[dict[str, Any], Any]] = []  # message, what was transferred
        self.made = 0  # messages
        self.ended = 0
        self.on_post: Callable[[dict[str, Any]], Answer | None] = lambda _message: None
        """Returns the answer to a message, without its id; None leaves it unanswered."""

    def message(self, **values: Any) -> Any:
        self.made += 1
        return SimpleNamespace(**values)

    def buffer(self, data: bytes) -> Any:
        return bytearray(data)

    def bytes_of(self, buffer: Any) -> bytes:
        return bytes(buffer)

    def listen(self, on_answer: Callable[[Answer], None], on_crash: Callable[[str], None]) -> None:
        self.say, self.crash = on_answer, on_crash

    def post(self, message: Any, transferred: Any = None) -> None:
        values = dict(vars(message))
        self.posted.append((values, transferred))
        answer = self.on_post(values)
        if answer is not None:
            self.say({"id": values["id"], **answer})

    def end(self) -> None:
        self.ended += 1


def output(name: str, array: Any) -> dict[str, Any]:
    """An output as the worker sends it."""
    array = np.asarray(array)
    return {
        "name": name,
        "type": array.dtype.name,
        "dims": [float(size) for size in array.shape],
        "bytes": memoryview(array.tobytes()),
    }
