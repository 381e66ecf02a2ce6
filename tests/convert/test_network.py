"""Reading TF.js graphs and converting their networks: rule by rule, against plain loops."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from modelkit.errors import ConversionError
from modelkit.seal import raw
from modelkit.tfjs import GraphModel, Node, read_graph_model

Array = NDArray[Any]
SIZE = (7, 6)  # height and width: one odd, one even, for SAME pads them differently


class Sketch:
    """A TF.js graph drawn node by node; constants get values from a seeded generator."""

    def __init__(self) -> None:
        self.nodes = {"image": Node("image", "Placeholder", (), {})}
        self.weights: dict[str, Array] = {}
        self._random = np.random.default_rng(7)

    def random(self, name: str, *shape: int, low: float = -1.0) -> str:
        return self.const(name, self._random.uniform(low, 1, shape).astype(np.float32))

    def const(self, name: str, value: Any) -> str:
        self.nodes[name] = Node(name, "Const", (), {})
        self.weights[name] = np.asarray(value)
        return name

    def node(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes[name] = Node(name, op, inputs, {**_WINDOW, **attributes})
        return name

    def convert(self, *outputs: str, native: tuple[int, int] = SIZE) -> Any:
        return raw(
            "sketch",
            GraphModel(self.nodes, self.weights),
            image="image",
            outputs=outputs,
            size=SIZE,
            native=native,
        )

    def run(self, *outputs: str) -> tuple[list[Array], Counter[str]]:
        """Converts, runs on `IMAGE`; the outputs as [H, W, C], and how many nodes of each kind."""
        model = self.convert(*outputs)
        session = ort.InferenceSession(model.SerializeToString())
        maps = session.run(None, {"image": IMAGE.transpose(2, 0, 1)[None]})
        kinds = Counter(node.op_type for node in model.graph.node)
        return [item[0].transpose(1, 2, 0) for item in maps], kinds


IMAGE = np.random.default_rng(1).uniform(-1, 1, (*SIZE, 3)).astype(np.float32)
_SAME = {"s": base64.b64encode(b"SAME").decode()}
_WINDOW = {
    "padding": _SAME,
    "strides": {"list": {"i": ["1", "1", "1", "1"]}},
    "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
}
_BY_TWO = {"list": {"i": ["1", "2", "2", "1"]}}


def convolved(image: Array, weight: Array, stride: int = 1, depthwise: bool = False) -> Array:
    """TensorFlow's SAME convolution, one multiplication at a time, in float64."""
    height, width, channels = image.shape
    kernel = weight.shape[0]
    rows, columns = -(-height // stride), -(-width // stride)
    top = max((rows - 1) * stride + kernel - height, 0) // 2
    left = max((columns - 1) * stride + kernel - width, 0) // 2
    out = np.zeros((rows, columns, channels if depthwise else weight.shape[3]))
    for row, column, i, j in np.ndindex(rows, columns, kernel, kernel):
        y, x = row * stride - top + i, column * stride - left + j
        if 0 <= y < height and 0 <= x < width:
            pixel = image[y, x].astype(np.float64)
            taps = weight[i, j]
            out[row, column] += pixel * taps[:, 0] if depthwise else pixel @ taps
    return out


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_pads_as_tensorflow_does(stride: int) -> None:
    sketch = Sketch()
    sketch.node(
        "Conv2D",
        "conv",
        "image",
        sketch.random("weight", 3, 3, 3, 4),
        strides=_BY_TWO if stride == 2 else _WINDOW["strides"],
    )

    (found,), _ = sketch.run("conv")

    np.testing.assert_allclose(found, convolved(IMAGE, sketch.weights["weight"], stride), atol=1e-5)


def test_a_depthwise_convolution_keeps_channels_apart() -> None:
    sketch = Sketch()
    weight = sketch.random("weight", 3, 3, 3, 1)
    sketch.node("DepthwiseConv2dNative", "conv", "image", weight, strides=_BY_TWO)

    (found,), _ = sketch.run("conv")

    expected = convolved(IMAGE, sketch.weights["weight"], 2, depthwise=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_valid_convolution_does_not_pad() -> None:
    sketch = Sketch()
    weight = sketch.random("weight", 3, 3, 3, 2)
    sketch.node("Conv2D", "conv", "image", weight, padding={"s": list(b"VALID")})

    (found,), _ = sketch.run("conv")

    inside = convolved(IMAGE, sketch.weights["weight"])[1:-1, 1:-1]
    np.testing.assert_allclose(found, inside, atol=1e-5)


def test_batch_norm_bias_and_constants_fold_into_the_convolution() -> None:
    sketch = Sketch()
    sketch.node("Conv2D", "conv", "image", sketch.random("weight", 1, 1, 3, 4))
    sketch.node("Mul", "scaled", "conv", sketch.random("factor", 4))
    sketch.node("BiasAdd", "biased", "scaled", sketch.random("bias", 4))
    statistics = [sketch.random(name, 4) for name in ("gamma", "beta", "mean")]
    variance = sketch.random("variance", 4, low=0.1)
    sketch.node("FusedBatchNorm", "normed", "biased", *statistics, variance, epsilon={"f": 0.001})
    sketch.node("Sub", "out", "normed", sketch.const("one", np.float32(1)))

    (found,), kinds = sketch.run("out")

    value = sketch.weights
    before = convolved(IMAGE, value["weight"]) * value["factor"] + value["bias"] - value["mean"]
    normed = before / np.sqrt(value["variance"] + 0.001) * value["gamma"] + value["beta"]
    np.testing.assert_allclose(found, normed - 1, atol=1e-5)
    assert kinds == {"Conv": 1, "Identity": 1}


def test_a_bias_behind_a_residual_sum_folds_into_the_convolution() -> None:
    sketch = Sketch()
    sketch.node("Relu", "shortcut", "image")
    sketch.node("Conv2D", "conv", "shortcut", sketch.random("weight", 1, 1, 3, 3))
    sketch.node("AddN", "sum", "conv", "shortcut")
    sketch.node("Add", "out", sketch.random("bias", 3), "sum")

    (found,), kinds = sketch.run("out")

    shortcut = np.maximum(IMAGE, 0)
    expected = convolved(shortcut, sketch.weights["weight"]) + shortcut + sketch.weights["bias"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert kinds["Add"] == 1


def test_a_convolution_that_two_read_stays_as_it_is() -> None:
    sketch = Sketch()
    sketch.node("Conv2D", "conv", "image", sketch.random("weight", 1, 1, 3, 3))
    sketch.node("Mul", "twice", "conv", sketch.const("two", np.float32(2)))
    sketch.node("Sub", "less", sketch.random("offset", 3), "conv")

    (twice, less), _ = sketch.run("twice", "less")

    plain = convolved(IMAGE, sketch.weights["weight"])
    np.testing.assert_allclose(twice, 2 * plain, atol=1e-5)
    np.testing.assert_allclose(less, sketch.weights["offset"] - plain, atol=1e-5)


def test_hard_swish_with_a_rounded_sixth_takes_two_steps_and_keeps_its_value() -> None:
    sketch = Sketch()
    sixth = float(np.float16(1 / 6))
    sketch.node("Conv2D", "conv", "image", sketch.const("weight", 4 * np.eye(3)[None, None]))
    sketch.node("Mul", "part", sketch.const("sixth", np.float32(sixth)), "conv")
    sketch.node("Add", "shifted", "conv", sketch.const("three", np.float32(3)))
    sketch.node("Relu6", "gate", "shifted")
    sketch.node("Mul", "out", "part", "gate")

    (found,), kinds = sketch.run("out")

    x = 4.0 * IMAGE
    assert x.min() < -3
    assert x.max() > 3
    np.testing.assert_allclose(found, x * sixth * np.clip(x + 3, 0, 6), atol=1e-5)
    assert kinds == {"Conv": 1, "HardSigmoid": 1, "Mul": 1, "Identity": 1}


def test_fused_operations_come_in_their_order() -> None:
    sketch = Sketch()
    weight, bias = sketch.random("weight", 1, 1, 3, 2), sketch.random("bias", 2)
    fused = {"list": {"s": [base64.b64encode(name).decode() for name in (b"BiasAdd", b"Relu6")]}}
    sketch.node("_FusedConv2D", "conv", "image", weight, bias, fused_ops=fused)

    (found,), _ = sketch.run("conv")

    linear = convolved(IMAGE, sketch.weights["weight"]) + sketch.weights["bias"]
    np.testing.assert_allclose(found, np.clip(linear, 0, 6), atol=1e-5)


def test_means_gates_and_joins() -> None:
    sketch = Sketch()
    axes = sketch.const("axes", np.array([1, 2], np.int32))
    sketch.node("Mean", "mean", "image", axes, keep_dims={"b": True})
    sketch.node("Sigmoid", "gate", "mean")
    sketch.node("Mul", "gated", "image", "gate")
    sketch.node("ConcatV2", "out", "gated", "image", sketch.const("axis", np.int32(3)))

    (found,), _ = sketch.run("out")

    gated = IMAGE / (1 + np.exp(-IMAGE.mean(axis=(0, 1))))
    np.testing.assert_allclose(found, np.concatenate([gated, IMAGE], axis=2), atol=1e-5)


def test_doubling_starts_at_the_corner_and_follows_the_size_of_the_image() -> None:
    sketch = Sketch()
    # The graph was exported for an image of twice our size, and names its sizes for that.
    sketch.node("ResizeBilinear", "out", "image", sketch.const("size", np.array([28, 24])))

    model = sketch.convert("out", native=(14, 12))
    (found,) = ort.InferenceSession(model.SerializeToString()).run(
        None, {"image": IMAGE.transpose(2, 0, 1)[None]}
    )

    assert found.shape == (1, 3, 14, 12)
    np.testing.assert_allclose(found[0, :, ::2, ::2], IMAGE.transpose(2, 0, 1), atol=1e-6)
    between = (IMAGE[:-1] + IMAGE[1:]).transpose(2, 0, 1) / 2
    np.testing.assert_allclose(found[0, :, 1:-1:2, ::2], between, atol=1e-6)


def test_an_unknown_operation_is_named() -> None:
    sketch = Sketch()
    sketch.node("Einsum", "odd", "image")

    with pytest.raises(ConversionError, match=r"'Einsum' \(node 'odd'\) has no rule"):
        sketch.convert("odd")


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ({"dilations": {"list": {"i": ["1", "2", "2", "1"]}}}, "dilated"),
        ({"fused_ops": {"list": {"s": [list(b"Elu")]}}}, "fuses 'Elu'"),
    ],
)
def test_what_a_rule_does_not_cover_is_refused(attributes: dict[str, Any], complaint: str) -> None:
    sketch = Sketch()
    sketch.node("Conv2D", "conv", "image", sketch.random("weight", 1, 1, 3, 3), **attributes)

    with pytest.raises(ConversionError, match=complaint):
        sketch.convert("conv")


def test_a_constant_that_varies_over_the_picture_is_refused() -> None:
    sketch = Sketch()
    sketch.node("Add", "out", "image", sketch.random("plane", 7, 6, 1))

    with pytest.raises(ConversionError, match="takes a constant"):
        sketch.convert("out")


def test_a_node_that_is_not_there_is_named() -> None:
    with pytest.raises(ConversionError, match="no node 'gone'"):
        Sketch().convert("gone")


def stored(count: int, storage: str = "") -> dict[str, bytes]:
    """A model of one weight of two numbers, in two shards, with `count` bytes in all."""
    weight: dict[str, Any] = {"name": "w", "shape": [2], "dtype": "float32"}
    if storage:
        weight["quantization"] = {"dtype": storage}
    document = {
        "modelTopology": {"node": [{"name": "w", "op": "Const"}]},
        "weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": [weight]}],
    }
    data = np.array([1.5, -2.0], "<f2" if storage else "<f4").tobytes() + b"\0" * 8
    return {
        "m/model.json": json.dumps(document).encode(),
        "m/a.bin": data[:3],
        "m/b.bin": data[3:count],
    }


