"""Session in a worker: what is posted, what answers mean, and what is kept for crops."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from obscura.cards.card import InputSpec, ModelCard, OpenForm
from obscura.engine.plans import Plan
from obscura.engine.session import HeadForm
from obscura.engine.worker_session import WorkerSession
from obscura.errors import BackendError
from obscura.graph.middle import middle

from .fake_worker import FakeWorker, output

pytestmark = pytest.mark.skipif(
    sys.platform == "emscripten", reason="no loop can be run to its end there"
)

MODELS = Path(__file__).resolve().parents[2] / "models"
WASM = Plan("wasm", "wasm", 2)
GPU = Plan("webgpu", "jspi", 1, resident=True, half=True)
RUNTIME = {"module": "ort.mjs", "glue": "glue.mjs", "wasm": "ort.wasm"}
FACES = HeadForm(InputSpec(32, 32, "stretch"))
EYES = HeadForm(InputSpec(8, 8, "letterbox"), OpenForm("image"))

Scene = Callable[[WorkerSession, FakeWorker], Awaitable[Any]]


def answers(message: dict[str, Any]) -> dict[str, Any]:
    """What a worker whose networks return the number of the call would say."""
    if message["call"] == "run":
        return {"outputs": [output("x", np.float32([[message["id"]]]))], "drawn": 1.5}
    if message["call"] == "crops":
        rows = [[output("y", np.int64([[i]]))] for i, _ in enumerate(message["crops"])]
        return {"crops": rows}
    return {}


def play(scene: Scene, plan: Plan = WASM) -> tuple[Any, FakeWorker]:
    """Run a scene with a session whose worker answers; in a thread of its own, because after
    browser tests a loop of Playwright's is in this one."""
    worker = FakeWorker()
    worker.on_post = answers

    async def run() -> Any:
        return await scene(WorkerSession(worker, plan, "CPU"), worker)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(run())).result(timeout=20), worker


def calls(worker: FakeWorker) -> list[str]:
    return [message["call"] for message, _ in worker.posted]


class Video:
    """Stands in for a `VideoFrame`."""

    def __init__(self, width: int = 640, height: int = 480) -> None:
        self.displayWidth, self.displayHeight = width, height
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def pixels(width: int = 64, height: int = 48) -> Any:
    return SimpleNamespace(width=width, height=height, data=SimpleNamespace(buffer=bytearray(4)))


def frame(width: int = 64, height: int = 48) -> Any:
    return SimpleNamespace(width=width, height=height, frame=Video())


@pytest.fixture
def card(card_table: dict[str, Any]) -> ModelCard:
    return ModelCard.from_dict(card_table)


def test_a_sealed_model_is_opened_in_one_call(card: ModelCard) -> None:
    model = bytearray(b"abc")

    _, worker = play(lambda session, _: session.load(RUNTIME, model, card))

    ((message, transferred),) = worker.posted
    assert transferred is model
    assert message == {
        "id": 1, "call": "open", "name": "detector", "runtime": RUNTIME,
        "backend": "wasm", "threads": 2, "model": model,
    }  # fmt: skip


def test_an_open_model_is_given_its_preparation(card_table: dict[str, Any]) -> None:
    card_table["open"] = {"input": "image"}
    card = ModelCard.from_dict(card_table)

    _, worker = play(lambda session, _: session.load(RUNTIME, bytearray(3), card))

    assert calls(worker) == ["open", "prepare"]
    message, transferred = worker.posted[1]
    assert message["graph"] is transferred


@pytest.mark.parametrize(("make", "field"), [(pixels, "pixels"), (frame, "frame")])
def test_a_run_returns_the_networks_own_outputs(
    card: ModelCard, make: Callable[[], Any], field: str
) -> None:
    picture = make()

    async def scene(session: WorkerSession, _: FakeWorker) -> Any:
        await session.load(RUNTIME, bytearray(3), card)
        return await session.run(picture), session.drawn_ms

    (outputs, drawn_ms), worker = play(scene)

    message, transferred = worker.posted[-1]
    assert message[field] is transferred
    assert (message["width"], message["height"]) == (64, 48)
    assert "keep" not in message, "no head is open, so nothing is kept"
    assert outputs["x"].tolist() == [[2.0]]
    assert outputs["x"].dtype == np.float32
    assert drawn_ms == 1.5


