"""Seals a network that came as ONNX: prepare, network and its family's reading become one graph.

Input and outputs are those of `seal`; of networks that find key points, there is also `keypoints`
float32 [1, K, points, 3]: x, y as fractions, score. What stands before the network is the graph
that prepares pictures for its open form; what stands behind it is traced from the code that reads
its open form. So the two forms cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from modelkit.builder import FLOAT, INT32, IR_VERSION, UINT8, Builder
from modelkit.errors import ConversionError
from modelkit.surgery import modern, operators, rename, self_contained, without_dead_ends
from modelkit.trace import Traced, TracedOps
from obscura import families
from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.families.common.rows import Rows
from obscura.graph.prepare import PICTURE, prepare

Example = Mapping[str, NDArray[Any]]
"""What the network returned for one picture, by the names of its outputs, in their order."""

_PREFIX = "net/"  # before every name of the network, which may be called as ours are
_VARYING = {"NonMaxSuppression", "NonZero", "Compress", "Unique", "Loop", "If", "Scan"}
"""Operators that may return more rows for one picture than for another."""


class Sealed(NamedTuple):
    """A sealed model."""

    model: onnx.ModelProto
    top: int  # K, its number of rows


def seal_open(network: onnx.ModelProto, card: ModelCard, examples: Sequence[Example]) -> Sealed:
    """Makes the sealed model of an open one, weights as they are.

    Args:
        network: the network, its weights inside.
        card: the card of its open form.
        examples: the raw outputs for some pictures, the more different the better.

    Raises:
        ConversionError: it cannot be sealed; says why.
    """
    network = modern(self_contained(network))
    shapes = [[array.shape for array in example.values()] for example in examples]
    varying = not _VARYING.isdisjoint(operators(network.graph)) or shapes != shapes[:1] * len(
        shapes
    )
    graph, top = _joined(network, card, examples[0], varying)
    for example, shape in zip(examples, shapes, strict=True):
        # Sizes that a family read off the outputs for one picture must not have become constants.
        if shape != shapes[0] and _joined(network, card, example, varying)[0] != graph:
            raise ConversionError(
                f"the family {card.family} reads it in a way that depends on how much is seen"
            )
    model = helper.make_model(
        graph,
        producer_name="obscura",
        ir_version=max(IR_VERSION, network.ir_version),
        opset_imports=network.opset_import,
    )
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise ConversionError(f"ONNX finds fault with the whole ({reason[:200]})") from error
    return Sealed(model, top)


def _joined(
    network: onnx.ModelProto, card: ModelCard, example: Example, varying: bool
) -> tuple[onnx.GraphProto, int]:
    builder = Builder()
    _add_network(builder, network, card)
    ops = TracedOps(builder, varying=varying)
    rows = _read(ops, card, example)
    top = len(rows.scores)
    if varying:
        top = card.top
        rows = _filled(ops, rows, top)
    values = [
        helper.make_tensor_value_info("boxes", FLOAT, [1, top, 4]),
        helper.make_tensor_value_info("scores", FLOAT, [1, top]),
        helper.make_tensor_value_info("classes", INT32, [1, top]),
    ]
    classes = ops.cast(rows.classes, np.int32)
    batch = builder.constant(np.array([0]), "head/batch")
    parts = [rows.boxes, rows.scores, classes]
    if rows.keypoints is not None:
        parts.append(rows.keypoints)
        shape = [1, top, rows.keypoints.shape[1], 3]
        values.append(helper.make_tensor_value_info("keypoints", FLOAT, shape))
    for traced, value in zip(parts, values, strict=True):
        builder.node("Unsqueeze", [traced.name, batch], value.name)
    graph = builder.graph(
        card.name,
        [helper.make_tensor_value_info("image", UINT8, [1, "height", "width", 4])],
        values,
    )
    return without_dead_ends(graph), top


def _add_network(builder: Builder, network: onnx.ModelProto, card: ModelCard) -> None:
    """From the picture to the raw outputs, which are called as the network calls them, prefixed."""
    assert card.open is not None
    before = onnx.load_from_string(prepare(card.input, card.open)).graph
    made = {value.name for value in before.output}
    unfed = [value.name for value in network.graph.input if value.name not in made]
    if unfed:
        raise ConversionError(f"the card does not say what its input {unfed[0]!r} takes")
    names = {PICTURE: "image"} | {name: _PREFIX + name for name in made}
    rename(before, lambda name: names.get(name, name))
    inner = onnx.GraphProto()
    inner.CopyFrom(network.graph)
    rename(inner, lambda name: _PREFIX + name)
    builder.include(before)
    builder.include(inner)


def _read(ops: TracedOps, card: ModelCard, example: Example) -> Rows:
    """As `obscura.families.decode.read` reads an open form."""
    outputs = {}
    for name, array in example.items():
        traced = Traced(ops, _PREFIX + name, array)
        narrow = array.dtype.kind == "f" and array.dtype != np.float32
        outputs[name] = ops.cast(traced, np.float32) if narrow else traced
    try:
        with np.errstate(all="ignore"):
            rows: Rows = families.read_rows(ops, outputs, card)
    except ObscuraError as error:
        raise ConversionError(str(error)) from error
    return rows


def _filled(ops: TracedOps, rows: Rows, top: int) -> Rows:
    """Exactly `top` rows, as a sealed model always has: the last are empty and have score 0."""
    points = rows.keypoints
    if points is not None:
        empty = ops.constant(np.zeros((top, *points.shape[1:])))
        points = ops.concat([points, empty], 0)[:top]
    return Rows(
        ops.concat([rows.boxes, ops.constant(np.zeros((top, 4)))], 0)[:top],
        ops.concat([rows.scores, ops.constant(np.zeros(top))], 0)[:top],
        ops.concat([rows.classes, ops.constant(np.zeros(top), np.int64)], 0)[:top],
        points,
    )
