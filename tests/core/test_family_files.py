"""From a file to boxes and key points: nobody says what the network is.

The files return what `tests/data/references` has recorded, whatever they are shown.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from obscura.boxes import area, clip
from obscura.cards.card import ModelFile
from obscura.engine.native import NativeSession
from obscura.families.decode import decode, read
from obscura.graph.inspect import inspect
from obscura.identify import guess

from .references import assert_same, recorded


def file_of(
    outputs: dict[str, NDArray[Any]], picture: list[int], operators: tuple[str, ...]
) -> bytes:
    """Return an ONNX file that returns these outputs and has these operators, among others."""
    nodes = [helper.make_node("ReduceMean", ["picture"], ["mean"], keepdims=1)]
    last = "mean"
    for operator in operators:
        nodes.append(helper.make_node(operator, [last], [f"{operator} of it"]))
        last = f"{operator} of it"
    nodes.append(helper.make_node("Mul", [last, "nought"], ["noughts"]))
    nodes.append(helper.make_node("Reshape", ["noughts", "one"], ["nothing"]))
    weights = [numpy_helper.from_array(np.array(0, np.float32), "nought")]
    weights.append(numpy_helper.from_array(np.array([1]), "one"))
    values = []
    for name, array in outputs.items():
        weights.append(numpy_helper.from_array(array, f"recorded {name}"))
        nodes.append(helper.make_node("Add", [f"recorded {name}", "nothing"], [name]))
        values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape))
    graph = helper.make_graph(
        nodes, "recorded", [helper.make_tensor_value_info("picture", TensorProto.FLOAT, picture)],
        values, weights,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 13)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


@pytest.mark.parametrize(
    ("name", "family", "channels_last", "operators"),
    [
        ("yunet", "yunet", False, ("Sigmoid",)),
        ("scrfd", "scrfd", False, ("Sigmoid",)),
        ("retinaface", "retinaface", False, ("Softmax",)),
        ("yolov5-face", "yolov5", False, ("Sigmoid",)),
        ("blazeface-short", "mediapipe", True, ()),
        ("blazeface-full", "mediapipe", False, ()),
        ("blazeface-back", "mediapipe", True, ()),
    ],
)
def test_faces_are_found_in_a_file_that_nobody_describes(
    name: str, family: str, channels_last: bool, operators: tuple[str, ...]
) -> None:
    reference = recorded(name)
    width, height = reference.size
    shape = [1, height, width, 3] if channels_last else [1, 3, height, width]
    network = file_of(reference.outputs, shape, operators)

    best, *others = guess.guess(inspect(lambda start, stop: network[start:stop], len(network)))
    file = ModelFile("faces.onnx", len(network), sha256(network).hexdigest())
    card = guess.card_of(best, name="faces", title="Faces", file=file)
    outputs = NativeSession(card, network, 1).run(np.zeros((height, width, 4), np.uint8))
    found = decode(
        read(outputs, card), card, reference.size,
        threshold=reference.threshold, iou=reference.iou,
    )  # fmt: skip

    assert (card.family, card.labels) == (family, ("face",))
    assert all(one.confidence <= best.confidence for one in others)
    xyxy = clip(reference.found.xyxy, width, height)
    assert_same(found, reference.found.replace(xyxy=xyxy)[area(xyxy) > 0])
    assert found.data["keypoints"].shape[1:] == (6 if family == "mediapipe" else 5, 3)
