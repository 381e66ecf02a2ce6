"""LiteRT in the engine's worker: answers equal to onnxruntime's, heads beside it, and failures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from PIL.Image import Image
from playwright.sync_api import Route

from obscura.cards import catalogue
from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.engine.session import RawOutputs
from obscura.engine.worker_session import WorkerSession
from obscura.errors import BackendError
from obscura.pictures import to_rgba

from .conftest import OpenRoom
from .engine_host import EngineHost, RemoteWorker, frame, pixels
from .pictures import sample

FOLDER = catalogue.find("cocossd")
PLANS = {
    "one thread": Plan("litert", "litert-simd", 1),
    "two threads": Plan("litert", "litert-threads", 2),
}
WASM = Plan("wasm", "wasm", 1)
ALIKE = {"boxes": 3e-5, "scores": 3e-5, "classes": 0}
"""How far an output may be from onnxruntime's."""
TRIES = {"module": 1, "glue": 1, "js": 1, "wasm": 2}
"""How often a part is asked for at once: the glue itself asks for its wasm again."""


@pytest.fixture(scope="module")
def network() -> bytes:
    return (FOLDER / "model.onnx").read_bytes()


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return catalogue.read_card(FOLDER)


@pytest.fixture
def host(new_room: OpenRoom, dist: Path) -> EngineHost:
    room = new_room()
    return EngineHost(room.page, room.url, dist, classic=True)


async def load(
    host: EngineHost, session: WorkerSession, network: bytes, card: ModelCard, plan: Plan
) -> None:
    model = RemoteWorker().buffer(network)
    await session.load(host.runtime(WASM), model, card, litert=host.litert(plan, card.name))


def assert_as_onnxruntime(found: RawOutputs, network: bytes, picture: Image) -> None:
    session = ort.InferenceSession(network)
    names = [each.name for each in session.get_outputs()]
    wanted = session.run(None, {"image": to_rgba(picture)[None]})
    for name, array in zip(names, wanted, strict=True):
        assert found[name].dtype == array.dtype
        np.testing.assert_allclose(found[name], array, rtol=0, atol=ALIKE[name], err_msg=name)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_it_answers_as_onnxruntime_does(
    host: EngineHost, plan: Plan, network: bytes, card: ModelCard
) -> None:
    picture = sample()

    async def scene(session: WorkerSession) -> list[RawOutputs]:
        await load(host, session, network, card, plan)
        return [await session.run(pixels(picture)) for _ in range(2)]

    first, second = host.play(plan, scene)

    assert_as_onnxruntime(first, network, picture)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


@pytest.mark.parametrize(
    "size", [(300, 300), (640, 480), (200, 150), (301, 477), (1280, 720), (5, 3)]
)
def test_a_picture_of_any_size_is_brought_to_the_networks(
    host: EngineHost, size: tuple[int, int], network: bytes, card: ModelCard
) -> None:
    plan, picture = PLANS["one thread"], sample().resize(size)

    async def scene(session: WorkerSession) -> RawOutputs:
        await load(host, session, network, card, plan)
        return await session.run(pixels(picture))

    assert_as_onnxruntime(host.play(plan, scene), network, picture)


def test_heads_run_beside_it_on_parts_of_the_very_frame(
    host: EngineHost, network: bytes, card: ModelCard
) -> None:
    """The head is the same network: on a crop that is the frame, it answers as on the frame."""
    plan, picture = PLANS["one thread"], sample().resize((300, 300))

    async def scene(session: WorkerSession) -> dict[str, Any]:
        await load(host, session, network, card, plan)
        await session.open_head("closer", RemoteWorker().buffer(network), card)
        whole = await session.run(frame(picture, 300, 300))
        await session.run(pixels(picture.transpose(1)), keep=False)
        crops = await session.run_crops("closer", np.float32([[0, 0, 300, 300]]))
        await session.close_head("closer")
        return {"whole": whole, "crop": {name: array[0] for name, array in crops.items()}}

    seen = host.play(plan, scene)

    for name, array in seen["whole"].items():
        np.testing.assert_allclose(seen["crop"][name], array, rtol=0, atol=ALIKE[name])


