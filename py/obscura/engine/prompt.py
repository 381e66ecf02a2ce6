"""Future that resumes its waiters immediately.

An event loop in a browser resumes a waiting coroutine in a later task, and the browser may do other
work first: paint, play video, move the pointer. For an answer that arrives as an event, this delay
is unnecessary.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, Self, TypeVar

T = TypeVar("T")


class PromptFuture(asyncio.Future[T]):
    """Future whose waiters resume within `set_result` and `set_exception`.

    If a task is running at that moment (another coroutine sets the result), they are scheduled as
    usual, because one task cannot run inside another.
    """

    def __init__(self, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._waiters: list[tuple[Callable[[Any], object], Context]] = []

    def add_done_callback(
        self, fn: Callable[[Self], object], /, *, context: Context | None = None
    ) -> None:
        """Call `fn(self)` once the future is done."""
        if self.done():
            super().add_done_callback(fn, context=context)
        else:
            self._waiters.append((fn, context or copy_context()))

    def remove_done_callback(self, fn: Callable[[Self], object], /) -> int:
        """Remove a callback; return the number of removals."""
        before = len(self._waiters)
        self._waiters = [each for each in self._waiters if each[0] != fn]
        return before - len(self._waiters)

    def set_result(self, result: T, /) -> None:
        """Set the result and resume the waiters."""
        super().set_result(result)
        self._wake(immediately=True)

    def set_exception(self, exception: Any, /) -> None:
        """Set the exception and resume the waiters."""
        super().set_exception(exception)
        self._wake(immediately=True)

    def cancel(self, msg: Any = None) -> bool:
        """Cancel the future; return False if it is done already."""
        cancelled = super().cancel(msg)
        if cancelled:  # by the waiting task, which cannot resume meanwhile
            self._wake(immediately=False)
        return cancelled

    def _wake(self, *, immediately: bool) -> None:
        loop = self.get_loop()
        immediately = immediately and asyncio.current_task(loop) is None
        waiters, self._waiters = self._waiters, []
        for fn, context in waiters:
            if immediately:
                context.run(fn, self)
            else:
                loop.call_soon(fn, self, context=context)
