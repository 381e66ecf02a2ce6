"""Clients of a server: plain HTTP over sockets, so that they leave the processor to the server."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

PATIENCE_S = 60.0
"""An answer that takes longer counts as none."""
NONE = "none"
"""In place of a status: the connection was refused, or ended without an answer."""
TRIES = 3
"""How often a request is sent that nobody answered. Finding objects changes nothing over there."""


@dataclass
class Tally:
    """What clients were answered.

    Attributes:
        answers: number of answers by status.
        times_s: seconds that each took, by status.
    """

    answers: Counter[str] = field(default_factory=Counter)
    times_s: dict[str, list[float]] = field(default_factory=dict)

    def add(self, status: str, seconds: float) -> None:
        """Count an answer."""
        self.answers[status] += 1
        self.times_s.setdefault(status, []).append(seconds)


class Client:
    """One connection, opened again when it has ended."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes, pause_s: float = 0.0) -> tuple[str, dict[str, str]]:
        """Send a request, and return the status and the headers of the answer.

        Args:
            pause_s: sent in four parts, with so many seconds between them.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._asked(request, pause_s)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            self.close()
            return NONE, {}

    async def insist(self, request: bytes, until: float) -> tuple[str, dict[str, str]]:
        """As `ask`, again when the server is busy, and a few times if the request was dropped.

        Args:
            until: moment after which a busy server is not asked again.
        """
        drops = 0
        while True:
            status, headers = await self.ask(request)
            if status in ("429", "503") and time.monotonic() < until:
                await asyncio.sleep(float(headers.get("retry-after", "0.2")))
            elif dropped(status, headers) and drops < TRIES - 1:
                drops += 1
            else:
                return status, headers

    async def _asked(self, request: bytes, pause_s: float) -> tuple[str, dict[str, str]]:
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._line
        sending = asyncio.create_task(_send(writer, request, pause_s))
        try:
            # An answer may come before all is sent.
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            await reader.readexactly(int(headers.get("content-length", "0")))
        finally:
            sending.cancel()
        if headers.get("connection") == "close":
            self.close()
        return head[0].split(" ")[1], headers

    def close(self) -> None:
        """End the connection."""
        if self._line is not None:
            self._line[1].close()
        self._line = None


async def _send(writer: asyncio.StreamWriter, request: bytes, pause_s: float) -> None:
    quarter = len(request) if not pause_s else -(-len(request) // 4)
    for start in range(0, len(request), quarter):
        writer.write(request[start : start + quarter])
        if pause_s:
            await asyncio.sleep(pause_s)


def dropped(status: str, headers: dict[str, str]) -> bool:
    """Whether the process that had a request has died: no answer, or one that Obscura's
    server does not give, whose errors are JSON."""
    bare = headers.get("content-type") != "application/json"
    return status == NONE or (status in ("500", "502") and bare)


def post(body: bytes, *lines: str, path: str = "/v1/detect") -> bytes:
    """Return a request; ``lines`` are headers in place of its length."""
    length = lines or (f"Content-Length: {len(body)}",)
    return (
        "\r\n".join((f"POST {path} HTTP/1.1", "Host: localhost", *length, "", "")).encode() + body
    )


async def insistent(port: int, request: bytes, until: float, tally: Tally) -> None:
    """Ask again and again, and wait as long as one is told to when the server is busy."""
    client = Client(port)
    while time.monotonic() < until:
        began = time.monotonic()
        status, headers = await client.ask(request)
        tally.add(status, time.monotonic() - began)
        if status != "200":
            await asyncio.sleep(float(headers.get("retry-after", "0.2")))
    client.close()


async def crowd(port: int, request: bytes, clients: int, seconds: float) -> Tally:
    """Let many ask at once."""
    tally, until = Tally(), time.monotonic() + seconds
    await asyncio.gather(*(insistent(port, request, until, tally) for _ in range(clients)))
    return tally
