"""The application in any ASGI host: while models load, when memory is short, when it fails."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from threading import Event

import httpx
import pytest

from obscura.detector import Detector
from obscura.serving.asgi import create_app
from obscura.serving.limits import Limits, Message, Receive, Scope, Send
from obscura.serving.settings import Models, Settings

from ..page.fakes import run
from .conftest import SAMPLE, error

LONG = 30


def opened() -> Models:
    return {"cocossd": Detector("cocossd", threads=1)}


def uncounted(_scope: Scope, _status: int) -> None:
    """Count nothing."""


def scope(**headers: str) -> Scope:
    given = {"host": "localhost", **headers}
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/detect",
        "headers": [(name.encode(), text.encode()) for name, text in given.items()],
    }


class Line:
    """A connection on which parts of a body arrive, and that remembers the answer."""

    def __init__(self, *parts: bytes, whole: bool = True) -> None:
        self._parts: Iterator[bytes] = iter(parts)
        self._left = len(parts)
        self._whole = whole
        self.status = 0
        self.body = b""

    async def receive(self) -> Message:
        if self._left == 0:
            await asyncio.Event().wait()
        self._left -= 1
        more = self._left > 0 or not self._whole
        return {"type": "http.request", "body": next(self._parts), "more_body": more}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


def test_until_the_models_are_loaded_it_lives_but_is_not_ready() -> None:
    go = Event()

    def slowly() -> Models:
        go.wait(LONG)
        return opened()

    async def ask() -> None:
        app = create_app(Settings(slowly))
        pool = app.state.server.pool
        pool.start()
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get("/v2/health/live")).is_success
            listing = (await client.get("/v1/models")).json()
            assert (listing["ready"], listing["default"], listing["models"]) == (False, None, [])
            for path in ("/v2/health/ready", "/v2/models/cocossd", "/v2/models/cocossd/ready"):
                answer = await client.get(path)
                assert error(answer) == (503, "loading")
                assert answer.headers["retry-after"] == "1"
            picture = SAMPLE.read_bytes()
            assert error(await client.post("/v1/detect", content=picture)) == (503, "loading")

            go.set()
            while not pool.ready:
                await asyncio.sleep(0.001)

            assert (await client.get("/v2/health/ready")).is_success
            assert (await client.post("/v1/detect", content=picture)).is_success
        await asyncio.to_thread(pool.close)

    run(ask())


def test_all_bodies_share_a_bound_and_give_their_room_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("obscura.serving.limits.DRAIN_S", 1.0)
    inside: list[bytes] = []

    async def application(_scope: Scope, receive: Receive, send: Send) -> None:
        inside.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> None:
        settings = Settings(opened, most_bytes=100, most_held=150, body_s=2)
        guard = Limits(application, settings, uncounted)
        slow, second = Line(bytes(90), whole=False), Line(bytes(90))
        first = asyncio.create_task(guard(scope(), slow.receive, slow.send))
        await asyncio.sleep(0)
        assert guard.held == 90

        await guard(scope(), second.receive, second.send)
        assert (second.status, json.loads(second.body)["code"]) == (429, "busy")
        assert guard.held == 90

        await first
        assert slow.status == 408
        assert guard.held == 0
        third = Line(bytes(50), bytes(40))
        await guard(scope(), third.receive, third.send)
        assert third.status == 200
        assert inside == [bytes(90)]
        assert guard.held == 0

    run(ask())


def test_what_fails_is_answered_and_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("secret of a picture")

    line = Line(b"")
    guard = Limits(application, Settings(opened), uncounted)
    with caplog.at_level(logging.DEBUG):
        run(guard(scope(), line.receive, line.send))

    assert (line.status, json.loads(line.body)["code"]) == (500, "unexpected")
    assert "RuntimeError at test_application.py:" in caplog.text
    assert "secret" not in caplog.text + line.body.decode()


def test_tokens_are_not_in_what_settings_print() -> None:
    assert "correct horse" not in repr(Settings(opened, token="correct horse"))
