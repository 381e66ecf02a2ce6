"""Cluster: workers of Ray, on this machine or on many.

Workers only answer: the index and the shards are those of the process that asks, which thus may
start on any machine with the same folder, and go on where one before it was killed.
"""

from __future__ import annotations

import argparse
import os
import pickle
import socket
import zlib
from collections.abc import Iterator
from typing import Any

from obscura.batch.dispatch import Dispatcher, Member, Task
from obscura.batch.worker import Part, Worker
from obscura.cli.work import Item
from obscura.errors import BackendError, ObscuraError
from obscura.extras import need

STORE_BYTES = 100 << 20
"""Memory for objects between processes of a cluster that is started here: paths and records."""
CALL_S = 10.0
"""How long a cluster may take to accept a connection."""
PATIENCE_S = 600.0
"""How long nothing may be heard of any worker, unless one reads a video."""


class Frames:
    """Frames of a source in order, compressed: a video has many, which wait until all that comes
    before it is done."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def add(self, part: Part) -> None:
        """Add frames after those that are there."""
        # Pickled by one of our own processes for another, which are trusted alike.
        self._blocks.append(zlib.compress(pickle.dumps(part.found), 1))

    def __iter__(self) -> Iterator[Any]:
        for block in self._blocks:
            yield from pickle.loads(zlib.decompress(block))


class _Answers:
    """What runs on a worker of Ray."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._worker: Worker | None = None

    def model(self) -> Any:
        """Open the detector; return its model, or the error."""
        try:
            self._worker = Worker(self._arguments)
        except ObscuraError as error:
            return error
        return self._worker.model

    def answer(self, item: Item) -> Any:
        """Return the answer for a picture or a video with failures of heads, or the error."""
        assert self._worker is not None
        frames = Frames()
        try:
            answer = self._worker.answer(item, frames.add)
        except ObscuraError as error:
            return error
        frames.add(Part(list(answer.found)))
        return answer._replace(found=frames), self._worker.work.failures()


class _Actor(Member):
    def __init__(self, ray: Any, actor: Any) -> None:
        super().__init__()
        self._ray, self._actor = ray, actor
        self.said = [actor.model.remote()]

    def send(self, task: Task) -> None:
        self.tasks.append(task)
        self.said.append(self._actor.answer.remote(task.item))

    def end(self) -> None:
        self._ray.kill(self._actor)


class Cluster(Dispatcher):
    """Workers of Ray that answer for pictures, with one processor and one thread each."""

    def __init__(
        self, arguments: argparse.Namespace, jobs: int | None, address: str | None = None
    ) -> None:
        """Join a cluster, or start one on this machine that nobody else reaches.

        Args:
            arguments: those of `Work`.
            jobs: number of workers; None for as many as there are processors.
            address: of a cluster, as Ray has it; None to start one.

        Raises:
            ToolMissing: Ray is not installed.
            ObscuraError: the cluster is not there, or the detector cannot be opened.
        """
        self._arguments = arguments
        self._ray = joined(address)
        try:
            jobs = jobs or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
            # One that dies is replaced here, as only we know which picture it had.
            self._kind = self._ray.remote(num_cpus=1, max_restarts=0)(_Answers)
            super().__init__(jobs)
        except BaseException:
            self._ray.shutdown()
            raise

    def started(self) -> Member:
        """Ask for a worker; it is there once a processor is free."""
        return _Actor(self._ray, self._kind.remote(self._arguments))

    def listen(self) -> None:
        """See `Dispatcher`.

        Raises:
            BackendError: no worker has said anything for long, and none has a video.
        """
        by_next = {
            each.said[0]: each for each in self.members if isinstance(each, _Actor) and each.said
        }
        done, _ = self._ray.wait(list(by_next), num_returns=1, timeout=PATIENCE_S)
        if not done and not any(each.long for each in self.members):
            raise BackendError(
                "The cluster does not answer",
                remedy="See whether it has free processors: ray status.",
            )
        for reference in done:
            member = by_next[reference]
            try:
                said = self._ray.get(reference)
            except self._ray.exceptions.RayError:
                self.replace(member)
            else:
                member.said.pop(0)
                self.hear(member, said)

    def close(self) -> None:
        """End the workers, and the cluster if it was started here."""
        super().close()
        self._ray.shutdown()


def _call(address: str | None) -> None:
    """See whether somebody listens at an address such as ``10.0.0.7:6379``; Ray takes minutes.

    Raises:
        OSError: nobody does.
    """
    host, _, port = (address or "").rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), CALL_S).close()


def joined(address: str | None, store_bytes: int = STORE_BYTES) -> Any:
    """Return Ray, with this process in a cluster.

    Args:
        address: of the cluster, as Ray has it; None to start one on this machine that nobody else
            reaches.
        store_bytes: memory for objects between the processes of one that is started.

    Raises:
        ToolMissing: Ray is not installed. BackendError: the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # tells nobody about this machine
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")
    # Or Ray would hide a graphics processor from all workers that did not ask for one.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if address is None:
        # Whatever its name says: the cluster listens on 127.0.0.1 alone, as it does there.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    ray = need("ray", "A cluster is reached with Ray", "obscura[ray]")
    if address is None:
        # What that variable sets when Ray is imported; `serve run` does so before it calls us.
        ray._private.ray_constants.ENABLE_RAY_CLUSTER = False
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        options |= {
            "address": "local",
            "include_dashboard": False,
            "object_store_memory": store_bytes,
            "_node_ip_address": "127.0.0.1",
        }
    else:
        options["address"] = address
    try:
        _call(address)
        ray.init(**options)
    except (OSError, RuntimeError, ValueError) as error:
        raise BackendError(
            f"The cluster cannot be reached: {error}",
            address,
            remedy="Try `ray status`; a cluster with a token wants RAY_AUTH_MODE=token.",
        ) from error
    return ray
