"""What is done to ONNX graphs whoever made them."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from modelkit.errors import ConversionError
from modelkit.surgery import modern, operators, rename, self_contained, without_dead_ends

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def model(
    *nodes: onnx.NodeProto, opset: int = 17, functions: list[onnx.FunctionProto] | None = None
) -> onnx.ModelProto:
    """From x (2, 3) to y; the weights one and two are numbers."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, X.shape)],
        [numpy_helper.from_array(np.array(n, np.float32), name) for n, name in NUMBERS],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("mine", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions or [])


NUMBERS = ((1, "one"), (2, "two"))


def answer(network: onnx.ModelProto, given: str = "x") -> list[np.ndarray]:
    session = ort.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {given: X}))


def branching() -> onnx.ModelProto:
    """Adds two where the first number is above 1, else one; the branches read weights outside."""
    first = [
        helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "one"], ["large"]),
    ]
    branches = {
        f"{key}_branch": helper.make_graph(
            [helper.make_node("Add", ["x", name], [f"{key}.sum"])],
            key,
            [],
            [helper.make_tensor_value_info(f"{key}.sum", TensorProto.FLOAT, X.shape)],
        )
        for key, name in (("then", "two"), ("else", "one"))
    }
    return model(*first, helper.make_node("If", ["large"], ["y"], **branches))


def test_constants_written_as_nodes_become_weights() -> None:
    value = numpy_helper.from_array(np.array(5, np.float32), "")
    five = helper.make_node("Constant", [], ["five"], value=value)
    network = model(five, helper.make_node("Mul", ["x", "five"], ["y"]))

    tidy = self_contained(network)

    assert [item.name for item in tidy.graph.initializer] == ["one", "two", "five"]
    assert set(operators(tidy.graph)) == {"Mul"}
    np.testing.assert_array_equal(answer(tidy)[0], X * 5)


def test_local_functions_are_written_out() -> None:
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    opsets = [helper.make_opsetid("", 17)]
    double = helper.make_function("mine", "Double", ["a"], ["b"], body, opsets)
    network = model(helper.make_node("Double", ["x"], ["y"], domain="mine"), functions=[double])

    tidy = self_contained(network)

    assert not tidy.functions
    np.testing.assert_array_equal(answer(tidy)[0], X * 2)


def test_weights_listed_as_inputs_are_no_inputs() -> None:
    network = model(helper.make_node("Mul", ["x", "two"], ["y"]))
    network.graph.input.append(helper.make_tensor_value_info("two", TensorProto.FLOAT, []))

    assert [value.name for value in self_contained(network).graph.input] == ["x"]


def test_sparse_weights_are_refused() -> None:
    network = model(helper.make_node("Mul", ["x", "two"], ["y"]))
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("places", TensorProto.INT64, [1], [0])
    network.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [4]))

    with pytest.raises(ConversionError, match="sparse"):
        self_contained(network)


def test_old_operators_are_brought_up_to_date() -> None:
    network = model(helper.make_node("Slice", ["x"], ["y"], starts=[0], ends=[2]), opset=9)

    new = modern(network)

    assert new.opset_import[0].version == 18
    np.testing.assert_array_equal(answer(new)[0], X)


def test_a_newer_network_stays_what_it_is() -> None:
    network = model(helper.make_node("Add", ["x", "one"], ["y"]), opset=21)

    assert modern(network) is network


def test_what_cannot_be_brought_up_to_date_is_told() -> None:
    network = model(helper.make_node("Nonsense", ["x"], ["y"]))

    with pytest.raises(ConversionError, match=r"from opset 17 to 18 \(.*Nonsense"):
        modern(network)


def test_new_names_reach_the_graphs_within() -> None:
    network = branching()

    rename(network.graph, lambda name: f"new/{name}")

    np.testing.assert_array_equal(answer(network, "new/x")[0], X + 2)
    names = {name for node in network.graph.node for name in (*node.input, *node.output)}
    assert names == {"new/x", "new/most", "new/one", "new/large", "new/y"}


def test_what_leads_to_no_output_goes_and_what_is_read_within_stays() -> None:
    network = branching()
    network.graph.initializer.append(numpy_helper.from_array(X, "idle"))
    network.graph.node.append(helper.make_node("Add", ["x", "idle"], ["nowhere"]))

    network.graph.CopyFrom(without_dead_ends(network.graph))

    assert {item.name for item in network.graph.initializer} == {"one", "two"}
    assert set(operators(network.graph)) == {"ReduceMax", "Greater", "If", "Add"}
    np.testing.assert_array_equal(answer(network)[0], X + 2)
