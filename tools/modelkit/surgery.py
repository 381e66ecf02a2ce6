"""What is done to ONNX graphs whoever made them: renaming, tidying, a newer opset."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import onnx
from onnx import inliner, version_converter

from modelkit.builder import OPSET
from modelkit.errors import ConversionError

_OWN = ("", "ai.onnx")  # two names of ONNX's own domain


def self_contained(network: onnx.ModelProto) -> onnx.ModelProto:
    """A copy without local functions and remembered shapes, its constants where weights are.

    Raises:
        ConversionError: it holds what cannot be copied.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(inliner.inline_local_functions(network) if network.functions else network)
    graph = copy.graph
    if graph.sparse_initializer:
        raise ConversionError("it has sparse weights")
    nodes = []
    for node in graph.node:
        tensor = next((item.t for item in node.attribute if item.name == "value"), None)
        if node.op_type == "Constant" and tensor is not None:
            graph.initializer.add().CopyFrom(tensor)
            graph.initializer[-1].name = node.output[0]
        else:
            nodes.append(node)
    held = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in held]
    del graph.node[:], graph.input[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.input.extend(inputs)
    return copy


def modern(network: onnx.ModelProto) -> onnx.ModelProto:
    """The network in an opset of `OPSET` or later.

    Raises:
        ConversionError: ONNX's own converter does not manage it.
    """
    opset = next((item.version for item in network.opset_import if item.domain in _OWN), OPSET)
    if opset >= OPSET:
        return network
    try:
        return version_converter.convert_version(network, OPSET)
    except Exception as error:  # the converter raises all kinds
        reason = " ".join(str(error).split()).rpartition("failed: ")[2] or type(error).__name__
        raise ConversionError(
            f"ONNX cannot convert it from opset {opset} to {OPSET} ({reason[:200]})"
        ) from error


def rename(graph: onnx.GraphProto, new: Callable[[str], str]) -> None:
    """Gives every tensor and node a new name, in the graphs within the graph too, in place.

    (`onnx.compose.add_prefix` overlooks weights that are read only by graphs within.)
    """
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new(name) if name else "" for name in names]
        node.name = new(node.name) if node.name else ""
        for inner in _inside(node):
            rename(inner, new)
    for item in (*graph.initializer, *graph.input, *graph.output, *graph.value_info):
        item.name = new(item.name)


def operators(graph: onnx.GraphProto) -> Iterator[str]:
    """The operators of a graph and of the graphs within it."""
    for node in graph.node:
        yield node.op_type
        for inner in _inside(node):
            yield from operators(inner)


def without_dead_ends(graph: onnx.GraphProto) -> onnx.GraphProto:
    """A copy without the nodes and weights that lead to no output."""
    wanted = {value.name for value in graph.output}
    alive = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            alive.append(node)
            wanted.update(_read(node))
    weights = [tensor for tensor in graph.initializer if tensor.name in wanted]
    copy = onnx.GraphProto(name=graph.name, input=graph.input, output=graph.output)
    copy.node.extend(reversed(alive))
    copy.initializer.extend(weights)
    return copy


def _read(node: onnx.NodeProto) -> Iterator[str]:
    yield from node.input
    for inner in _inside(node):
        yield from (value.name for value in inner.output)
        for part in inner.node:
            yield from _read(part)


def _inside(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs
