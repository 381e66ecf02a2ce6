"""Put load on `obscura serve`, and print the table of docs/server.md: 50 clients at once, the same
while the server is killed and started again, and 1,000 hostile uploads.

    .venv/bin/python build.py run bench/serving/load.py --write

Clients and server share the machine. Clients that are told to come again do so when they are told.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving import hostile
from serving.clients import NONE, Client, Tally, crowd, post

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "assets" / "sample.jpg"
DOCS = ROOT / "docs" / "server.md"
PART = re.compile(r"(<!-- load: .*? -->\n).*?(<!-- /load -->)", re.DOTALL)
CROWD, UPLOADS, AT_ONCE = 50, 1000, 20
BODY_S = 3


class Server:
    """A server in a process of its own."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._port = 0
        self.start()

    @property
    def port(self) -> int:
        """The same after a restart."""
        return self._port

    def start(self) -> float:
        """Start it, and return after how many seconds it is ready."""
        began = time.monotonic()
        command = [sys.executable, "-m", "obscura", "serve", "--jobs", str(self._jobs)]
        command += ["--port", str(self._port), "--body-seconds", str(BODY_S)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "py")}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        self._port = int(line.rpartition(":")[2])
        while not self.ready():
            time.sleep(0.02)
        return time.monotonic() - began

    def ready(self) -> bool:
        """Return whether the models are loaded."""
        address = f"http://127.0.0.1:{self._port}/v2/health/ready"
        try:
            with urllib.request.urlopen(address, timeout=10):
                return True
        except urllib.error.HTTPError:
            return False

    def megabytes(self) -> float:
        """Return its resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it."""
        self._process.send_signal(number)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def served(jobs: int) -> Iterator[Server]:
    """Keep a server while the block lasts."""
    server = Server(jobs)
    try:
        yield server
    finally:
        server.kill()


async def killed(server: Server, request: bytes, seconds: float) -> tuple[Tally, float]:
    """Return what a crowd is answered while the server is killed in the middle, and after how many
    seconds it is ready again."""
    asking = asyncio.create_task(crowd(server.port, request, CROWD, seconds))
    await asyncio.sleep(seconds / 2)
    server.kill()
    back_s = await asyncio.to_thread(server.start)
    return await asking, back_s


async def attacked(port: int, picture: bytes, count: int) -> Tally:
    """Return what hostile uploads are answered."""
    tally, left = Tally(), hostile.uploads(picture, count)

    async def attack() -> None:
        for upload in left:
            client = Client(port)
            began = time.monotonic()
            status, _ = await client.ask(upload.request, upload.pause_s)
            tally.add(status, time.monotonic() - began)
            client.close()

    await asyncio.gather(*(attack() for _ in range(AT_ONCE)))
    return tally


def row(name: str, tally: Tally, before: float, after: float) -> str:
    """Return a line of the table."""
    good = tally.times_s.get("200", [])
    cuts = statistics.quantiles(good, n=100) if len(good) > 1 else [float("nan")] * 99
    others = sorted((code, n) for code, n in tally.answers.items() if code != "200")
    said = ", ".join(f"{n} x {'no answer' if code == NONE else code}" for code, n in others) or "-"
    longest = max((max(times) for times in tally.times_s.values()), default=0.0)
    cells = [name, str(len(good)), f"{1000 * cuts[49]:.0f} ms", f"{1000 * cuts[98]:.0f} ms"]
    cells += [said, f"{longest:.1f} s", f"{before:.0f} MB", f"{after:.0f} MB"]
    return f"| {' | '.join(cells)} |"


def measured(jobs: int, seconds: float, count: int) -> list[str]:
    """Return the lines of the table."""
    picture = SAMPLE.read_bytes()
    request = post(picture)
    lines = [
        "| | answered | p50 | p99 | other answers | longest | memory before | after |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with served(jobs) as server:
        asyncio.run(crowd(server.port, request, CROWD, 3))  # memory grows to what it needs
        before = server.megabytes()
        tally = asyncio.run(crowd(server.port, request, CROWD, seconds))
        name = f"{CROWD} clients, {seconds:.0f} s"
        lines.append(row(name, tally, before, server.megabytes()))
        before = server.megabytes()
        tally = asyncio.run(attacked(server.port, picture, count // 2))
        middle = server.megabytes()
        lines.append(row(f"{count // 2} hostile uploads", tally, before, middle))
        tally = asyncio.run(attacked(server.port, picture, count - count // 2))
        lines.append(row(f"{count - count // 2} more", tally, middle, server.megabytes()))
        before = server.megabytes()
        tally, back_s = asyncio.run(killed(server, request, seconds))
        name = f"{CROWD} clients, {seconds:.0f} s, killed in between, back after {back_s:.1f} s"
        lines.append(row(name, tally, before, server.megabytes()))
        if not server.ready():
            raise SystemExit("the server did not outlive it")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="workers (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="of load (default: %(default)s)")
    parser.add_argument("--uploads", type=int, default=UPLOADS, help="hostile ones")
    parser.add_argument("--write", action="store_true", help="write the table to docs/server.md")
    arguments = parser.parse_args()
    lines = measured(arguments.jobs, arguments.seconds, arguments.uploads)
    print("\n".join(lines))
    if arguments.write:
        text = DOCS.read_text(encoding="utf-8")
        table = "\n".join(lines) + "\n"
        DOCS.write_text(PART.sub(lambda part: part[1] + table + part[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
