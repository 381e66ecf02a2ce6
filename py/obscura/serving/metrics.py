"""Metrics: counters of a server in the text format of Prometheus. They say nothing of a picture."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from obscura.serving.pool import Answer, Pool

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What a server counts, in a registry of its own."""

    def __init__(self, pool: Pool) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._answers = Counter(
            "obscura_answers",
            "Answers by route and status.",
            ("route", "status"),
            registry=registry,
        )
        self._received = Counter(
            "obscura_received_bytes",
            "Bytes of pictures and tensors that arrived whole and in time.",
            registry=registry,
        )
        self._wait = Histogram(
            "obscura_wait_seconds",
            "Time that a picture waited for a worker.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._run = Histogram(
            "obscura_run_seconds",
            "Time in which a picture was read and detected.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._heads = Counter(
            "obscura_head_failures",
            "Pictures at which a head failed, by its name.",
            ("head",),
            registry=registry,
        )
        waiting = Gauge("obscura_waiting", "Pictures that wait for a worker.", registry=registry)
        waiting.set_function(lambda: pool.waiting)
        busy = Gauge("obscura_busy", "Workers that are at work.", registry=registry)
        busy.set_function(lambda: pool.busy)
        Gauge("obscura_workers", "Workers.", registry=registry).set(pool.jobs)

    def answered(self, scope: MutableMapping[str, Any], status: int) -> None:
        """Count an answer; ``route`` is empty where no route was reached."""
        route = getattr(scope.get("route"), "path", "")
        self._answers.labels(route, status).inc()

    def received(self, size: int) -> None:
        """Count the bytes of a body."""
        self._received.inc(size)

    def ran(self, answer: Answer) -> None:
        """Count a picture."""
        self._wait.observe(answer.wait_s)
        self._run.observe(answer.run_s)

    def failed(self, heads: Iterable[str]) -> None:
        """Count heads that failed at a picture, by their names."""
        for name in heads:
            self._heads.labels(name).inc()

    def text(self) -> bytes:
        """Return all counters."""
        return generate_latest(self._registry)
