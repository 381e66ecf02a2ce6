"""Remove the resizing nodes of a graph, for engines that resize the picture themselves.

A GPU has no kernels for bytes, and a frame that is already on the GPU should stay there. For it,
the first nodes of a sealed network, or of the graph that `prepare` makes, are removed: the input
is then the picture at the network's own size, as floats. Everything else stays unchanged,
including the weights, so that all engines share one file of weights.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from obscura.errors import BackendError
from obscura.graph.inspect import Value, read_value
from obscura.graph.nodes import BETWEEN, INPUT, NODE, OUTPUT, WEIGHT, GraphNode, Parts
from obscura.graph.wire import bytes_field
from obscura.graph.write import Node, model, value_info

_SIZING = ("Resize", "Pad")
_BYTES = {"float32": 4, "float16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint8": 1, "bool": 1}


class Cut(NamedTuple):
    """A graph without its resizing nodes."""

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
    """Return an ONNX model whose outputs are large enough for these tensors of fixed shapes.

    They are filled with the model's one input, a number, and all are float32.

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


def cut(network: bytes, width: int, height: int) -> Cut | None:
    """Remove the nodes that resize a picture to ``width`` by ``height``.

    Args:
        network: an ONNX model whose one input is uint8 ``[1, any, any, 4]``, RGBA, and whose first
            nodes are a Resize, and a Pad if it letterboxes.

    Returns:
        the remaining graph; None if it does not start like that, or also uses the whole picture
        elsewhere.

    Raises:
        ModelUnreadable: the bytes are not an ONNX model.
    """
    graph = Parts(network)
    nodes, weights, inputs = graph.nodes, graph.weights, graph.inputs
    unbatched = {}
    outputs = {}
    for part in graph.of(OUTPUT):
        value = read_value(graph.reader, part)
        last = next((node for node in nodes if value.name in node.outputs), None)
        if last is not None and _adds_batch(graph, last):
            unbatched[last.inputs[0]] = value.name
            value = Value(last.inputs[0], value.dtype, value.shape[1:])
        outputs[value.name] = value
    if len(inputs) != 1:
        return None
    sized, pad = inputs[0], 0
    while step := _sizing(nodes, sized):
        if step.operator == "Pad" and step.inputs[2] in weights:
            (pad,) = graph.raw(weights[step.inputs[2]])
        sized = step.outputs[0]
    left = _needed(nodes, sized, outputs)
    used = frozenset(outputs).union(*(node.used for node in left))
    if sized == inputs[0] or inputs[0] in used:
        return None
    kept = {node.field for node in left} | {f for name, f in weights.items() if name in used}
    # Unused nodes and weights, the old input and outputs, shapes of intermediate tensors.
    dropped = {NODE, WEIGHT, INPUT, OUTPUT, BETWEEN}
    rest = [graph.kept(part) for part in graph.parts if part in kept or part.number not in dropped]
    rest.append(bytes_field(INPUT, value_info(Value(sized, "float32", (1, height, width, 4)))))
    rest += [bytes_field(OUTPUT, value_info(value)) for value in outputs.values()]
    return Cut(graph.with_graph(rest), pad, tuple(outputs.values()), unbatched)


def _sizing(nodes: Sequence[GraphNode], tensor: str) -> GraphNode | None:
    return next((n for n in nodes if n.inputs[:1] == (tensor,) and n.operator in _SIZING), None)


def _adds_batch(graph: Parts, node: GraphNode) -> bool:
    axes = graph.weights.get(node.inputs[1]) if node.operator == "Unsqueeze" else None
    return axes is not None and graph.raw(axes) == bytes(8)  # int64: [0]


def _needed(nodes: Sequence[GraphNode], given: str, outputs: Collection[str]) -> list[GraphNode]:
    """Return the nodes that the outputs depend on, from the tensor `given` on, in order."""
    wanted, needed = set(outputs), []
    for node in reversed(nodes):
        if given not in node.outputs and not wanted.isdisjoint(node.outputs):
            wanted |= node.used
            needed.append(node)
    return needed[::-1]
