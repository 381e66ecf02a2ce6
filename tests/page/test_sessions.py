"""Sessions: which model is in use, which others stay open, and whose request counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from obscura.engine.plans import Facts
from obscura.errors import BackendError, BackendUnusable, ModelCorrupt, ModelMissing, OutOfMemory

from .fakes import (
    CPU,
    GPU,
    GPU_COPYING,
    GPU_PLAN,
    ONE_THREAD,
    TWO_THREADS,
    Ability,
    BytesNetwork,
    World,
    run,
    turns,
    url_of,
)

UNSEEN = BytesNetwork(b"a network that nobody has seen")

# ---- the model in use ----------------------------------------------------------------------------


def test_without_a_model_nothing_runs():
    async def story() -> None:
        world = World()
        assert not world.sessions.ready
        with pytest.raises(BackendError, match="No model is loaded"):
            await world.sessions.run(lambda: "frame")

    run(story())


def test_an_answer_says_which_model_gave_it():
    async def story() -> None:
        world = World()
        assert await world.sessions.load("second")

        answer = await world.sessions.run(lambda: "frame")

        assert answer is not None
        assert answer.card is world.card("second")
        assert answer.outputs.scores.tolist() == [pytest.approx(0.9)]
        assert world.sessions.sample is not None
        assert (world.sessions.info.backend, world.sessions.info.threads) == ("wasm", 2)
        assert world.sessions.builds == ("wasm",)

    run(story())


def test_the_answer_of_an_exchanged_model_is_still_its_own():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        frame = asyncio.create_task(world.sessions.run(lambda: "frame"))
        await asyncio.sleep(0)

        await world.sessions.load("second")

        answer = await frame
        assert answer is not None
        assert answer.card.name == "first"
        assert world.sessions.card.name == "second"

    run(story())


def test_where_there_is_no_frame_nothing_runs_and_nothing_is_timed():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")

        assert await world.sessions.run(lambda: None) is None
        assert world.sessions.timings.medians() == {}

    run(story())


def test_what_the_worker_draws_counts_as_capture():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        (session,) = world.device.loaded
        session.drawn_ms = 4.0

        def capture() -> str:
            world.device.clock.time_ms += 2.0
            return "frame"

        await world.sessions.run(capture)

        assert world.sessions.timings.medians() == {"capture": 6.0, "inference": 10.0}

    run(story())


def test_a_run_that_makes_no_progress_is_given_up():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        frame = asyncio.create_task(world.sessions.run(lambda: "stuck"))
        await turns()

        world.sessions.check_progress(1.0)
        await turns()
        assert not frame.done()
        world.sessions.check_progress(16.0)

        with pytest.raises(BackendError, match="no answer"):
            await frame

    run(story())


def test_a_run_broken_off_because_another_model_took_over_is_not_a_failure():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        frame = asyncio.create_task(world.sessions.run(lambda: "stuck"))
        await turns()

        await world.sessions.load("second")
        world.sessions.forget("first")

        assert await frame is None
        assert world.sessions.card is not None
        assert world.sessions.card.name == "second"

    run(story())


def test_a_gpu_that_goes_wrong_later_fails_the_self_check():
    async def story() -> None:
        world = World(GPU)
        await world.sessions.load("first")
        await world.sessions.recheck()

        world.device.ability(GPU_PLAN).wrong = True

        with pytest.raises(BackendError, match="wrong answer"):
            await world.sessions.recheck()

    run(story())


def test_a_self_check_in_between_does_not_replace_the_frame_that_crops_are_cut_from():
    async def story() -> None:
        world = World(GPU)
        await world.sessions.load("first")
        await world.sessions.run(lambda: "frame")

        await world.sessions.recheck()

        assert world.device.loaded[0].kept == "frame"

    run(story())


def test_a_processor_is_not_checked_again():
    async def story() -> None:
        world = World(CPU)
        await world.sessions.load("first")
        world.device.ability(TWO_THREADS).wrong = True

        await world.sessions.recheck()

    run(story())


# ---- opening and going back ----------------------------------------------------------------------


def test_going_back_to_the_previous_model_opens_and_fetches_nothing():
    async def story() -> None:
        world = World()
        for name in ("first", "second"):
            await world.sessions.load(name)
        sessions, asked = len(world.device.sessions), len(world.site.asked)

        for name in ("first", "second", "first"):
            assert await world.sessions.load(name)

        assert (len(world.device.sessions), len(world.site.asked)) == (sessions, asked)
        assert world.sessions.card.name == "first"

    run(story())


def test_a_third_model_closes_the_one_that_was_not_used_for_longest():
    async def story() -> None:
        world = World()
        for name in ("first", "second", "first", "third"):
            await world.sessions.load(name)

        assert world.device.names == ["first", "third"]

    run(story())


def test_there_is_room_for_another_before_it_is_opened():
    """At no time are there three sessions, not even while the third is being opened."""

    async def story() -> None:
        world = World()
        for name in ("first", "second"):
            await world.sessions.load(name)
        world.device.gate.clear()
        opening = asyncio.create_task(world.sessions.load("third"))
        await turns()

        assert world.device.names == ["second"]
        world.device.gate.set()
        await opening

    run(story())


def test_a_device_with_much_memory_keeps_more_sessions():
    async def story() -> None:
        world = World(CPU._replace(memory_gb=8.0))
        for name in ("first", "second", "third"):
            await world.sessions.load(name)

        assert world.device.names == ["first", "second", "third"]

    run(story())


def test_the_model_in_use_stays_however_large_another_one_is():
    async def story() -> None:
        world = World()
        file = world.card("third").file._replace(bytes=1 << 40)
        large = replace(world.card("third"), file=file)
        await world.sessions.load("first")
        await world.sessions.load("second")
        kept = asyncio.create_task(world.sessions.run(lambda: "frame"))

        trial = await world.sessions.trial(large, UNSEEN, "auto", 0)

        assert (await kept).card.name == "second"
        assert world.device.names == ["second", "third"]
        world.sessions.end(trial)
        assert world.device.names == ["second"]

    run(story())


def test_the_model_in_use_goes_on_while_another_is_on_its_way():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        arrived = world.site.hold(url_of("second"))
        opening = asyncio.create_task(world.sessions.load("second"))
        await turns()

        answer = await world.sessions.run(lambda: "frame")
        assert answer.card.name == "first"
        assert world.sessions.status == "Downloading SECOND…"

        arrived.set()
        assert await opening
        assert world.sessions.card.name == "second"
        assert world.sessions.status == ""
        assert world.said[-2:] == [
            "Downloading SECOND…",
            "Loading SECOND…",
        ]

    run(story())


@pytest.mark.parametrize(
    ("damage", "error"),
    [(None, ModelMissing), (b"an error page", ModelCorrupt)],
    ids=["missing", "damaged"],
)
def test_a_model_that_cannot_be_fetched_leaves_the_other_in_use(damage, error):
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        if damage is None:
            del world.site.files[url_of("second")]
        else:
            world.site.files[url_of("second")] = damage

        with pytest.raises(error):
            await world.sessions.load("second")

        assert world.sessions.card.name == "first"
        assert world.sessions.status == ""
        assert (await world.sessions.run(lambda: "frame")) is not None

    run(story())


def test_a_fresh_model_is_fetched_past_the_cache_and_opened_again():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")

        assert await world.sessions.load("first", fresh=True)

        assert world.site.asked == [(url_of("first"), False), (url_of("first"), True)]
        assert len(world.device.sessions) == 2
        assert world.device.names == ["first"]

    run(story())


def test_another_number_of_threads_needs_another_session_and_ends_the_first():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")

        await world.sessions.load("first", backend="wasm", threads=1)

        assert world.sessions.info.threads == 1
        assert [session.plan for session in world.device.loaded] == [ONE_THREAD]

    run(story())


def test_a_session_that_was_started_early_is_taken_over():
    async def story() -> None:
        world = World()
        world.device.early = TWO_THREADS
        world.device.ability(TWO_THREADS).refusal = BackendError("it is not loaded again")

        assert await world.sessions.load("first")

        assert world.sessions.sample is not None
        assert world.device.tried == [TWO_THREADS]

    run(story())


# ---- requests that overtake each other -----------------------------------------------------------


def test_of_two_requests_the_later_one_counts_whichever_file_comes_first():
    async def story() -> None:
        world = World()
        arrived = world.site.hold(url_of("first"))
        overtaken = asyncio.create_task(world.sessions.load("first"))
        await turns()

        assert await world.sessions.load("second")
        arrived.set()

        assert await overtaken is False
        assert world.sessions.card.name == "second"
        assert world.device.names == ["second"], "the overtaken one is not even opened"

    run(story())


def test_what_was_being_opened_when_it_was_overtaken_is_closed():
    async def story() -> None:
        world = World()
        world.device.gate.clear()
        overtaken = asyncio.create_task(world.sessions.load("first"))
        await turns()
        latest = asyncio.create_task(world.sessions.load("second"))
        await turns()
        world.device.gate.set()

        assert (await overtaken, await latest) == (False, True)
        assert world.device.names == ["second"]

    run(story())


def test_the_failure_of_an_overtaken_request_concerns_nobody():
    async def story() -> None:
        world = World()
        del world.site.files[url_of("first")]
        arrived = world.site.hold(url_of("first"))
        overtaken = asyncio.create_task(world.sessions.load("first"))
        await turns()
        await world.sessions.load("second")

        arrived.set()

        assert await overtaken is False

    run(story())


# ---- borrowed sessions ---------------------------------------------------------------------------


def test_a_borrowed_model_is_not_in_use_and_stays_open():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")

        opened = await world.sessions.borrow("second", "auto", 0, lambda: True)

        assert world.sessions.card.name == "first"
        assert await world.sessions.time_sample(opened) == 10.0
        assert await world.sessions.borrow("second", "auto", 0, lambda: True) is opened
        await world.sessions.load("second")
        assert len(world.device.sessions) == 2

    run(story())


def test_borrowing_the_model_in_use_gives_its_own_session():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")

        await world.sessions.borrow("first", "auto", 0, lambda: True)

        assert len(world.device.sessions) == 1

    run(story())


def test_a_model_that_is_no_longer_to_be_borrowed_is_closed():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        answers = iter([True, True, False, False])

        opened = await world.sessions.borrow("second", "auto", 0, lambda: next(answers))

        assert opened is None
        assert world.device.names == ["first"]

    run(story())


def test_the_session_in_use_cannot_be_ended_but_a_removed_model_is_closed():
    async def story() -> None:
        world = World()
        await world.sessions.load("first")
        opened = await world.sessions.borrow("first", "auto", 0, lambda: True)

        world.sessions.end(opened)
        assert world.sessions.ready
        world.sessions.forget("first")

        assert not world.sessions.ready
        assert world.device.names == []

    run(story())


# ---- out of memory -------------------------------------------------------------------------------


def test_where_memory_has_no_room_for_two_the_model_in_use_is_closed_first():
    async def story() -> None:
        world = World()
        world.device.capacity = 1
        await world.sessions.load("first")

        assert await world.sessions.load("second")

        assert world.device.names == ["second"]

    run(story())


def test_idle_sessions_are_closed_before_the_one_in_use():
    async def story() -> None:
        world = World(CPU._replace(memory_gb=8.0))
        for name in ("first", "second"):
            await world.sessions.load(name)
        world.device.capacity = 2

        await world.sessions.load("third")

        assert world.device.names == ["second", "third"]

    run(story())


def test_a_model_that_has_no_room_even_alone_is_refused():
    async def story() -> None:
        world = World()
        world.device.capacity = 0

        with pytest.raises(OutOfMemory):
            await world.sessions.load("first")

        assert world.device.loaded == []
        assert all(session.closed for session in world.device.sessions)

    run(story())


def test_nothing_is_borrowed_at_the_expense_of_the_model_in_use():
    async def story() -> None:
        world = World()
        world.device.capacity = 1
        await world.sessions.load("first")

        with pytest.raises(OutOfMemory):
            await world.sessions.borrow("second", "auto", 0, lambda: True)

        assert world.device.names == ["first"]

    run(story())


# ---- opening, plan by plan -----------------------------------------------------------------------


def test_a_plan_that_refuses_or_computes_wrongly_gives_way_to_the_next():
    async def story() -> None:
        world = World(GPU)
        world.device.ability(GPU_PLAN).refusal = BackendError("The driver is too old", "1.0")
        world.device.abilities[GPU_PLAN._replace(resident=False)] = Ability(wrong=True)

        assert await world.sessions.load("first")

        assert world.sessions.info.backend == "wasm"
        assert "The driver is too old (1.0)" in world.sessions.why
        assert "wrong answer" in world.sessions.why
        assert len(world.device.loaded) == 1, "those that failed are closed"

    run(story())


def test_where_every_plan_fails_the_last_error_is_raised():
    async def story() -> None:
        world = World()
        world.device.ability(TWO_THREADS).refusal = BackendError("no threads")
        world.device.ability(ONE_THREAD).refusal = BackendError("no WebAssembly")

        with pytest.raises(BackendError, match="no WebAssembly"):
            await world.sessions.load("first")

        assert not world.sessions.ready
        assert world.device.tried == [TWO_THREADS, ONE_THREAD]

    run(story())


@pytest.mark.parametrize(("backend", "missing"), [("webgpu", "WebGPU"), ("webgl", "WebGL 2")])
def test_insisting_on_a_gpu_that_is_missing_says_what_is(backend: str, missing: str):
    async def story() -> None:
        world = World(Facts())

        with pytest.raises(BackendUnusable, match=f"This browser gives no {missing} here"):
            await world.sessions.load("first", backend=backend)

    run(story())


def test_insisting_on_a_gpu_that_fails_says_how():
    async def story() -> None:
        world = World(GPU)
        for plan in (GPU_PLAN, GPU_COPYING):
            world.device.ability(plan).refusal = BackendError("it failed", "no adapter")

        with pytest.raises(BackendUnusable, match=r"it failed \(no adapter\)"):
            await world.sessions.load("first", backend="webgpu")

    run(story())


def test_the_winner_of_an_earlier_race_is_tried_first():
    async def story() -> None:
        world = World(GPU)
        world.winners.set(world.card("first"), TWO_THREADS)

        await world.sessions.load("first")

        assert world.device.tried == [TWO_THREADS]
        assert "quick test" in world.sessions.why

    run(story())


def test_a_winner_does_not_count_where_a_backend_was_asked_for():
    async def story() -> None:
        world = World(GPU)
        world.winners.set(world.card("first"), TWO_THREADS)

        await world.sessions.load("first", backend="webgpu")

        assert world.device.tried == [GPU_PLAN]

    run(story())


def test_a_trial_runs_on_the_processor_and_answers_a_choice_only_if_that_is_the_same():
    async def story() -> None:
        for facts, reused in ((CPU, True), (GPU, False)):
            world = World(facts)
            trial = await world.sessions.trial(world.card("first"), UNSEEN, "auto", 0)

            assert trial.plan == TWO_THREADS
            assert (trial.choice is not None) == reused
            assert trial.sample is None

    run(story())


def test_a_trial_that_fails_leaves_no_session():
    async def story() -> None:
        world = World()
        world.device.ability(TWO_THREADS).refusal = BackendError("no threads")
        trial = await world.sessions.trial(world.card("first"), UNSEEN, "auto", 0)
        assert trial.plan == ONE_THREAD
        world.sessions.end(trial)
        world.device.ability(ONE_THREAD).refusal = BackendError("no WebAssembly")

        with pytest.raises(BackendError, match="no WebAssembly"):
            await world.sessions.trial(world.card("first"), UNSEEN, "auto", 0)

        assert all(session.closed for session in world.device.sessions)

    run(story())
