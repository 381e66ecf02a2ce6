"""The three parts of a network, run one after another by onnxruntime, against the whole one."""

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
from obscura.errors import BackendError, ModelUnreadable
from obscura.graph.middle import Middle, middle

MODELS = Path(__file__).resolve().parents[2] / "models"
RANDOM = np.random.default_rng(7)
FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16

node = helper.make_node

WEBGL = frozenset(
    (
        "Add", "AveragePool", "Clip", "Concat", "Conv", "GlobalAveragePool", "MaxPool", "Mul",
        "Relu", "Reshape", "Resize", "Sigmoid", "Sub", "Transpose",
    )
)  # fmt: skip
"""Operators with a kernel for WebGL, of those that shipped networks have."""


def network(
    nodes: list[onnx.NodeProto],
    outputs: tuple[str, ...] = ("y",),
    inputs: tuple[str, ...] = ("x",),
    **constants: NDArray[Any],
) -> bytes:
    constants |= {
        "kernel": RANDOM.normal(size=(4, 4, 3, 3)).astype(np.float32) / 8,
        "axes": np.array([1], np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, FLOAT, [1, 4, 6, 6]) for name in inputs],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def run(model: bytes, values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Run on those of the values that the model takes."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model, options, ["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    feeds = {value.name: values[value.name] for value in session.get_inputs()}
    return dict(zip(names, session.run(names, feeds), strict=True))


def run_parts(parts: Middle, values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    for part in filter(None, parts):
        values = values | run(of_any_size(part) if part is parts.model else part, values)
    return values


def of_any_size(model: bytes) -> bytes:
    """Leave sizes out that are 0, which the other runtime would take at its word."""
    opened = onnx.load_from_string(model)
    for value in [*opened.graph.input, *opened.graph.output]:
        assert not any(size.dim_value for size in value.type.tensor_type.shape.dim)
        value.type.tensor_type.ClearField("shape")
    return opened.SerializeToString()


def operators(model: bytes) -> set[str]:
    return {node.op_type for node in onnx.load_from_string(model).graph.node}


def floats() -> NDArray[np.float32]:
    return RANDOM.normal(size=(1, 4, 6, 6)).astype(np.float32)


CONVOLVED = node("Conv", ["x", "kernel"], ["c"], pads=[1, 1, 1, 1])


@pytest.mark.parametrize("name", ["cocossd", "centernet-320", "centernet-416", "centernet-512"])
def test_a_shipped_network_answers_the_same_in_three_parts(name: str) -> None:
    card = ModelCard.from_toml((MODELS / name / "model.toml").read_text(encoding="utf-8"))
    whole = (MODELS / name / "model.onnx").read_bytes()
    picture = RANDOM.integers(0, 256, (1, card.input.height, card.input.width, 4), np.uint8)

    parts = middle(whole)

    assert operators(parts.model) <= WEBGL
    assert parts.first
    assert "Conv" not in operators(parts.first) | operators(parts.last)
    wanted = run(whole, {"image": picture})
    found = run_parts(parts, {"image": picture})
    for output, values in wanted.items():
        np.testing.assert_allclose(found[output], values, rtol=1e-4, atol=1e-5)


def test_the_middle_holds_floats_alone_and_no_sizes_that_may_be_wrong() -> None:
    parts = middle((MODELS / "cocossd" / "model.onnx").read_bytes())

    graph = onnx.load_from_string(parts.model).graph
    indices = {name for node in graph.node if node.op_type == "Reshape" for name in node.input[1:]}
    assert {t.data_type for t in graph.initializer if t.name not in indices} == {FLOAT}
    (image,) = graph.input
    assert [size.dim_value for size in image.type.tensor_type.shape.dim] == [0] * 4
    # Fewer bytes than the file's twice over: what is unpacked, and nothing twice.
    assert len(parts.model) < 4.2 * (MODELS / "cocossd" / "model.onnx").stat().st_size


@pytest.mark.parametrize(
    ("gate", "kernels"),
    [
        (node("HardSigmoid", ["c"], ["y"]), {"Conv", "Mul", "Add", "Clip"}),
        (node("HardSigmoid", ["c"], ["y"], alpha=0.25, beta=0.4), {"Conv", "Mul", "Add", "Clip"}),
        (node("HardSwish", ["c"], ["y"]), {"Conv", "Mul", "Add", "Clip"}),
        (node("Relu", ["c"], ["y"]), {"Conv", "Relu"}),
    ],
)
def test_activations_that_webgl_lacks_are_written_with_others(
    gate: onnx.NodeProto, kernels: set[str]
) -> None:
    whole, x = network([CONVOLVED, gate]), 4 * floats()

    parts = middle(whole)

    assert (parts.first, parts.last) == (b"", b"")
    assert operators(parts.model) == kernels
    wanted, found = run(whole, {"x": x}), run_parts(parts, {"x": x})
    np.testing.assert_allclose(found["y"], wanted["y"], atol=1e-6)


def test_weights_are_unpacked_and_constants_go_where_they_are_used() -> None:
    nodes = [
        node("Cast", ["levels"], ["level"], to=FLOAT),
        node("Mul", ["level", "scale"], ["narrow"]),
        node("Constant", [], ["two"], value=numpy_helper.from_array(np.float32([2]))),
        node("Conv", ["x", "narrow"], ["c"]),
        node("Mul", ["c", "two"], ["doubled"]),
        node("ReduceMax", ["doubled", "axes"], ["best"]),
        node("Mul", ["best", "two"], ["y"]),
    ]
    levels = RANDOM.integers(-127, 128, (4, 4, 3, 3), np.int8)
    whole = network(nodes, levels=levels, scale=np.full((4, 1, 1, 1), 0.01, np.float32))
    x = floats()

    parts = middle(whole)

    assert operators(parts.model) == {"Constant", "Conv", "Mul"}
    assert operators(parts.last) == {"Constant", "ReduceMax", "Mul"}
    np.testing.assert_allclose(run_parts(parts, {"x": x})["y"], run(whole, {"x": x})["y"])


def test_what_the_middle_returns_may_be_an_output_and_further_inputs_reach_the_last_part() -> None:
    nodes = [
        CONVOLVED,
        node("ReduceMax", ["c", "axes"], ["best"]),
        node("Add", ["best", "z"], ["y"]),
    ]
    whole = network(nodes, ("y", "c"), ("x", "z"))
    feeds = {"x": floats(), "z": floats()}

    found = run_parts(middle(whole), feeds)

    for name, values in run(whole, feeds).items():
        np.testing.assert_allclose(found[name], values)


@pytest.mark.parametrize(
    ("nodes", "named"),
    [
        ([node("Relu", ["x"], ["y"])], "without convolutions"),
        (
            [
                CONVOLVED,
                node("Softmax", ["c"], ["soft"], axis=1),
                node("Conv", ["soft", "kernel"], ["y"]),
            ],
            "Softmax",
        ),
        # What comes before the convolution is used beside it as well.
        (
            [
                node("Neg", ["x"], ["n"]),
                node("Conv", ["n", "kernel"], ["c"], pads=[1, 1, 1, 1]),
                node("Add", ["c", "n"], ["s"]),
                node("Add", ["s", "extra"], ["y"]),
                node("Mul", ["n", "n"], ["extra"]),
            ],
            "share too much",
        ),
    ],
)
def test_networks_that_cannot_be_split_are_refused(nodes: list[onnx.NodeProto], named: str) -> None:
    nodes.sort(key=lambda each: each.output[0] == "y")
    with pytest.raises(BackendError, match=named):
        middle(network(nodes))


def test_ends_of_slices_are_within_32_bits_for_webgl_alone() -> None:
    nodes = [
        CONVOLVED,
        node("Slice", ["c", "starts", "ends", "axes"], ["s"]),
        node("ReduceMax", ["s", "axes"], ["best"], keepdims=1),
        node("Slice", ["best", "starts", "ends", "axes"], ["y"]),
    ]
    far = np.array([2**63 - 1], np.int64)
    whole = network(nodes, starts=np.array([1], np.int64), ends=far)
    x = floats()

    parts = middle(whole)

    def ends(model: bytes) -> int:
        weights = onnx.load_from_string(model).graph.initializer
        (found,) = [numpy_helper.to_array(each) for each in weights if each.name == "ends"]
        return int(found[0])

    assert (ends(parts.model), ends(parts.last)) == (2**31 - 1, 2**63 - 1)
    np.testing.assert_allclose(run_parts(parts, {"x": x})["s"], run_to(whole, x))


def run_to(whole: bytes, x: NDArray[np.float32]) -> NDArray[Any]:
    """What the slice after the convolution returns."""
    opened = onnx.load_from_string(whole)
    del opened.graph.node[2:], opened.graph.output[:]
    opened.graph.output.append(helper.make_tensor_value_info("s", FLOAT, None))
    return run(opened.SerializeToString(), {"x": x})["s"]


@pytest.mark.parametrize("mode", ["nearest", "cubic", ""])
def test_only_linear_resizing_is_webgls(mode: str) -> None:
    options = {"mode": mode} if mode else {}
    nodes = [
        CONVOLVED,
        node("Resize", ["c", "", "scales"], ["r"], **options),
        node("Conv", ["r", "kernel"], ["y"]),
    ]
    with pytest.raises(BackendError, match="Resize"):
        middle(network(nodes, scales=np.float32([1, 1, 2, 2])))


def test_damaged_files_are_refused() -> None:
    with pytest.raises(ModelUnreadable):
        middle(b"no network")
