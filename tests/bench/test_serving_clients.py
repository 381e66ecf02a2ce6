"""Clients of a server: which answers have them ask again, and how often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from serving.clients import NONE, TRIES, Client, post

from ..loops import no_other_loop  # noqa: F401  (a fixture)

JSON = "Content-Type: application/json"
GOOD = f"200 OK\r\n{JSON}"
BARE = "500 Internal Server Error\r\nContent-Type: text/plain"
OURS = f"500 Internal Server Error\r\n{JSON}"
BUSY = "429 Too Many Requests\r\nRetry-After: 0"
BROKEN = ""  # the connection ends without an answer


def insisted(answers: Sequence[str], patience_s: float = 60.0) -> tuple[str, int]:
    """Return how a client fares with a server that gives these answers, the last of them for ever;
    and how often it asked."""
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"picture")
        text = answers[min(asked, len(answers) - 1)]
        asked += 1
        if text:
            writer.write(
                f"HTTP/1.1 {text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
            )
        await writer.drain()
        writer.close()

    async def both() -> str:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            client = Client(server.sockets[0].getsockname()[1])
            until = time.monotonic() + patience_s
            status, _ = await client.insist(post(b"picture"), until)
            client.close()
            return status

    return asyncio.run(both()), asked


@pytest.mark.parametrize("dropped", [BARE, BROKEN, BARE.replace("500", "502")])
def test_what_was_dropped_is_sent_again_a_few_times(dropped: str) -> None:
    assert insisted([dropped, GOOD]) == ("200", 2)
    status, asked = insisted([dropped])
    assert status == (dropped[:3] or NONE)
    assert asked == TRIES


def test_an_error_that_the_server_knows_of_is_final() -> None:
    assert insisted([OURS, GOOD]) == ("500", 1)


def test_a_busy_server_is_asked_until_patience_ends() -> None:
    assert insisted([BUSY] * 9 + [GOOD]) == ("200", 10)
    assert insisted([BUSY], patience_s=0) == ("429", 1)


def test_a_busy_server_uses_up_no_tries() -> None:
    assert insisted([BARE, BUSY, BARE, BUSY, GOOD]) == ("200", 5)