@pytest.mark.parametrize("files", [stored(8), stored(4, "float16")], ids=["whole", "half"])
def test_weights_are_read_across_shards(files: dict[str, bytes]) -> None:
    weight = read_graph_model(files, "m/model.json").weights["w"]

    assert weight.dtype == np.float32
    assert weight.tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (stored(7), "end before 'w' does"),
        (stored(9), "1 bytes too many"),
        (stored(8, "uint8"), "stored as uint8"),
        (
            {k: v for k, v in stored(8).items() if k != "m/b.bin"},
            r"lacks: \['m/b.bin'\]",
        ),
    ],
    ids=["cut short", "too long", "unknown storage", "missing shard"],
)
def test_damaged_weights_are_refused(files: dict[str, bytes], complaint: str) -> None:
    with pytest.raises(ConversionError, match=complaint):
        read_graph_model(files, "m/model.json")


# ---- what heads add


def pooled(image: Array, kernel: int, stride: int) -> Array:
    """TensorFlow's SAME maximum, pixel by pixel."""
    height, width, channels = image.shape
    rows, columns = -(-height // stride), -(-width // stride)
    top = max((rows - 1) * stride + kernel - height, 0) // 2
    left = max((columns - 1) * stride + kernel - width, 0) // 2
    out = np.full((rows, columns, channels), -np.inf)
    for row, column, i, j in np.ndindex(rows, columns, kernel, kernel):
        y, x = row * stride - top + i, column * stride - left + j
        if 0 <= y < height and 0 <= x < width:
            out[row, column] = np.maximum(out[row, column], image[y, x])
    return out


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_a_pooling_pads_as_tensorflow_does(kernel: int, stride: int) -> None:
    sketch = Sketch()
    sizes = {"ksize": (1, kernel, kernel, 1), "strides": (1, stride, stride, 1)}
    lists = {name: {"list": {"i": list(map(str, size))}} for name, size in sizes.items()}
    sketch.node("MaxPool", "pool", "image", **lists)

    (found,), _ = sketch.run("pool")

    np.testing.assert_array_equal(found, pooled(IMAGE, kernel, stride).astype(np.float32))


def test_bars_and_empty_channels_are_added() -> None:
    sketch = Sketch()
    bars = np.array([[0, 0], [1, 2], [0, 3], [0, 4]])
    sketch.node("Pad", "padded", "image", sketch.const("bars", bars))

    (found,), _ = sketch.run("padded")

    np.testing.assert_array_equal(found, np.pad(IMAGE, bars[1:]))


def test_relu6_in_three_steps_becomes_one() -> None:
    sketch = Sketch()
    sketch.node("Conv2D", "conv", "image", sketch.const("weight", 9 * np.eye(3)[None, None]))
    sketch.node("Relu", "relu", "conv")
    sketch.node("Minimum", "least", "relu", sketch.const("six", np.float32(6)))
    sketch.node("Maximum", "out", "least", sketch.const("zero", np.float32(0)))

    (found,), kinds = sketch.run("out")

    np.testing.assert_allclose(found, np.clip(9 * IMAGE, 0, 6), atol=1e-5)
    assert kinds == {"Conv": 1, "Clip": 1, "Identity": 1}


def test_limits_that_are_no_relu6_stay_what_they_are() -> None:
    sketch = Sketch()
    sketch.node("Relu", "relu", "image")
    sketch.node("Minimum", "least", "relu", sketch.const("half", np.float32(0.5)))
    sketch.node("Maximum", "most", "least", sketch.const("tenth", np.float32(0.1)))
    sketch.node("Minimum", "shared", "relu", sketch.const("third", np.float32(0.3)))

    (most, shared, relu), _ = sketch.run("most", "shared", "relu")

    np.testing.assert_allclose(relu, np.maximum(IMAGE, 0))
    np.testing.assert_allclose(most, np.clip(IMAGE, 0.1, 0.5))
    np.testing.assert_allclose(shared, np.clip(IMAGE, 0, 0.3))


def test_numbers_of_the_whole_picture_are_multiplied_and_weighed() -> None:
    sketch = Sketch()
    sketch.node("Mean", "mean", "image", sketch.const("axes", np.array([1, 2])))
    weight, bias = sketch.random("matrix", 3, 5), sketch.random("bias", 5)
    fused = {"list": {"s": [list(b"BiasAdd"), list(b"Relu")]}}
    sketch.node("_FusedMatMul", "product", "mean", weight, bias, fused_ops=fused)
    sketch.node("Softmax", "out", "product")

    (found,), _ = sketch.run("out")

    value = sketch.weights
    scores = np.maximum(IMAGE.mean(axis=(0, 1)) @ value["matrix"] + value["bias"], 0)
    np.testing.assert_allclose(found[0, 0], np.exp(scores) / np.exp(scores).sum(), atol=1e-6)


@pytest.mark.parametrize("attribute", ["transpose_a", "transpose_b"])
def test_a_turned_matrix_is_refused(attribute: str) -> None:
    sketch = Sketch()
    sketch.node("Mean", "mean", "image", sketch.const("axes", np.array([1, 2])))
    sketch.node("_FusedMatMul", "p", "mean", sketch.random("m", 3, 3), **{attribute: {"b": True}})

    with pytest.raises(ConversionError, match="multiplies other shapes"):
        sketch.convert("p")


def test_a_resize_from_centres_is_that_of_tensorflow() -> None:
    """Twice as large: each new pixel is 3/4 of the nearest and 1/4 of the next, at edges alone."""
    sketch = Sketch()
    size = sketch.const("size", np.array([2 * side for side in SIZE]))
    sketch.node("ResizeBilinear", "out", "image", size, half_pixel_centers={"b": True})

    (found,), _ = sketch.run("out")

    row = np.pad(IMAGE[0], ((1, 1), (0, 0)), mode="edge")
    left, right = 0.25 * row[:-2] + 0.75 * row[1:-1], 0.75 * row[1:-1] + 0.25 * row[2:]
    np.testing.assert_allclose(found[0], np.stack([left, right], 1).reshape(-1, 3), atol=1e-6)
