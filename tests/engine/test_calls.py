"""Calls to the worker: answers, errors, and silence."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from obscura.engine.calls import DEADLINE_RUNS, DEADLINE_S, Calls
from obscura.errors import BackendError, OutOfMemory

from .fake_worker import FakeWorker

pytestmark = pytest.mark.skipif(
    sys.platform == "emscripten", reason="no loop can be run to its end there"
)


def play(scene: Callable[[Calls, FakeWorker], Awaitable[Any]]) -> Any:
    """Run a scene with the calls to a new worker, in a thread of its own: after browser tests a
    loop of Playwright's is in this one."""

    async def run() -> Any:
        worker = FakeWorker()
        return await scene(Calls(worker, "wasm"), worker)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result(timeout=20)


async def begin(calls: Calls, worker: FakeWorker, call: str = "run") -> asyncio.Task[Any]:
    task = asyncio.ensure_future(calls.run(worker.message(call=call)))
    await asyncio.sleep(0)
    return task


async def error_from(task: asyncio.Future[Any]) -> BaseException | None:
    await asyncio.wait([task])
    return task.exception()


def test_each_answer_finds_its_call_in_whatever_order_they_come() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> list[Any]:
        tasks = [await begin(calls, worker) for _ in range(2)]
        worker.say({"id": 2, "drawn": "second"})
        worker.say({"id": 1, "drawn": "first"})
        return [(await task)["drawn"] for task in tasks]

    assert play(scene) == ["first", "second"]


def test_other_messages_answer_nothing() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> bool:
        task = await begin(calls, worker)
        worker.say({"url": "model.onnx", "received": 7})
        worker.say({"id": 99})
        await asyncio.sleep(0)
        waiting = not task.done()
        calls.close()
        await error_from(task)
        return waiting

    assert play(scene)


def test_calls_that_others_made_are_counted() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> int:
        calls.continue_after(3)
        worker.on_post = lambda _message: {}
        answer = await calls.call(worker.message(call="run"))
        return int(answer["id"])

    assert play(scene) == 4


def test_an_error_of_the_worker_is_raised_by_its_kind() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> None:
        worker.on_post = lambda _message: {"error": "std::bad_alloc"}
        await calls.call(worker.message(call="open"))

    with pytest.raises(OutOfMemory):
        play(scene)


def test_a_crash_fails_all_calls() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> list[BaseException | None]:
        tasks = [await begin(calls, worker) for _ in range(2)]
        worker.crash("script error")
        return [await error_from(task) for task in tasks]

    errors = play(scene)

    assert len(errors) == 2
    assert all("script error" in str(error) for error in errors)


def test_a_lost_gpu_fails_the_calls_under_way_and_all_later_ones() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> tuple[Any, Any, int]:
        first = await error_from(await begin_and_lose(calls, worker))
        second = await error_from(await begin(calls, worker))
        return first, second, len(worker.posted)

    async def begin_and_lose(calls: Calls, worker: FakeWorker) -> asyncio.Task[Any]:
        task = await begin(calls, worker)
        worker.say({"lost": "the driver was reset"})
        return task

    first, second, posted = play(scene)

    assert "the driver was reset" in str(first)
    assert "the driver was reset" in str(second)
    assert posted == 1


def test_a_silent_worker_fails_after_the_deadline() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> tuple[bool, Any]:
        task = await begin(calls, worker)
        calls.check_progress(DEADLINE_S)
        early = task.done()
        calls.check_progress(1)
        return early, await error_from(task)

    early, error = play(scene)

    assert not early
    assert "no answer for 16 seconds" in str(error)


def test_a_slow_device_has_a_later_deadline() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> tuple[bool, Any]:
        slow = await begin(calls, worker)
        calls.check_progress(10)
        worker.say({"id": 1})
        await slow
        task = await begin(calls, worker)
        calls.check_progress(DEADLINE_S + 10 * DEADLINE_RUNS)
        early = task.done()
        calls.check_progress(1)
        return early, await error_from(task)

    early, error = play(scene)

    assert not early
    assert isinstance(error, BackendError)


def test_time_counts_only_while_a_call_waits() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> bool:
        calls.check_progress(1000)
        task = await begin(calls, worker)
        calls.check_progress(1)
        early = task.done()
        worker.say({"id": 1})
        await task
        return early

    assert play(scene) is False


def test_an_answer_to_a_cancelled_call_is_dropped() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> bool:
        task = await begin(calls, worker)
        task.cancel()
        await asyncio.wait([task])
        worker.say({"id": 1})
        return task.cancelled()

    assert play(scene)


def test_closing_ends_the_worker_once_and_fails_what_waits() -> None:
    async def scene(calls: Calls, worker: FakeWorker) -> tuple[Any, Any, int]:
        task = await begin(calls, worker)
        calls.close()
        calls.close()
        return await error_from(task), await error_from(await begin(calls, worker)), worker.ended

    waiting, later, ended = play(scene)

    assert "the engine was closed" in str(waiting)
    assert "The engine is closed" in str(later)
    assert ended == 1
