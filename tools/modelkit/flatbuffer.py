"""Writes a TensorFlow Lite file whose weights lie behind the graph instead of within it.

Format: the flatbuffers schema of TensorFlow Lite, as the package `tflite` has it. There, a buffer
either holds its bytes or says where in the file, beyond the graph, they lie. The bytes of a file
depend on nothing but what was added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

ALIGNED = 64  # bytes: what vector instructions like to read from
_VERSION = 3  # of the schema
_TYPES = {"float32": tflite.TensorType.FLOAT32, "int32": tflite.TensorType.INT32}


class _Tensor(NamedTuple):
    name: str
    dtype: str
    shape: tuple[int, ...]
    buffer: int


class _Operator(NamedTuple):
    code: int  # its place among the codes
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: str
    values: Mapping[str, Any]


class GraphWriter:
    """Growing graph: `tensor`, `constant` and `weight` return the indices that `operator` takes."""

    def __init__(self) -> None:
        self._tensors: list[_Tensor] = []
        self._operators: list[_Operator] = []
        self._codes: dict[int, int] = {}
        self._data: list[bytes] = [b""]  # of the buffers; the first one is that of no data
        self._outside: dict[int, int] = {}  # buffers beyond the graph, and their sizes in bytes

    def tensor(self, name: str, shape: Sequence[int], dtype: str = "float32") -> int:
        """Adds a tensor that is computed, or is an input."""
        return self._add(name, dtype, shape, 0)

    def constant(self, name: str, value: NDArray[Any]) -> int:
        """Adds a small constant, which the graph holds."""
        self._data.append(value.astype(value.dtype.newbyteorder("<")).tobytes())
        return self._add(name, value.dtype.name, value.shape, len(self._data) - 1)

    def weight(self, name: str, shape: Sequence[int]) -> int:
        """Adds a float32 constant that lies beyond the graph."""
        self._data.append(b"")
        self._outside[len(self._data) - 1] = 4 * int(np.prod(shape))
        return self._add(name, "float32", shape, len(self._data) - 1)

    def operator(
        self, kind: str, inputs: Sequence[int], outputs: Sequence[int], options: str, **values: Any
    ) -> None:
        """Adds an operator.

        Args:
            kind: its name in the schema's list, such as CONV_2D.
            options: the table of its options, such as Conv2DOptions, or "" where the schema has
                none; `values` are its fields.
        """
        number = getattr(tflite.BuiltinOperator, kind)
        code = self._codes.setdefault(number, len(self._codes))
        self._operators.append(_Operator(code, tuple(inputs), tuple(outputs), options, values))

    def finish(
        self, title: str, inputs: Sequence[int], outputs: Sequence[int]
    ) -> tuple[bytes, dict[int, int], int]:
        """Ends the graph.

        Returns:
            The file up to its weights; where each weight, by its index, begins in the whole file;
            and the size of the whole file in bytes.
        """
        # Where the weights begin depends on the size of the graph, which does not depend on it.
        size = len(self._encoded(title, inputs, outputs, start=ALIGNED))
        start = -(-size // ALIGNED) * ALIGNED
        graph = self._encoded(title, inputs, outputs, start)
        places, end = self._places(start)
        weights = {
            index: places[tensor.buffer]
            for index, tensor in enumerate(self._tensors)
            if tensor.buffer in places
        }
        return graph, weights, end

    def _add(self, name: str, dtype: str, shape: Sequence[int], buffer: int) -> int:
        self._tensors.append(_Tensor(name, dtype, tuple(shape), buffer))
        return len(self._tensors) - 1

    def _places(self, start: int) -> tuple[dict[int, int], int]:
        """Where the buffers beyond the graph begin, and where the last one ends."""
        places = {}
        for buffer, size in self._outside.items():
            places[buffer] = start
            start += -(-size // ALIGNED) * ALIGNED
        return places, start

    def _encoded(
        self, title: str, inputs: Sequence[int], outputs: Sequence[int], start: int
    ) -> bytes:
        builder = flatbuffers.Builder(1 << 16)
        places, _ = self._places(start)
        buffers = [
            _buffer(builder, data, places.get(index, 0), self._outside.get(index, 0))
            for index, data in enumerate(self._data)
        ]
        tensors = [_encode_tensor(builder, tensor) for tensor in self._tensors]
        operators = [_encode_operator(builder, operator) for operator in self._operators]
        codes = [_encode_code(builder, number) for number in self._codes]
        graph = _table(
            builder,
            "SubGraph",
            Name=builder.CreateString(title),
            Tensors=_offsets(builder, tensors),
            Inputs=_ints(builder, inputs),
            Outputs=_ints(builder, outputs),
            Operators=_offsets(builder, operators),
        )
        model = _table(
            builder,
            "Model",
            OperatorCodes=_offsets(builder, codes),
            Subgraphs=_offsets(builder, [graph]),
            Buffers=_offsets(builder, buffers),
            Version=_VERSION,
        )
        builder.Finish(model, b"TFL3")
        return bytes(builder.Output())


def _table(builder: Any, kind: str, **values: Any) -> int:
    """Encodes a table of the schema; what it refers to has been encoded before."""
    getattr(tflite, f"{kind}Start")(builder)
    for field, value in values.items():
        getattr(tflite, f"{kind}Add{field}")(builder, value)
    offset: int = getattr(tflite, f"{kind}End")(builder)
    return offset


def _ints(builder: Any, values: Sequence[int]) -> int:
    offset: int = builder.CreateNumpyVector(np.array(values, np.int32))
    return offset


def _offsets(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    end: int = builder.EndVector()
    return end


def _buffer(builder: Any, data: bytes, place: int, size: int) -> int:
    if size:
        return _table(builder, "Buffer", Offset=place, Size=size)
    if not data:
        return _table(builder, "Buffer")
    return _table(builder, "Buffer", Data=builder.CreateByteVector(data))


def _encode_tensor(builder: Any, tensor: _Tensor) -> int:
    return _table(
        builder,
        "Tensor",
        Name=builder.CreateString(tensor.name),
        Shape=_ints(builder, tensor.shape),
        Type=_TYPES[tensor.dtype],
        Buffer=tensor.buffer,
    )


def _encode_operator(builder: Any, operator: _Operator) -> int:
    options: dict[str, int] = {}
    values = {
        field: _ints(builder, value) if isinstance(value, tuple) else value
        for field, value in operator.values.items()
    }
    if operator.options:
        options["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, operator.options)
        options["BuiltinOptions"] = _table(builder, operator.options, **values)
    return _table(
        builder,
        "Operator",
        Inputs=_ints(builder, operator.inputs),
        Outputs=_ints(builder, operator.outputs),
        OpcodeIndex=operator.code,
        **options,
    )


def _encode_code(builder: Any, number: int) -> int:
    # Older readers know only the first field, which is a byte.
    return _table(
        builder,
        "OperatorCode",
        DeprecatedBuiltinCode=min(number, 127),
        BuiltinCode=number,
        Version=1,
    )
