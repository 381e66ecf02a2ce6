"""The operations of `obscura.families.common.ops` as nodes of an ONNX graph.

A family's `read` runs over these as it runs over numpy, and leaves behind the graph of what it did.
Each traced array carries the value that it had for one picture, so shapes are known while tracing,
as they are while reading.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper

from modelkit.builder import Builder
from modelkit.errors import ConversionError
from obscura.families.common.ops import NUMPY

_TO_THE_END = np.iinfo(np.int64).max


class Traced:
    """Stands for an array: the tensor of that name in the graph, and an example of its value."""

    __array_ufunc__ = None  # so that numpy arrays on the left leave arithmetic to this class

    def __init__(self, ops: TracedOps, name: str, value: NDArray[Any]) -> None:
        self._ops = ops
        self.name = name
        self.value = value

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    def __len__(self) -> int:
        return len(self.value)

    def __add__(self, other: Any) -> Traced:
        return self._ops.binary("Add", self, other)

    def __radd__(self, other: Any) -> Traced:
        return self._ops.binary("Add", other, self)

    def __sub__(self, other: Any) -> Traced:
        return self._ops.binary("Sub", self, other)

    def __rsub__(self, other: Any) -> Traced:
        return self._ops.binary("Sub", other, self)

    def __mul__(self, other: Any) -> Traced:
        return self._ops.binary("Mul", self, other)

    def __rmul__(self, other: Any) -> Traced:
        return self._ops.binary("Mul", other, self)

    def __truediv__(self, other: Any) -> Traced:
        return self._ops.binary("Div", self, other)

    def __rtruediv__(self, other: Any) -> Traced:
        return self._ops.binary("Div", other, self)

    def __getitem__(self, index: Any) -> Traced:
        return self._ops.index(self, index)


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": operator.truediv,
    "Min": NUMPY.minimum,
    "Max": NUMPY.maximum,
}


class TracedOps:
    """`obscura.families.common.ops.Ops` as graph nodes.

    Args:
        builder: the graph that grows.
        varying: whether the network returns more rows for one picture than for another, so that
            nothing may be made of how many there were for this one.
    """

    def __init__(self, builder: Builder, *, varying: bool = False) -> None:
        self._builder = builder
        self._varying = varying

    # ---- the operations of a family ----------------------------------------------------------

    def constant(self, value: Any, dtype: Any = np.float32) -> Traced:
        array = np.asarray(value, dtype)
        return Traced(self, self._builder.constant(array, "head/constant"), array)

    def cast(self, x: Any, dtype: Any) -> Traced:
        code = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self._node("Cast", [x], NUMPY.cast(_value(x), dtype), to=code)

    def concat(self, parts: Sequence[Any], axis: int) -> Traced:
        return self._node(
            "Concat", parts, NUMPY.concat([_value(x) for x in parts], axis), axis=axis
        )

    def reshape(self, x: Any, shape: Sequence[int]) -> Traced:
        value = NUMPY.reshape(_value(x), shape)
        return self._node("Reshape", [x, _integers(shape)], value, allowzero=1)

    def transpose(self, x: Any, axes: Sequence[int]) -> Traced:
        positive = [axis % _value(x).ndim for axis in axes]
        return self._node("Transpose", [x], NUMPY.transpose(_value(x), axes), perm=positive)

    def exp(self, x: Any) -> Traced:
        return self._node("Exp", [x], NUMPY.exp(_value(x)))

    def sigmoid(self, x: Any) -> Traced:
        return self._node("Sigmoid", [x], NUMPY.sigmoid(_value(x)))

    def softmax(self, x: Any, axis: int) -> Traced:
        return self._node("Softmax", [x], NUMPY.softmax(_value(x), axis), axis=axis)

    def sqrt(self, x: Any) -> Traced:
        return self._node("Sqrt", [x], NUMPY.sqrt(_value(x)))

    def power(self, x: Any, exponent: float) -> Traced:
        value = NUMPY.power(_value(x), exponent)
        return self._node("Pow", [x, np.array(exponent, value.dtype)], value)

    def minimum(self, a: Any, b: Any) -> Traced:
        return self.binary("Min", a, b)

    def maximum(self, a: Any, b: Any) -> Traced:
        return self.binary("Max", a, b)

    def max(self, x: Any, axis: int) -> Traced:
        value = NUMPY.max(_value(x), axis)
        return self._node("ReduceMax", [x, _integers([axis])], value, keepdims=0)

    def sum(self, x: Any, axis: int) -> Traced:
        value = NUMPY.sum(_value(x), axis)
        return self._node("ReduceSum", [x, _integers([axis])], value, keepdims=0)

    def argmax(self, x: Any, axis: int) -> Traced:
        return self._node("ArgMax", [x], NUMPY.argmax(_value(x), axis), axis=axis, keepdims=0)

    def top(self, x: Any, k: int) -> tuple[Traced, Traced]:
        best, order = NUMPY.top(_value(x), k)
        count: Any = _integers([len(best)])
        if self._varying:
            rows = self._node("Shape", [x], np.array(_value(x).shape))
            count = self._node("Min", [rows, _integers([k])], count)
        inputs = [self._name(x), self._name(count)]
        name = self._builder.node("TopK", inputs, "head/top", outputs=2, axis=0)
        return Traced(self, name, best), Traced(self, f"{name}.1", order)

    def take(self, x: Any, indices: Any, axis: int = 0) -> Traced:
        value = NUMPY.take(_value(x), _value(indices), axis)
        return self._node("Gather", [x, indices], value, axis=axis)

    def divide(self, x: Any, by: int) -> tuple[Traced, Traced]:
        quotient, remainder = NUMPY.divide(_value(x), by)
        divisor = np.array(by, _value(x).dtype)
        return (
            self._node("Div", [x, divisor], quotient),
            self._node("Mod", [x, divisor], remainder),
        )

    def keep_first(self, x: Any, count: Any) -> Traced:
        value = _value(x)
        places: Any = np.arange(len(value))
        if self._varying:
            rows = self._node("Shape", [x], np.array(value.shape))
            end = self._node("Squeeze", [rows], np.array(len(value)))
            places = self._node("Range", [np.array(0), end, np.array(1)], places)
        count = self.index(count, slice(1)) if isinstance(count, Traced) else count[:1]
        holds = self._node("Less", [places, count], _value(places) < _value(count))
        nothing = np.zeros(1, value.dtype)
        return self._node("Where", [holds, x, nothing], NUMPY.keep_first(value, _value(count)))

    def peaks(self, x: Any) -> Traced:
        value = _value(x)
        highest = self._node(
            "MaxPool", [x], value, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1]
        )
        below = self._node("Sub", [x, highest], value)
        below = self._node("Mul", [below, np.array(1e30, np.float32)], value)
        return self._node("Add", [x, below], NUMPY.peaks(value))

    # ---- what the stand-in's own syntax comes to ---------------------------------------------

    def binary(self, op: str, a: Any, b: Any) -> Traced:
        """An operator between two arrays, or an array and a number.

        Both sides become what numpy would make of them, but for float64, which nobody wants of a
        network: that is float32 here.
        """
        value = np.asarray(_BINARY[op](_value(a), _value(b)))
        if value.dtype == np.float64:
            value = value.astype(np.float32)
        sides = [
            self.cast(side, value.dtype)
            if isinstance(side, Traced) and side.dtype != value.dtype
            else side
            for side in (a, b)
        ]
        sides = [s if isinstance(s, Traced) else np.asarray(s, value.dtype) for s in sides]
        return self._node(op, sides, value)

    def index(self, x: Traced, index: Any) -> Traced:
        """``x[index]`` with integers, slices of step 1, and one ``...``."""
        parts = list(index) if isinstance(index, tuple) else [index]
        if Ellipsis in parts:
            at = parts.index(Ellipsis)
            parts[at : at + 1] = [slice(None)] * (x.ndim - len(parts) + 1)
        cuts: list[tuple[int, int, int]] = []  # start, stop, axis
        gone: list[int] = []
        for axis, part in enumerate(parts):
            start, stop, single = _span(part)
            if (start, stop) != (0, _TO_THE_END):
                cuts.append((start, stop, axis))
            if single:
                gone.append(axis)
        result = x
        if cuts:
            limits = [_integers(numbers) for numbers in zip(*cuts, strict=True)]
            kept = tuple(slice(start, stop) for start, stop, _ in map(_span, parts))
            result = self._node("Slice", [x, *limits], x.value[kept])
        if gone:
            result = self._node("Squeeze", [result, _integers(gone)], x.value[index])
        return result

    def _node(
        self, op: str, inputs: Sequence[Any], value: NDArray[Any], **attributes: Any
    ) -> Traced:
        names = [self._name(x) for x in inputs]
        return Traced(self, self._builder.node(op, names, f"head/{op}", **attributes), value)

    def _name(self, x: Any) -> str:
        if isinstance(x, Traced):
            return x.name
        return self._builder.constant(np.asarray(x), "head/constant")


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Traced) else x


def _integers(numbers: Sequence[int]) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def _span(part: Any) -> tuple[int, int, bool]:
    """Start, stop, and whether it is a single one whose axis goes."""
    if isinstance(part, slice):
        if part.step not in (None, 1):
            raise ConversionError(f"A family slices with a step of {part.step}: only 1 is traced.")
        return part.start or 0, _TO_THE_END if part.stop is None else part.stop, False
    start = operator.index(part)
    return start, _TO_THE_END if start == -1 else start + 1, True
