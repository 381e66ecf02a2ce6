"""A future that wakes whoever waits for it at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from obscura.engine.prompt import PromptFuture

pytestmark = pytest.mark.skipif(
    sys.platform == "emscripten", reason="no loop can be run to its end there"
)


def play(scene: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a scene in a thread of its own: after browser tests a loop of Playwright's is in this
    one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(scene())).result(timeout=20)


class Waiting:
    """A coroutine that waits for a prompt future, and what it met."""

    def __init__(self) -> None:
        self.met: list[Any] = []
        self.future: PromptFuture[str] = PromptFuture(loop=asyncio.get_running_loop())
        self.task = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        try:
            self.met.append(await self.future)
        except (ValueError, asyncio.CancelledError) as error:
            self.met.append(type(error))
            raise


async def outside_of_tasks(call: Callable[[], object]) -> None:
    """Call as an event does."""
    asyncio.get_running_loop().call_soon(call)
    await asyncio.sleep(0)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("failing", [False, True])
def test_who_waits_goes_on_within_the_call_unless_a_task_is_being_executed(
    inside: bool, failing: bool
) -> None:
    async def scene() -> tuple[list[Any], list[Any]]:
        waiting = Waiting()
        await asyncio.sleep(0)
        at_once: list[Any] = []

        def answer() -> None:
            if failing:
                waiting.future.set_exception(ValueError("no"))
            else:
                waiting.future.set_result("yes")
            at_once.extend(waiting.met)

        if inside:
            answer()
        else:
            await outside_of_tasks(answer)
        await asyncio.wait([waiting.task])
        waiting.task.exception()
        return at_once, waiting.met

    at_once, met = play(scene)

    assert met == [ValueError if failing else "yes"]
    assert at_once == ([] if inside else met)


@pytest.mark.parametrize("inside", [False, True])
def test_a_task_that_waits_can_be_cancelled(inside: bool) -> None:
    async def scene() -> tuple[list[Any], bool, bool]:
        waiting = Waiting()
        await asyncio.sleep(0)
        if inside:
            waiting.task.cancel()
        else:
            await outside_of_tasks(waiting.task.cancel)
        await asyncio.wait([waiting.task])
        return waiting.met, waiting.task.cancelled(), waiting.future.cancelled()

    assert play(scene) == ([asyncio.CancelledError], True, True)


def test_an_answer_that_is_here_already_is_given_at_the_next_turn() -> None:
    async def scene() -> str:
        future: PromptFuture[str] = PromptFuture(loop=asyncio.get_running_loop())
        future.set_result("yes")
        return await future

    assert play(scene) == "yes"


def test_time_may_run_out_for_it() -> None:
    async def scene() -> None:
        await asyncio.wait_for(PromptFuture(loop=asyncio.get_running_loop()), 0.01)

    with pytest.raises(TimeoutError):
        play(scene)


def test_a_callback_can_be_taken_back() -> None:
    async def scene() -> list[Any]:
        future: PromptFuture[str] = PromptFuture(loop=asyncio.get_running_loop())
        called: list[Any] = []
        future.add_done_callback(called.append)
        assert future.remove_done_callback(called.append) == 1
        future.set_result("yes")
        await asyncio.sleep(0)
        return called

    assert play(scene) == []
