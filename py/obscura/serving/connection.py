"""Connections: closed where no whole request arrives in time, or no answer is taken."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from obscura.serving.refusal import error_body


class Connection(H11Protocol):
    """A connection of uvicorn, which itself waits for ever: for the head of a request, and for a
    client that does not read its answer."""

    head_s = 10.0
    """Seconds for the head of a request, from its first byte, or from the connection on."""
    take_s = 30.0
    """Seconds for a client to take what was written of an answer."""
    _timer: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a first request."""
        super().connection_made(transport)
        # asyncio does this only for sockets that were made with the number of the protocol. Without
        # it, what follows the head of an answer waits for the client's receipt: 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # So that `pause_writing` is called whenever something is left for the client to take.
        transport.set_write_buffer_limits(high=0)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and wait if they are not yet a whole head."""
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        """Have the answer wait for the client to take what was written, but not without end."""
        super().pause_writing()
        # Not `close`, which would wait for the very same.
        self._taking = self.loop.call_later(self.take_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with the answer."""
        super().resume_writing()
        self._end_taking()

    def send_400_response(self, msg: str) -> None:
        """Answer to what is not HTTP, unless an answer has begun, and end the connection."""
        if not (self._answering() and self.cycle.response_started):
            body = error_body("request-invalid", msg)
            head = (
                "HTTP/1.1 400 Bad Request",
                "content-type: application/json",
                f"content-length: {len(body)}",
                "connection: close",
            )
            self.transport.write("\r\n".join((*head, "", "")).encode() + body)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        super().connection_lost(exc)
        self._stop()
        self._end_taking()

    def _watch(self) -> None:
        if self._answering():
            self._stop()  # a request is being answered, whose body has a deadline of its own
        elif self._timer is None and self.timeout_keep_alive_task is None:
            self._timer = self.loop.call_later(self.head_s, self._close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _close(self) -> None:
        self._timer = None
        if not self._answering():
            self.transport.close()

    def _answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete
