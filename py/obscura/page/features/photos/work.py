"""Work: analyses pictures in the background, one at a time. Pure Python.

The picture, camera or video in view goes first: work waits for it. A picture that cannot be opened
is noted and passed over; a model that fails is given a few tries.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable

from obscura.errors import ObscuraError, PictureError
from obscura.page.features.photos import words

WAIT_S = 0.1
"""Between two looks at whether work may go on."""
LAST = 20
"""Pictures by which the time that is left is estimated."""
MOST_FAILURES = 3
"""Failures of the model one after another after which work stops."""


class Work:
    """Takes pictures from a list that others may change meanwhile."""

    def __init__(
        self,
        *,
        waiting: Callable[[], Collection[int]],
        first: Callable[[], Iterable[int]],
        blocked: Callable[[], str],
        read: Callable[[int], Awaitable[None]],
        failed: Callable[[int, ObscuraError], Awaitable[None]],
        changed: Callable[[], None],
        now_s: Callable[[], float],
    ) -> None:
        """
        Args:
            waiting: returns the numbers of the pictures to analyse.
            first: returns numbers of pictures that go before others, such as those in sight.
            blocked: returns why work must wait, "" if it need not.
            read: analyses a picture. It raises PictureError if that is the picture's fault.
            failed: called with a picture that has no answer, and why.
            changed: called after each picture, and when something else has changed.
            now_s: a clock in seconds.
        """
        self._waiting, self._first, self._blocked = waiting, first, blocked
        self._read, self._failed, self._changed, self._now_s = read, failed, changed, now_s
        self._running = False
        self._took_s: deque[float] = deque(maxlen=LAST)
        self._failures = 0
        self.why = ""
        """Why work does not go on at the moment; "" while it does."""
        self.stopped = ""
        """Why a person or a failure has ended it, until `go_on`; "" if nobody has."""

    @property
    def running(self) -> bool:
        """Whether there is work under way, or work that waits for something."""
        return self._running

    def left_s(self, waiting: int) -> float | None:
        """Return the seconds that so many pictures will take; None before the first few."""
        if len(self._took_s) < 2:
            return None
        return sum(self._took_s) / len(self._took_s) * waiting

    def stop(self, why: str) -> None:
        """End the work after the picture under way."""
        self.stopped = why
        self._changed()

    def go_on(self) -> None:
        """Allow work again; `run` does it."""
        self.stopped, self._failures = "", 0

    async def run(self) -> None:
        """Analyse what is waiting, until nothing is or `stop` is called. A second call while one is
        under way returns at once."""
        if self._running:
            return
        self._running = True
        try:
            while not self.stopped:
                if not self._waiting():
                    break
                self.why = self._blocked()
                if self.why:
                    self._changed()
                    await asyncio.sleep(WAIT_S)
                    continue
                await self._take(self._next())
                await asyncio.sleep(0)  # the page has its turn
        finally:
            self._running = False
            self.why = ""
            self._changed()

    def _next(self) -> int:
        waiting = self._waiting()
        wanted = (number for number in self._first() if number in waiting)
        return next(wanted, next(iter(waiting)))

    async def _take(self, number: int) -> None:
        begun = self._now_s()
        try:
            await self._read(number)
        except PictureError as error:
            await self._failed(number, error)
        except ObscuraError as error:
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                await self._failed(number, error)
                self.stopped = words.cause(error)
        else:
            self._failures = 0
            self._took_s.append(self._now_s() - begun)
        self._changed()
