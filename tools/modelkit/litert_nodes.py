"""The nodes of a sealed model as operators of TensorFlow Lite, one rule for each kind.

ONNX lays feature maps out as NCHW, TensorFlow Lite as NHWC. A map is written as NHWC; where the
model itself turns one that way to read its rows, nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from modelkit.errors import ConversionError
from modelkit.flatbuffer import GraphWriter
from modelkit.steps import span

TO_ROWS = [0, 2, 3, 1]  # from NCHW to NHWC
Shape = tuple[int, ...]


class Translation:
    """A sealed model's nodes, written one by one.

    `weights` has, by the name of each float constant that was read, its index in the graph and the
    order of its axes there: O, H, W, I for a convolution, I, H, W, O for one in groups.
    """

    def __init__(self, model: onnx.ModelProto, writer: GraphWriter, start: str) -> None:
        """
        Args:
            start: the tensor to begin with, a picture in float32 [1, C, H, W].
        """
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        self._writer = writer
        self._shapes = {value.name: _shape(value) for value in (*graph.value_info, *graph.output)}
        self._constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
        self._read = {name: self._times_read(graph, name) for name in self._shapes}
        self._clips = {node.input[0]: node for node in graph.node if node.op_type == "Clip"}
        self._indices: dict[str, int] = {}
        self._dtypes: dict[str, str] = {}
        self._fused: set[str] = set()  # results of activations that are part of a convolution
        self.weights: dict[str, tuple[int, Shape]] = {}
        self.input = self.made(start)
        for node in _after(graph, start):
            if node.output[0] not in self._fused:
                self._write(node)
        self.outputs = [self._indices[value.name] for value in graph.output]

    # ---- what the rules use

    def made(self, name: str, dtype: str = "float32") -> int:
        """A new tensor for what a node computes."""
        shape = self.shape(name)
        shape = tuple(shape[axis] for axis in TO_ROWS) if len(shape) == 4 else shape
        self._indices[name] = self._writer.tensor(name, shape, dtype)
        self._dtypes[name] = dtype
        return self._indices[name]

    def dtype(self, name: str) -> str:
        """The type of a tensor: "float32" or "int32"."""
        return self._dtypes.get(name, "float32")

    def is_constant(self, name: str) -> bool:
        """Whether a tensor is not computed."""
        return name in self._constants

    def shape(self, name: str) -> Shape:
        """The shape of a computed tensor as ONNX has it."""
        if not self._shapes.get(name) or 0 in self._shapes[name]:
            raise ConversionError(f"The size of {name!r} may vary: no rule for that.")
        return self._shapes[name]

    def operand(self, name: str) -> int:
        """A tensor that a node reads: a computed one, or a constant, as float32."""
        if name in self._indices:
            return self._indices[name]
        shape = self._shape_of_constant(name)
        if len(shape) > 2:  # one number for each channel, [C, 1, 1]
            shape = (int(np.prod(shape)),)
        self._indices[name] = self.weight(name, shape, tuple(range(len(shape))))
        return self._indices[name]

    def weight(self, name: str, shape: Shape, axes: Shape) -> int:
        """A float32 constant of this shape, with the axes of the model's in this order."""
        index = self._writer.weight(name, shape)
        self.weights[name] = index, axes
        return index

    def number(self, name: str) -> NDArray[Any]:
        """A constant by which a rule decides."""
        if name not in self._constants:
            raise ConversionError(f"{name!r} is computed where a constant was expected.")
        return self._constants[name]

    def ints(self, node: onnx.NodeProto, value: Any) -> int:
        """A small constant of integers."""
        return self._writer.constant(f"{node.output[0]}/ints", np.array(value, np.int32))

    def alias(self, name: str, other: str) -> None:
        """Says that a node computes what is there already."""
        self._indices[name] = self._indices[other]
        self._dtypes[name] = self._dtypes[other]

    def emit(
        self, kind: str, inputs: list[int], outputs: list[int], options: str, **values: Any
    ) -> None:
        """Adds an operator, see `GraphWriter.operator`."""
        self._writer.operator(kind, inputs, outputs, options, **values)

    def activation(self, name: str) -> tuple[str, int]:
        """What a convolution's result is called after the activation that it can do, and which."""
        clip = self._clips.get(name)
        if clip is None or self._read[name] != 1:
            return name, tflite.ActivationFunctionType.NONE
        if [self.number(limit).tolist() for limit in clip.input[1:]] != [0, 6]:
            raise ConversionError(f"{clip.output[0]!r} has other limits than 0 and 6: no rule.")
        self._fused.add(clip.output[0])
        return clip.output[0], tflite.ActivationFunctionType.RELU6

    def _shape_of_constant(self, name: str) -> Shape:
        shape = self._constants[name].shape if name in self._constants else self.shape(name)
        return tuple(shape)

    @staticmethod
    def _times_read(graph: onnx.GraphProto, name: str) -> int:
        return sum(list(node.input).count(name) for node in graph.node)

    def _write(self, node: onnx.NodeProto) -> None:
        if node.op_type not in _RULES:
            raise ConversionError(
                f"Operation {node.op_type!r} ({node.output[0]!r}) has no rule in "
                "modelkit/litert_nodes.py."
            )
        attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        _RULES[node.op_type](self, node, attributes)


def _shape(value: onnx.ValueInfoProto) -> Shape:
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)


def _after(graph: onnx.GraphProto, start: str) -> list[onnx.NodeProto]:
    """The nodes that compute with `start` or with what comes of it, in order."""
    known, found = {start}, []
    for node in graph.node:
        if not known.isdisjoint(node.input):
            known.update(node.output)
            found.append(node)
    return found


# ---- rules

