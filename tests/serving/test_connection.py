"""Connections: an answer goes out as soon as it is written."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from obscura.cli.serve import _listening
from obscura.serving.connection import Connection


class Transport(asyncio.Transport):
    """Stands for asyncio's, which leaves sockets of this kind as they are."""

    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._socket if name == "socket" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is written here."""

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that does not run."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


async def nothing(_scope: object, _receive: object, _send: object) -> None:
    """An application that is asked nothing."""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_part_of_an_answer_waits_for_the_receipt_of_the_one_before(
    host: str, loop: asyncio.AbstractEventLoop
) -> None:
    config = uvicorn.Config(nothing, http=Connection, ws="none", log_config=None)
    connection = Connection(config, ServerState(), {}, loop)
    with _listening(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

            connection.connection_made(Transport(accepted))

            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            connection.connection_lost(None)
