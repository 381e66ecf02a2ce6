"""Cuts a graph open where the picture has reached its size, for engines that resize by themselves.

A GPU has no kernels for bytes, and a frame that is on the GPU already should stay there. So for it
the first nodes of a sealed network, or of the graph that `prepare` makes, are left out: what comes
in instead is the picture at the network's own size, as floats. All else stays as it is, weights
included, so there is one file of weights for all engines.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from obscura.errors import BackendError, ModelUnreadable
from obscura.graph.inspect import Value, read_value
from obscura.graph.wire import BYTES, VARINT, Field, Reader, bytes_field, varint
from obscura.graph.write import Node, model, value_info

_SIZING = ("Resize", "Pad")
_RAW = 9  # TensorProto.raw_data
_BYTES = {"float32": 4, "float16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint8": 1, "bool": 1}


class Cut(NamedTuple):
    """What is left of a graph."""

    model: bytes
    """Serialised. Its one input is float32 ``[1, height, width, 4]``, RGBA in 0..255, under the
    name that the sized picture has in the graph."""
    pad: int
    """The grey of a letterbox's bars, 0..255; 0 for graphs that stretch."""
    outputs: tuple[Value, ...]
    unbatched: dict[str, str]
    """Outputs that lack their first axis, of length 1, and the names they have with it: putting it
    there moves no data, so a captured graph, which holds computations alone, would leave it out."""


def blank(values: Sequence[Value]) -> bytes:
    """Return an ONNX model whose outputs have room for these tensors of a fixed shape.

    It fills them with its one input, a number; all are float32, whatever they are to hold.

    Raises:
        BackendError: a size may vary.
    """
    sizes = []
    for value in values:
        if not value.is_fixed() or value.dtype not in _BYTES:
            raise BackendError("A GPU cannot keep room for a size that may vary", value.name)
        count = math.prod(size for size in value.shape if isinstance(size, int))
        sizes.append(-(-count * _BYTES[value.dtype] // 16) * 4)  # whole vectors of four
    return model(
        "blank",
        [Node("Expand", ["value", f"size{i}"], [f"room{i}"]) for i in range(len(sizes))],
        [Value("value", "float32", (1,))],
        [Value(f"room{i}", "float32", (size,)) for i, size in enumerate(sizes)],
        {f"size{i}": np.array([size], np.int64) for i, size in enumerate(sizes)},
    )


class _Node(NamedTuple):
    field: Field
    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    used: frozenset[str]  # its inputs, and what graphs within it take from around them


def cut(network: bytes, width: int, height: int) -> Cut | None:
    """Leave out the nodes that bring a picture to ``width`` by ``height``.

    Args:
        network: an ONNX model whose one input is uint8 ``[1, any, any, 4]``, RGBA, and whose first
            nodes are a Resize, and a Pad if it letterboxes.

    Returns:
        the rest; None if it does not begin like that, or needs the whole picture elsewhere, too.

    Raises:
        ModelUnreadable: it is no ONNX model.
    """
    reader = Reader(lambda start, stop: network[start:stop], len(network))
    whole = list(reader.fields(0, len(network)))
    graph = next((field for field in whole if field.number == 7), None)
    if graph is None:
        raise ModelUnreadable("The file is no ONNX model", f"{len(network)} bytes")
    parts = list(reader.fields(graph.start, graph.stop))
    nodes = [_node(reader, part) for part in parts if part.number == 1]
    weights = {_text(reader, part, 8): part for part in parts if part.number == 5}
    inputs = [_text(reader, part, 1) for part in parts if part.number == 11]
    unbatched = {}
    outputs = {}
    for part in parts:
        if part.number == 12:
            value = read_value(reader, part)
            last = next((node for node in nodes if value.name in node.outputs), None)
            if last is not None and _adds_batch(reader, network, last, weights):
                unbatched[last.inputs[0]] = value.name
                value = Value(last.inputs[0], value.dtype, value.shape[1:])
            outputs[value.name] = value
    if len(inputs) != 1:
        return None
    sized, pad = inputs[0], 0
    while step := _sizing(nodes, sized):
        if step.operator == "Pad" and step.inputs[2] in weights:
            (pad,) = _raw(reader, network, weights[step.inputs[2]])
        sized = step.outputs[0]
    left = _needed(nodes, sized, outputs)
    used = frozenset(outputs).union(*(node.used for node in left))
    if sized == inputs[0] or inputs[0] in used:
        return None
    kept = {node.field for node in left} | {f for name, f in weights.items() if name in used}
    # Nodes and weights that no one needs, the old input and outputs, shapes of what is between.
    dropped = {1, 5, 11, 12, 13}
    rest = [
        bytes_field(part.number, network[part.start : part.stop])
        for part in parts
        if part in kept or part.number not in dropped
    ]
    rest.append(bytes_field(11, value_info(Value(sized, "float32", (1, height, width, 4)))))
    rest += [bytes_field(12, value_info(value)) for value in outputs.values()]
    return Cut(
        b"".join(
            bytes_field(7, b"".join(rest)) if field is graph else _copy(network, field)
            for field in whole
        ),
        pad,
        tuple(outputs.values()),
        unbatched,
    )


def _sizing(nodes: Sequence[_Node], tensor: str) -> _Node | None:
    return next((n for n in nodes if n.inputs[:1] == [tensor] and n.operator in _SIZING), None)


def _adds_batch(reader: Reader, network: bytes, node: _Node, weights: dict[str, Field]) -> bool:
    axes = weights.get(node.inputs[1]) if node.operator == "Unsqueeze" else None
    return axes is not None and _raw(reader, network, axes) == bytes(8)  # int64: [0]


def _needed(nodes: Sequence[_Node], given: str, outputs: Collection[str]) -> list[_Node]:
    """The nodes that the outputs take, from the tensor `given` on; nodes stand in order."""
    wanted, needed = set(outputs), []
    for node in reversed(nodes):
        if given not in node.outputs and not wanted.isdisjoint(node.outputs):
            wanted |= node.used
            needed.append(node)
    return needed[::-1]


def _node(reader: Reader, field: Field) -> _Node:
    operator, inputs, outputs = "", [], []
    used = set()
    for part in reader.fields(field.start, field.stop):
        match part.number:
            case 1:
                inputs.append(reader.text(part))
            case 2:
                outputs.append(reader.text(part))
            case 4:
                operator = reader.text(part)
            case 5:
                used |= _within(reader, part)
    return _Node(field, operator, inputs, outputs, frozenset({*inputs, *used}))


def _within(reader: Reader, attribute: Field) -> set[str]:
    """The names that the nodes of an attribute's graphs take, wherever from."""
    used = set[str]()
    for part in reader.fields(attribute.start, attribute.stop):
        if part.number in (6, 11) and part.wire_type == BYTES:
            for inner in reader.fields(part.start, part.stop):
                if inner.number == 1:
                    used |= _node(reader, inner).used
                elif inner.number == 12:
                    used.add(_text(reader, inner, 1))
    return used


def _text(reader: Reader, message: Field, number: int) -> str:
    parts = reader.fields(message.start, message.stop)
    return next((reader.text(part) for part in parts if part.number == number), "")


def _raw(reader: Reader, network: bytes, tensor: Field) -> bytes:
    parts = reader.fields(tensor.start, tensor.stop)
    return next((network[part.start : part.stop] for part in parts if part.number == _RAW), b"")


def _copy(network: bytes, field: Field) -> bytes:
    if field.wire_type == VARINT:
        return varint(field.number, field.value)
    return bytes_field(field.number, network[field.start : field.stop])