def test_the_message_of_a_run_is_made_once_for_pictures_of_one_size(card: ModelCard) -> None:
    async def scene(session: WorkerSession, worker: FakeWorker) -> list[int]:
        await session.load(RUNTIME, bytearray(3), card)
        made = []
        for size in [(64, 48), (64, 48), (48, 64), (48, 64)]:
            before = worker.made
            await session.run(pixels(*size))
            made.append(worker.made - before)
        return made

    made, _ = play(scene)

    assert made == [1, 0, 1, 0]


@pytest.mark.parametrize("why", ["fails", "closed"])
def test_a_frame_is_closed_even_if_the_run_fails(card: ModelCard, why: str) -> None:
    picture = frame()

    async def scene(session: WorkerSession, worker: FakeWorker) -> None:
        await session.load(RUNTIME, bytearray(3), card)
        worker.on_post = lambda _message: {"error": "unreachable"}
        if why == "closed":
            session.close()
        with pytest.raises(BackendError):
            await session.run(picture)

    play(scene)

    assert picture.frame.closed == 1


def test_pictures_run_one_after_another(card: ModelCard) -> None:
    async def scene(session: WorkerSession, worker: FakeWorker) -> list[int]:
        await session.load(RUNTIME, bytearray(3), card)
        worker.on_post = lambda _message: None
        tasks = [asyncio.ensure_future(session.run(pixels())) for _ in range(2)]
        await asyncio.sleep(0.01)
        waiting = len(worker.posted)
        worker.say({"id": 2, "outputs": [], "drawn": 0})
        await asyncio.wait([tasks[0]])
        await asyncio.sleep(0.01)
        both = len(worker.posted)
        worker.say({"id": 3, "outputs": [], "drawn": 0})
        await asyncio.gather(*tasks)
        return [waiting, both]

    assert play(scene)[0] == [2, 3]


def test_a_session_continues_with_a_worker_that_has_run_already(card: ModelCard) -> None:
    async def scene(session: WorkerSession, worker: FakeWorker) -> Any:
        answer = {"id": 3, "outputs": [output("x", np.float32([7]))], "drawn": 0}
        outputs = session.continue_from(answer, 3, card)
        await session.run(pixels())
        return outputs, worker.posted[-1][0]["id"]

    (outputs, next_id), _ = play(scene)

    assert outputs["x"].tolist() == [7]
    assert next_id == 4


def test_a_worker_that_had_failed_is_not_continued_with(card: ModelCard) -> None:
    async def scene(session: WorkerSession, _: FakeWorker) -> None:
        session.continue_from({"error": "unreachable"}, 3, card)

    with pytest.raises(BackendError, match="unreachable"):
        play(scene)


def test_another_card_feeds_the_model_otherwise(card_table: dict[str, Any]) -> None:
    card_table["open"] = {"input": "image"}
    first = ModelCard.from_dict(card_table)
    second = ModelCard.from_dict({**card_table, "open": {"input": "image", "channels": "bgr"}})

    async def scene(session: WorkerSession, _: FakeWorker) -> None:
        await session.load(RUNTIME, bytearray(3), first)
        await session.feed_as(second)

    _, worker = play(scene)

    assert calls(worker) == ["open", "prepare", "prepare"]
    assert worker.posted[1][0]["graph"] != worker.posted[2][0]["graph"]


# ---- heads ------------------------------------------------------------------------------------


def with_head(card: ModelCard, then: Scene, form: HeadForm = FACES) -> Scene:
    async def scene(session: WorkerSession, worker: FakeWorker) -> Any:
        await session.load(RUNTIME, bytearray(3), card)
        await session.open_head("faces", bytearray(b"head"), form)
        return await then(session, worker)

    return scene


