"""Convert the convolutions of a network to half precision (float16, IEEE 754 binary16).

A GPU that supports it computes faster and moves half the bytes. Inputs and outputs stay unchanged,
and so do the few nodes next to them, because coordinates need more digits. Weights stay as they are
stored, so that all engines share one file: casts between them and the convolutions are computed
once, when the runtime opens the network.
"""

from __future__ import annotations

from collections.abc import Collection

from obscura.graph.nodes import BETWEEN, NODE, OUTPUT, GraphNode, Parts
from obscura.graph.wire import bytes_field
from obscura.graph.write import Node, code, encode

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_ACTIVATIONS = (
    "Clip", "Elu", "HardSigmoid", "HardSwish", "LeakyRelu", "PRelu", "Relu", "Sigmoid", "Tanh",
)  # fmt: skip
"""Nodes of one value; their other inputs are limits and slopes."""
_JOINTS = ("Add", "Concat", "GlobalAveragePool", "MaxPool", "AveragePool", "Mul")
"""Nodes of values of the same kind. One with a constant may be computing coordinates."""
_RESIZE = "Resize"  # its other inputs are sizes, of other types
_FLOAT = 1  # TensorProto.DataType
_SUFFIX = "/half"


def halve(network: bytes) -> bytes | None:
    """Return an ONNX model whose float32 convolutions, and the nodes between them, are float16.

    Args:
        network: an ONNX model.

    Returns:
        the model; None if it has no float32 convolution.

    Raises:
        ModelUnreadable: the bytes are not an ONNX model.
    """
    graph = Parts(network)
    constants = _floats(graph)
    halves = set[str]()  # values that exist in half precision
    chosen = set[GraphNode]()
    for node in graph.nodes:
        if _computes_halves(node, halves, constants):
            chosen.add(node)
            halves |= {*node.outputs}
    if not halves:
        return None
    outputs = {graph.name(part) for part in graph.of(OUTPUT)}
    whole = outputs.union(*(node.used for node in graph.nodes if node not in chosen))
    parts, cast = [], set[str]()
    for node in graph.nodes:
        if node not in chosen:
            parts.append(graph.kept(node.field))
            continue
        computed = node.inputs[: 1 if node.operator == _RESIZE else None]
        for name in computed:
            if name and name not in halves | cast:
                cast.add(name)
                parts.append(_cast(name, name + _SUFFIX, "float16"))
        names = [name and name + _SUFFIX for name in computed]
        names += node.inputs[len(computed) :]
        parts.append(graph.renamed(node, names, [name + _SUFFIX for name in node.outputs]))
        parts += [_cast(name + _SUFFIX, name, "float32") for name in node.outputs if name in whole]
    parts += [graph.kept(part) for part in graph.parts if part.number not in (NODE, BETWEEN)]
    return graph.with_graph(parts)


def _floats(graph: Parts) -> frozenset[str]:
    """Return the constants that are float32, either as stored or after unpacking."""
    constants = {*graph.weights}
    floats = {name for name, part in graph.weights.items() if graph.number(part, 2) == _FLOAT}
    for node in graph.nodes:
        if not node.used or not node.used <= constants:
            continue
        constants |= {*node.outputs}
        if node.operator == "Cast":
            unpacked = graph.option(node, "to") == _FLOAT
        else:
            # The type is that of the scale, the second, or of the first.
            second = node.operator == "DequantizeLinear"
            unpacked = floats.issuperset(node.inputs[second : second + 1] or ("",))
        if unpacked:
            floats |= {*node.outputs}
    return frozenset(floats)


def _computes_halves(node: GraphNode, halves: Collection[str], constants: Collection[str]) -> bool:
    given = [name for name in node.inputs if name]
    if not given or len(node.outputs) != 1:
        return False
    if node.operator in _CONVOLUTIONS:
        return all(name in constants for name in given[1:])
    if node.operator == _RESIZE:
        return given[0] in halves
    if node.operator in _ACTIVATIONS:
        return given[0] in halves and all(name in constants for name in given[1:])
    return node.operator in _JOINTS and all(name in halves for name in given)


def _cast(name: str, to: str, dtype: str) -> bytes:
    return bytes_field(NODE, encode(Node("Cast", [name], [to], {"to": code(dtype)})))
