"""Assembles an ONNX graph node by node, with names that come out the same every time."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18  # the first with Resize's antialias
IR_VERSION = 8  # what every runtime with that opset reads
FLOAT, INT32, INT64, UINT8 = (
    TensorProto.FLOAT,
    TensorProto.INT32,
    TensorProto.INT64,
    TensorProto.UINT8,
)


class Builder:
    """A growing graph: `constant` and `node` return the names of the tensors they make."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._made: dict[str, int] = {}

    def constant(self, value: NDArray[Any], stem: str) -> str:
        """Adds an initializer, dtype and shape as in `value`."""
        name = self._unique(stem)
        # tobytes and not ascontiguousarray, which would turn a scalar into shape [1]
        self._initializers.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def node(
        self, op: str, inputs: list[str], stem: str, outputs: int = 1, **attributes: Any
    ) -> str:
        """Adds a node and names its outputs after `stem`.

        Returns:
            The name of the first output; the n-th further one is called `NAME.n`.
        """
        name = self._unique(stem)
        names = [name] + [f"{name}.{n}" for n in range(1, outputs)]
        self._nodes.append(helper.make_node(op, inputs, names, name=name, **attributes))
        return name

    def include(self, graph: onnx.GraphProto) -> None:
        """Adds the nodes and initializers of another graph, under the names that they have."""
        self._nodes.extend(graph.node)
        self._initializers.extend(graph.initializer)

    def graph(
        self, title: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.GraphProto:
        """What was added so far, unchecked."""
        return helper.make_graph(self._nodes, title, inputs, outputs, self._initializers)

    def model(
        self, title: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """The finished, checked model. Its bytes depend on nothing but what was added."""
        model = helper.make_model(
            self.graph(title, inputs, outputs),
            producer_name="obscura",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _unique(self, stem: str) -> str:
        number = self._made.get(stem, 0)
        self._made[stem] = number + 1
        return stem if number == 0 else f"{stem}.again{number}"
