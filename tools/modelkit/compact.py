"""Stores weights compactly, to be run in float32.

As int8, large ones become int8 with a float32 scale for each output channel, joined by Cast and
Mul: two nodes that runtimes fold into a float constant when they load the model, which they do not
do for DequantizeLinear. Small and depthwise ones become float16 behind a Cast: together they are a
twentieth of the file, but as int8 they would cause two thirds of the error in the scores.

As float16, all of them are behind a Cast.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from modelkit.builder import FLOAT

WORTH_INT8 = 16384  # numbers
STORAGES = {
    "none": "weights as they came",
    "fp16": "weights stored as float16",
    "int8-storage": "large weights stored as int8, others as float16",
}


def compact(model: onnx.ModelProto, storage: str = "int8-storage") -> onnx.ModelProto:
    """A copy of `model` whose float32 weights of convolutions and products are stored compactly.

    A weight beyond the range of float16 stays as it is.

    Args:
        model: any model; nothing changes for weights that lie in graphs within its graph.
        storage: a key of `STORAGES`.
    """
    stored = onnx.ModelProto()
    stored.CopyFrom(model)
    if storage == "none":
        return stored
    graph = stored.graph
    channels = dict(filter(None, map(_weight, graph.node)))
    kept: list[onnx.TensorProto] = []
    unpack: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        name, weight = tensor.name, numpy_helper.to_array(tensor)
        if name not in channels or weight.dtype != np.float32 or not np.isfinite(weight).all():
            kept.append(tensor)
        elif (
            storage == "int8-storage"
            and (axis := channels[name]) is not None
            and weight.size >= WORTH_INT8
        ):
            levels, scale = quantize(weight, axis)
            names = [f"{name}/{part}" for part in ("int8", "scale", "levels")]
            kept.append(numpy_helper.from_array(levels, names[0]))
            kept.append(numpy_helper.from_array(scale, names[1]))
            unpack.append(helper.make_node("Cast", [names[0]], [names[2]], names[2], to=FLOAT))
            unpack.append(helper.make_node("Mul", [names[2], names[1]], [name], name))
        elif np.abs(weight).max(initial=0) <= np.finfo(np.float16).max:
            half = numpy_helper.from_array(weight.astype(np.float16), f"{name}/float16")
            kept.append(half)
            unpack.append(helper.make_node("Cast", [half.name], [name], name, to=FLOAT))
        else:
            kept.append(tensor)
    nodes = [*unpack, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(stored)
    return stored


def quantize(
    weight: NDArray[np.float32], channels: int = 0
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rounds each output channel of a weight to 255 even levels around zero.

    Args:
        weight: of any shape.
        channels: the axis of output channels.

    Returns:
        levels int8 of the same shape, and scale float32 that is as long as the weight along
        `channels` and 1 along the other axes: weight is near levels * scale.
    """
    axes = tuple(axis for axis in range(weight.ndim) if axis != channels % weight.ndim)
    largest = np.abs(weight).max(axis=axes, keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def _weight(node: onnx.NodeProto) -> tuple[str, int | None] | None:
    """The weight that a node computes with and its axis of output channels; None if it has none.

    A convolution in groups has no such axis, for it computes too few numbers with each weight.
    """
    attributes = {item.name: item.i for item in node.attribute}
    if node.op_type in ("Conv", "ConvTranspose") and attributes.get("group", 1) > 1:
        return node.input[1], None
    axes = {
        "Conv": 0,
        "ConvTranspose": 1,
        "MatMul": -1,
        "Gemm": 0 if attributes.get("transB") else 1,
    }
    return (node.input[1], axes[node.op_type]) if node.op_type in axes else None
