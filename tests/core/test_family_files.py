"""From a file to boxes and key points: nobody says what the network is.

The files return what `tests/data/references` has recorded, or one object, whatever they are shown.
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


def planted(shape: tuple[int, ...], at: tuple[int, ...], values: list[float]) -> NDArray[Any]:
    """Return noughts with a few numbers in one row."""
    array = np.zeros(shape, np.float32)
    array[at][: len(values)] = values
    return array


PLANTED: dict[str, tuple[list[int], dict[str, NDArray[Any]], tuple[str, ...], str, list[float]]] = {
    "mediapipe": (
        [1, 192, 192, 3],
        # Row 3, column 5 of the map of stride 8: its middle is at (44, 28).
        {
            "Identity": planted((1, 2016, 18), (0, (3 * 24 + 5) * 2), [0, 0, 40, 40]),
            "Identity_1": planted((1, 2016, 1), (0, (3 * 24 + 5) * 2), [29]) - 20,
        },
        (), "palm", [24, 8, 64, 48],
    ),
    "fastestv2": (
        [1, 3, 352, 352],
        # Row 4, column 6 of the map of stride 16; half of everything is the anchor's own size.
        {
            "794": planted(
                (1, 22, 22, 95), (0, 4, 6), [0.5] * 4 + [0] * 8 + [0.9, 0, 0] + [0] * 16 + [1]
            ),
            "796": np.zeros((1, 11, 11, 95), np.float32),
        },
        ("Sigmoid", "Softmax"), "dog",
        [104 - 12.64 / 2, 72 - 19.39 / 2, 104 + 12.64 / 2, 72 + 19.39 / 2],
    ),
    "ssd_raw": (
        [1, 3, 240, 320],
        # Row 2, column 3 of Ultraface's map of stride 8, the smallest of three anchors.
        {
            "scores": planted((1, 4420, 2), (0, (2 * 40 + 3) * 3), [0.1, 0.9]),
            "boxes": np.zeros((1, 4420, 4), np.float32),
        },
        ("Softmax",), "face", [23, 15, 33, 25],
    ),
    "ssd_raw of TensorFlow": (
        [1, 300, 300, 3],
        # The last anchor: a square over nearly all of the picture.
        {
            "box_encodings": np.zeros((1, 1917, 4), np.float32),
            "class_predictions": planted((1, 1917, 91), (0, 1916), [0] * 18 + [0.9]),
        },
        ("Sigmoid",), "dog", [150 - 146.2, 150 - 146.2, 150 + 146.2, 150 + 146.2],
    ),
    "retinaface": (
        [1, 3, 320, 320],
        # Row 1, column 2 of the map of stride 32, the larger anchor, moved a little.
        {
            "loc": planted((1, 4200, 4), (0, 4000 + (10 + 2) * 2), [-0.5, 0.5]),
            "conf": planted((1, 4200, 2), (0, 4000 + (10 + 2) * 2), [0.1, 0.9]),
            "landms": np.zeros((1, 4200, 10), np.float32),
        },
        ("Softmax",), "face",
        [80 - 12.8 - 128, 48 + 12.8 - 128, 80 - 12.8 + 128, 48 + 12.8 + 128],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANTED)
def test_one_object_is_found_where_it_was_planted(case: str) -> None:
    shape, outputs, operators, label, box = PLANTED[case]
    network = file_of(outputs, shape, operators)
    height, width = (shape[1], shape[2]) if shape[3] == 3 else (shape[2], shape[3])

    readings = guess.guess(inspect(lambda start, stop: network[start:stop], len(network)))
    file = ModelFile("own.onnx", len(network), sha256(network).hexdigest())
    card = guess.card_of(readings[0], name="own", title="Own", file=file)
    outputs_of = NativeSession(card, network, 1).run(np.zeros((height, width, 4), np.uint8))
    found = decode(read(outputs_of, card), card, (width, height))

    assert guess.certain(readings)
    assert card.family == case.split()[0]
    assert [card.labels[number] for number in found.class_id] == [label]
    assert found.score[0] == pytest.approx(0.9, abs=0.1)
    np.testing.assert_allclose(found.xyxy[0], np.clip(box, 0, [width, height] * 2), atol=0.1)
