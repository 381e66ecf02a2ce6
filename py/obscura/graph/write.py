"""Write small ONNX models. Field numbers are those of onnx.proto (see `inspect`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.graph.inspect import TYPES, Value
from obscura.graph.wire import bytes_field, float_field, varint

OPSET = 18  # the first with Resize's antialias
IR_VERSION = 8  # what every runtime with that opset reads

_CODES = {name: code for code, name in TYPES.items()}
_FLOAT, _INT, _STRING, _INTS = 1, 2, 3, 7  # AttributeProto.AttributeType


class Node(NamedTuple):
    """One operator. Attributes are integers, floats, texts, or sequences of integers."""

    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, Any] = {}


def model(
    title: str,
    nodes: Sequence[Node],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    constants: Mapping[str, NDArray[Any]],
) -> bytes:
    """Return an ONNX model, serialised; its bytes depend on the arguments only."""
    graph = b"".join(
        [
            *(bytes_field(1, encode(node)) for node in nodes),
            bytes_field(2, title),
            *(bytes_field(5, tensor(name, array)) for name, array in constants.items()),
            *(bytes_field(11, value_info(value)) for value in inputs),
            *(bytes_field(12, value_info(value)) for value in outputs),
        ]
    )
    return b"".join(
        [
            varint(1, IR_VERSION),
            bytes_field(2, "obscura"),
            bytes_field(7, graph),
            bytes_field(8, bytes_field(1, "") + varint(2, OPSET)),
        ]
    )


def encode(node: Node) -> bytes:
    """Encode a node, as a graph lists it."""
    return b"".join(
        [
            *(bytes_field(1, name) for name in node.inputs),
            *(bytes_field(2, name) for name in node.outputs),
            bytes_field(4, node.operator),
            *(bytes_field(5, _attribute(*item)) for item in node.attributes.items()),
        ]
    )


def code(dtype: str) -> int:
    """Return ONNX's number of a type, by its numpy name."""
    return _CODES[dtype]


def value_info(value: Value) -> bytes:
    """Encode the description of an input or output."""
    dims = b"".join(
        bytes_field(1, varint(1, size) if isinstance(size, int) else bytes_field(2, size))
        for size in value.shape
    )
    tensor = varint(1, code(value.dtype)) + bytes_field(2, dims)
    return bytes_field(1, value.name) + bytes_field(2, bytes_field(1, tensor))


def tensor(name: str, array: NDArray[Any]) -> bytes:
    """Encode a constant, as a graph lists it."""
    little = np.asarray(array)
    little = little.astype(little.dtype.newbyteorder("<"))
    return b"".join(
        [
            *(varint(1, size) for size in array.shape),
            varint(2, code(array.dtype.name)),
            bytes_field(8, name),
            bytes_field(9, little.tobytes()),
        ]
    )


def _attribute(name: str, value: Any) -> bytes:
    if isinstance(value, str):
        kind, data = _STRING, bytes_field(4, value)
    elif isinstance(value, float):
        kind, data = _FLOAT, float_field(2, value)
    elif isinstance(value, int):
        kind, data = _INT, varint(3, value)
    else:
        kind, data = _INTS, b"".join(varint(8, item) for item in value)
    return bytes_field(1, name) + data + varint(20, kind)