def test_onnxruntime_is_fetched_for_a_head_and_not_before(
    host: EngineHost, network: bytes, card: ModelCard
) -> None:
    plan = PLANS["one thread"]
    fetched: list[str] = []
    host.page.on("request", lambda request: fetched.append(request.url))

    async def scene(session: WorkerSession) -> list[bool]:
        await load(host, session, network, card, plan)
        before = any("/ort-" in url for url in fetched)
        await session.open_head("closer", RemoteWorker().buffer(network), card)
        return [before, any("/ort-" in url for url in fetched)]

    assert host.play(plan, scene) == [False, True]


@pytest.mark.parametrize("part", ["module", "glue", "wasm"])
@pytest.mark.provokes(any_error=True)
def test_a_head_opens_once_the_runtime_that_did_not_arrive_does(
    host: EngineHost, part: str, network: bytes, card: ModelCard
) -> None:
    plan = PLANS["one thread"]
    missing = host.runtime(WASM)[part]
    host.page.context.route(missing, lambda route: route.abort(), times=TRIES[part])

    async def scene(session: WorkerSession) -> str:
        await load(host, session, network, card, plan)
        with pytest.raises(BackendError) as caught:
            await session.open_head("closer", RemoteWorker().buffer(network), card)
        await session.open_head("closer", RemoteWorker().buffer(network), card)
        await session.run(pixels(sample()))
        crops = await session.run_crops("closer", np.float32([[0, 0, 300, 300]]))
        assert all(len(array) == 1 for array in crops.values())
        return str(caught.value)

    assert "onnxruntime-web: " in host.play(plan, scene)


@pytest.mark.parametrize("part", ["wasm", "js"])
@pytest.mark.provokes(any_error=True)
def test_it_starts_once_the_part_that_did_not_arrive_does(
    host: EngineHost, part: str, network: bytes, card: ModelCard
) -> None:
    plan = PLANS["one thread"]
    missing = host.litert(plan, card.name)[part]
    host.page.context.route(missing, lambda route: route.abort(), times=TRIES[part])

    async def scene(session: WorkerSession) -> str:
        with pytest.raises(BackendError) as caught:
            await load(host, session, network, card, plan)
        await load(host, session, network, card, plan)
        await session.run(pixels(sample()))
        return str(caught.value)

    assert "LiteRT: " in host.play(plan, scene)


@pytest.mark.parametrize("part", ["core", "wasm", "js"])
@pytest.mark.provokes(any_error=True)
def test_a_part_that_does_not_arrive_is_an_error(
    host: EngineHost, part: str, network: bytes, card: ModelCard
) -> None:
    plan = PLANS["two threads"]
    host.page.context.route(host.litert(plan, card.name)[part], lambda route: route.abort())

    async def scene(session: WorkerSession) -> str:
        with pytest.raises(BackendError) as caught:
            await load(host, session, network, card, plan)
        return str(caught.value)

    assert "litert backend failed" in host.play(plan, scene)


def test_a_graph_for_another_network_is_refused(
    host: EngineHost, network: bytes, card: ModelCard
) -> None:
    """A table whose places lie beyond the network."""
    plan = PLANS["one thread"]

    async def scene(session: WorkerSession) -> str:
        with pytest.raises(BackendError) as caught:
            await load(host, session, network[: len(network) // 2], card, plan)
        return str(caught.value)

    assert "litert backend failed" in host.play(plan, scene)


def damaged(route: Route) -> None:
    """Answer with the file, of which the second half is zero."""
    response = route.fetch()
    body = response.body()
    route.fulfill(response=response, body=body[: len(body) // 2] + bytes(len(body) // 2))


@pytest.mark.provokes(any_error=True)
def test_a_damaged_graph_is_an_error(host: EngineHost, network: bytes, card: ModelCard) -> None:
    plan = PLANS["one thread"]
    host.page.context.route(host.litert(plan, card.name)["core"], damaged)

    async def scene(session: WorkerSession) -> str:
        with pytest.raises(BackendError) as caught:
            await load(host, session, network, card, plan)
        return str(caught.value)

    assert "litert backend failed" in host.play(plan, scene)
