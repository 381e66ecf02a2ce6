"""Limits: what stands before every call, as ASGI middleware.

In this order: the Host has to be one of the server's, a page of another origin has to be let in,
the token has to be right, and the body has to arrive whole, in time and within its bounds. Only
then is the application called, with a body that is all there.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from obscura.serving.faults import log_fault
from obscura.serving.refusal import Refusal, come_again, failed
from obscura.serving.settings import Settings

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

API = re.compile(r"/(v1|v2|metrics|openapi\.json)(/|$)")
OPEN = re.compile(r"/(v2/health/(live|ready)|openapi\.json)$")
"""Addresses that need no token: they say nothing that is not public."""

API_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
PREFLIGHT_HEADERS = {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}
DRAIN_S, DRAIN_BYTES = 5.0, 64 << 20
"""How long, and of how much, what is still arriving is read and thrown away after a refusal, so
that a client that is still sending sees the answer instead of a broken connection."""


class Limits:
    """Middleware that refuses what is too much, too slow, or not for this server."""

    def __init__(
        self, app: App, settings: Settings, answered: Callable[[Scope, int], None]
    ) -> None:
        """
        Args:
            answered: called with the status of every answer.
        """
        self._app, self._settings, self._answered = app, settings, answered
        self._held = 0  # bytes of all bodies

    @property
    def held(self) -> int:
        """Bytes of all bodies that are in memory."""
        return self._held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the start and the end of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        reply = _Reply(scope, send, self._answered)
        body = _Body()
        try:
            if self._let_in(scope, headers, reply):
                await self._read(body, headers, receive)
                await self._app(scope, _replayed(body.whole(), receive), reply.send)
            else:
                await reply.whole(204, PREFLIGHT_HEADERS, b"")
        except _Gone:
            return
        except Refusal as refusal:
            await _refuse(reply, receive, refusal, headers)
        except Exception as error:  # noqa: BLE001  a server answers whatever happens
            log_fault(error)
            if not reply.begun:
                await _refuse(reply, receive, failed(), headers)
        finally:
            self._held -= body.taken

    def _let_in(self, scope: Scope, headers: dict[str, str], reply: _Reply) -> bool:
        """Return whether the application is to answer; if not, the request is a preflight.

        Raises:
            Refusal: 401, 403 or 421.
        """
        api = API.match(scope["path"]) is not None
        if api:
            reply.further |= API_HEADERS
        self._check_host(headers)
        if not api:
            return True
        reply.further |= self._origin_headers(headers)
        if scope["method"] == "OPTIONS":
            return False
        self._check_token(scope["path"], headers)
        return True

    def _check_host(self, headers: dict[str, str]) -> None:
        host = headers.get("host", "")
        name = re.sub(r":\d*$", "", host).lower()
        if name not in self._settings.hosts:
            raise Refusal(
                421,
                "host",
                "This server does not go by the name that the request calls it",
                remedy="Start it with --allow-host NAME.",
            )

    def _origin_headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Return what lets a page of the request's origin read the answer."""
        origin = headers.get("origin")
        if origin is None or origin.partition("://")[2].lower() == headers["host"].lower():
            return {}
        if origin not in self._settings.origins:
            raise Refusal(
                403,
                "origin",
                "Pages of this origin are not let in",
                remedy="Start the server with --origin and the origin.",
            )
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": "retry-after, server-timing",
            "vary": "origin",
        }

    def _check_token(self, path: str, headers: dict[str, str]) -> None:
        token = self._settings.token
        if token is None or OPEN.match(path):
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), token.encode())
        if scheme.lower() != "bearer" or not right:
            raise Refusal(
                401,
                "token",
                "The token is missing or wrong",
                remedy="Send the header Authorization: Bearer TOKEN.",
                headers={"WWW-Authenticate": "Bearer"},
            )

    async def _read(self, body: _Body, headers: dict[str, str], receive: Receive) -> None:
        """Wait for a whole body.

        Raises:
            Refusal: 408, 413 or 429.
        """
        settings = self._settings
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > settings.most_bytes:
            raise self._too_large()
        deadline = asyncio.get_running_loop().time() + settings.body_s
        more = True
        while more:
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise Refusal(
                    408,
                    "slow",
                    f"The body did not arrive within {settings.body_s:g} s",
                    remedy="Send a smaller picture, or try again.",
                ) from None
            if message["type"] == "http.disconnect":
                raise _Gone
            part = message.get("body", b"")
            more = message.get("more_body", False)
            if body.taken + len(part) > settings.most_bytes:
                raise self._too_large()
            if self._held + len(part) > settings.most_held:
                raise come_again(429, "busy", "As many pictures are arriving as may", 1)
            self._held += len(part)
            body.taken += len(part)
            body.parts.append(part)

    def _too_large(self) -> Refusal:
        return Refusal(
            413,
            "too-large",
            f"The body has more than {self._settings.most_bytes} bytes",
            remedy="Send a smaller picture.",
        )


class _Body:
    """A body as it arrives."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.taken = 0

    def whole(self) -> bytes:
        """Return all of it, once."""
        parts, self.parts = self.parts, []
        return b"".join(parts)


class _Reply:
    """The answer to a request."""

    def __init__(self, scope: Scope, send: Send, answered: Callable[[Scope, int], None]) -> None:
        self._scope, self._send, self._answered = scope, send, answered
        self.further: dict[str, str] = {}  # headers
        self.begun = False

    async def send(self, message: Message) -> None:
        """Send a message of ASGI, with the further headers."""
        if message["type"] == "http.response.start":
            self.begun = True
            self._answered(self._scope, message["status"])
            headers = [*message.get("headers", ()), *_raw(self.further)]
            message = {**message, "headers": headers}
        await self._send(message)

    async def whole(
        self, status: int, headers: dict[str, str], body: bytes, *, more: bool = False
    ) -> None:
        """Send an answer; with ``more``, leave its end to be sent."""
        lengths = {} if status == 204 else {"content-length": str(len(body))}
        start = {"status": status, "headers": _raw({**headers, **lengths})}
        await self.send({"type": "http.response.start", **start})
        await self.send({"type": "http.response.body", "body": body, "more_body": more})


class _Gone(Exception):
    """The client has left before its body was here."""


def _headers(scope: Scope) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): text.decode("latin-1") for name, text in scope["headers"]
    }


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a whole body, then what really comes."""
    left: list[bytes] = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


async def _refuse(
    reply: _Reply, receive: Receive, refusal: Refusal, request: dict[str, str]
) -> None:
    """Answer with a refusal, let the client finish within bounds, and close the connection."""
    headers = {
        "content-type": "application/json",
        "connection": "close",
        **{name.lower(): text for name, text in refusal.headers.items()},
    }
    await reply.whole(refusal.status, headers, refusal.body(), more=True)
    if "expect" not in request:  # who waits to be told to go on sends nothing
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await _drain(receive)
    await reply.send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    count, more = 0, True
    while more and count < DRAIN_BYTES:
        message = await receive()
        count += len(message.get("body", b""))
        more = message.get("more_body", False)
