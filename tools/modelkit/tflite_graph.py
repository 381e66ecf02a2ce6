"""Reads a TensorFlow Lite file into the form of a TF.js graph, which `network` converts.

Format: the flatbuffers schema of TensorFlow Lite, as the package `tflite` has it. Weights that are
stored as float16 behind a DEQUANTIZE become float32. What TF.js writes differently is written as
there: names of operations, the order of the axes of weights, and activations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from modelkit.errors import ConversionError
from modelkit.tfjs import GraphModel, Node

_NAMES = {
    number: name for name, number in vars(tflite.BuiltinOperator).items() if name[0].isupper()
}
_DTYPES: dict[int, np.dtype[Any]] = {
    tflite.TensorType.FLOAT32: np.dtype("<f4"),
    tflite.TensorType.FLOAT16: np.dtype("<f2"),
    tflite.TensorType.INT32: np.dtype("<i4"),
}
_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: (),
    tflite.ActivationFunctionType.RELU: ("Relu",),
    tflite.ActivationFunctionType.RELU6: ("Relu6",),
}
_FIRST_OF_OLD_FILES = 127  # operators from here on do not fit the field of older files


def read_tflite(data: bytes) -> GraphModel:
    """Reads the first subgraph of a TensorFlow Lite file; a node is called as its result.

    Raises:
        ConversionError: it is not such a file, or holds what is not understood.
    """
    if data[4:8] != b"TFL3":
        raise ConversionError("This is not a TensorFlow Lite file.")
    return _Reader(tflite.Model.GetRootAs(data, 0)).graph()


class _Reader:
    def __init__(self, model: Any) -> None:
        self._model = model
        self._part = model.Subgraphs(0)
        self._nodes: dict[str, Node] = {}
        self._weights: dict[str, NDArray[Any]] = {}

    def graph(self) -> GraphModel:
        for index in range(self._part.TensorsLength()):
            value = self._constant(index)
            if value is not None:
                self._keep(self._name(index), value)
        for name in (self._name(index) for index in self._part.InputsAsNumpy()):
            self._nodes[name] = Node(name, "Placeholder", (), {})
        for number in range(self._part.OperatorsLength()):
            self._add(self._part.Operators(number))
        return GraphModel(self._nodes, self._weights)

    def _name(self, index: int) -> str:
        name: bytes = self._part.Tensors(index).Name()
        return name.decode()

    def _keep(self, name: str, value: NDArray[Any]) -> None:
        if name in self._nodes:
            raise ConversionError(f"Two tensors are called {name!r}.")
        self._weights[name] = value
        self._nodes[name] = Node(name, "Const", (), {})

    def _constant(self, index: int) -> NDArray[Any] | None:
        tensor = self._part.Tensors(index)
        buffer = self._model.Buffers(tensor.Buffer())
        if not buffer.DataLength():
            return None
        if tensor.Type() not in _DTYPES or tensor.Sparsity() is not None:
            raise ConversionError(
                f"Weight {self._name(index)!r} is stored in a form not supported."
            )
        data: bytes = buffer.DataAsNumpy().tobytes()
        shape: tuple[int, ...] = tuple(tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
        stored = _DTYPES[tensor.Type()]
        return np.frombuffer(data, stored).reshape(shape)

    def _add(self, operator: Any) -> None:
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        kind = _NAMES.get(number, str(number))
        inputs = tuple(self._name(index) for index in operator.InputsAsNumpy() if index >= 0)
        name = self._name(operator.Outputs(0))
        if kind == "DEQUANTIZE" and inputs[0] in self._weights:
            self._keep(name, self._weights[inputs[0]].astype(np.float32))
        elif kind == "CONV_2D":
            self._convolution(
                operator, tflite.Conv2DOptions(), name, inputs, "Conv2D", (1, 2, 3, 0)
            )
        elif kind == "DEPTHWISE_CONV_2D":
            options = tflite.DepthwiseConv2DOptions()
            depthwise = "DepthwiseConv2dNative"
            self._convolution(operator, options, name, inputs, depthwise, (1, 2, 3, 0))
        elif kind in _RULES:
            op, options, attributes = _RULES[kind]
            self._nodes[name] = Node(name, op, inputs, attributes(_options(operator, options())))
        else:
            raise ConversionError(
                f"Operation {kind} (tensor {name!r}) has no rule in modelkit/tflite_graph.py."
            )

    def _convolution(
        self,
        operator: Any,
        options: Any,
        name: str,
        inputs: tuple[str, ...],
        op: str,
        axes: tuple[int, ...],
    ) -> None:
        """A convolution; its weight gets the axes that TF.js has, under a name of its own."""
        given = _options(operator, options)
        weight = f"{name}/weight"
        self._keep(weight, self._weights[inputs[1]].transpose(axes))
        fused = ("BiasAdd", *_activation(given))
        steps = {
            "strides": _ints(1, given.StrideH(), given.StrideW(), 1),
            "dilations": _ints(1, given.DilationHFactor(), given.DilationWFactor(), 1),
            "padding": _padding(given),
            "fused_ops": {"list": {"s": [list(each.encode()) for each in fused]}},
        }
        self._nodes[name] = Node(name, op, (inputs[0], weight, *inputs[2:]), steps)


def _options(operator: Any, options: Any) -> Any:
    table = operator.BuiltinOptions()
    if table is None:  # where it has none
        return None
    options.Init(table.Bytes, table.Pos)
    return options


def _activation(options: Any) -> tuple[str, ...]:
    found = options.FusedActivationFunction()
    if found not in _ACTIVATIONS:
        raise ConversionError(f"Activation {found} is fused: no rule for that.")
    return _ACTIVATIONS[found]


def _ints(*values: int) -> dict[str, Any]:
    return {"list": {"i": list(values)}}


def _padding(options: Any) -> dict[str, Any]:
    text = b"SAME" if options.Padding() == tflite.Padding.SAME else b"VALID"
    return {"s": list(text)}


def _plain(options: Any) -> dict[str, Any]:
    """No attributes; no fused activation either."""
    if hasattr(options, "FusedActivationFunction") and _activation(options):
        raise ConversionError("An activation is fused to a sum or a join: no rule for that.")
    return {}


def _pool(options: Any) -> dict[str, Any]:
    if _activation(options):
        raise ConversionError("An activation is fused to a pooling: no rule for that.")
    return {
        "ksize": _ints(1, options.FilterHeight(), options.FilterWidth(), 1),
        "strides": _ints(1, options.StrideH(), options.StrideW(), 1),
        "padding": _padding(options),
    }


def _resize(options: Any) -> dict[str, Any]:
    return {
        "align_corners": {"b": options.AlignCorners()},
        "half_pixel_centers": {"b": options.HalfPixelCenters()},
    }


_Attributes = Callable[[Any], Mapping[str, Any]]
_RULES: dict[str, tuple[str, Callable[[], Any], _Attributes]] = {
    "ADD": ("AddV2", tflite.AddOptions, _plain),
    "PAD": ("Pad", tflite.PadOptions, _plain),
    "RELU": ("Relu", tflite.PadOptions, _plain),
    "RESHAPE": ("Reshape", tflite.ReshapeOptions, _plain),
    "CONCATENATION": ("ConcatV2", tflite.ConcatenationOptions, _plain),
    "MAX_POOL_2D": ("MaxPool", tflite.Pool2DOptions, _pool),
    "RESIZE_BILINEAR": ("ResizeBilinear", tflite.ResizeBilinearOptions, _resize),
}
