"""Stores the weights of convolutions compactly, to be run in float32.

Large ones become int8 [O, I, kh, kw] with a float32 scale [O, 1, 1, 1], joined by Cast and Mul:
two nodes that runtimes fold into a float constant when they load the model, which they do not do
for DequantizeLinear. Small and depthwise ones become float16 behind a Cast: together they are a
twentieth of the file, but as int8 they would cause two thirds of the error in the scores.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from modelkit.builder import FLOAT

WORTH_INT8 = 16384  # numbers


def compact(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` whose Conv weights are stored as int8 or float16."""
    stored = onnx.ModelProto()
    stored.CopyFrom(model)
    graph = stored.graph
    groups = {node.input[1]: _groups(node) for node in graph.node if node.op_type == "Conv"}
    kept: list[onnx.TensorProto] = []
    unpack: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        name = tensor.name
        if name not in groups:
            kept.append(tensor)
            continue
        weight = numpy_helper.to_array(tensor)
        if groups[name] > 1 or weight.size < WORTH_INT8:
            with np.errstate(over="ignore"):  # for what becomes infinite is reported below
                half = weight.astype(np.float16)
            if not np.isfinite(half).all():
                raise OverflowError(f"{name} holds weights beyond the range of float16.")
            kept.append(numpy_helper.from_array(half, f"{name}/float16"))
            unpack.append(helper.make_node("Cast", [f"{name}/float16"], [name], name, to=FLOAT))
            continue
        levels, scale = quantize(weight)
        names = [f"{name}/{part}" for part in ("int8", "scale", "levels")]
        kept.append(numpy_helper.from_array(levels, names[0]))
        kept.append(numpy_helper.from_array(scale, names[1]))
        unpack.append(helper.make_node("Cast", [names[0]], [names[2]], names[2], to=FLOAT))
        unpack.append(helper.make_node("Mul", [names[2], names[1]], [name], name))
    nodes = [*unpack, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(stored, full_check=True)
    return stored


def quantize(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rounds each output channel of a weight [O, ...] to 255 even levels around zero.

    Returns:
        levels int8 of the same shape, and scale float32 [O, 1, ...]: weight is near levels * scale.
    """
    axes = tuple(range(1, weight.ndim))
    largest = np.abs(weight).max(axis=axes, keepdims=True)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def _groups(convolution: onnx.NodeProto) -> int:
    return next(int(item.i) for item in convolution.attribute if item.name == "group")
