"""Parts of an ONNX graph: nodes that can be changed, and everything else copied unchanged.

Field numbers are those of onnx.proto (see `inspect`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from obscura.errors import ModelUnreadable
from obscura.graph.wire import BYTES, VARINT, Field, Reader, bytes_field, varint

NODE, WEIGHT, INPUT, OUTPUT, BETWEEN = 1, 5, 11, 12, 13
"""Kinds of parts, `GraphProto`'s numbers: the last says the shape of a value between nodes."""
_RAW = 9  # TensorProto.raw_data


class GraphNode(NamedTuple):
    """A node of the file."""

    field: Field
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    used: frozenset[str]
    """Its inputs, and what graphs within it take from around them."""


class Parts:
    """A model, split into the parts of its graph.

    Raises (all methods):
        ModelUnreadable: the file is not an ONNX model, or is damaged.
    """

    def __init__(self, network: bytes) -> None:
        self._network = network
        self.reader = Reader(lambda start, stop: network[start:stop], len(network))
        self._whole = list(self.reader.fields(0, len(network)))
        graph = next((field for field in self._whole if field.number == 7), None)
        if graph is None:
            raise ModelUnreadable("The file is not an ONNX model", f"{len(network)} bytes")
        self._graph = graph
        self.parts = list(self.reader.fields(graph.start, graph.stop))
        self.nodes = [self._node(part) for part in self.of(NODE)]
        self.weights = {self._text(part, 8): part for part in self.of(WEIGHT)}
        self.inputs = [self.name(part) for part in self.of(INPUT)]

    def of(self, number: int) -> list[Field]:
        """Return the graph's parts of a kind."""
        return [part for part in self.parts if part.number == number]

    def kept(self, part: Field) -> bytes:
        """Return a part of the graph, or of one of its parts, as it is."""
        if part.wire_type == VARINT:
            return varint(part.number, part.value)
        return bytes_field(part.number, self._network[part.start : part.stop])

    def renamed(self, node: GraphNode, inputs: Iterable[str], outputs: Iterable[str]) -> bytes:
        """Return a node with other inputs and outputs."""
        others = [
            self.kept(part)
            for part in self.reader.fields(node.field.start, node.field.stop)
            if part.number not in (1, 2)
        ]
        names = [bytes_field(1, name) for name in inputs]
        names += [bytes_field(2, name) for name in outputs]
        return bytes_field(NODE, b"".join([*names, *others]))

    def with_graph(self, parts: Iterable[bytes]) -> bytes:
        """Return the model with a graph of other parts."""
        graph = bytes_field(7, b"".join(parts))
        return b"".join(graph if part is self._graph else self.kept(part) for part in self._whole)

    def raw(self, weight: Field) -> bytes:
        """Return the bytes of a tensor; b"" if it is stored in another way."""
        parts = self.reader.fields(weight.start, weight.stop)
        found = (self._network[part.start : part.stop] for part in parts if part.number == _RAW)
        return next(found, b"")

    def number(self, message: Field, number: int) -> int:
        """Return an integer of a message; 0 if it is missing."""
        parts = self.reader.fields(message.start, message.stop)
        return next((part.value for part in parts if part.number == number), 0)

    def option(self, node: GraphNode, name: str) -> int:
        """Return an integer attribute of a node; 0 if it is missing."""
        for part in self.reader.fields(node.field.start, node.field.stop):
            if part.number == 5 and self._text(part, 1) == name:
                return self.number(part, 3)
        return 0

    def word(self, node: GraphNode, name: str) -> str:
        """Return a text attribute of a node; "" if it is missing."""
        for part in self.reader.fields(node.field.start, node.field.stop):
            if part.number == 5 and self._text(part, 1) == name:
                return self._text(part, 4)
        return ""

    def real(self, node: GraphNode, name: str, otherwise: float) -> float:
        """Return a float attribute of a node; ``otherwise`` if it is missing."""
        for part in self.reader.fields(node.field.start, node.field.stop):
            if part.number == 5 and self._text(part, 1) == name:
                for value in self.reader.fields(part.start, part.stop):
                    if value.number == 2:
                        return float(struct.unpack("<f", value.value.to_bytes(4, "little"))[0])
        return otherwise

    def label(self, weight: Field) -> str:
        """Return the name of a weight."""
        return self._text(weight, 8)

    def name(self, value: Field) -> str:
        """Return the name of an input or output."""
        return self._text(value, 1)

    def _text(self, message: Field, number: int) -> str:
        parts = self.reader.fields(message.start, message.stop)
        return next((self.reader.text(part) for part in parts if part.number == number), "")

    def _node(self, field: Field) -> GraphNode:
        operator, inputs, outputs = "", [], []
        used = set()
        for part in self.reader.fields(field.start, field.stop):
            match part.number:
                case 1:
                    inputs.append(self.reader.text(part))
                case 2:
                    outputs.append(self.reader.text(part))
                case 4:
                    operator = self.reader.text(part)
                case 5:
                    used |= self._within(part)
        used |= {*inputs}
        return GraphNode(field, operator, tuple(inputs), tuple(outputs), frozenset(used))

    def _within(self, attribute: Field) -> set[str]:
        """Return the names of all inputs of nodes in the graphs of an attribute."""
        used = set[str]()
        for part in self.reader.fields(attribute.start, attribute.stop):
            if part.number in (6, 11) and part.wire_type == BYTES:
                for inner in self.reader.fields(part.start, part.stop):
                    if inner.number == NODE:
                        used |= self._node(inner).used
                    elif inner.number == OUTPUT:
                        used.add(self._text(inner, 1))
        return used
