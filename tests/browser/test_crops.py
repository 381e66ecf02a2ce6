"""Heads in the browser's engine: a second network runs on parts of the picture run last."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from obscura.cards.card import ModelCard, ModelFile
from obscura.engine.plans import Plan
from obscura.engine.session import RawOutputs
from obscura.engine.worker_session import WorkerSession
from obscura.families.decode import decode, read
from obscura.graph.inspect import inspect
from obscura.identify import guess

from . import networks
from .conftest import OpenRoom
from .engine_host import EngineHost, RemoteWorker, frame, pixels
from .pictures import overlap

PLANS = [
    Plan("wasm", "wasm", 1),
    Plan("webgpu", "jspi", 1, resident=True),
]
AROUND = 40  # pixels of the scene around a rectangle

COUNT_CLOSED = """() => {
  self.closed = 0;
  const { close } = VideoFrame.prototype;
  VideoFrame.prototype.close = function () {
    if (this.format !== null) self.closed += 1; // not those closed or transferred before
    close.call(this);
  };
}"""


@pytest.fixture(scope="module")
def network() -> bytes:
    return networks.yolox()


@pytest.fixture(scope="module")
def card(network: bytes) -> ModelCard:
    readings = guess.guess(inspect(lambda start, stop: network[start:stop], len(network)))
    file = ModelFile("colours.onnx", len(network), sha256(network).hexdigest())
    return guess.card_of(readings[0], name="colours", title="Colours", file=file)


def crops_around_places() -> np.ndarray:
    grown = [(x1 - AROUND, y1 - AROUND, x2 + AROUND, y2 + AROUND)
             for x1, y1, x2, y2 in networks.PLACES.values()]  # fmt: skip
    return np.float32(grown)


def assert_finds_each_in_its_crop(outputs: RawOutputs, card: ModelCard) -> None:
    for i, (box, place) in enumerate(
        zip(crops_around_places().tolist(), networks.PLACES.values(), strict=True)
    ):
        rows = read({name: array[i] for name, array in outputs.items()}, card)
        left, top = max(0, box[0]), max(0, box[1])
        size = (int(box[2] - left), int(box[3] - top))
        found = decode(rows, card, size)
        expected = [place[0] - left, place[1] - top, place[2] - left, place[3] - top]
        overlaps = [overlap(each, expected) for each in found.xyxy.tolist()]
        assert max(overlaps, default=0) >= 0.75, f"crop {i}: {found.xyxy.tolist()}"
        assert found.class_id[int(np.argmax(overlaps))] == i


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.backend)
def test_a_head_runs_on_parts_of_the_picture_run_last(
    new_room: OpenRoom, dist: Path, plan: Plan, network: bytes, card: ModelCard
) -> None:
    room = new_room("webgpu")
    host = EngineHost(room.page, room.url, dist)
    host.worker.evaluate(COUNT_CLOSED)
    crops, scene, black = crops_around_places(), networks.scene(), networks.scene()
    black.paste((0, 0, 0), (0, 0, *black.size))
    buffer = RemoteWorker().buffer

    async def scenes(session: WorkerSession) -> dict[str, Any]:
        await session.load(host.runtime(plan), buffer(network), card, host.gpu_url)
        await session.open_head("closer", buffer(network), card)
        seen = {"whole": await session.run(frame(scene, 64, 48))}
        seen["of a frame"] = await session.run_crops("closer", crops)
        seen["of a crowd"] = await session.run_crops("closer", np.tile(crops, (6, 1)))
        # Neither the head's run nor the self-check's picture is what crops are cut from.
        await session.run(pixels(black), keep=False)
        seen["of the frame still"] = await session.run_crops("closer", crops)
        seen["whole again"] = await session.run(frame(scene, 64, 48))
        await session.run(pixels(scene))
        seen["of pixels"] = await session.run_crops("closer", crops)
        await session.close_head("closer")
        await session.run(frame(scene, 64, 48))
        return seen

    seen = host.play(plan, scenes)

    for what in ("of a frame", "of the frame still", "of pixels"):
        assert_finds_each_in_its_crop(seen[what], card)
    for name, array in seen["of a frame"].items():
        np.testing.assert_array_equal(seen["of a crowd"][name], np.concatenate([array] * 6))
    for name, array in seen["whole"].items():
        np.testing.assert_array_equal(array, seen["whole again"][name])
    assert host.worker.evaluate("() => self.closed") == 3, "every frame is given back"
