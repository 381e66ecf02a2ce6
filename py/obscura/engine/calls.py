"""Calls to the engine's worker: match each answer with its call, and fail those left unanswered.

Browsers end workers without notice when memory is short, and drivers hang. So a call fails once it
has waited far longer than any answer took before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from obscura.engine.prompt import PromptFuture
from obscura.engine.runtime_errors import error_of
from obscura.errors import BackendError, ObscuraError

DEADLINE_S = 15.0
DEADLINE_RUNS = 10
"""A call may wait this many seconds, plus this many times the longest run so far."""

Answer = dict[str, Any]


class EngineWorker(Protocol):
    """A worker that runs assets/engine.js, or stands in for one in tests."""

    def message(self, **values: Any) -> Any:
        """Return a message to post: an object whose attributes can be set before each posting."""

    def buffer(self, data: bytes) -> Any:
        """Copy bytes into a buffer that can be transferred."""

    def bytes_of(self, buffer: Any) -> bytes:
        """Copy a buffer's content."""

    def listen(self, on_answer: Callable[[Answer], None], on_crash: Callable[[str], None]) -> None:
        """Call these with each message from the worker, and with the reason when it crashes."""

    def post(self, message: Any, transferred: Any = None) -> None:
        """Post a message, and give the worker this buffer or frame that occurs in it."""

    def end(self) -> None:
        """End the worker, which frees its memory, and stop listening."""


class Calls:
    """Calls to one worker."""

    def __init__(self, worker: EngineWorker, backend: str) -> None:
        """
        Args:
            backend: its name, for the messages of errors.
        """
        self._worker: EngineWorker | None = worker
        self._backend = backend
        self._count = 0
        self._pending: dict[int, tuple[PromptFuture[Answer], float]] = {}
        self._lost = ""  # why the worker or its GPU is gone
        self._awake_s = 0.0  # time since the start during which the device was awake
        self._longest_s = 0.0  # longest answered run, in such time
        worker.listen(self._receive, self.fail)

    def continue_after(self, count: int) -> None:
        """Take note that others have posted this many calls to the worker."""
        self._count = count

    async def call(self, message: Any, transferred: Any = None) -> Answer:
        """Post a message and wait for its answer.

        Raises:
            BackendError, or what `error_of` returns: the worker reports an error, has crashed, is
            silent for too long, or is closed.
        """
        if self._worker is None:
            raise BackendError("The engine is closed", remedy="Load the model again.")
        if self._lost:
            raise error_of(self._lost, self._backend)
        self._count += 1
        future: PromptFuture[Answer] = PromptFuture(loop=asyncio.get_running_loop())
        self._pending[self._count] = future, self._awake_s
        message.id = self._count
        self._worker.post(message, transferred)
        return await future

    async def run(self, message: Any, transferred: Any = None) -> Answer:
        """Make a call that runs a network; its duration extends the deadline. Raises as `call`."""
        begun = self._awake_s
        answer = await self.call(message, transferred)
        self._longest_s = max(self._longest_s, self._awake_s - begun)
        return answer

    def check_progress(self, awake_s: float) -> None:
        """Fail the calls that have waited too long.

        Args:
            awake_s: seconds since the last check during which the device was awake.
        """
        self._awake_s += awake_s
        waited_s = max((self._awake_s - begun for _, begun in self._pending.values()), default=0.0)
        if waited_s > DEADLINE_S + DEADLINE_RUNS * self._longest_s:
            self.fail(f"no answer for {waited_s:.0f} seconds")

    def failure(self, answer: Answer) -> ObscuraError | None:
        """Return the error that an answer reports, if it does."""
        return error_of(answer["error"], self._backend) if "error" in answer else None

    @property
    def lost(self) -> bool:
        """Whether the worker or its GPU is gone: no call succeeds any more."""
        return self._worker is None or bool(self._lost)

    def fail(self, message: str) -> None:
        """Fail all calls that are not answered yet, and all later ones: the worker is gone."""
        self._lost = self._lost or message
        pending, self._pending = self._pending, {}
        for future, _ in pending.values():
            if not future.done():
                future.set_exception(error_of(message, self._backend))

    def close(self) -> None:
        """End the worker. Calls without an answer raise BackendError."""
        if self._worker is None:
            return
        self._worker.end()
        self._worker = None
        self.fail("the engine was closed")

    def _receive(self, answer: Answer) -> None:
        if "lost" in answer:
            self.fail(answer["lost"])
            return
        # Progress of a download has no id; and calls of others are not in the table.
        if answer.get("id") not in self._pending:
            return
        future, _ = self._pending.pop(answer["id"])
        if future.done():  # the caller was cancelled
            return
        error = self.failure(answer)
        if error is None:
            future.set_result(answer)
        else:
            future.set_exception(error)
