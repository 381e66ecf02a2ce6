"""core.litert: the shipped model's graph for LiteRT, and where its weights come from.

That LiteRT computes the same with it as onnxruntime is held in tests/browser/test_litert.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
import tflite
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from modelkit.builder import FLOAT, Builder
from modelkit.errors import ConversionError
from modelkit.litert import CORE, core
from modelkit.recipes import RECIPES
from modelkit.seal import RGB
from obscura.cards import catalogue

NAMES = [recipe.name for recipe in RECIPES if recipe.core]


class Core(NamedTuple):
    """A core.litert, taken apart."""

    table: dict[str, Any]
    graph: bytes


def apart(data: bytes) -> Core:
    size = int.from_bytes(data[:4], "little")
    return Core(json.loads(data[4 : 4 + size]), data[4 + size :])


def whole(made: Core, network: bytes) -> bytearray:
    """The file for LiteRT with its weights, as modelkit/litert.py describes it."""
    file = bytearray(made.table["bytes"])
    file[: len(made.graph)] = made.graph
    for kind, start, scales, *shape, by_o, by_i, by_p, to in made.table["weights"]:
        count = int(np.prod(shape))
        weight = np.frombuffer(network, kind, count, start).astype(np.float32).reshape(shape)
        if scales:
            weight = weight * np.frombuffer(network, np.float32, shape[0], scales)[:, None, None]
        outer, inner, pixels = np.ogrid[tuple(slice(each) for each in shape)]
        values = np.empty(count, np.float32)
        values[by_o * outer + by_i * inner + by_p * pixels] = weight
        file[to : to + 4 * count] = values.tobytes()
    return file


def unpacked(model: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    """The constants of a model, and what its nodes unpack of them."""
    values = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    for node in model.graph.node:
        if not set(node.input) <= set(values):
            continue
        if node.op_type == "Cast":
            values[node.output[0]] = values[node.input[0]].astype(np.float32)
        elif node.op_type == "Mul":
            values[node.output[0]] = values[node.input[0]] * values[node.input[1]]
    return values


def data_of(model: Any, file: bytearray, tensor: Any) -> NDArray[np.float32]:
    buffer = model.Buffers(tensor.Buffer())
    shape = tuple(tensor.ShapeAsNumpy())
    return np.frombuffer(file, np.float32, int(np.prod(shape)), buffer.Offset()).reshape(shape)


@pytest.fixture(params=NAMES)
def network(request: pytest.FixtureRequest) -> bytes:
    return (catalogue.find(request.param) / "model.onnx").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_file_is_what_the_network_gives_byte_for_byte(name: str) -> None:
    folder = catalogue.find(name)

    assert core((folder / "model.onnx").read_bytes()) == (folder / CORE).read_bytes()


def test_it_is_a_hundredth_of_the_weights_and_names_their_file(network: bytes) -> None:
    data = core(network)
    made = apart(data)

    assert hashlib.sha256(network).hexdigest() == made.table["network"]
    assert 80 * len(data) < len(network) < made.table["bytes"]


def test_weights_lie_side_by_side_behind_the_graph(network: bytes) -> None:
    made = apart(core(network))
    spans = [(row[-1], row[-1] + 4 * int(np.prod(row[3:6]))) for row in made.table["weights"]]

    assert len(made.graph) <= spans[0][0]
    assert all(stop <= start < stop + 64 for (_, stop), (start, _) in pairwise(spans))
    assert 0 <= made.table["bytes"] - spans[-1][1] < 64
    assert all(start % 64 == 0 for start, _ in spans)


def test_every_convolution_gets_its_own_weights(network: bytes) -> None:
    made = apart(core(network))
    file = whole(made, network)
    model = tflite.Model.GetRootAs(made.graph, 0)
    part = model.Subgraphs(0)
    onnx_model = onnx.load_from_string(network)
    constants = unpacked(onnx_model)
    wanted = [node for node in onnx_model.graph.node if node.op_type == "Conv"]
    kinds = (tflite.BuiltinOperator.CONV_2D, tflite.BuiltinOperator.DEPTHWISE_CONV_2D)
    operators = [part.Operators(index) for index in range(part.OperatorsLength())]
    codes = [model.OperatorCodes(each.OpcodeIndex()).BuiltinCode() for each in operators]
    found = [each for each, code in zip(operators, codes, strict=True) if code in kinds]

    assert len(found) == len(wanted) > 80
    for operator, node in zip(found, wanted, strict=True):
        weight, bias = (
            data_of(model, file, part.Tensors(operator.Inputs(index))) for index in (1, 2)
        )
        axes = (
            (3, 0, 1, 2)
            if weight.shape[0] == 1 and constants[node.input[1]].shape[1] == 1
            else (0, 3, 1, 2)
        )
        assert (weight.transpose(axes) == constants[node.input[1]]).all(), node.name
        assert (bias == constants[node.input[2]]).all(), node.name


# ---- what there is no rule for


def model_of(add: Callable[[Builder], str], shape: tuple[int, ...] = (1, 2, 4, 4)) -> bytes:
    """A model from RGB, 4 by 4, to what `add` makes of it."""
    builder = Builder()
    builder.node("Identity", ["image"], RGB)
    builder.node("Identity", [add(builder)], "out")
    return builder.model(
        "odd",
        [helper.make_tensor_value_info("image", FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info("out", FLOAT, shape)],
    ).SerializeToString()


def convolved(builder: Builder, **attributes: Any) -> str:
    weight = builder.constant(np.ones((2, 3, 3, 3), np.float32), "weight")
    bias = builder.constant(np.zeros(2, np.float32), "bias")
    options = {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1] * 4, "group": 1}
    return builder.node("Conv", [RGB, weight, bias], "made", **{**options, **attributes})


def test_an_operation_without_a_rule_is_named() -> None:
    network = model_of(lambda builder: builder.node("Elu", [RGB], "bent"), (1, 3, 4, 4))

    with pytest.raises(ConversionError, match=r"'Elu' \('bent'\) has no rule"):
        core(network)


def test_padding_that_tensorflow_does_not_have_is_refused() -> None:
    network = model_of(lambda builder: convolved(builder, pads=[2, 2, 2, 2]), shape=(1, 2, 6, 6))

    with pytest.raises(ConversionError, match="'made' is padded in another way"):
        core(network)


def test_limits_other_than_those_of_relu6_are_refused() -> None:
    def add(builder: Builder) -> str:
        limits = [builder.constant(np.array(n, np.float32), "limit") for n in (0, 5)]
        return builder.node("Clip", [convolved(builder), *limits], "clipped")

    with pytest.raises(ConversionError, match="'clipped' has other limits than 0 and 6"):
        core(model_of(add))
