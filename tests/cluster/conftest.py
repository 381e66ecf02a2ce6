"""What the tests on clusters share. They run in an environment of their own, with Ray and without
browsers: ``build.py test --cluster``."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from ..batch.conftest import clip, pictures  # noqa: F401  (fixtures)

ROOT = Path(__file__).resolve().parents[2]
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "120",
    # Who has no token is turned away.
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}
WHOLE_S = 300
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(colour_models: Path) -> Iterator[Start]:
    """Start ``obscura detect --engine ray``; what is left of it at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str | Path, **variables: str) -> subprocess.Popen[str]:
        model = str(colour_models / "colours")
        command = [sys.executable, "-m", "obscura", "detect", "--model", model, "--engine", "ray"]
        process = subprocess.Popen(
            [*command, *map(str, words)],
            env={**os.environ, **QUIET, **variables, "PYTHONPATH": str(ROOT / "py")},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for each in started:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
            each.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for its end; return its code, and what it wrote to stderr."""
    _, error = process.communicate(timeout=WHOLE_S)
    return process.returncode, error


def until_it_writes(process: subprocess.Popen[str], out: Path) -> None:
    """Wait until records are there."""
    while process.poll() is None and not any(each.stat().st_size for each in out.glob("shard-*")):
        time.sleep(0.002)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and those that they started."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, seen(thread).split()):
            found += [child, *descendants(child)]
    return found


def seen(path: Path) -> bytes:
    """Return what a file of /proc has; nothing if its process is gone."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def workers(pid: int) -> list[int]:
    """Return those of a process's descendants in which pictures are looked at."""
    return [each for each in descendants(pid) if b"_Answers" in seen(Path(f"/proc/{each}/cmdline"))]


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[str, list[Any]]]:
    """Two nodes of a cluster on this machine: its address, and the process of each."""
    address = f"127.0.0.1:{free_port()}"
    common = ["--num-cpus=1", "--block", "--disable-usage-stats", "--node-ip-address=127.0.0.1"]
    common += ["--object-store-memory=100000000"]
    head = ["--head", f"--port={address.partition(':')[2]}", "--include-dashboard=false"]
    head += [f"--temp-dir=/tmp/{tmp_path.parent.parent.name[-3:]}ray{os.getpid()}"]
    ray = str(Path(sys.executable).with_name("ray"))
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT / "py")}
    started = []
    try:
        for words in (head, [f"--address={address}"]):
            with (tmp_path / f"node{len(started)}.log").open("w") as log:
                started.append(
                    subprocess.Popen(
                        [ray, "start", *common, *words],
                        env=environment,
                        start_new_session=True,
                        stdout=log,
                        stderr=log,
                    )
                )
            if len(started) == 1:
                wait_for(address)
        yield address, started
    finally:
        for each in reversed(started):
            kill_tree(each.pid)
            each.wait()


def wait_for(address: str) -> None:
    """Wait until somebody listens."""
    host, _, port = address.partition(":")
    deadline = time.monotonic() + WHOLE_S
    while time.monotonic() < deadline:
        with closing(socket.socket()) as caller:
            if caller.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"nobody listens at {address}")


def kill_tree(pid: int) -> None:
    """Kill a process with all that it started."""
    for each in [pid, *descendants(pid)]:
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            continue


def listening(pids: list[int]) -> set[str]:
    """Return the addresses, in hexadecimal digits, at which processes wait for connections."""
    sockets = set()
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            for each in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):  # closed meanwhile
                    sockets.add(str(each.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in sockets:
                found.add(columns[1].partition(":")[0])
    return found
