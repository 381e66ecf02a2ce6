"""Pool: a bounded queue before workers, each a thread with models of its own."""

from __future__ import annotations

import math
import queue
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from statistics import median
from threading import Lock, Thread
from time import perf_counter
from typing import Any, NamedTuple

from obscura.errors import ObscuraError
from obscura.serving.faults import log_fault
from obscura.serving.refusal import Refusal, come_again, failed
from obscura.serving.settings import Models

REMEMBERED = 64
"""Runs whose median says how long one takes."""
USUAL_S = 0.1
"""Of a run, before there was one."""

Work = Callable[[Models], Any]


class Answer(NamedTuple):
    """What a job returned, and its times in seconds."""

    value: Any
    wait_s: float
    run_s: float


class _Job(NamedTuple):
    work: Work
    future: Future[Answer]
    asked: float


class Pool:
    """Runs jobs on workers. Networks run outside of Python's lock, so threads are enough."""

    def __init__(self, open_models: Callable[[], Models], jobs: int, most_waiting: int) -> None:
        """
        Args:
            open_models: called once in each worker.
            jobs: number of workers.
            most_waiting: jobs that wait; more are refused.
        """
        self.jobs, self.most_waiting = jobs, most_waiting
        self.models: Models = {}
        """The models of one worker, for what their cards say; empty while none is open."""
        self.failure: Exception | None = None
        """Why models could not be opened."""
        self.on_failure: Callable[[], None] = lambda: None
        """Called in a worker after `failure` is set."""
        self._open_models = open_models
        self._lock = Lock()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting = self._opened = self._busy = 0
        self._runs: deque[float] = deque(maxlen=REMEMBERED)
        self._threads: list[Thread] = []

    @property
    def ready(self) -> bool:
        """Whether all workers have opened their models."""
        return self._opened == self.jobs

    @property
    def waiting(self) -> int:
        """Number of jobs that wait for a worker."""
        return self._waiting

    @property
    def busy(self) -> int:
        """Number of jobs that are being run."""
        return self._busy

    def start(self) -> None:
        """Start the workers, which begin with opening their models."""
        self._threads = [
            Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(self.jobs)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Work) -> Future[Answer]:
        """Let a worker call ``work`` with its models.

        Raises:
            Refusal: 503, models are being opened; 429, as many wait as may.
        """
        if not self.ready:
            raise come_again(503, "loading", "The models are being loaded", 1)
        job = _Job(work, Future(), perf_counter())
        with self._lock:
            # A job that a free worker is about to take does not wait.
            if self._waiting >= self.most_waiting + self.jobs - self._busy:
                raise come_again(429, "busy", "As many wait as may", self._wait_s())
            self._waiting += 1
        self._queue.put(job)
        return job.future

    def close(self) -> None:
        """End the workers after what they do now; what waits is cancelled."""
        while True:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is not None:
                job.future.cancel()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _wait_s(self) -> int:
        """Return after how many whole seconds those who wait now should be served."""
        run_s = median(self._runs) if self._runs else USUAL_S
        return max(1, math.ceil(run_s * (self._waiting + self._busy) / self.jobs))

    def _work(self) -> None:
        try:
            models = self._open_models()
        except (ObscuraError, OSError, ValueError, MemoryError) as error:
            self.failure = error
            self.on_failure()
            return
        with self._lock:
            self.models = self.models or models
            self._opened += 1
        while (job := self._queue.get()) is not None:
            with self._lock:
                self._waiting -= 1
                self._busy += 1
            try:
                outcome = self._do(job, models)
            finally:
                with self._lock:
                    self._busy -= 1  # before whoever waits for the answer may ask again
            if isinstance(outcome, Exception):
                job.future.set_exception(outcome)
            elif outcome is not None:
                job.future.set_result(outcome)
            del job, outcome  # its picture is not kept until the next one
        for detector in models.values():
            detector.close()

    def _do(self, job: _Job, models: Models) -> Answer | Exception | None:
        """Return what becomes of a job; None if nobody waits for it any more."""
        began = perf_counter()
        if not job.future.set_running_or_notify_cancel():
            return None
        try:
            value = job.work(models)
        except Exception as error:  # noqa: BLE001  who waits for the answer raises it
            if not isinstance(error, Refusal):
                log_fault(error)
                error = failed()
            # Frames of errors hold the picture: it would live as long as they do.
            error.__context__ = error.__cause__ = None
            return error.with_traceback(None)
        run_s = perf_counter() - began
        self._runs.append(run_s)
        return Answer(value, began - job.asked, run_s)