def test_a_head_is_opened_by_name_in_the_same_runtime(card: ModelCard) -> None:
    async def nothing(_session: WorkerSession, _worker: FakeWorker) -> None:
        pass

    _, worker = play(with_head(card, nothing, EYES))

    assert calls(worker) == ["open", "open", "prepare"]
    assert [message["name"] for message, _ in worker.posted] == ["detector", "faces", "faces"]
    assert "runtime" not in worker.posted[1][0]


def test_crops_are_cut_from_the_picture_run_last(card: ModelCard) -> None:
    boxes = np.float32([[10, 20, 40, 60], [-5, -5, 1000, 1000]])

    async def then(session: WorkerSession, _: FakeWorker) -> Any:
        await session.run(frame())
        return await session.run_crops("faces", boxes)

    outputs, worker = play(with_head(card, then))

    assert worker.posted[-2][0]["keep"] is True
    message, transferred = worker.posted[-1]
    assert (message["call"], message["name"], transferred) == ("crops", "faces", None)
    # In pixels of the frame, not of the size at which the detector has it drawn.
    assert message["crops"] == [
        {"region": [10, 20, 30, 40], "drawn": [30, 32]},
        {"region": [0, 0, 640, 480], "drawn": [32, 32]},
    ]
    assert outputs["y"].tolist() == [[[0]], [[1]]], "one row per crop"


def test_without_boxes_the_worker_is_not_asked(card: ModelCard) -> None:
    async def then(session: WorkerSession, _: FakeWorker) -> Any:
        await session.run(frame())
        return await session.run_crops("faces", np.zeros((0, 4), np.float32))

    outputs, worker = play(with_head(card, then))

    assert outputs == {}
    assert calls(worker)[-1] == "run"


def test_a_picture_of_the_self_check_does_not_replace_the_one_kept(card: ModelCard) -> None:
    async def then(session: WorkerSession, _: FakeWorker) -> Any:
        await session.run(frame())
        await session.run(pixels(8, 8), keep=False)
        await session.run_crops("faces", np.float32([[0, 0, 640, 480]]))

    _, worker = play(with_head(card, then))

    assert "keep" not in worker.posted[-2][0]
    assert worker.posted[-1][0]["crops"][0]["region"] == [0, 0, 640, 480]


async def no_picture(session: WorkerSession, _: FakeWorker) -> None:
    await session.run_crops("faces", np.zeros((1, 4)))


async def failed_picture(session: WorkerSession, worker: FakeWorker) -> None:
    await session.run(frame())
    worker.on_post = lambda _message: {"error": "unreachable"}
    with pytest.raises(BackendError, match="unreachable"):
        await session.run(frame())
    await session.run_crops("faces", np.zeros((1, 4)))


async def closed_head(session: WorkerSession, _: FakeWorker) -> None:
    await session.run(frame())
    await session.close_head("faces")
    await session.run_crops("faces", np.zeros((1, 4)))


async def another_name(session: WorkerSession, _: FakeWorker) -> None:
    await session.run(frame())
    await session.run_crops("detector", np.zeros((1, 4)))


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (no_picture, "No picture has been run"),
        (failed_picture, "No picture has been run"),
        (closed_head, "No head of this name"),
        (another_name, "No head of this name"),
    ],
)
def test_crops_of_nothing_are_refused(card: ModelCard, then: Scene, words: str) -> None:
    with pytest.raises(BackendError, match=words):
        play(with_head(card, then))


def test_once_the_last_head_is_closed_nothing_is_kept(card: ModelCard) -> None:
    async def then(session: WorkerSession, _: FakeWorker) -> None:
        await session.close_head("faces")
        await session.close_head("faces")
        await session.run(frame())

    _, worker = play(with_head(card, then))

    assert calls(worker) == ["open", "open", "close", "run"]
    assert "keep" not in worker.posted[-1][0]