_Attributes = dict[str, Any]


def _convolution(to: Translation, node: onnx.NodeProto, attributes: _Attributes) -> None:
    source, weight, bias = node.input
    made, fused = to.activation(node.output[0])
    size, after = to.shape(source)[2:], to.shape(node.output[0])
    kernel, strides = attributes["kernel_shape"], attributes["strides"]
    spans = [span(size[i], kernel[i], strides[i], same=True) for i in range(2)]
    same = [spans[0][1], spans[1][1], spans[0][2], spans[1][2]]
    if attributes["pads"] not in (same, [0, 0, 0, 0]):
        raise ConversionError(f"{node.output[0]!r} is padded in another way: no rule for that.")
    padding = tflite.Padding.SAME if attributes["pads"] == same else tflite.Padding.VALID
    values = {"Padding": padding, "StrideH": strides[0], "StrideW": strides[1]}
    values["FusedActivationFunction"] = fused
    channels, before = after[1], to.shape(source)[1]
    if attributes["group"] == 1:
        kind, options, axes = "CONV_2D", "Conv2DOptions", (0, 2, 3, 1)
        shape = (channels, *kernel, before)
    elif attributes["group"] == before:
        kind, options, axes = "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", (1, 2, 3, 0)
        shape = (1, *kernel, channels)
        values["DepthMultiplier"] = channels // before
    else:
        raise ConversionError(f"{node.output[0]!r} is in few groups: no rule for that.")
    inputs = [to.operand(source), to.weight(weight, shape, axes), to.operand(bias)]
    to.emit(kind, inputs, [to.made(made)], options, **values)


def _arithmetic(kind: str, options: str = "", **values: Any) -> _Rule:
    def rule(to: Translation, node: onnx.NodeProto, _attributes: _Attributes) -> None:
        inputs = [to.operand(name) for name in node.input]
        to.emit(kind, inputs, [to.made(node.output[0])], options, **values)

    return rule


def _transpose(to: Translation, node: onnx.NodeProto, attributes: _Attributes) -> None:
    if attributes["perm"] != TO_ROWS:
        raise ConversionError(f"{node.output[0]!r} turns axes in another way: no rule for that.")
    to.alias(node.output[0], node.input[0])


def _reshape(to: Translation, node: onnx.NodeProto, _attributes: _Attributes) -> None:
    shape = to.shape(node.output[0])
    inputs = [to.operand(node.input[0]), to.ints(node, shape)]
    output = to.made(node.output[0], to.dtype(node.input[0]))
    to.emit("RESHAPE", inputs, [output], "ReshapeOptions", NewShape=shape)


def _concat(to: Translation, node: onnx.NodeProto, attributes: _Attributes) -> None:
    inputs = [to.operand(name) for name in node.input]
    axis = attributes["axis"]
    to.emit("CONCATENATION", inputs, [to.made(node.output[0])], "ConcatenationOptions", Axis=axis)


def _highest(to: Translation, node: onnx.NodeProto, attributes: _Attributes) -> None:
    axes = to.ints(node, to.number(node.input[1]))
    inputs = [to.operand(node.input[0]), axes]
    keep = bool(attributes["keepdims"])
    to.emit("REDUCE_MAX", inputs, [to.made(node.output[0])], "ReducerOptions", KeepDims=keep)


def _place_of_highest(to: Translation, node: onnx.NodeProto, attributes: _Attributes) -> None:
    inputs = [to.operand(node.input[0]), to.ints(node, attributes["axis"])]
    kind = tflite.TensorType.INT32
    made = to.made(node.output[0], "int32")
    to.emit("ARG_MAX", inputs, [made], "ArgMaxOptions", OutputType=kind)


def _top(to: Translation, node: onnx.NodeProto, _attributes: _Attributes) -> None:
    inputs = [to.operand(node.input[0]), to.ints(node, int(to.number(node.input[1])[0]))]
    outputs = [to.made(node.output[0]), to.made(node.output[1], "int32")]
    to.emit("TOPK_V2", inputs, outputs, "TopKV2Options")


def _gather(to: Translation, node: onnx.NodeProto, attributes: _Attributes) -> None:
    values, index = node.input
    constant = to.is_constant(index)
    where = to.ints(node, to.number(index)) if constant else to.operand(index)
    inputs = [to.operand(values), where]
    made = to.made(node.output[0], to.dtype(values))
    to.emit("GATHER", inputs, [made], "GatherOptions", Axis=attributes["axis"])


def _split(to: Translation, node: onnx.NodeProto, attributes: _Attributes) -> None:
    inputs = [to.ints(node, attributes["axis"]), to.operand(node.input[0])]
    outputs = [to.made(name) for name in node.output]
    to.emit("SPLIT", inputs, outputs, "SplitOptions", NumSplits=len(outputs))


def _cast(to: Translation, node: onnx.NodeProto, _attributes: _Attributes) -> None:
    to.alias(node.output[0], node.input[0])  # from int64, for which int32 was written


_Rule = Callable[[Translation, onnx.NodeProto, _Attributes], None]
_RULES: dict[str, _Rule] = {
    "Conv": _convolution,
    "Add": _arithmetic("ADD", "AddOptions"),
    "Sub": _arithmetic("SUB", "SubOptions"),
    "Mul": _arithmetic("MUL", "MulOptions"),
    "Exp": _arithmetic("EXP", "ExpOptions"),
    "Sigmoid": _arithmetic("LOGISTIC"),
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Unsqueeze": _reshape,
    "Concat": _concat,
    "ReduceMax": _highest,
    "ArgMax": _place_of_highest,
    "TopK": _top,
    "Gather": _gather,
    "Split": _split,
    "Cast": _cast,
}
