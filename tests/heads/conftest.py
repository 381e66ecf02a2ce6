"""Networks that stand in for heads: small, and with answers that anyone can compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .fakes import Card, CropAnswer, Form, classified, found


@pytest.fixture(autouse=True)
def reads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading an answer takes no time, whatever else the machine does: heads cost what a test
    says, and the budget lets them look as often as it says."""
    monkeypatch.setattr("obscura.heads.stage.perf_counter", lambda: 0.0)


@pytest.fixture(scope="session")
def mean_network() -> bytes:
    """A sealed network that returns the mean of each channel of its crop, in 0..1."""
    from onnx import TensorProto, checker, helper, numpy_helper

    n = helper.make_node
    graph = helper.make_graph(
        [
            n("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
            n("ReduceMean", ["float", "axes"], ["mean"], keepdims=0),
            n("Div", ["mean", "white"], ["probabilities"]),
        ],
        "means",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 4])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 4])],
        [
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
            numpy_helper.from_array(np.array(255, np.float32), "white"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


@pytest.fixture
def fake_shelf(monkeypatch: pytest.MonkeyPatch, mean_network: bytes) -> None:
    """Two heads on the shelf: "faces", which finds the upper half of each crop, and "mask", which
    tells red, green and blue apart."""
    from obscura.heads import native

    cards = {
        "faces": Card("faces", "faces"),
        "mask": Card("classifier", "mask", labels=("red", "green", "blue"), crop=Form(0, "box", 4)),
    }

    def open_network(network: str | Path) -> tuple[Card, bytes]:
        return cards[Path(network).stem], mean_network

    def read(outputs: dict[str, NDArray[Any]], card: Card, _: Any) -> list[CropAnswer]:
        means = outputs["probabilities"][:, 0, :3]
        if card.family == "faces":
            return [found([0.0, 0.0, 1.0, 0.5], score=0.75) for _ in means]
        return [classified(*mean) for mean in means]

    monkeypatch.setattr(native, "open_network", open_network)
    monkeypatch.setattr(native, "read", read)
