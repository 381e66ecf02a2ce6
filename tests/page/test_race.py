"""Races: once per model and device, the fastest plan is found, used and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from obscura.engine.plans import Facts, Plan
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


class Hold:
    """Notes when frames were kept from being analysed."""

    def __init__(self) -> None:
        self.calls: list[bool] = []

    def __call__(self, on: bool) -> None:
        self.calls.append(on)


def race(world: World) -> Hold:
    """Open the first model and let its plans race."""
    hold = Hold()

    async def story() -> None:
        await world.sessions.load("first")
        await world.sessions.race(hold)

    run(story())
    return hold


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


# ---- winners that open slowly --------------------------------------------------------------------

OLD = Facts(webgl=True, isolated=True, cores=2)
WEBGL = Plan("webgl", "webgl", 1)


def test_a_winner_that_opens_slowly_takes_over_after_the_first_boxes():
    world = World(OLD)
    world.winners.set(world.card("first"), WEBGL)

    async def story() -> None:
        await world.sessions.load("first")
        assert world.sessions.info.backend == "wasm"
        await world.sessions.race(Hold())

    run(story())

    assert world.device.tried == [TWO_THREADS, WEBGL]
    assert world.sessions.info.backend == "webgl"
    assert [session.plan for session in world.device.loaded] == [WEBGL]
    assert "Preparing WebGL for FIRST, which was faster" in world.said
    assert world.sessions.status == ""
    # The next visit begins on wasm again.
    assert world.sessions.builds == ("wasm", "webgl")


def test_a_slow_winner_that_fails_is_forgotten_and_the_first_plan_stays():
    world = World(OLD)
    world.winners.set(world.card("first"), WEBGL)
    world.device.ability(WEBGL).refusal = BackendError("this browser gives no WebGL 2")

    race(world)

    assert world.sessions.info.backend == "wasm"
    assert world.winners.get(world.card("first")) is None


def test_a_slow_winner_does_not_take_over_from_a_model_chosen_meanwhile():
    world = World(OLD, names=("first", "second"))
    world.winners.set(world.card("first"), WEBGL)

    async def story() -> None:
        await world.sessions.load("first")
        taking_over = asyncio.ensure_future(world.sessions.race(Hold()))
        await turns(1)
        await world.sessions.load("second")
        await taking_over

    run(story())

    assert world.sessions.card is world.card("second")
    assert world.winners.get(world.card("first")) == WEBGL


def test_webgl_races_the_threads_and_is_remembered():
    world = World(OLD)
    world.device.abilities = {TWO_THREADS: Ability(ms=40.0), WEBGL: Ability(ms=20.0)}

    race(world)

    assert world.sessions.info.backend == "webgl"
    assert world.winners.get(world.card("first")) == WEBGL
    assert world.sessions.why == "WebGL took 20.0 ms where WebAssembly with 2 threads took 40.0 ms"


def test_what_visits_need_offline_is_told_when_a_race_changes_it():
    world, told = World(OLD), []
    world.device.abilities = {TWO_THREADS: Ability(ms=40.0), WEBGL: Ability(ms=20.0)}
    world.sessions.on_builds = lambda: told.append(world.sessions.builds)

    race(world)

    assert told == [("wasm", "webgl")]
    later = World(OLD, preferences=world.preferences)
    run(later.sessions.load("first"))
    assert later.sessions.builds == ("wasm", "webgl")


# ---- LiteRT --------------------------------------------------------------------------------------

FAST = Facts(isolated=True, cores=2, relaxed_simd=True)
LITERT = Plan("litert", "litert-threads", 2)


def test_litert_races_wasm_where_the_model_has_a_form_for_it():
    world = World(FAST, graphs=("first",))
    world.device.abilities = {TWO_THREADS: Ability(ms=40.0), LITERT: Ability(ms=25.0)}

    race(world)

    assert world.winners.get(world.card("first")) == LITERT
    assert world.sessions.why == "LiteRT with 2 threads took 25.0 ms where " + (
        "WebAssembly with 2 threads took 40.0 ms"
    )
    assert world.sessions.builds == ("litert", "litert-threads")
    later = World(FAST, graphs=("first",), preferences=world.preferences)
    run(later.sessions.load("first"))
    assert later.device.tried == [LITERT]


@pytest.mark.parametrize(
    ("facts", "graphs"),
    [(FAST, ("second",)), (FAST, None), (FAST._replace(relaxed_simd=False), ("first",))],
)
def test_litert_is_not_tried_for_other_models_sites_and_browsers(facts, graphs):
    world = World(facts, graphs=graphs)

    race(world)

    assert world.device.tried == [TWO_THREADS]


def test_litert_is_not_fetched_where_data_are_to_be_saved():
    world = World(FAST._replace(save_data=True), graphs=("first",))

    race(world)

    assert world.device.tried == [TWO_THREADS]


def test_litert_is_raced_on_a_gpu_only_where_wasm_is_faster_than_that():
    fast_gpu = World(GPU._replace(relaxed_simd=True), graphs=("first",))
    fast_gpu.device.abilities = {TWO_THREADS: Ability(ms=40.0), GPU_PLAN: Ability(ms=5.0)}
    slow_gpu = World(GPU._replace(relaxed_simd=True), graphs=("first",))
    slow_gpu.device.abilities = {
        GPU_PLAN: Ability(ms=90.0), TWO_THREADS: Ability(ms=40.0), LITERT: Ability(ms=25.0),
    }  # fmt: skip

    race(fast_gpu)
    race(slow_gpu)

    assert LITERT not in fast_gpu.device.tried
    assert slow_gpu.winners.get(slow_gpu.card("first")) == LITERT


def test_a_litert_that_fails_leaves_wasm_with_a_word():
    world = World(FAST, graphs=("first",))
    world.winners.set(world.card("first"), LITERT)
    world.device.ability(LITERT).refusal = BackendError("the litert backend failed", "no script")

    run(world.sessions.load("first"))

    assert world.sessions.info.backend == "wasm"
    assert world.sessions.why == "others failed: the litert backend failed (no script)"


@pytest.mark.parametrize(
    ("facts", "graphs", "why"),
    [
        (FAST, None, "this site was built without it"),
        (FAST._replace(relaxed_simd=False), ("first",), "this browser lacks relaxed SIMD"),
        (FAST, ("second",), "there is no FIRST in a form for it"),
    ],
)
def test_insisting_on_litert_in_vain_says_why(facts, graphs, why):
    world = World(facts, graphs=graphs)

    with pytest.raises(BackendError, match=why):
        run(world.sessions.load("first", backend="litert"))

    assert world.device.tried == []


def test_heads_beside_litert_need_wasm_offline():
    world = World(FAST, graphs=("first",))

    async def story() -> None:
        await world.sessions.load("first", backend="litert")
        assert world.sessions.builds == ("litert", "litert-threads")
        world.sessions.heads.used["faces"] = "Faces"

    run(story())

    assert world.sessions.builds == ("litert", "litert-threads", "wasm")
