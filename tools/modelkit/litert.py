"""Makes core.litert: a sealed model for LiteRT, without its weights, which are in model.onnx.

The file has three parts: the length of the second in bytes (uint32, little-endian); a table in
JSON, filled up with spaces to whole multiples of eight bytes; and the graph, a TensorFlow Lite file
that ends where its weights begin. The table has

    network  the sha256 of the model.onnx that it goes with
    bytes    the size of the whole TensorFlow Lite file
    weights  rows [type, from, scales, O, I, P, step of O, step of I, step of P, to]

A row is a weight that model.onnx holds from the byte `from` on as int8, float16 or float32, as O
times I times P numbers in that order. The number (o, i, p) is multiplied by the float32 number o
from the byte `scales` on (if that is not 0), and becomes float32 number `o * step of O + i * step
of I + p * step of P` from the byte `to` on of the whole file. assets/litert/fill.js does so.

The graph's input is float32 [1, H, W, 3], RGB in 0..255; its outputs are those of the sealed model.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from modelkit.errors import ConversionError
from modelkit.flatbuffer import GraphWriter
from modelkit.litert_nodes import Translation
from modelkit.seal import RGB
from obscura.graph.nodes import Parts

CORE = "core.litert"
_RAW = 9  # TensorProto.raw_data
_UNIT = 8  # bytes: the graph begins at a multiple


def core(network: bytes) -> bytes:
    """The file that goes with a sealed model.

    Args:
        network: the bytes of model.onnx.

    Raises:
        ConversionError: there is no rule for a part of it.
    """
    model = onnx.load_from_string(network)
    writer = GraphWriter()
    translation = Translation(model, writer, RGB)
    graph, places, size = writer.finish(model.graph.name, [translation.input], translation.outputs)
    stored = _Stored(model, network)
    rows = [
        [*stored.row(name, axes), places[index]]
        for name, (index, axes) in translation.weights.items()
    ]
    mark = hashlib.sha256(network).hexdigest()
    table = json.dumps({"network": mark, "bytes": size, "weights": rows}, separators=(",", ":"))
    table += " " * (-(4 + len(table)) % _UNIT)
    return len(table).to_bytes(4, "little") + table.encode() + graph


class _Stored:
    """How a model's file stores the float constants that its nodes read."""

    def __init__(self, model: onnx.ModelProto, network: bytes) -> None:
        self._parts = Parts(network)
        self._shapes = {item.name: tuple(item.dims) for item in model.graph.initializer}
        self._types = {
            item.name: numpy_helper.to_array(item).dtype.name for item in model.graph.initializer
        }

    def row(self, name: str, axes: tuple[int, ...]) -> list[Any]:
        """A row of the table, without its last number.

        Args:
            axes: the order of the constant's axes in the graph.
        """
        stored, scales = name, 0
        if name not in self._types:  # it is unpacked, see `compact`
            stored = next(s for s in (f"{name}/int8", f"{name}/float16") if s in self._types)
        if self._types[stored] == "int8":
            scales = self._start(f"{name}/scale")
        shape = (*self._shapes[stored], 1, 1, 1, 1)[: max(3, len(axes))]
        shape = (shape[0], shape[1], int(np.prod(shape[2:])))
        return [self._types[stored], self._start(stored), scales, *shape, *_steps(shape, axes)]

    def _start(self, name: str) -> int:
        """Where a constant's bytes begin in the file."""
        tensor = self._parts.weights[name]
        for part in self._parts.reader.fields(tensor.start, tensor.stop):
            if part.number == _RAW:
                return part.start
        raise ConversionError(f"The constant {name!r} is stored in another way than as bytes.")


def _steps(shape: tuple[int, int, int], axes: tuple[int, ...]) -> tuple[int, int, int]:
    """How many numbers apart neighbours along O, I and P are in the graph."""
    outer, inner, pixels = shape
    if axes == (0, 2, 3, 1):
        return inner * pixels, 1, inner
    if axes == (1, 2, 3, 0):
        return 1, 1, outer
    return inner * pixels, pixels, 1
