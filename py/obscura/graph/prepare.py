"""Make the graph that turns a picture into the inputs of an open network.

Sealed networks contain these nodes. For an open one the same runtime runs this graph first, so
that browser, server and command line agree, and no pixel enters Python.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import Feed, InputSpec, OpenForm
from obscura.graph.inspect import Value
from obscura.graph.write import Node, code, model

PICTURE = "obscura.picture"
"""The name of the graph's input; long, for its outputs are called as the network likes."""

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def prepare(wanted: InputSpec, form: OpenForm) -> bytes:
    """Return an ONNX model that prepares pictures.

    Its input `PICTURE` is uint8 ``[1, height, width, 4]``, RGBA of any size; its outputs have the
    names, types and shapes of the network's inputs: the picture, and what `OpenForm.feeds` lists.
    """
    graph = _Growing()
    pixels = PICTURE
    size = [wanted.height, wanted.width]
    if wanted.resize == "stretch":
        pixels = graph.resize(pixels, graph.constant(np.array([1, *size, 4])))
    else:
        pixels = _letterbox(graph, pixels, size, form.pad, corner=wanted.resize != "letterbox")
    if form.dtype == "uint8" and form.channels != "grey":
        pixels = _ordered(graph, pixels, form.channels)
    else:
        pixels = graph.node("Cast", [pixels], to=code("float32"))
        pixels = _ordered(graph, pixels, form.channels)
    channels = 1 if form.channels == "grey" else 3
    if form.dtype != "uint8":
        mean, std = (np.array(values[:channels], np.float32) for values in (form.mean, form.std))
        if mean.any():
            pixels = graph.node("Sub", [pixels, graph.constant(mean)])
        if (std != 1).any():
            pixels = graph.node("Div", [pixels, graph.constant(std)])
    shape: tuple[int, ...] = (1, *size, channels)
    if form.layout != "nhwc":
        pixels = graph.node("Transpose", [pixels], perm=[0, 3, 1, 2])
        shape = (1, channels, *size)
    if form.layout == "chw":
        pixels = graph.node("Squeeze", [pixels, graph.constant(np.array([0]))])
        shape = shape[1:]
    graph.node("Cast", [pixels], form.input, to=code(form.dtype))
    outputs = [Value(form.input, form.dtype, shape)]
    for feed in form.feeds:
        value, shape = _fed(graph, feed, wanted)
        graph.node("Cast", [value], feed.name, to=code(feed.dtype))
        outputs.append(Value(feed.name, feed.dtype, shape))
    picture = Value(PICTURE, "uint8", (1, "height", "width", 4))
    return model("prepare", graph.nodes, [picture], outputs, graph.constants)


def _letterbox(graph: _Growing, pixels: str, size: list[int], pad: int, *, corner: bool) -> str:
    """Letterbox as `obscura.boxes.fit` does, for a picture whose size is known only at run time."""
    target, across = (graph.constant(np.array(sides)) for sides in (size, size[::-1]))
    sides = graph.node("Shape", [pixels], start=1, end=3)
    others = graph.node("Gather", [sides, graph.constant(np.array([1, 0]))])
    # side * across / other, rounded, in whole numbers: floats could differ from `fit` by a pixel.
    two = graph.constant(np.array([2, 2]))
    doubled = graph.node("Mul", [graph.node("Mul", [sides, across]), two])
    scaled = graph.node(
        "Div", [graph.node("Add", [doubled, others]), graph.node("Mul", [others, two])]
    )
    scaled = graph.node("Min", [scaled, target])
    scaled = graph.node("Max", [scaled, graph.constant(np.array([1, 1]))])
    one, four = graph.constant(np.array([1])), graph.constant(np.array([4]))
    pixels = graph.resize(pixels, graph.node("Concat", [one, scaled, four], axis=0))
    bars = graph.node("Sub", [target, scaled])
    none = graph.constant(np.array([0]))
    before = graph.constant(np.array([0, 0])) if corner else graph.node("Div", [bars, two])
    after = graph.node("Sub", [bars, before])
    pads = graph.node("Concat", [none, before, none, none, after, none], axis=0)
    return graph.node("Pad", [pixels, pads, graph.constant(np.array(pad, np.uint8))])


def _ordered(graph: _Growing, pixels: str, channels: str) -> str:
    """Drop alpha; order or mix the colours."""
    if channels == "grey":
        weights = np.array([*_LUMA, 0], np.float32).reshape(4, 1)
        return graph.node("MatMul", [pixels, graph.constant(weights)])
    order = [0, 1, 2] if channels == "rgb" else [2, 1, 0]
    return graph.node("Gather", [pixels, graph.constant(np.array(order))], axis=3)


def _fed(graph: _Growing, feed: Feed, wanted: InputSpec) -> tuple[str, tuple[int, ...]]:
    """Add the value of a further input; return the tensor and its shape."""
    if feed.value == "mask":  # as large as the picture, so made when it runs
        shape = (1, wanted.height, wanted.width)
        ones = graph.constant(np.ones((1, 1, 1), np.int64))
        return graph.node("Expand", [ones, graph.constant(np.array(shape))]), shape
    values = {
        "size_wh": [[wanted.width, wanted.height]],
        "size_hw": [[wanted.height, wanted.width]],
        "scale": [[1, 1]],
    }
    return graph.constant(np.array(values[feed.value])), (1, 2)


class _Growing:
    """A graph under construction; tensors are named by number."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def node(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        output = output or f"obscura.{len(self.nodes)}"
        self.nodes.append(Node(operator, inputs, [output], attributes))
        return output

    def constant(self, array: NDArray[Any]) -> str:
        name = f"obscura.constant.{len(self.constants)}"
        array = array.astype(np.int64) if array.dtype.kind == "i" else array  # 32 bits in wasm
        self.constants[name] = array
        return name

    def resize(self, pixels: str, size: str) -> str:
        return self.node(
            "Resize",
            [pixels, "", "", size],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
            antialias=1,
        )
