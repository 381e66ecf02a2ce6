"""Dispatch: many sources to many workers, whose answers come in the order of the sources.

A worker that dies is replaced, and the source that it had tried once more. What is found in a video
waits in a file until its turn comes.
"""

from __future__ import annotations

import pickle
import tempfile
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO, Any

from obscura.batch.worker import Answer, Part
from obscura.errors import BackendError, ObscuraError, PictureError

AHEAD = 2
"""Pictures that a worker has at a time, so that it never waits for the next one."""
WINDOW = 8
"""Pictures for each worker that may be done before the first of them is: answers keep order."""
TRIES = 2
_DEATHS = 8
"""Workers that may die one after another without an answer, for each that there is."""


class Task:
    """A source, and its answer once it is there.

    Attributes:
        arrived: whether a worker was there to take it when it was sent last.
    """

    def __init__(self, item: Any, mine: bool, long: bool) -> None:
        self.item, self.mine, self.long, self.tries = item, mine, long, 0
        self.arrived = True
        self.answer: Answer | None = None
        self._parts: IO[bytes] | None = None

    def add(self, part: Part) -> None:
        """Keep frames that come before the answer."""
        if self._parts is None:
            self._parts = tempfile.TemporaryFile()  # noqa: SIM115  (it is gone with the task)
        pickle.dump(part.found, self._parts)

    def begin_again(self) -> None:
        """Forget the frames: another worker begins with the first."""
        if self._parts is not None:
            self._parts.close()
            self._parts = None

    def end(self, answer: Answer) -> None:
        """Take the answer."""
        self.answer = answer._replace(found=chain(self._said(), answer.found))

    def _said(self) -> Iterator[Any]:
        if self._parts is None:
            return
        with self._parts as file:
            end = file.tell()
            file.seek(0)
            while file.tell() < end:
                yield from pickle.load(file)  # of `add`


class Member(ABC):
    """A worker elsewhere.

    Attributes:
        tasks: what it is working on; first that which it answers first.
        ready: whether its detector is open.
    """

    def __init__(self) -> None:
        self.tasks: deque[Task] = deque()
        self.ready = False

    @property
    def long(self) -> bool:
        """Whether what it does may take long."""
        return any(task.long for task in self.tasks)

    @abstractmethod
    def send(self, task: Task) -> None:
        """Hand it another task."""

    @abstractmethod
    def end(self) -> None:
        """End it, or what is left of it."""


class Dispatcher(ABC):
    """Workers that answer for sources. A context manager that ends them."""

    def __init__(self, number: int) -> None:
        """Start the workers, and wait for the first.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self._model: Any = None
        self._failures: list[str] = []
        self._waiting: deque[Task] = deque()
        self._deaths = 0
        self.members: list[Member] = []
        try:
            for _ in range(number):
                self.members.append(self.started())
            while self._model is None:
                self.listen()
        except BaseException:
            self.close()
            raise
        self.model: Any = self._model

    @abstractmethod
    def started(self) -> Member:
        """Start a worker."""

    @abstractmethod
    def listen(self) -> None:
        """Wait until a worker says something or dies, and call `hear` or `replace`."""

    def mapped(
        self,
        items: Iterable[Any],
        mine: Callable[[str], bool] = lambda _: True,
        long: Callable[[str], bool] = lambda _: False,
    ) -> Iterator[tuple[Any, Answer | None]]:
        """Yield each source with its answer, in the order of the sources.

        Args:
            items: with a ``where`` each; read only as far as the workers get on.
            mine: whether the workers are to answer for a path or address; else the answer is None.
            long: whether it takes a worker long, which then has nothing else.

        Raises:
            ObscuraError: the engine failed, or no worker stays alive.
        """
        rest = iter(items)
        window: deque[Task] = deque()
        more = True
        while True:
            while more and len(window) < WINDOW * len(self.members):
                item = next(rest, None)
                if item is None:
                    more = False
                    break
                task = Task(item, mine(item.where), long(item.where))
                window.append(task)
                if task.mine:
                    self._waiting.append(task)
                    self._hand_out()
            if not window:
                return
            first = window[0]
            if not first.mine or first.answer is not None:
                window.popleft()
                yield first.item, first.answer
            else:
                self.listen()
                self._hand_out()

    def failures(self) -> list[str]:
        """Return a sentence for each head that failed and is off in one of the workers."""
        return self._failures

    def close(self) -> None:
        """End the workers."""
        for each in self.members:
            each.end()
        self.members.clear()

    def __enter__(self) -> Dispatcher:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def hear(self, member: Member, said: Any) -> None:
        """Take what a worker said: its model, frames of a video, an answer with failures of heads,
        or an error.

        Raises:
            ObscuraError: what it said.
        """
        if isinstance(said, ObscuraError):
            raise said
        if not member.ready:
            member.ready, self._model = True, said
        elif isinstance(said, Part):
            member.tasks[0].add(said)
        else:
            answer, failures = said
            member.tasks.popleft().end(answer)
            self._failures = list(dict.fromkeys([*self._failures, *failures]))
            self._deaths = 0

    def replace(self, dead: Member) -> None:
        """Start another in place of a worker that died, and have its tasks done.

        Raises:
            BackendError: too many have died.
        """
        self._deaths += 1
        if self._deaths > _DEATHS * len(self.members):
            raise BackendError(
                "The processes that look at them end again and again",
                remedy="Memory may be too small for that number: try a smaller --jobs.",
            )
        dead.end()
        if dead.tasks:
            first = dead.tasks[0]
            first.begin_again()
            first.tries += first.arrived
            if first.tries == TRIES:
                dead.tasks.popleft().end(Answer([], [], _ended(first.item.where)))
        self._waiting.extendleft(reversed(dead.tasks))
        self.members[self.members.index(dead)] = self.started()

    def _hand_out(self) -> None:
        while self._waiting:
            most = 1 if self._waiting[0].long else AHEAD
            free = [
                each
                for each in self.members
                if each.ready and len(each.tasks) < most and not each.long
            ]
            idlest = min(free, key=lambda each: len(each.tasks), default=None)
            if idlest is None:
                return
            idlest.send(self._waiting.popleft())


def _ended(where: str) -> PictureError:
    return PictureError(
        f"The process that read it was ended {TRIES} times",
        where,
        remedy="Memory may be too small for it: try a smaller --jobs.",
    )
