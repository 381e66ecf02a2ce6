"""Split a network in three, for WebGL: it has kernels for convolutions and what surrounds them, in
float32, and for little else.

The middle is all that WebGL computes. What comes before the first convolution (bytes to floats) and
after the last node that WebGL knows (the choice of the best rows) stay ONNX models of their own,
for onnxruntime's wasm. All weights come from the one file: those stored in a smaller type are
unpacked, because the middle may hold float32 alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.errors import BackendError
from obscura.graph.inspect import TYPES, Value, read_value
from obscura.graph.nodes import BETWEEN, INPUT, NODE, OUTPUT, WEIGHT, GraphNode, Parts
from obscura.graph.wire import Field, bytes_field, varint
from obscura.graph.write import Node, code, encode, tensor, value_info

_CONVOLUTIONS = ("Conv", "ConvTranspose")
_KNOWN = frozenset(
    (
        *_CONVOLUTIONS, "Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Constant",
        "DepthToSpace", "Div", "Elu", "Exp", "Flatten", "Gemm", "GlobalAveragePool",
        "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization",
        "LeakyRelu", "MatMul", "MaxPool", "Mul", "Neg", "PRelu", "Pad", "Relu", "Reshape", "Resize",
        "Sigmoid", "Slice", "Sqrt", "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze",
    )
)  # fmt: skip
"""Operators with a kernel for WebGL, or written with others here. Of the rest of its list some read
an older form of the operator, and compute something else without a word."""


_FAR = 2**31 - 1


class Middle(NamedTuple):
    """A network in three parts, each an ONNX model. Values keep their names across the parts."""

    first: bytes
    """Takes what the network takes; b"" if there is nothing before the middle."""
    model: bytes
    """For WebGL: float32 alone. The sizes of its inputs and outputs are 0, for any size."""
    last: bytes
    """Takes what the others return; b"" if there is nothing after the middle."""


def middle(network: bytes) -> Middle:
    """Split a network.

    Args:
        network: an ONNX model.

    Raises:
        ModelUnreadable: the bytes are not an ONNX model.
        BackendError: a convolution depends on an operator that WebGL has not, or there is none.
    """
    graph = Parts(network)
    constants = _unpacked(graph)
    nodes = [node for node in graph.nodes if node.outputs[0] not in constants]
    before, within, after = _divide(graph, nodes)
    if not within:
        raise BackendError("WebGL has nothing to compute in a network without convolutions")
    inputs = {graph.name(part): graph.kept(part) for part in graph.of(INPUT)}
    outputs = {graph.name(part): graph.kept(part) for part in graph.of(OUTPUT)}
    made = [{name for node in part for name in node.outputs} for part in (before, within, after)]
    used = [frozenset[str]().union(*(node.used for node in part)) for part in (within, after)]
    writer = _Writer(graph, constants)
    handed = sorted(made[0] & (used[0] | used[1] | {*outputs}))
    returned = sorted(made[1] & (used[1] | {*outputs}))
    images = {node.inputs[0] for node in within if node.operator in _CONVOLUTIONS} & made[0]
    if (made[0] & used[0]) - images or made[0] & used[1]:
        raise BackendError("WebGL cannot take over in this network: its parts share too much")
    first = writer.model(
        [graph.kept(node.field) for node in before],
        before,
        [*inputs.values()],
        [outputs.get(name) or _float(OUTPUT, name) for name in handed],
    )
    core = writer.model(
        [part for node in within for part in writer.rewritten(node)],
        within,
        [
            *(_float(INPUT, name, 4) for name in sorted(images)),
            *(
                _float(INPUT, value.name, len(value.shape))
                for value in (read_value(graph.reader, part) for part in graph.of(INPUT))
                if value.name in used[0]
            ),
        ],
        [_float(OUTPUT, name, 0) for name in returned],
        writer.limits(within),
        narrow=True,
    )
    rest = writer.model(
        [graph.kept(node.field) for node in after],
        after,
        [
            *(_float(INPUT, name) for name in sorted(made[1] & used[1])),
            *(part for name, part in inputs.items() if name in used[1]),
        ],
        [outputs[name] for name in outputs if name in made[2]],
    )
    return Middle(first if before else b"", core, rest if after else b"")


def _divide(
    graph: Parts, nodes: Iterable[GraphNode]
) -> tuple[list[GraphNode], list[GraphNode], list[GraphNode]]:
    """Return the nodes before the first convolutions, those for WebGL, and those after them."""
    before: list[GraphNode] = []
    within: list[GraphNode] = []
    after: list[GraphNode] = []
    convolved, beyond = set[str](), set[str]()
    lacking: list[str] = []
    for node in nodes:
        lacks = node.operator not in _KNOWN or (
            node.operator == "Resize" and graph.word(node, "mode") != "linear"
        )
        if not node.used.isdisjoint(beyond) or (lacks and not node.used.isdisjoint(convolved)):
            if node.operator in _CONVOLUTIONS:
                raise BackendError("WebGL lacks an operator of this network", ", ".join(lacking))
            lacking += [node.operator] if lacks else []
            beyond |= {*node.outputs}
            after.append(node)
        elif node.operator in _CONVOLUTIONS or not node.used.isdisjoint(convolved):
            convolved |= {*node.outputs}
            within.append(node)
        else:
            before.append(node)
    return _wanted(before, within, after), within, after


def _wanted(
    before: list[GraphNode], within: list[GraphNode], after: list[GraphNode]
) -> list[GraphNode]:
    """Move constants that a node makes (`Constant`) to the parts that use them; return the rest."""
    fixed = [node for node in before if node.operator == "Constant"]
    for part in (within, after):
        used = frozenset[str]().union(*(node.used for node in part))
        part[:0] = [node for node in fixed if node.outputs[0] in used]
    rest = [node for node in before if node.operator != "Constant"]
    used = frozenset[str]().union(*(node.used for node in rest))
    return [node for node in fixed if node.outputs[0] in used] + rest


class _Writer:
    """Writes parts of a graph as models."""

    def __init__(self, graph: Parts, constants: dict[str, NDArray[Any]]) -> None:
        self._graph, self._constants = graph, constants

    def model(
        self,
        nodes: list[bytes],
        of: Collection[GraphNode],
        inputs: list[bytes],
        outputs: list[bytes],
        more: Iterable[bytes] = (),
        *,
        narrow: bool = False,
    ) -> bytes:
        """Return a model of these nodes, with the weights that they use.

        Args:
            nodes: the parts to write for the nodes `of`.
            more: further weights.
            narrow: whether whole numbers may have 32 bits at most.
        """
        graph, used = self._graph, frozenset[str]().union(*(node.used for node in of))
        dropped = {NODE, WEIGHT, INPUT, OUTPUT, BETWEEN}
        parts = [graph.kept(part) for part in graph.parts if part.number not in dropped]
        keep = self._narrowed if narrow else graph.kept
        weights = [keep(part) for name, part in graph.weights.items() if name in used]
        weights += [
            bytes_field(WEIGHT, tensor(name, array))
            for name, array in self._constants.items()
            if name in used
        ]
        return graph.with_graph([*nodes, *parts, *weights, *more, *inputs, *outputs])

    def _narrowed(self, part: Field) -> bytes:
        """Return a weight; whole numbers within 32 bits, which is all that WebGL's runtime reads:
        the end of a slice may be as far away as 64 bits reach."""
        graph = self._graph
        if graph.number(part, 2) == code("int64"):
            array = _array(graph, part)
            if array is not None:
                return bytes_field(WEIGHT, tensor(graph.label(part), array.clip(-_FAR, _FAR)))
        return graph.kept(part)

    def limits(self, nodes: Iterable[GraphNode]) -> list[bytes]:
        """Return the weights that `rewritten` refers to."""
        numbers = {"obscura.zero": 0.0, "obscura.one": 1.0}
        for node in nodes:
            if node.operator in ("HardSigmoid", "HardSwish"):
                slope, offset = self._slope(node)
                name = node.outputs[0]
                numbers |= {f"{name}/slope": slope, f"{name}/offset": offset}
        weights = {name: np.array(value, np.float32) for name, value in numbers.items()}
        return [bytes_field(WEIGHT, tensor(name, array)) for name, array in weights.items()]

    def rewritten(self, node: GraphNode) -> list[bytes]:
        """Return the node; or HardSigmoid and HardSwish, which WebGL lacks, as others."""
        if node.operator not in ("HardSigmoid", "HardSwish"):
            return [self._graph.kept(node.field)]
        (x,), (y,) = node.inputs, node.outputs
        gate = f"{y}/gate" if node.operator == "HardSwish" else y
        steps = [
            Node("Mul", [x, f"{y}/slope"], [f"{y}/sloped"]),
            Node("Add", [f"{y}/sloped", f"{y}/offset"], [f"{y}/shifted"]),
            Node("Clip", [f"{y}/shifted", "obscura.zero", "obscura.one"], [gate]),
        ]
        steps += [Node("Mul", [x, gate], [y])] if gate != y else []
        return [bytes_field(NODE, encode(step)) for step in steps]

    def _slope(self, node: GraphNode) -> tuple[float, float]:
        if node.operator == "HardSwish":
            return 1 / 6, 0.5
        number = self._graph.real
        return number(node, "alpha", 0.2), number(node, "beta", 0.5)


def _float(kind: int, name: str, rank: int | None = None) -> bytes:
    """Describe an input or output whose sizes are left open; its rank, too, if that is None.

    WebGL's runtime has to be given shapes: 0 stands for any size there, and it ignores those of
    outputs altogether. Others read 0 as a size.
    """
    if rank is not None:
        return bytes_field(kind, value_info(Value(name, "float32", (0,) * rank)))
    shapeless = varint(1, code("float32"))
    return bytes_field(kind, bytes_field(1, name) + bytes_field(2, bytes_field(1, shapeless)))


def _unpacked(graph: Parts) -> dict[str, NDArray[Any]]:
    """Return the values that `Cast` and `Mul` make of weights alone."""
    constants: dict[str, NDArray[Any]] = {}

    def value(name: str) -> NDArray[Any] | None:
        if name in constants or name not in graph.weights:
            return constants.get(name)
        return _array(graph, graph.weights[name])

    for node in graph.nodes:
        if not all(name in constants or name in graph.weights for name in node.inputs):
            continue
        floats = node.operator == "Cast" and graph.option(node, "to") == code("float32")
        if not floats and node.operator != "Mul":
            continue
        arrays = [value(name) for name in node.inputs]
        known = [array for array in arrays if array is not None]
        if len(known) == len(arrays):
            made = known[0].astype(np.float32) if floats else known[0] * known[1]
            constants[node.outputs[0]] = made
    return constants


def _array(graph: Parts, weight: Field) -> NDArray[Any] | None:
    """Return a weight; None if it is stored in another way than as raw bytes."""
    shape, kind = list[int](), ""
    for part in graph.reader.fields(weight.start, weight.stop):
        if part.number == 1:
            shape += graph.reader.numbers(part)
        elif part.number == 2:
            kind = TYPES.get(part.value, "")
    raw = graph.raw(weight)
    if not raw or kind in ("", "string", "bfloat16"):
        return None
    return np.frombuffer(raw, np.dtype(kind).newbyteorder("<")).reshape(shape)
