"""A future that wakes whoever waits for it at once.

An event loop in a browser wakes a waiting coroutine in a later task, and before that the browser
may do whatever else is due: paint, play video, move the pointer. For an answer that comes as an
event, that turn is for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, Self, TypeVar

T = TypeVar("T")


class PromptFuture(asyncio.Future[T]):
    """A future whose waiters go on within `set_result` and `set_exception`.

    If a task is being executed just then (another coroutine gives the answer), they wait for their
    turn as usual, for one task cannot be executed inside another.
    """

    def __init__(self, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._waiters: list[tuple[Callable[[Any], object], Context]] = []

    def add_done_callback(
        self, fn: Callable[[Self], object], /, *, context: Context | None = None
    ) -> None:
        """Call `fn(self)` once there is a result."""
        if self.done():
            super().add_done_callback(fn, context=context)
        else:
            self._waiters.append((fn, context or copy_context()))

    def remove_done_callback(self, fn: Callable[[Self], object], /) -> int:
        """Forget a callback; return how many there were."""
        before = len(self._waiters)
        self._waiters = [each for each in self._waiters if each[0] != fn]
        return before - len(self._waiters)

    def set_result(self, result: T, /) -> None:
        """Give the answer, and let those who wait for it go on."""
        super().set_result(result)
        self._wake(at_once=True)

    def set_exception(self, exception: Any, /) -> None:
        """Say that there is no answer, and let those who wait for it go on."""
        super().set_exception(exception)
        self._wake(at_once=True)

    def cancel(self, msg: Any = None) -> bool:
        """Say that the answer is no longer wanted; False if it is here already."""
        cancelled = super().cancel(msg)
        if cancelled:  # by the task that waits, which cannot go on while it does this
            self._wake(at_once=False)
        return cancelled

    def _wake(self, *, at_once: bool) -> None:
        loop = self.get_loop()
        at_once = at_once and asyncio.current_task(loop) is None
        waiters, self._waiters = self._waiters, []
        for fn, context in waiters:
            if at_once:
                context.run(fn, self)
            else:
                loop.call_soon(fn, self, context=context)
