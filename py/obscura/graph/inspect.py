"""Describe an ONNX file: inputs, outputs, metadata and operators, without reading weights.

Field numbers are those of onnx.proto (ONNX, Apache-2.0, https://github.com/onnx/onnx).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from obscura.errors import ModelUnreadable
from obscura.graph.wire import BYTES, Field, Read, Reader, signed

TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    16: "bfloat16",
}  # fmt: skip
_DEEPEST = 8  # graphs within graphs
_EXTERNAL = 1  # TensorProto.DataLocation


class Value(NamedTuple):
    """One input or output of a graph."""

    name: str
    dtype: str  # numpy's name; "" if unknown
    shape: tuple[int | str, ...]  # sizes, names of variable sizes, "" for unknown ones

    def is_fixed(self) -> bool:
        """Return whether every size is a number."""
        return all(isinstance(size, int) for size in self.shape)


class Graph(NamedTuple):
    """Description of an ONNX model."""

    inputs: tuple[Value, ...]  # without those that have a value in the file
    outputs: tuple[Value, ...]
    metadata: dict[str, str]
    opsets: dict[str, int]  # version by domain, "" for ONNX's own
    operators: frozenset[str]  # "Conv", or "domain:Name" for operators of other domains
    external: tuple[str, ...]  # other files with weights
    producer: str
    size: int  # bytes


def inspect(read: Read, size: int) -> Graph:
    """Read the description of an ONNX model.

    Args:
        read: ``read(start, stop)`` returns these bytes of the file.
        size: size of the file in bytes.

    Raises:
        ModelUnreadable: the file is not an ONNX model, or is damaged or cut short.
    """
    reader = Reader(read, size)
    producer, metadata, opsets = "", {}, {}
    walk = _Walk(reader)
    graphs = 0
    for field in reader.fields(0, size):
        match field.number:
            case 2:
                producer = reader.text(field)
            case 7:
                graphs += 1
                walk.graph(field, top=True)
            case 8:
                domain, version = "", 0
                for part in _inside(reader, field):
                    if part.number == 1:
                        domain = reader.text(part)
                    elif part.number == 2:
                        version = part.value
                opsets["" if domain == "ai.onnx" else domain] = version
            case 14:
                pair = {part.number: reader.text(part) for part in _inside(reader, field)}
                metadata[pair.get(1, "")] = pair.get(2, "")
    if not graphs or not opsets or not walk.outputs:
        raise ModelUnreadable("The file is not an ONNX model", f"{size} bytes")
    return Graph(
        inputs=tuple(value for value in walk.inputs if value.name not in walk.initialized),
        outputs=tuple(walk.outputs),
        metadata=metadata,
        opsets=opsets,
        operators=frozenset(walk.operators),
        external=tuple(sorted(walk.external)),
        producer=producer,
        size=size,
    )


class _Walk:
    """Collects the contents of a graph and of the graphs within it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        self.initialized: set[str] = set()
        self.operators: set[str] = set()
        self.external: set[str] = set()

    def graph(self, field: Field, *, top: bool, depth: int = 0) -> None:
        if depth > _DEEPEST:
            raise ModelUnreadable("The model nests graphs too deeply", depth)
        for part in _inside(self._reader, field):
            match part.number:
                case 1:
                    self._node(part, depth)
                case 5:
                    self._initializer(part)
                case 11 if top:
                    self.inputs.append(read_value(self._reader, part))
                case 12 if top:
                    self.outputs.append(read_value(self._reader, part))

    def _node(self, field: Field, depth: int) -> None:
        operator, domain = "", ""
        for part in _inside(self._reader, field):
            match part.number:
                case 4:
                    operator = self._reader.text(part)
                case 7:
                    domain = self._reader.text(part)
                case 5:
                    self._attribute(part, depth)
        self.operators.add(operator if domain in ("", "ai.onnx") else f"{domain}:{operator}")

    def _attribute(self, field: Field, depth: int) -> None:
        for part in _inside(self._reader, field):
            match part.number:
                case 5:
                    self._initializer(part)
                case 6 | 11:
                    self.graph(part, top=False, depth=depth + 1)

    def _initializer(self, field: Field) -> None:
        file, external = "", False
        for part in _inside(self._reader, field):
            match part.number:
                case 8:
                    self.initialized.add(self._reader.text(part))
                case 13:
                    entry = {p.number: self._reader.text(p) for p in _inside(self._reader, part)}
                    file = entry.get(2, "") if entry.get(1) == "location" else file
                case 14:
                    external = part.value == _EXTERNAL
        if external:
            self.external.add(file)


def read_value(reader: Reader, field: Field) -> Value:
    """Read the description of an input or output.

    Raises:
        ModelUnreadable: the field is not a message, or is damaged.
    """
    name, dtype = "", ""
    shape: tuple[int | str, ...] = ()
    for part in _inside(reader, field):
        if part.number == 1:
            name = reader.text(part)
        elif part.number == 2:
            for kind in _inside(reader, part):
                if kind.number == 1:  # a tensor; sequences and maps have no shape
                    dtype, shape = _tensor_type(reader, kind)
    return Value(name, dtype, shape)


def _tensor_type(reader: Reader, field: Field) -> tuple[str, tuple[int | str, ...]]:
    dtype = ""
    shape: list[int | str] = []
    for part in _inside(reader, field):
        if part.number == 1:
            dtype = TYPES.get(part.value, "")
        elif part.number == 2:
            shape = [_size(reader, dim) for dim in _inside(reader, part) if dim.number == 1]
    return dtype, tuple(shape)


def _size(reader: Reader, field: Field) -> int | str:
    for part in _inside(reader, field):
        if part.number == 1 and signed(part.value) > 0:
            return part.value
        if part.number == 2:
            return reader.text(part)
    return ""


def _inside(reader: Reader, field: Field) -> Iterator[Field]:
    if field.wire_type != BYTES:
        raise ModelUnreadable(
            "The file is not an ONNX model", f"field {field.number} is no message"
        )
    return reader.fields(field.start, field.stop)
