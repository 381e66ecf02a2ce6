"""Pool: processes on this machine with one detector each.

Each has a pipe of its own and ends when that is closed: also when this process was killed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait

from obscura.batch.dispatch import Dispatcher, Member, Task
from obscura.batch.worker import Kind, Worker
from obscura.cli.work import Work
from obscura.errors import ObscuraError


class _Process(Member):
    def __init__(self, arguments: argparse.Namespace, kind: type[Kind]) -> None:
        super().__init__()
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, arguments, kind), daemon=True)
        with _without_interrupts():
            self._process.start()
        theirs.close()

    def send(self, task: Task) -> None:
        self.tasks.append(task)
        task.arrived = True
        try:
            self.pipe.send(task.item)
        except OSError:  # it died: `Pool` learns that when it listens to it
            task.arrived = False

    def end(self) -> None:
        self.pipe.close()
        self._process.terminate()
        self._process.join()


class Pool(Dispatcher):
    """Processes that answer for pictures and videos."""

    def __init__(self, arguments: argparse.Namespace, jobs: int, kind: type[Kind] = Work) -> None:
        """Start the processes, and wait for the first.

        Args:
            arguments: those of the kind.
            jobs: number of processes.
            kind: what they do.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self._arguments, self._kind = arguments, kind
        super().__init__(jobs)

    def started(self) -> Member:
        """Start a process."""
        return _Process(self._arguments, self._kind)

    def listen(self) -> None:
        """See `Dispatcher`."""
        by_pipe = {each.pipe: each for each in self.members if isinstance(each, _Process)}
        for pipe in wait(list(by_pipe)):
            assert isinstance(pipe, Connection)
            try:
                said = pipe.recv()
            except (EOFError, OSError):
                self.replace(by_pipe[pipe])
            else:
                self.hear(by_pipe[pipe], said)


def serve(pipe: Connection, arguments: argparse.Namespace, kind: type[Kind]) -> None:
    """Answer, in a process of its own, until the other end of the pipe is closed."""
    try:
        with Worker(arguments, kind) as worker:
            pipe.send(worker.model)
            while True:
                answer = worker.answer(pipe.recv(), pipe.send)
                pipe.send((answer, worker.work.failures()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except ObscuraError as error:
        pipe.send(error)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: this process ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
