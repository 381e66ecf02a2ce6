"""Races of ways to run that open slowly: they win later visits only after the first boxes."""

from __future__ import annotations

import asyncio

import pytest

from obscura.engine.plans import Facts, Plan
from obscura.errors import BackendError, BackendUnusable

from .fakes import GPU, GPU_PLAN, TWO_THREADS, Ability, World, run, turns
from .races import Hold, race

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
        (FAST, None, "This site was built without LiteRT"),
        (FAST._replace(relaxed_simd=False), ("first",), "lacks relaxed SIMD, which LiteRT needs"),
        (FAST, ("second",), "This site has no LiteRT version of FIRST"),
    ],
)
def test_insisting_on_litert_in_vain_says_why(facts, graphs, why):
    world = World(facts, graphs=graphs)

    with pytest.raises(BackendUnusable, match=why):
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


# ---- what fails is not what lost -----------------------------------------------------------------


def test_a_rival_that_cannot_be_fetched_has_not_lost():
    world = World(OLD)
    world.device.absent = {WEBGL}

    hold = race(world)

    assert world.device.tried == [TWO_THREADS]
    assert world.winners.get(world.card("first")) is None, "the next visit tries again"
    assert (hold.calls, world.sessions.status) == ([], "")


def test_another_model_can_be_chosen_while_a_rival_is_on_its_way():
    world = World(OLD, names=("first", "second"))
    world.device.fetching.clear()

    async def story() -> None:
        await world.sessions.load("first")
        racing = asyncio.ensure_future(world.sessions.race(Hold()))
        await turns()
        assert await world.sessions.load("second")
        world.device.fetching.set()
        await racing

    run(story())

    assert world.sessions.card is world.card("second")
    assert world.device.tried == [TWO_THREADS, TWO_THREADS]


def test_a_winner_that_does_not_open_is_forgotten_and_nothing_is_raced_in_that_visit():
    world = World(FAST, graphs=("first",))
    world.winners.set(world.card("first"), LITERT)
    world.device.ability(LITERT).refusal = BackendError("a damaged file")

    race(world)

    assert world.device.tried == [LITERT, TWO_THREADS]
    assert world.winners.get(world.card("first")) is None

    later = World(FAST, graphs=("first",), preferences=world.preferences)
    later.device.abilities = {TWO_THREADS: Ability(ms=40.0), LITERT: Ability(ms=25.0)}
    race(later)
    assert later.winners.get(later.card("first")) == LITERT


def test_a_winner_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("obscura.page.models.opening.PATIENCE_S", 0.05)
    world = World(FAST, graphs=("first",))
    world.winners.set(world.card("first"), LITERT)
    world.device.hanging = {LITERT}

    run(world.sessions.load("first"))

    assert world.sessions.info.backend == "wasm"
    assert "no answer for 0.05 seconds" in world.sessions.why


def test_a_winner_that_cannot_run_here_is_raced_anew():
    world = World(OLD)
    world.winners.set(world.card("first"), LITERT)
    world.device.abilities = {TWO_THREADS: Ability(ms=40.0), WEBGL: Ability(ms=20.0)}

    race(world)

    assert world.winners.get(world.card("first")) == WEBGL
