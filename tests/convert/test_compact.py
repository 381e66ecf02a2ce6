"""Compact weights: what is stored how, and how little that changes."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper, numpy_helper

from modelkit.builder import FLOAT, Builder
from modelkit.compact import compact, quantize


def network(**weights: tuple[int, ...]) -> onnx.ModelProto:
    """Convolutions one after another, by name and shape (O, I, 1, 1) of their weight."""
    builder = Builder()
    random = np.random.default_rng(2)
    at, channels = "image", next(iter(weights.values()))[1]
    for name, shape in weights.items():
        weight = builder.constant(random.normal(0, 0.1, shape).astype(np.float32), name)
        groups = channels // shape[1]
        at = builder.node("Conv", [at, weight], f"{name}/conv", group=groups)
        channels = shape[0]
    builder.node("Identity", [at], "out")
    first = next(iter(weights.values()))
    return builder.model(
        "network",
        [helper.make_tensor_value_info("image", FLOAT, [1, first[1], 4, 4])],
        [helper.make_tensor_value_info("out", FLOAT, [1, channels, 4, 4])],
    )


def test_large_weights_become_int8_small_and_depthwise_ones_float16() -> None:
    model = network(large=(128, 128, 1, 1), depthwise=(128, 1, 1, 1), small=(8, 128, 1, 1))

    stored = {item.name: numpy_helper.to_array(item) for item in compact(model).graph.initializer}

    assert {name: str(value.dtype) for name, value in stored.items()} == {
        "large/int8": "int8",
        "large/scale": "float32",
        "depthwise/float16": "float16",
        "small/float16": "float16",
    }
    assert stored["large/scale"].shape == (128, 1, 1, 1)


def test_the_model_computes_nearly_the_same() -> None:
    model = network(large=(128, 128, 1, 1), depthwise=(128, 1, 1, 1))
    image = np.random.default_rng(1).normal(0, 1, (1, 128, 4, 4)).astype(np.float32)

    before, after = (
        ort.InferenceSession(item.SerializeToString()).run(None, {"image": image})[0]
        for item in (model, compact(model))
    )

    assert np.abs(before - after).max() < 0.01 * np.abs(before).max()
    assert (before != after).any()


def test_the_model_given_is_left_alone() -> None:
    model = network(large=(128, 128, 1, 1))
    before = model.SerializeToString(deterministic=True)

    compact(model)

    assert model.SerializeToString(deterministic=True) == before


def test_each_channel_is_rounded_to_its_own_levels() -> None:
    weight = np.stack([np.linspace(-1, 1, 50), np.linspace(-100, 30, 50), np.zeros(50)])
    weight = weight.astype(np.float32).reshape(3, 2, 5, 5)

    levels, scale = quantize(weight)

    error = np.abs(levels * scale - weight).max(axis=(1, 2, 3))
    assert (error <= scale.ravel() / 2 + 1e-6).all()
    assert np.abs(levels).max(axis=(1, 2, 3)).tolist() == [127, 127, 0]


def test_weights_beyond_float16_stay_as_they_are() -> None:
    model = network(small=(1, 1, 1, 1))
    huge = numpy_helper.from_array(np.full((1, 1, 1, 1), 1e6, np.float32), "small")
    model.graph.initializer[0].CopyFrom(huge)

    assert [item.name for item in compact(model).graph.initializer] == ["small"]


def test_as_float16_all_weights_take_half_the_room() -> None:
    model = network(large=(128, 128, 1, 1), depthwise=(128, 1, 1, 1))

    stored = compact(model, "fp16")

    assert {item.data_type for item in stored.graph.initializer} == {onnx.TensorProto.FLOAT16}
    assert stored.ByteSize() < 0.52 * model.ByteSize()


@pytest.mark.parametrize(
    ("op", "transposed", "levels"),  # levels: the shape of the scale, one for each output channel
    [("MatMul", None, (1, 64)), ("Gemm", 0, (1, 64)), ("Gemm", 1, (256, 1))],
)
def test_products_of_matrices_are_stored_as_int8_too(
    op: str, transposed: int | None, levels: tuple[int, int]
) -> None:
    builder = Builder()
    random = np.random.default_rng(4)
    weight = random.normal(0, 0.1, (256, 64)).astype(np.float32)
    inputs, outputs = (64, 256) if transposed else (256, 64)
    attributes = {} if transposed is None else {"transB": transposed}
    builder.node(op, ["x", builder.constant(weight, "weight")], "y", **attributes)
    model = builder.model(
        "product",
        [helper.make_tensor_value_info("x", FLOAT, [2, inputs])],
        [helper.make_tensor_value_info("y", FLOAT, [2, outputs])],
    )

    stored = compact(model)

    scale = next(item for item in stored.graph.initializer if item.name == "weight/scale")
    assert tuple(scale.dims) == levels
    x = random.normal(0, 1, (2, inputs)).astype(np.float32)
    before, after = (
        ort.InferenceSession(item.SerializeToString()).run(None, {"x": x})[0]
        for item in (model, stored)
    )
    assert np.abs(before - after).max() < 0.02 * np.abs(before).max()
