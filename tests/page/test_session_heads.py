"""Heads in the page's sessions: opened where they are wanted; what fails takes nothing along."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from obscura.errors import BackendError, ModelMismatch, ObscuraError, OutOfMemory
from obscura.page.models.heads import Head
from obscura.page.models.sessions import ModelAnswer
from obscura.pipeline import Answer, Request

from .fakes import CPU, ONE_THREAD, TWO_THREADS, World, run

SIZE = (640, 480)


def head(network: Any = b"network") -> Head:
    """A head whose network is here; an exception for one that cannot be read."""

    async def load() -> Any:
        if isinstance(network, Exception):
            raise network
        return network

    return Head(form=None, load=load)  # type: ignore[arg-type]  (the sessions do not look at it)


async def ready(*names: str) -> World:
    """The first model is in use, and these heads are wanted and have seen a frame."""
    world = World(CPU)
    await world.sessions.load("first")
    world.sessions.heads.want({name: head() for name in names})
    assert await world.sessions.run(lambda: "frame") is not None
    return world


async def ask(world: World, name: str, card: Any = None) -> Answer | None:
    request = Request(name, np.zeros((2, 4), np.float32), SIZE)
    return await world.sessions.run_head(request, card or world.sessions.card)


def fault(world: World, call: str, name: str, error: ObscuraError, *, loses: bool = False) -> None:
    world.device.head_faults[call, name] = (error, loses)


def test_a_head_runs_on_the_frame_that_ran_last_and_is_timed() -> None:
    async def story() -> None:
        world = await ready("faces")

        answer = await ask(world, "faces")

        assert answer is not None
        assert answer.error is None
        assert answer.ms == 2
        assert len(answer.outputs["xyxy"]) == 2
        assert "faces" not in world.sessions.timings.medians()  # its share of frames is another

    run(story())


def test_a_head_that_is_wanted_since_the_frame_ran_has_no_answer_and_has_not_failed() -> None:
    async def story() -> None:
        world = await ready("faces")
        world.sessions.heads.want({"pose": head()})

        assert await ask(world, "pose") is None

        await world.sessions.run(lambda: "frame")
        answer = await ask(world, "pose")
        assert answer is not None
        assert answer.error is None
        assert list(world.device.loaded[0].heads) == ["pose"]

    run(story())


def test_the_same_heads_are_not_opened_again_when_others_are_added() -> None:
    async def story() -> None:
        world = World(CPU)
        await world.sessions.load("first")
        loads: list[str] = []

        async def load() -> bytes:
            loads.append("faces")
            return b""

        faces = Head(None, load)  # type: ignore[arg-type]
        for heads in ({"faces": faces}, {"faces": faces, "pose": head()}, {"faces": faces}):
            world.sessions.heads.want(heads)
            await world.sessions.run(lambda: "frame")

        assert loads == ["faces"]
        assert list(world.device.loaded[0].heads) == ["faces"]

    run(story())


def test_heads_are_open_in_the_session_of_another_model() -> None:
    async def story() -> None:
        world = await ready("faces", "pose")
        before = world.sessions.card
        await world.sessions.load("second")

        assert await ask(world, "faces", before) is None  # that frame was another model's
        await world.sessions.run(lambda: "frame")

        answer = await ask(world, "faces")
        assert answer is not None
        assert answer.error is None

    run(story())


@pytest.mark.parametrize(
    "error",
    [OutOfMemory("The engine ran out of memory"), BackendError("The network was refused")],
)
def test_a_head_that_cannot_be_opened_keeps_neither_the_others_nor_the_model(
    error: ObscuraError,
) -> None:
    async def story() -> None:
        world = World(CPU)
        await world.sessions.load("first")
        fault(world, "open", "pose", error)
        world.sessions.heads.want({"pose": head(), "faces": head()})

        assert isinstance(await world.sessions.run(lambda: "frame"), ModelAnswer)

        failed, other = await ask(world, "pose"), await ask(world, "faces")
        assert failed is not None
        assert failed.error is error
        assert other is not None
        assert other.error is None
        assert world.sessions.heads.failures == {"pose": error}

        world.device.head_faults.clear()  # tried again when a person says so
        world.sessions.heads.want({"pose": head(), "faces": head()}, again=True)
        await world.sessions.run(lambda: "frame")
        again = await ask(world, "pose")
        assert again is not None
        assert again.error is None

    run(story())


@pytest.mark.parametrize("error", [ModelMismatch("It is damaged"), RuntimeError("no ArrayBuffer")])
def test_a_network_that_cannot_be_read_is_a_failure_of_that_head_alone(error: Exception) -> None:
    async def story() -> None:
        world = World(CPU)
        await world.sessions.load("first")
        world.sessions.heads.want({"pose": head(error), "faces": head()})

        assert await world.sessions.run(lambda: "frame") is not None

        assert list(world.sessions.heads.failures) == ["pose"]
        assert list(world.device.loaded[0].heads) == ["faces"]

    run(story())


def test_a_head_that_throws_mid_run_answers_with_its_error_and_the_model_goes_on() -> None:
    async def story() -> None:
        world = await ready("pose")
        fault(world, "run", "pose", BackendError("The network failed"))

        answer = await ask(world, "pose")

        assert answer is not None
        assert isinstance(answer.error, BackendError)
        assert not world.sessions.lost
        assert await world.sessions.run(lambda: "frame") is not None

    run(story())


def test_when_the_engine_is_lost_by_itself_heads_are_open_on_the_next_backend() -> None:
    async def story() -> None:
        world = await ready("faces")
        world.device.loaded[0].lost = True
        with pytest.raises(BackendError) as lost:
            await world.sessions.run(lambda: "frame")

        await world.sessions.recover(world.sessions.card, lost.value)
        assert await world.sessions.run(lambda: "frame") is not None

        assert world.device.tried[-2:] == [TWO_THREADS, ONE_THREAD]
        assert list(world.device.loaded[0].heads) == ["faces"]
        assert world.sessions.heads.failures == {}

    run(story())


@pytest.mark.parametrize("call", ["open", "run"])
def test_a_head_with_which_the_engine_is_lost_stays_off_and_the_backend_is_not_blamed(
    call: str,
) -> None:
    async def story() -> None:
        world = await ready("faces")
        error = BackendError("The engine crashed")
        fault(world, call, "pose", error, loses=True)
        both = {"faces": head(), "pose": head()}
        world.sessions.heads.want(both)
        if call == "open":
            with pytest.raises(BackendError):
                await world.sessions.run(lambda: "frame")
        else:
            await world.sessions.run(lambda: "frame")
            await ask(world, "pose")
        assert world.sessions.lost

        await world.sessions.recover(world.sessions.card, error)
        for _ in range(2):
            world.sessions.heads.want(both)  # as when another look is chosen
            assert await world.sessions.run(lambda: "frame") is not None

        assert set(world.device.tried) == {TWO_THREADS}
        assert list(world.device.loaded[0].heads) == ["faces"]
        assert world.sessions.heads.failures == {"pose": error}

        world.device.head_faults.clear()
        world.sessions.heads.want(both, again=True)
        await world.sessions.run(lambda: "frame")
        assert sorted(world.device.loaded[0].heads) == ["faces", "pose"]

    run(story())


def test_what_is_used_is_noted_once_and_told_so_that_it_is_stored() -> None:
    async def story() -> None:
        world = World(CPU)
        await world.sessions.load("first")
        told: list[dict[str, str]] = []
        heads = world.sessions.heads
        heads.on_use = lambda: told.append(dict(heads.used))
        shipped = head()._replace(name="faces", title="Faces")
        broken = head(OSError("no"))._replace(name="pose", title="Pose")

        heads.want({"faces": shipped, "own": head(), "pose": broken})
        await world.sessions.run(lambda: "frame")
        heads.want({})
        await world.sessions.run(lambda: "frame")
        heads.want({"faces": shipped})
        await world.sessions.run(lambda: "frame")

        assert told == [{"faces": "Faces"}]

    run(story())
