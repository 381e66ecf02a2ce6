"""What the tests of the server share: a server in a process of its own, as people start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "assets" / "sample.jpg"
START_S = 60
PROGRAM = """
import os, sys

def watch(event, arguments):
    # What could put something on a disk: a file opened to be written, and all changes of folders.
    written = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if written or event.startswith(("os.mkdir", "os.rename", "os.link", "os.symlink", "tempfile")):
        os.write(trace, f"{event} {arguments[0]}\\n".encode())

trace = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(watch)
open(os.devnull, "w").close()  # by which tests see that the watch is there
from obscura.cli import main
sys.exit(main(["serve", *sys.argv[2:]]))
"""


class Served:
    """A server that runs: its process, its address, and what it writes."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.cwd, self.tmp = folder / "cwd", folder / "tmp"
        for each in (self.cwd, self.tmp):
            each.mkdir(exist_ok=True)
        self.trace, self.log = folder / "trace", folder / "log"
        self.options = options
        """Of the next start."""
        self.start("0")

    def start(self, port: str) -> None:
        """Start the process, and wait until it says where it listens."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "py"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.tmp),
        }
        command = [sys.executable, "-c", PROGRAM, str(self.trace), "--port", port, *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.cwd, env=environment, stdout=subprocess.PIPE, stderr=log
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        if not line.startswith("Serving on "):
            self.stop(signal.SIGKILL)
            raise AssertionError(self.log.read_text())
        self.url = line.removeprefix("Serving on ").strip()
        self.port = int(self.url.rpartition(":")[2])

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Yield a client, after the models are loaded."""
        with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as client:
            for _ in range(START_S * 20):
                if client.get("/v2/health/ready").status_code == 200:
                    break
                time.sleep(0.05)
            yield client

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the process with a signal, and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


Start = Callable[..., Served]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers with options; they are ended after the tests of a file."""
    running: list[Served] = []

    def started(*options: str) -> Served:
        running.append(Served(tmp_path_factory.mktemp("served"), "--jobs", "2", *options))
        return running[-1]

    yield started
    for served in running:
        served.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def served(start: Start) -> Served:
    """A server with all options as they are by default, but small bounds."""
    return start("--most-mb", "2", "--most-megapixels", "1", "--queue", "64")


@pytest.fixture(scope="module")
def hasty(start: Start) -> Served:
    """One that waits for a second only: on a busy machine, ordinary requests may take longer."""
    return start("--body-seconds", "1")


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    """A client of `served`."""
    with served.client() as client:
        yield client


def error(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of an error."""
    table = json.loads(answer.content)
    assert set(table) == {"code", "error"}
    assert table["error"].endswith(".")
    return answer.status_code, table["code"]
