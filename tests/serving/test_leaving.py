"""What is left behind: nothing is begun for clients that have left, and no picture is kept."""

from __future__ import annotations

import asyncio
import gc
import weakref
from threading import Event

import pytest

from obscura.serving.asgi import Server
from obscura.serving.refusal import Refusal
from obscura.serving.settings import Settings

from ..page.fakes import run

LONG = 30


class Stand:
    """Stands in for a detector."""

    def close(self) -> None:
        pass


async def stays() -> dict[str, str]:
    await asyncio.Event().wait()
    raise AssertionError


async def leaves() -> dict[str, str]:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize("left", [False, True])
def test_a_picture_whose_client_has_left_is_not_detected(left: bool) -> None:
    begun, go = Event(), Event()
    done: list[str] = []

    def first(_: object) -> None:
        begun.set()
        go.wait(LONG)
        done.append("first")

    async def ask() -> None:
        server = Server(Settings(lambda: {"stand": Stand()}, jobs=1))  # type: ignore[dict-item]
        server.pool.start()
        while not server.pool.ready:
            await asyncio.sleep(0.001)
        running = asyncio.create_task(server.run(first, stays))
        await asyncio.to_thread(begun.wait, LONG)
        waiting = asyncio.create_task(
            server.run(lambda _: done.append("second"), leaves if left else stays)
        )
        if left:
            with pytest.raises(Refusal):
                await waiting
        go.set()
        await running
        if not left:
            await waiting
        await asyncio.to_thread(server.pool.close)

    run(ask())

    assert done == (["first"] if left else ["first", "second"])


class Picture:
    """Something whose end can be seen."""


def test_a_refused_picture_is_freed_at_once() -> None:
    """Not at the garbage collector's next round, which in a server of few objects is late."""

    async def refused(server: Server) -> weakref.ref[Picture]:
        picture = Picture()

        def work(_: object) -> None:
            try:
                raise ValueError(picture)
            except ValueError as error:
                raise Refusal(422, "picture", "It is damaged", remedy="Send another.") from error

        with pytest.raises(Refusal):
            await server.run(work, stays)
        return weakref.ref(picture)

    async def ask() -> None:
        server = Server(Settings(lambda: {"stand": Stand()}, jobs=1))  # type: ignore[dict-item]
        server.pool.start()
        while not server.pool.ready:
            await asyncio.sleep(0.001)
        gc.disable()
        try:
            seen = await refused(server)
            for _ in range(LONG * 1000):
                if seen() is None:
                    break
                await asyncio.sleep(0.001)
            assert seen() is None
        finally:
            gc.enable()
            await asyncio.to_thread(server.pool.close)

    run(ask())
