"""Seals a head: a crop of any size goes in as RGBA bytes, and what the family reads comes out.

Input `image`, uint8 [1, height, width, 4] RGBA. What stands before the network is the graph that
prepares pictures for open networks, so a head of somebody's own is fed in the same way. Behind it
the raw outputs are only brought into the order in which the family reads them: they are small, and
reading them takes operators that GPUs do without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import onnx
from onnx import helper

from modelkit.builder import FLOAT, UINT8, Builder
from modelkit.errors import ConversionError
from modelkit.network import Network
from modelkit.surgery import modern, rename, self_contained, without_dead_ends
from modelkit.tfjs import GraphModel
from obscura.cards.card import InputSpec, OpenForm
from obscura.graph.prepare import PICTURE, prepare

PIXELS = "pixels"  # the prepared picture, float32 [1, channels, height, width]


class Made(NamedTuple):
    """An output of a network that was added to a graph."""

    name: str  # as the family knows it
    tensor: str
    shape: tuple[int, ...]


class Networks(Protocol):
    """A network that can be added to a graph."""

    def emit(self, builder: Builder, pixels: str, size: tuple[int, int]) -> list[Made]:
        """Adds the network, which reads `pixels`, of this height and width."""


class Output(NamedTuple):
    """An output of a head, made of feature maps of a TensorFlow graph.

    With `columns` it has rows [1, N, columns], the maps one after another, each row by row: for
    anchors. Without, a map of one pixel becomes numbers [1, C], and any other one stays.
    """

    name: str
    nodes: tuple[str, ...]
    columns: int = 0


class FromTensorFlow:
    """The network of a TF.js graph or a TensorFlow Lite file.

    Args:
        graph: as `tfjs` and `tflite_graph` read it.
        image: the node that takes the float image, NHWC.
        outputs: what is wanted of it. What leads to nothing else is left out.
    """

    def __init__(self, graph: GraphModel, image: str, outputs: Sequence[Output]) -> None:
        self._graph, self._image, self._outputs = graph, image, outputs

    def emit(self, builder: Builder, pixels: str, size: tuple[int, int]) -> list[Made]:
        """See `Networks`."""
        nodes = [node for output in self._outputs for node in output.nodes]
        channels = self._channels()
        network = Network(self._graph, self._image, nodes, size, size, channels)
        tensors = network.emit(builder, pixels)
        return [_made(builder, network, tensors, output) for output in self._outputs]

    def _channels(self) -> int:
        """The image's, which the first convolution that reads it tells; 3 if none does at once."""
        for node in self._graph.nodes.values():
            if node.inputs[:1] == (self._image,) and len(node.inputs) > 1:
                weight = self._graph.weights.get(node.inputs[1])
                if weight is not None and weight.ndim == 4 and "Conv" in node.op:
                    return int(weight.shape[2])
        return 3


class FromOnnx:
    """A network that came as ONNX, for pictures of any size.

    Args:
        data: the file.
        names: the family's names of its outputs, in their order.
    """

    def __init__(self, data: bytes, names: Sequence[str]) -> None:
        self._data, self._names = data, names

    def emit(self, builder: Builder, pixels: str, size: tuple[int, int]) -> list[Made]:
        """See `Networks`."""
        network = modern(self_contained(onnx.load_from_string(self._data)))
        (picture,) = network.graph.input
        for axis, side in zip((0, 2, 3), (1, *size), strict=True):
            picture.type.tensor_type.shape.dim[axis].dim_value = side
        for value in network.graph.output:
            value.type.tensor_type.ClearField("shape")
        whole = onnx.shape_inference.infer_shapes(network, strict_mode=True, data_prop=True)
        shapes = [
            tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
            for value in whole.graph.output
        ]
        if not all(shape and all(shape) for shape in shapes):
            raise ConversionError(f"ONNX does not know the sizes of its outputs: {shapes}.")
        inner = without_dead_ends(network.graph)
        rename(inner, lambda name: pixels if name == picture.name else f"net/{name}")
        builder.include(inner)
        tensors = [value.name for value in inner.output]
        return [Made(*each) for each in zip(self._names, tensors, shapes, strict=True)]


def seal_head(title: str, network: Networks, wanted: InputSpec, form: OpenForm) -> onnx.ModelProto:
    """Makes the sealed model of a head, weights as they are.

    Args:
        title: name of the ONNX graph.
        network: what runs on the prepared crop.
        wanted: size of its input, and how a crop of another shape fills it.
        form: how pixels are prepared; `form.input` is `PIXELS`.
    """
    builder = Builder()
    before = onnx.load_from_string(prepare(wanted, form)).graph
    names = {PICTURE: "image", PIXELS: PIXELS}
    rename(before, lambda name: names.get(name, f"input/{name.removeprefix('obscura.')}"))
    builder.include(before)
    made = network.emit(builder, PIXELS, (wanted.height, wanted.width))
    for output in made:
        builder.node("Identity", [output.tensor], output.name)
    return builder.model(
        title,
        [helper.make_tensor_value_info("image", UINT8, [1, "height", "width", 4])],
        [helper.make_tensor_value_info(each.name, FLOAT, each.shape) for each in made],
    )


def _made(builder: Builder, network: Network, tensors: Mapping[str, str], output: Output) -> Made:
    maps = [network.outputs[node] for node in output.nodes]
    if not output.columns:
        (found,), (node,) = maps, output.nodes
        if (found.height, found.width) != (1, 1):
            whole = (1, found.channels, found.height, found.width)
            return Made(output.name, tensors[node], whole)
        flat = builder.constant(np.array([1, found.channels]), f"head/{output.name}/shape")
        numbers = builder.node("Reshape", [tensors[node], flat], f"head/{output.name}")
        return Made(output.name, numbers, (1, found.channels))
    shape = builder.constant(np.array([1, -1, output.columns]), f"head/{output.name}/shape")
    rows = []
    for node in output.nodes:
        stem = f"head/{output.name}"
        last = builder.node("Transpose", [tensors[node]], f"{stem}/nhwc", perm=[0, 2, 3, 1])
        rows.append(builder.node("Reshape", [last, shape], f"{stem}/rows"))
    joined = builder.node("Concat", rows, f"head/{output.name}", axis=1)
    count = sum(each.channels * each.height * each.width for each in maps) // output.columns
    return Made(output.name, joined, (1, count, output.columns))
