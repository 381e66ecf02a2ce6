"""Pool: processes with one detector each, which answer for one picture after another.

Each process has a pipe of its own and ends when that is closed: also when this process was killed.
A process that dies is replaced, and its picture tried once more.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from obscura.batch.worker import Answer, Model, Worker
from obscura.errors import BackendError, ObscuraError, PictureError

AHEAD = 2
"""Pictures that a process has at a time, so that it never waits for the next one."""
WINDOW = 8
"""Pictures for each process that may be done before the first of them is: answers keep order."""
TRIES = 2
_DEATHS = 8
"""Processes that may die one after another without an answer."""


class _Task:
    """A source, and its answer once it is there."""

    def __init__(self, where: str, mine: bool) -> None:
        self.where, self.mine, self.tries = where, mine, 0
        self.answer: Answer | None = None


class _Process:
    """A process, and what it is working on, first that which it answers first."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.tasks: deque[_Task] = deque()
        self.ready = False
        self._process = context.Process(target=serve, args=(theirs, arguments), daemon=True)
        with _ignoring_interrupts():
            self._process.start()
        theirs.close()

    def send(self, task: _Task) -> None:
        self.tasks.append(task)
        with suppress(OSError):  # it died: `Pool` learns that when it listens to it
            self.pipe.send(task.where)

    def end(self) -> None:
        self.pipe.close()
        self._process.terminate()
        self._process.join()


class Pool:
    """Processes that answer for pictures."""

    def __init__(self, arguments: argparse.Namespace, jobs: int) -> None:
        """Start the processes, and wait for the first.

        Args:
            arguments: those of `Work`.
            jobs: number of processes.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self._arguments = arguments
        self._model: Model | None = None
        self._failures: list[str] = []
        self._waiting: deque[_Task] = deque()
        self._deaths = 0
        self._processes: list[_Process] = []
        try:
            for _ in range(jobs):
                self._processes.append(_Process(arguments))
            while self._model is None:
                self._listen()
        except BaseException:
            self.close()
            raise
        self.model: Model = self._model

    def mapped(
        self, sources: Iterable[str], mine: Callable[[str], bool] = lambda _: True
    ) -> Iterator[tuple[str, Answer | None]]:
        """Yield each source with its answer, in the order of the sources.

        Args:
            sources: read only as far as the processes get on.
            mine: whether the processes are to answer; else the answer is None.

        Raises:
            ObscuraError: the engine failed, or no process stays alive.
        """
        rest = iter(sources)
        window: deque[_Task] = deque()
        most = WINDOW * len(self._processes)
        more = True
        while True:
            while more and len(window) < most:
                where = next(rest, None)
                if where is None:
                    more = False
                    break
                task = _Task(where, mine(where))
                window.append(task)
                if task.mine:
                    self._waiting.append(task)
                    self._hand_out()
            if not window:
                return
            first = window[0]
            if not first.mine or first.answer is not None:
                window.popleft()
                yield first.where, first.answer
            else:
                self._listen()

    def failures(self) -> list[str]:
        """Return a sentence for each head that failed and is off in one of the processes."""
        return self._failures

    def close(self) -> None:
        """End the processes."""
        for each in self._processes:
            each.end()
        self._processes.clear()

    def _hand_out(self) -> None:
        while self._waiting:
            ready = [each for each in self._processes if each.ready]
            idlest = min(ready, key=lambda each: len(each.tasks), default=None)
            if idlest is None or len(idlest.tasks) >= AHEAD:
                return
            idlest.send(self._waiting.popleft())

    def _listen(self) -> None:
        """Wait until a process says something, and hear it."""
        by_pipe = {each.pipe: each for each in self._processes}
        for pipe in wait(list(by_pipe)):
            assert isinstance(pipe, Connection)
            process = by_pipe[pipe]
            try:
                said = pipe.recv()
            except (EOFError, OSError):
                self._replace(process)
            else:
                self._hear(process, said)
        self._hand_out()

    def _hear(self, process: _Process, said: Any) -> None:
        if isinstance(said, Model):
            process.ready, self._model = True, said
        elif isinstance(said, ObscuraError):
            raise said
        else:
            answer, failures = said
            process.tasks.popleft().answer = answer
            self._failures = list(dict.fromkeys([*self._failures, *failures]))
            self._deaths = 0

    def _replace(self, dead: _Process) -> None:
        self._deaths += 1
        if not dead.ready or self._deaths > _DEATHS:
            raise BackendError(
                "The processes that find objects end again and again",
                remedy="Memory may be too small for so many: try a smaller --jobs.",
            )
        dead.end()
        if dead.tasks:
            first = dead.tasks[0]
            first.tries += 1
            if first.tries == TRIES:
                dead.tasks.popleft()
                error = PictureError(
                    "The process that read it was ended twice",
                    first.where,
                    remedy="Memory may be too small for it: try a smaller --jobs.",
                )
                first.answer = Answer([], [], error)
        self._waiting.extendleft(reversed(dead.tasks))
        self._processes[self._processes.index(dead)] = _Process(self._arguments)


def serve(pipe: Connection, arguments: argparse.Namespace) -> None:
    """Answer, in a process of its own, until the other end of the pipe is closed."""
    try:
        with Worker(arguments) as worker:
            pipe.send(worker.model)
            while True:
                answer = worker.answer(pipe.recv())
                pipe.send((answer, worker.work.failures()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except ObscuraError as error:
        pipe.send(error)


class _ignoring_interrupts:  # noqa: N801
    """Starts processes that Ctrl-C does not reach: this process ends them."""

    def __enter__(self) -> None:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def __exit__(self, *exception: object) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)
