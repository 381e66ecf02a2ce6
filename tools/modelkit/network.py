"""Converts the convolutional part of a TF.js graph to ONNX.

TensorFlow's NHWC becomes ONNX's NCHW; what TensorFlow writes as a chain of convolution, batch
norm and bias becomes one convolution. A feature map may be computed by a convolution that is
still open: constants that follow it are folded into its weights until something else reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelkit.builder import Builder
from modelkit.errors import ConversionError
from modelkit.steps import FeatureMap, Input, Step, Value, per_channel, scale, shift, span
from modelkit.tfjs import GraphModel, Node


class Network:
    """The steps from one image to some feature maps, ready to be emitted into a graph.

    Args:
        graph: the TF.js model.
        image: the node that stands for the image, float [1, H, W, 3] in TensorFlow.
        outputs: the nodes wanted; `self.outputs[name]` is their FeatureMap.
        size: height and width of the image.
        native: height and width the graph was exported for, where it names sizes in constants.
        channels: of the image.
    """

    def __init__(
        self,
        graph: GraphModel,
        image: str,
        outputs: Sequence[str],
        size: tuple[int, int],
        native: tuple[int, int],
        channels: int = 3,
    ) -> None:
        nodes = graph.between(image, outputs)
        self._graph = graph
        self._size, self._native = size, native
        self._readers = Counter(chain(outputs, *(node.inputs for node in nodes)))
        self._values: dict[str, Value] = {image: FeatureMap(channels, *size, step=None)}
        self._steps: list[Step] = []
        for node in nodes:
            self._values[node.name] = self._convert(node)
        self.outputs = {name: self._map(name) for name in outputs}

    def keep_channels(self, output: str, channels: Sequence[int]) -> None:
        """Prunes the convolution that makes `output` to these channels, in this order."""
        old = self.outputs[output]
        if old.step is None or old.step.weight is None or old.step.bias is None:
            raise ConversionError(f"{output!r} is not made by a convolution.")
        old.step.weight = old.step.weight[list(channels)]
        old.step.bias = old.step.bias[list(channels)]
        self.outputs[output] = FeatureMap(len(channels), old.height, old.width, old.step)

    def emit(self, builder: Builder, image: str) -> dict[str, str]:
        """Adds the nodes; `image` is a float tensor [1, 3, H, W]. Returns output -> tensor."""
        tensors: dict[int, str] = {}

        def tensor(value: Input, stem: str) -> str:
            if value is None:
                return ""
            if isinstance(value, FeatureMap):
                return image if value.step is None else tensors[id(value.step)]
            return builder.constant(value, stem)

        for step in self._steps:
            inputs = [tensor(value, f"{step.name}/const") for value in step.inputs]
            if step.weight is not None and step.bias is not None:
                inputs.append(builder.constant(step.weight, f"{step.name}/weight"))
                inputs.append(builder.constant(step.bias, f"{step.name}/bias"))
            tensors[id(step)] = builder.node(step.op, inputs, step.name, **step.attributes)
        return {name: tensor(value, name) for name, value in self.outputs.items()}

    # ---- reading the graph

    def _convert(self, node: Node) -> Value:
        if node.op == "Const":
            return self._graph.weights[node.name]
        if node.op not in _HANDLERS:
            raise ConversionError(
                f"Operation {node.op!r} (node {node.name!r}) has no rule in modelkit/network.py."
            )
        return _HANDLERS[node.op](self, node)

    def _map(self, name: str) -> FeatureMap:
        value = self._values[name]
        if not isinstance(value, FeatureMap):
            raise ConversionError(f"Node {name!r} is a constant where a feature map was expected.")
        return value

    def _constant(self, name: str) -> NDArray[Any]:
        value = self._values[name]
        if isinstance(value, FeatureMap):
            raise ConversionError(f"Node {name!r} is computed where a constant was expected.")
        return value

    def _add(self, step: Step, channels: int, height: int, width: int) -> FeatureMap:
        self._steps.append(step)
        return FeatureMap(channels, height, width, step)

    def _open(self, value: Value, name: str) -> Step | None:
        """The convolution behind `value`, if nothing but the reader at hand reads it."""
        if not isinstance(value, FeatureMap) or value.step is None or value.step.op != "Conv":
            return None
        return value.step if self._readers[name] == 1 else None

    # ---- rules, one for each kind of operation

    def _convolution(self, node: Node) -> FeatureMap:
        source = self._map(node.inputs[0])
        weight = self._constant(node.inputs[1])  # (kh, kw, I, O), depthwise (kh, kw, I, multiple)
        groups = 1
        if "Depthwise" in node.op:
            groups = source.channels
            weight = weight.reshape(*weight.shape[:2], 1, -1)
        weight = weight.transpose(3, 2, 0, 1).astype(np.float32)
        kernel, strides = weight.shape[2:], node.ints("strides")[1:3]
        if any(rate != 1 for rate in node.ints("dilations")):
            raise ConversionError(f"{node.name!r} is dilated: no rule for that.")
        same = node.text("padding") == "SAME"
        size = (source.height, source.width)
        spans = [span(size[i], kernel[i], strides[i], same) for i in range(2)]
        step = Step("Conv", node.name, [source], weight=weight)
        step.bias = np.zeros(len(weight), np.float32)
        step.attributes = {
            "kernel_shape": list(kernel),
            "strides": list(strides),
            "pads": [spans[0][1], spans[1][1], spans[0][2], spans[1][2]],
            "group": groups,
        }
        return self._fuse(node, self._add(step, len(weight), spans[0][0], spans[1][0]))

    def _product(self, node: Node) -> FeatureMap:
        """A matrix times the numbers of one picture, which is a convolution of 1 x 1 pixels."""
        source = self._map(node.inputs[0])
        weight = self._constant(node.inputs[1])  # (I, O)
        turned = node.flag("transpose_a") or node.flag("transpose_b")
        if turned or (source.height, source.width) != (1, 1) or len(weight) != source.channels:
            raise ConversionError(f"{node.name!r} multiplies other shapes: no rule for that.")
        step = Step("Conv", node.name, [source])
        step.weight = weight.T[:, :, None, None].astype(np.float32)
        step.bias = np.zeros(len(step.weight), np.float32)
        step.attributes = {"kernel_shape": [1, 1]}
        return self._fuse(node, self._add(step, len(step.weight), 1, 1))

    def _fuse(self, node: Node, made: FeatureMap) -> FeatureMap:
        """What TensorFlow fuses to the convolution that has just been made."""
        assert made.step is not None
        for fused in node.texts("fused_ops"):
            if fused == "BiasAdd":
                made.step.bias = self._constant(node.inputs[2]).astype(np.float32)
            elif fused in ("Relu", "Relu6"):
                made = self._activate(fused, f"{node.name}/{fused}", made)
            else:
                raise ConversionError(f"{node.name!r} fuses {fused!r}: no rule for that.")
        return made

    def _batch_norm(self, node: Node) -> FeatureMap:
        source = self._map(node.inputs[0])
        step = self._open(source, node.inputs[0])
        if step is None:
            raise ConversionError(f"{node.name!r} normalises something other than a convolution.")
        gamma, beta, mean, variance = (self._constant(name) for name in node.inputs[1:])
        factor = gamma / np.sqrt(variance + np.float32(node.number("epsilon")))
        scale(step, np.asarray(factor, np.float32))
        shift(step, np.asarray(beta - mean * factor, np.float32))
        return source

    def _arithmetic(self, node: Node) -> Value:
        values = [self._values[name] for name in node.inputs]
        maps = [value for value in values if isinstance(value, FeatureMap)]
        if len(values) != 2 or not maps:
            raise ConversionError(f"{node.name!r} combines {len(values)} values, no map: no rule.")
        kind = _ARITHMETIC[node.op]
        if len(maps) == 1:
            number = next(i for i, value in enumerate(values) if isinstance(value, FeatureMap))
            constant = per_channel(values[1 - number], node)
            step = self._foldable(maps[0], node.inputs[number], kind)
            if step is not None and kind == "Mul":
                scale(step, constant)
                return maps[0]
            if step is not None and (kind == "Add" or number == 0):
                shift(step, constant if kind == "Add" else -constant)
                return maps[0]
            values[1 - number] = constant
        else:
            swish = self._hard_swish(node)
            if swish is not None:
                return swish
        step = Step(kind, node.name, list(values))
        largest = max(maps, key=lambda item: item.height * item.width)
        return self._add(step, largest.channels, largest.height, largest.width)

    def _foldable(self, source: FeatureMap, name: str, kind: str) -> Step | None:
        """The open convolution that can take a constant; for a shift also one behind a sum."""
        step = self._open(source, name)
        if step is None and kind != "Mul" and source.step is not None and source.step.op == "Add":
            reads = [read for read in self._graph.node(name).inputs if self._readers[name] == 1]
            summands = [(self._values[read], read) for read in reads]
            opened = [self._open(value, read) for value, read in summands]
            step = next((item for item in opened if item is not None), None)
        return step

    def _hard_swish(self, node: Node) -> FeatureMap | None:
        """`node`, if it is x * c * relu6(x + 3) with x from a convolution: as two steps, not four.

        With k = 6c, scaled into the convolution, that is kx * min(max(x/6 + 1/2, 0), 1). (c should
        be 1/6, for which ONNX has HardSwish, but the files hold it rounded to float16.)
        """
        for product, gate in (node.inputs, node.inputs[::-1]):
            nodes = [self._graph.node(product), self._graph.node(gate)]
            if [item.op for item in nodes] != ["Mul", "Relu6"]:
                continue
            shifted = self._graph.node(nodes[1].inputs[0])
            shared = set(nodes[0].inputs) & set(shifted.inputs)
            counts = [self._readers[name] for name in (product, gate, shifted.name, *shared)]
            if shifted.op != "Add" or counts != [1, 1, 1, 2]:
                continue
            name = shared.pop()
            source = self._map(name)
            factors = [self._constant(item) for item in nodes[0].inputs if item != name]
            shifts = [self._constant(item) for item in shifted.inputs if item != name]
            if source.step is None or source.step.op != "Conv":
                continue
            if [item.tolist() for item in shifts] != [3] or [item.ndim for item in factors] != [0]:
                continue
            folded = {id(self._map(item).step) for item in (product, gate, shifted.name)}
            self._steps = [step for step in self._steps if id(step) not in folded]
            six = np.asarray(6 * factors[0], np.float32)
            scale(source.step, six)
            slope = {"alpha": 1 / (6 * float(six)), "beta": 0.5}
            size = (source.channels, source.height, source.width)
            opened = self._add(Step("HardSigmoid", gate, [source], slope), *size)
            return self._add(Step("Mul", node.name, [source, opened]), *size)
        return None

    def _activation(self, node: Node) -> FeatureMap:
        return self._activate(node.op, node.name, self._map(node.inputs[0]))

    def _activate(self, kind: str, name: str, source: FeatureMap) -> FeatureMap:
        inputs: list[Input] = [source]
        op = kind
        if kind == "Relu6":
            op = "Clip"
            inputs += [np.array(0, np.float32), np.array(6, np.float32)]
        return self._add(Step(op, name, inputs), source.channels, source.height, source.width)

    def _mean(self, node: Node) -> FeatureMap:
        source = self._map(node.inputs[0])
        axes = sorted(self._constant(node.inputs[1]).tolist())
        if axes != [1, 2]:  # whether these stay, as 1, makes no difference to a feature map
            raise ConversionError(f"{node.name!r} averages over axes {axes}: no rule for that.")
        return self._add(Step("GlobalAveragePool", node.name, [source]), source.channels, 1, 1)

    def _resize(self, node: Node) -> FeatureMap:
        source = self._map(node.inputs[0])
        if node.flag("align_corners"):
            raise ConversionError(f"{node.name!r} aligns corners: no rule for that.")
        wanted = self._constant(node.inputs[1]).tolist()
        height, width = (wanted[i] * self._size[i] // self._native[i] for i in range(2))
        scales = np.array([1, 1, height / source.height, width / source.width], np.float32)
        step = Step("Resize", node.name, [source, None, scales])
        centred = "half_pixel" if node.flag("half_pixel_centers") else "asymmetric"
        step.attributes = {"mode": "linear", "coordinate_transformation_mode": centred}
        return self._add(step, source.channels, height, width)

    def _pool(self, node: Node) -> FeatureMap:
        source = self._map(node.inputs[0])
        kernel, strides = node.ints("ksize")[1:3], node.ints("strides")[1:3]
        same = node.text("padding") == "SAME"
        size = (source.height, source.width)
        spans = [span(size[i], kernel[i], strides[i], same) for i in range(2)]
        step = Step("MaxPool", node.name, [source])
        step.attributes = {
            "kernel_shape": list(kernel),
            "strides": list(strides),
            "pads": [spans[0][1], spans[1][1], spans[0][2], spans[1][2]],
        }
        return self._add(step, source.channels, spans[0][0], spans[1][0])

    def _pad(self, node: Node) -> FeatureMap:
        source = self._map(node.inputs[0])
        bars = self._constant(node.inputs[1])[[0, 3, 1, 2]]  # (4, 2), before and after
        size = np.array([1, source.channels, source.height, source.width]) + bars.sum(axis=1)
        if size[0] != 1:
            raise ConversionError(f"{node.name!r} adds pictures: no rule for that.")
        step = Step("Pad", node.name, [source, bars.T.reshape(-1).astype(np.int64)])
        return self._add(step, *size[1:].tolist())

    def _limit(self, node: Node) -> FeatureMap:
        """Minimum or maximum with a constant. As TF.js writes ReLU6, these two become one step."""
        source = self._map(node.inputs[0])
        limit = np.asarray(self._constant(node.inputs[1]), np.float32)
        if limit.ndim:
            raise ConversionError(f"{node.name!r} has a limit for each channel: no rule for that.")
        low, high = (None, limit) if node.op == "Minimum" else (limit, None)
        last = source.step if self._readers[node.inputs[0]] == 1 else None
        if last is not None and last.op == "Relu" and low is None and limit > 0:
            last.op, last.inputs = "Clip", [*last.inputs, np.array(0, np.float32), limit]
            return source
        if last is not None and last.op == "Clip" and high is None and limit == last.inputs[1]:
            return source
        step = Step("Clip", node.name, [source, low, high])
        return self._add(step, source.channels, source.height, source.width)

    def _softmax(self, node: Node) -> FeatureMap:
        source = self._map(node.inputs[0])
        step = Step("Softmax", node.name, [source], {"axis": 1})
        return self._add(step, source.channels, source.height, source.width)

    def _concat(self, node: Node) -> FeatureMap:
        maps = [self._map(name) for name in node.inputs[:-1]]
        if int(self._constant(node.inputs[-1])) not in (3, -1):
            raise ConversionError(f"{node.name!r} does not join channels: no rule for that.")
        step = Step("Concat", node.name, list(maps), {"axis": 1})
        channels = sum(item.channels for item in maps)
        return self._add(step, channels, maps[0].height, maps[0].width)


_ARITHMETIC = {
    "Add": "Add",
    "AddV2": "Add",
    "AddN": "Add",
    "BiasAdd": "Add",
    "Sub": "Sub",
    "Mul": "Mul",
}
_HANDLERS: dict[str, Callable[[Network, Node], Value]] = {
    "Conv2D": Network._convolution,
    "_FusedConv2D": Network._convolution,
    "DepthwiseConv2dNative": Network._convolution,
    "FusedDepthwiseConv2dNative": Network._convolution,
    "FusedBatchNorm": Network._batch_norm,
    **dict.fromkeys(_ARITHMETIC, Network._arithmetic),
    "Relu": Network._activation,
    "Relu6": Network._activation,
    "Sigmoid": Network._activation,
    "Mean": Network._mean,
    "_FusedMatMul": Network._product,
    "MaxPool": Network._pool,
    "Pad": Network._pad,
    "Minimum": Network._limit,
    "Maximum": Network._limit,
    "Softmax": Network._softmax,
    "ResizeBilinear": Network._resize,
    "ConcatV2": Network._concat,
}
