"""The application on Ray Serve: the answers and bounds of a server, and more or fewer replicas."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.clients import Client, post

from .conftest import QUIET, ROOT, WHOLE_S, descendants, free_port, kill_tree, listening, seen

SAMPLE = ROOT / "assets" / "sample.jpg"
TOKEN = "only-for-the-tests-0123456789"
AUTHORIZATION = f"Authorization: Bearer {TOKEN}"
CROWD = 24


class Served:
    """`serve run`, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        (folder / "token").write_text(TOKEN)
        options = f"--port {self.port} --token-file '{folder / 'token'}' --most-mb 2"
        words = [f"options={options}", "most_replicas=2", "up_after_s=0.5", "down_after_s=2"]
        command = [str(Path(sys.executable).with_name("serve")), "run"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "obscura.serving.ray_serve:app", *words],
                cwd=folder,
                env={**os.environ, **QUIET, "PYTHONPATH": str(ROOT / "py")},
                start_new_session=True,
                stdout=log,
                stderr=log,
            )

    def replicas(self) -> list[int]:
        """Return the processes that answer."""
        return [
            each
            for each in descendants(self.process.pid)
            if b"ServeReplica" in seen(Path(f"/proc/{each}/cmdline"))
        ]

    def wait_for(self, number: int) -> None:
        """Wait until there are this many of them."""
        deadline = time.monotonic() + WHOLE_S
        while len(self.replicas()) != number:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + WHOLE_S
        while True:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            try:
                if httpx.get(f"{self.url}/v2/health/ready", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # nobody listens yet
            time.sleep(0.2)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served"))
    try:
        made.wait_until_ready()
        yield made
    finally:
        kill_tree(made.process.pid)
        made.process.wait()


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=served.url, headers=headers, timeout=60, trust_env=False) as made:
        yield made


def detected(picture: Path) -> dict[str, object]:
    """Return the record that ``obscura detect`` prints, without the name of the picture."""
    command = [sys.executable, "-m", "obscura", "detect", "--threads", "1", "--format", "jsonl"]
    done = subprocess.run(
        [*command, str(picture)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "py")},
        capture_output=True,
        check=True,
    )
    record: dict[str, object] = json.loads(done.stdout) | {"source": ""}
    return record


def test_answers_are_those_of_the_command_line(client: httpx.Client) -> None:
    answer = client.post("/v1/detect", content=SAMPLE.read_bytes())

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == detected(SAMPLE)
    assert answer.json()["detections"]


@pytest.mark.parametrize(
    ("headers", "body", "refused"),
    [
        ({"Authorization": "Bearer wrong"}, b"", (401, "token")),
        ({"Host": "example.org"}, b"", (421, "host")),
        ({"Origin": "https://example.org"}, b"", (403, "origin")),
        ({}, b"\xff\xd8" + bytes(3 << 20), (413, "too-large")),
        ({}, b"no picture", (415, "picture-kind")),
    ],
)
def test_bounds_are_those_of_a_server(
    client: httpx.Client, headers: dict[str, str], body: bytes, refused: tuple[int, str]
) -> None:
    answer = client.post("/v1/detect", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == refused


def test_nobody_else_reaches_it(served: Served) -> None:
    found = listening([served.process.pid, *descendants(served.process.pid)])

    assert found
    assert found <= {"0100007F", "0000000000000000FFFF00000100007F"}


async def asked(port: int, seconds: float) -> Counter[str]:
    """Return the last answers that a crowd was given which asks for so long, and insists."""
    until = time.monotonic() + seconds
    request = post(SAMPLE.read_bytes(), f"Content-Length: {SAMPLE.stat().st_size}", AUTHORIZATION)
    answers: Counter[str] = Counter()

    async def ask() -> None:
        client = Client(port)
        while time.monotonic() < until:
            status, _ = await client.insist(request, until + WHOLE_S)
            answers[status] += 1
        client.close()

    await asyncio.gather(*(ask() for _ in range(CROWD)))
    return answers


async def until_there_are(served: Served, number: int) -> Counter[str]:
    """Ask until there are this many replicas."""
    answers: Counter[str] = Counter()
    deadline = time.monotonic() + WHOLE_S
    while len(served.replicas()) != number:
        assert time.monotonic() < deadline, served.log.read_text()
        answers += await asked(served.port, 1)
    return answers


def test_there_are_more_replicas_under_load_and_one_again_afterwards(served: Served) -> None:
    served.wait_for(1)

    answers = asyncio.run(until_there_are(served, 2))

    assert set(answers) == {"200"}
    served.wait_for(1)


def test_a_crowd_learns_when_to_come_again(served: Served) -> None:
    request = post(SAMPLE.read_bytes(), f"Content-Length: {SAMPLE.stat().st_size}", AUTHORIZATION)

    async def at_once() -> list[tuple[str, dict[str, str]]]:
        clients = [Client(served.port) for _ in range(CROWD)]
        said = await asyncio.gather(*(each.ask(request) for each in clients))
        for each in clients:
            each.close()
        return said

    said = asyncio.run(at_once())

    assert {status for status, _ in said} == {"200", "429"}
    waits = {headers.get("retry-after", "") for status, headers in said if status == "429"}
    assert all(each.isdecimal() for each in waits)


def test_bodies_that_arrive_slowly_keep_nobody_out(served: Served) -> None:
    whole = post(SAMPLE.read_bytes(), f"Content-Length: {SAMPLE.stat().st_size}", AUTHORIZATION)

    async def scene() -> tuple[int, str]:
        lines = []
        for _ in range(80):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(whole[: len(whole) // 2])
            await writer.drain()
            lines.append((reader, writer))
            await asyncio.sleep(0.02)  # Ray refuses those that come all at once
        client = Client(served.port)
        status, _ = await client.insist(whole, time.monotonic() + WHOLE_S)
        answers = [asyncio.create_task(reader.read(1)) for reader, _ in lines]
        _, waiting = await asyncio.wait(answers, timeout=0.5)
        client.close()
        for _, writer in lines:
            writer.close()
        await asyncio.gather(*answers)
        return len(waiting), status

    waiting, status = asyncio.run(scene())

    assert waiting > 64
    assert status == "200"


def test_a_replica_is_killed_under_load_and_every_request_is_answered(served: Served) -> None:
    async def killed() -> Counter[str]:
        answers = await until_there_are(served, 2)
        asking = asyncio.create_task(asked(served.port, 6))
        await asyncio.sleep(1)
        before = served.replicas()
        os.kill(before[0], signal.SIGKILL)
        answers += await asking
        assert len(before) == 2
        assert before[0] not in served.replicas()
        return answers

    answers = asyncio.run(killed())

    assert set(answers) == {"200"}