@pytest.mark.parametrize("fails", ["open", "prepare"])
def test_of_a_head_that_cannot_be_opened_nothing_stays(card: ModelCard, fails: str) -> None:
    async def scene(session: WorkerSession, worker: FakeWorker) -> None:
        await session.load(RUNTIME, bytearray(3), card)
        usual = worker.on_post
        worker.on_post = lambda message: (
            {"error": "no"} if message["call"] == fails else usual(message)
        )
        with pytest.raises(BackendError, match="no"):
            await session.open_head("faces", bytearray(b"head"), EYES)
        worker.on_post = usual
        await session.run(frame())
        with pytest.raises(BackendError, match="No head of this name"):
            await session.run_crops("faces", np.zeros((1, 4)))

    _, worker = play(scene)

    assert calls(worker)[-3:] == [fails, "close", "run"]
    assert "keep" not in worker.posted[-1][0]


# ---- on the GPU -------------------------------------------------------------------------------


@pytest.fixture
def gpu_card(card_table: dict[str, Any]) -> ModelCard:
    card_table["open"] = {"input": "image", "pad": 77}
    card_table["input"] = {"width": 64, "height": 64, "resize": "letterbox"}
    return ModelCard.from_dict(card_table)


def identity(side: int) -> bytes:
    """A network that returns its input."""
    from onnx import TensorProto, helper

    shape = [1, 3, side, side]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["y"])],
        "identity",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def test_on_the_gpu_pictures_and_crops_come_with_their_place(gpu_card: ModelCard) -> None:
    async def scene(session: WorkerSession, _: FakeWorker) -> None:
        await session.load(RUNTIME, bytearray(identity(64)), gpu_card, "gpu.js")
        await session.open_head("eyes", bytearray(identity(8)), EYES)
        await session.run(frame())
        await session.run_crops("eyes", np.float32([[0, 0, 32, 16]]))

    _, worker = play(scene, GPU)

    assert calls(worker) == ["open", "prepare", "open", "prepare", "run", "crops"]
    opened = [message["gpu"] for message, _ in worker.posted if message["call"] == "open"]
    assert [(gpu["module"], gpu["prepared"]) for gpu in opened] == [("gpu.js", True)] * 2
    run, crops = (message for message, _ in worker.posted[-2:])
    assert (run["width"], run["height"]) == (640, 480), "the GPU takes the whole frame"
    assert run["place"] == [64, 64, 0, 8, 64, 48, 77]
    assert crops["crops"] == [{"region": [0, 0, 32, 16], "place": [8, 8, 0, 2, 8, 4, 114]}]


def test_info_describes_what_it_runs_on() -> None:
    async def scene(session: WorkerSession, _: FakeWorker) -> Any:
        return session.info

    assert play(scene, WASM)[0] == ("wasm", "CPU", 2, "float32")
    assert play(scene, GPU)[0].precision == "float16"


def test_webgl_gets_the_middle_of_a_network_and_heads_stay_whole(card: ModelCard) -> None:
    """What the parts compute: tests/core/test_graph_middle.py."""
    network = (MODELS / "cocossd" / "model.onnx").read_bytes()

    async def scene(session: WorkerSession, _: FakeWorker) -> None:
        await session.load(RUNTIME, bytearray(network), card, "webgl.js")
        await session.open_head("faces", bytearray(b"faces"), FACES)

    _, worker = play(scene, Plan("webgl", "webgl", 1, software=True))

    (opened, model), (head, faces) = worker.posted
    parts = middle(network)
    assert (bytes(model), opened["model"]) == (parts.model, model)
    assert opened["backend"] == "webgl"
    assert opened["gpu"] == {
        "module": "webgl.js",
        "software": True,
        "first": parts.first,
        "last": parts.last,
        "outputs": ["boxes", "scores", "classes"],
    }
    assert (bytes(faces), "gpu" in head) == (b"faces", False)
