"""Half precision: convolutions in float16, run by onnxruntime, against the network as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from obscura.cards.card import ModelCard
from obscura.errors import ModelUnreadable
from obscura.graph.cut import cut
from obscura.graph.half import halve

MODELS = Path(__file__).resolve().parents[2] / "models"
RANDOM = np.random.default_rng(5)
KERNEL = RANDOM.normal(size=(4, 4, 3, 3)).astype(np.float32) / 8
FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16

node = helper.make_node


def network(nodes: list[onnx.NodeProto], **constants: NDArray[Any]) -> bytes:
    shape = [1, 4, 6, 6]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, [1, 4, None, None])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
        value_info=[helper.make_tensor_value_info("between", FLOAT, shape)],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def run(model: bytes, feed: NDArray[np.float32]) -> list[NDArray[Any]]:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    answers: list[NDArray[Any]] = session.run(None, {session.get_inputs()[0].name: feed})
    return answers


def types(model: bytes) -> dict[str, int]:
    """The type of every value, as onnx infers it; it refuses nodes whose inputs do not agree."""
    inferred = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(model), check_type=True, strict_mode=True
    )
    values = [*inferred.graph.value_info, *inferred.graph.output]
    return {value.name: value.type.tensor_type.elem_type for value in values}


def operators(model: bytes, dtype: int) -> list[str]:
    """The operators whose result is of a type, casts left out."""
    known = types(model)
    nodes = onnx.load_from_string(model).graph.node
    return [n.op_type for n in nodes if known[n.output[0]] == dtype and n.op_type != "Cast"]


def halved(nodes: list[onnx.NodeProto], **constants: NDArray[Any]) -> bytes:
    """What becomes of a network, which answers as before."""
    whole = network(nodes, **constants)
    half = halve(whole)
    assert half is not None
    feed = RANDOM.normal(size=(1, 4, 6, 6)).astype(np.float32)
    for answer, expected in zip(run(half, feed), run(whole, feed), strict=True):
        assert answer.dtype == expected.dtype
        np.testing.assert_allclose(answer, expected, rtol=0.01, atol=0.01)
    return half


CONV = node("Conv", ["x", "k"], ["between"], pads=[1, 1, 1, 1])


@pytest.mark.parametrize(
    "follower",
    [
        node("Relu", ["between"], ["y"]),
        node("Clip", ["between", "low", "high"], ["y"]),
        node("Clip", ["between", "", "high"], ["y"]),
        node("Add", ["between", "between"], ["y"]),
        node("MaxPool", ["between"], ["y"], kernel_shape=[2, 2]),
        node("Resize", ["between", "", "scales"], ["y"], mode="nearest"),
        node("Conv", ["between", "k"], ["y"]),
    ],
    ids=lambda each: f"{each.op_type}{len(each.input)}",
)
def test_what_follows_a_convolution_stays_half(follower: onnx.NodeProto) -> None:
    half = halved(
        [CONV, follower],
        k=KERNEL,
        low=np.float32(-0.2),
        high=np.float32(0.3),
        scales=np.array([1, 1, 2, 2], np.float32),
    )

    assert operators(half, HALF) == ["Conv", follower.op_type]
    assert operators(half, FLOAT) == []


@pytest.mark.parametrize(
    "follower",
    [
        node("Mul", ["between", "stride"], ["y"]),  # coordinates, for all one can tell
        node("Add", ["between", "x"], ["y"]),  # what was never half
        node("Exp", ["between"], ["y"]),  # not among those that are known to bear it
    ],
    ids=["constant", "whole", "other"],
)
def test_the_ends_stay_whole(follower: onnx.NodeProto) -> None:
    half = halved([CONV, follower], k=KERNEL, stride=np.float32(32))

    assert operators(half, HALF) == ["Conv"]
    assert operators(half, FLOAT) == [follower.op_type]


def test_what_is_needed_whole_and_half_is_there_both_ways() -> None:
    both = [node("Relu", ["between"], ["r"]), node("Exp", ["between"], ["e"])]
    half = halved([CONV, *both, node("Mul", ["r", "e"], ["y"])], k=KERNEL)

    assert operators(half, HALF) == ["Conv", "Relu"]
    casts = [n for n in onnx.load_from_string(half).graph.node if n.op_type == "Cast"]
    assert len(casts) == len({n.output[0] for n in casts}) == 4  # x, k; between and r again


def test_what_a_branch_takes_from_around_it_is_there_whole() -> None:
    def branch(operator: str) -> onnx.GraphProto:
        value = helper.make_tensor_value_info(operator, FLOAT, [1, 4, 6, 6])
        return helper.make_graph([node(operator, ["between"], [operator])], operator, [], [value])

    choice = node("If", ["yes"], ["y"], then_branch=branch("Exp"), else_branch=branch("Neg"))

    halved([CONV, choice], k=KERNEL, yes=np.array(True))


@pytest.mark.parametrize("how", ["linear", "cast", "cast and scaled"])
def test_weights_stay_as_they_are_stored(how: str) -> None:
    scale = np.float32(0.01)
    stored = np.round(KERNEL / scale).astype(np.int8)
    unpack = {
        "linear": [node("DequantizeLinear", ["stored", "scale"], ["k"])],
        "cast": [node("Cast", ["stored"], ["k"], to=FLOAT)],
        "cast and scaled": [
            node("Cast", ["stored"], ["floats"], to=FLOAT),
            node("Mul", ["floats", "scale"], ["k"]),
        ],
    }[how]
    if how == "cast":
        stored = np.sign(stored)

    half = halved([*unpack, CONV, node("Relu", ["between"], ["y"])], stored=stored, scale=scale)

    assert operators(half, HALF) == ["Conv", "Relu"]
    weights = {each.name: each for each in onnx.load_from_string(half).graph.initializer}
    assert weights["stored"].raw_data == stored.tobytes()


def test_a_network_without_float_convolutions_is_left_alone() -> None:
    down, up = node("Cast", ["x"], ["h"], to=HALF), node("Cast", ["between"], ["y"], to=FLOAT)
    already = node("Conv", ["h", "k"], ["between"], pads=[1, 1, 1, 1])

    assert halve(network([node("Relu", ["x"], ["y"])])) is None
    graph = network([down, already, up], k=KERNEL.astype(np.float16))
    assert halve(graph) is None


@pytest.mark.parametrize("operator", ["Conv", "Relu", "Add", "Resize", "DequantizeLinear"])
@pytest.mark.parametrize("inputs", [[], [""], ["k"]], ids=str)
def test_nodes_that_lack_inputs_do_no_harm(operator: str, inputs: list[str]) -> None:
    model = network([node(operator, inputs, ["y"])], k=KERNEL)

    half = halve(model) or model  # which the runtime will refuse

    assert operator in [each.op_type for each in onnx.load_from_string(half).graph.node]


def test_a_kernel_that_is_computed_is_left_alone() -> None:
    computed = node("Conv", ["x", "x"], ["y"])
    assert halve(network([computed])) is None


@pytest.mark.parametrize("name", ["cocossd", "centernet-320"])
def test_a_shipped_model_answers_alike(name: str) -> None:
    card = ModelCard.from_toml((MODELS / name / "model.toml").read_text(encoding="utf-8"))
    rest = cut((MODELS / name / card.file.name).read_bytes(), card.input.width, card.input.height)
    assert rest is not None

    half = halve(rest.model)

    assert half is not None
    assert len(half) < len(rest.model) * 1.02, "casts, and no weights"
    assert "Conv" not in operators(half, FLOAT)
    shape = (1, card.input.height, card.input.width, 4)
    feed = RANDOM.integers(0, 256, shape).astype(np.float32)
    short = next(short for short, full in rest.unbatched.items() if full == "scores")
    index = [value.name for value in onnx.load_from_string(half).graph.output].index(short)
    np.testing.assert_allclose(run(half, feed)[index], run(rest.model, feed)[index], atol=0.01)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ModelUnreadable, match="not an ONNX model"):
        halve(b"")
