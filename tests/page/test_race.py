"""Races: once per model and device, the fastest plan is found, used and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from obscura.errors import BackendError
from obscura.page.models.race import RUNS, WARM_UP, HeatResult, run_heat

from .fakes import (
    CPU,
    GPU,
    GPU_PLAN,
    TWO_THREADS,
    Ability,
    Preferences,
    World,
    run,
    turns,
    url_of,
)
from .races import Hold, race

HALF = GPU_PLAN._replace(half=True)


def laps(times: Iterable[float]):
    """Returns these milliseconds, one after another."""
    remaining = iter(times)

    async def lap() -> float:
        return next(remaining)

    return lap


# ---- a heat --------------------------------------------------------------------------------------


def test_a_heat_compares_medians_and_forgets_the_warm_up():
    slow_start = [90.0] * WARM_UP + [20.0] * RUNS
    one_hiccup = [30.0] * (WARM_UP + RUNS - 1) + [100.0]

    result = run(run_heat(laps(one_hiccup), laps(slow_start)))

    assert result == HeatResult(current_ms=30.0, challenger_ms=20.0)


def test_a_hopeless_heat_ends_early_but_never_in_the_first_lap():
    quick, slow = [100.0, 10.0], [10.0, 500.0]  # the first lap compiles shaders

    result = run(run_heat(laps(quick), laps(slow)))

    assert result == HeatResult(current_ms=10.0, challenger_ms=500.0)


@pytest.mark.parametrize(("challenger_ms", "won"), [(89.0, True), (91.0, False), (100.0, False)])
def test_a_challenger_has_to_be_a_tenth_faster(challenger_ms: float, won: bool):
    assert HeatResult(100.0, challenger_ms).challenger_won == won


# ---- a race --------------------------------------------------------------------------------------


def test_a_faster_rival_takes_over_and_is_remembered():
    world = World(GPU)
    world.device.abilities = {GPU_PLAN: Ability(ms=30.0), TWO_THREADS: Ability(ms=10.0)}

    hold = race(world)

    assert world.sessions.info.backend == "wasm"
    assert world.winners.get(world.card("first")) == TWO_THREADS
    assert world.sessions.why == "WebAssembly with 2 threads took 10.0 ms where WebGPU took 30.0 ms"
    assert [session.plan for session in world.device.loaded] == [TWO_THREADS]
    assert hold.calls == [True, False]
    assert world.sessions.status == ""


def test_a_slower_rival_is_closed_and_the_first_plan_is_remembered():
    world = World(GPU)
    world.device.abilities = {GPU_PLAN: Ability(ms=10.0), TWO_THREADS: Ability(ms=30.0)}

    race(world)

    assert world.sessions.info.backend == "webgpu"
    assert world.winners.get(world.card("first")) == GPU_PLAN
    assert [session.plan for session in world.device.loaded] == [GPU_PLAN]


def test_half_precision_races_full_precision_before_the_processor():
    world = World(GPU._replace(half=True))
    world.device.abilities = {
        HALF: Ability(ms=50.0),
        GPU_PLAN: Ability(ms=20.0),
        TWO_THREADS: Ability(ms=5.0),
    }

    race(world)

    assert world.device.tried == [HALF, GPU_PLAN, TWO_THREADS]
    assert world.winners.get(world.card("first")) == TWO_THREADS


def test_a_rival_that_cannot_run_leaves_the_first_plan_in_use():
    world = World(GPU)
    world.device.ability(TWO_THREADS).refusal = BackendError("no threads")

    hold = race(world)

    assert world.sessions.info.backend == "webgpu"
    assert hold.calls == [False], "frames were never held"


def test_a_rival_that_dies_on_the_way_is_closed():
    world = World(GPU)
    world.device.abilities = {GPU_PLAN: Ability(ms=30.0), TWO_THREADS: Ability(most_runs=3)}

    hold = race(world)

    assert [session.plan for session in world.device.loaded] == [GPU_PLAN]
    assert hold.calls == [True, False]


def test_what_was_decided_once_is_not_raced_again():
    preferences = Preferences()
    race(World(GPU, preferences=preferences))
    again = World(GPU, preferences=preferences)

    race(again)

    assert len(again.device.sessions) == 1


def test_there_is_no_race_where_data_are_to_be_saved():
    world = World(GPU._replace(save_data=True))

    race(world)

    assert world.device.tried == [GPU_PLAN]
    assert world.winners.get(world.card("first")) is None


def test_there_is_no_race_where_a_backend_was_asked_for():
    async def story() -> None:
        world = World(GPU)
        await world.sessions.load("first", backend="webgpu")

        await world.sessions.race(Hold())

        assert world.device.tried == [GPU_PLAN]

    run(story())


def test_where_there_is_no_rival_the_only_plan_is_remembered_without_a_race():
    world = World(CPU)

    hold = race(world)

    assert hold.calls == []
    assert world.winners.get(world.card("first")) == TWO_THREADS


def test_without_a_model_in_use_there_is_nothing_to_race():
    run(World(GPU).sessions.race(Hold()))


def test_a_race_ends_without_a_winner_when_the_model_is_exchanged():
    async def story() -> None:
        world = World(GPU)
        await world.sessions.load("first")
        arrived = world.site.hold(url_of("first"))  # of the rival, which wants the network again
        racing = asyncio.create_task(world.sessions.race(Hold()))
        await turns()

        await world.sessions.load("second")
        arrived.set()
        await racing

        assert world.winners.get(world.card("first")) is None
        assert world.sessions.card.name == "second"

    run(story())


def test_a_model_that_is_chosen_during_a_heat_is_not_replaced_by_its_winner():
    async def story() -> None:
        world = World(GPU)
        world.device.abilities = {GPU_PLAN: Ability(ms=30.0), TWO_THREADS: Ability(ms=10.0)}
        await world.sessions.load("second")
        await world.sessions.load("first")
        racing = asyncio.create_task(world.sessions.race(Hold()))
        while len(world.device.tried) < 3:
            await asyncio.sleep(0)
        await turns(5)

        await world.sessions.load("third", backend="webgpu")
        await racing

        assert world.sessions.card.name == "third"
        assert world.winners.get(world.card("first")) is None

    run(story())
