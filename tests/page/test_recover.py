"""Recovery after a failed run: the same model on the next backend, as long as there is one."""

from __future__ import annotations

import asyncio

import pytest

from obscura.errors import BackendError, ModelMissing

from .fakes import GPU, GPU_COPYING, GPU_PLAN, ONE_THREAD, TWO_THREADS, World, run, turns, url_of

LOST = BackendError("The webgpu backend failed", "device lost")


def opened(world: World):
    """Open the first model; return its card."""

    async def story():
        await world.sessions.load("first")
        return world.sessions.card

    return story()


def test_the_next_plan_takes_over_and_says_why():
    async def story() -> None:
        world = World()
        card = await opened(world)

        await world.sessions.recover(card, LOST)

        assert (world.sessions.card, world.sessions.info.threads) == (card, 1)
        assert world.sessions.why == "others failed: The webgpu backend failed (device lost)"
        assert [session.plan for session in world.device.loaded] == [ONE_THREAD]
        assert world.sessions.status == ""

    run(story())


def test_plans_that_failed_before_are_not_tried_again():
    async def story() -> None:
        world = World(GPU)
        world.device.ability(GPU_PLAN).refusal = BackendError("refused")
        card = await opened(world)
        for _ in range(2):
            await world.sessions.recover(card, LOST)

        assert world.device.tried == [GPU_PLAN, GPU_COPYING, TWO_THREADS, ONE_THREAD]

    run(story())


def test_a_winner_that_failed_is_forgotten():
    async def story() -> None:
        world = World(GPU)
        card = world.card("first")
        world.winners.set(card, TWO_THREADS)
        await opened(world)

        await world.sessions.recover(card, LOST)

        assert world.winners.get(card) is None
        assert world.sessions.info.backend == "webgpu"

    run(story())


def test_where_no_plan_is_left_there_is_an_error_and_no_model():
    async def story() -> None:
        world = World()
        card = await opened(world)
        await world.sessions.recover(card, LOST)

        with pytest.raises(BackendError, match="No backend is left"):
            await world.sessions.recover(card, LOST)

        assert not world.sessions.ready
        assert world.device.loaded == []

    run(story())


def test_a_network_that_cannot_be_fetched_again_is_an_error():
    async def story() -> None:
        world = World()
        card = await opened(world)
        world.site.files.clear()

        with pytest.raises(ModelMissing):
            await world.sessions.recover(card, LOST)

        assert world.sessions.status == ""

    run(story())


def test_a_model_that_was_chosen_meanwhile_stays_in_use():
    async def story() -> None:
        world = World()
        card = await opened(world)
        await world.sessions.load("second")

        await world.sessions.recover(card, LOST)

        assert world.sessions.card.name == "second"
        assert world.device.names == ["second"], "the one that failed is closed"

    run(story())


def test_a_model_that_is_chosen_during_the_recovery_wins():
    async def story() -> None:
        world = World()
        card = await opened(world)
        arrived = world.site.hold(url_of("first"))
        recovering = asyncio.create_task(world.sessions.recover(card, LOST))
        await turns()
        choosing = asyncio.create_task(world.sessions.load("second"))
        await turns()
        arrived.set()

        await recovering
        assert await choosing

        assert world.sessions.card.name == "second"

    run(story())


def test_a_model_without_a_session_has_nothing_to_recover():
    async def story() -> None:
        world = World()
        await world.sessions.recover(world.card("second"), LOST)
        assert world.device.sessions == []

    run(story())
