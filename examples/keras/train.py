#!/usr/bin/env python3
"""Trains a small CenterNet of shapes with Keras, on the CPU, and writes it as shapes-keras.onnx.

    python3 -m examples.keras.train [--epochs 8] [--out shapes-keras.onnx]

Objects as points (Zhou et al. 2019): a heat map for each class peaks at the middle of every shape;
two more maps hold the size of its box and where within the cell its middle lies. All in cells.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from keras import layers, ops
from numpy.typing import NDArray

from examples.custom.shapes import LABELS, draw, stretch

SIDE = 160  # pixels of the network's input, both ways
STRIDE = 4  # pixels a cell
CELLS = SIDE // STRIDE


def network() -> keras.Model:
    """Images ``(B, SIDE, SIDE, 3)``, RGB in 0..255, to the maps heat, size and offset."""

    def step(inside: keras.KerasTensor, channels: int, stride: int = 1) -> keras.KerasTensor:
        inside = layers.Conv2D(channels, 3, stride, padding="same", use_bias=False)(inside)
        return layers.ReLU()(layers.BatchNormalization()(inside))

    image = keras.Input((SIDE, SIDE, 3), name="image")
    near = step(step(layers.Rescaling(1 / 255)(image), 12, 2), 24, 2)
    far = step(step(step(near, 32, 2), 48, 2), 48)
    far = layers.UpSampling2D(4, interpolation="nearest")(far)
    joined = step(layers.Concatenate()([near, far]), 32)
    rare = keras.initializers.Constant(-3.0)  # most cells are no middle: begin with that
    return keras.Model(
        image,
        {
            "heat": layers.Conv2D(
                len(LABELS), 1, activation="sigmoid", bias_initializer=rare, name="heat"
            )(joined),
            "size": layers.Conv2D(2, 1, activation="softplus", name="size")(joined),
            "offset": layers.Conv2D(2, 1, activation="sigmoid", name="offset")(joined),
        },
    )


def scenes(count: int, seed: int) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.float32]]]:
    """Draw images and the maps that the network should answer with; NaN where anything will do."""
    rng = np.random.default_rng(seed)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    heat = np.zeros((count, CELLS, CELLS, len(LABELS)), np.float32)
    size, offset = np.full((2, count, CELLS, CELLS, 2), np.nan, np.float32)
    y, x = np.mgrid[:CELLS, :CELLS]
    for row in range(count):
        scene = stretch(draw(rng, *rng.integers(120, 241, 2).tolist()), SIDE)
        images[row] = scene.image
        for box, label in zip(scene.boxes / STRIDE, scene.classes, strict=True):
            middle, extent = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
            column, line = middle.astype(int)
            distance = ((x - column) ** 2 + (y - line) ** 2) / (2 * (extent.mean() / 8) ** 2)
            heat[row, ..., label] = np.maximum(heat[row, ..., label], np.exp(-distance))
            size[row, line, column] = extent
            offset[row, line, column] = middle - (column, line)
    return images, {"heat": heat, "size": size, "offset": offset}


def peaks(truth: tf.Tensor, heat: tf.Tensor) -> tf.Tensor:
    """CenterNet's focal loss: near a middle, being wrong costs less."""
    heat = ops.clip(heat, 1e-4, 1 - 1e-4)
    hit = ops.cast(truth == 1, "float32")
    missed = hit * (1 - heat) ** 2 * ops.log(heat)
    invented = (1 - hit) * (1 - truth) ** 4 * heat**2 * ops.log(1 - heat)
    return -ops.sum(missed + invented) / ops.maximum(ops.sum(hit), 1)


def where_known(truth: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
    """The mean error over the cells that hold a middle."""
    known = ~ops.isnan(truth)
    error = ops.where(known, ops.abs(ops.nan_to_num(truth) - found), 0)
    return ops.sum(error) / ops.maximum(ops.sum(ops.cast(known, "float32")), 1)


def export(model: keras.Model, path: Path) -> None:
    """Write the network as ONNX, for one image at a time."""
    signature = [tf.TensorSpec((1, SIDE, SIDE, 3), tf.float32, name="image")]
    tf2onnx.convert.from_function(
        tf.function(lambda image: model(image, training=False)),
        signature,
        opset=18,
        output_path=path,
    )
    print(f"{path}: {path.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--scenes", type=int, default=2500)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("shapes-keras.onnx"))
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    images, maps = scenes(options.scenes, seed=0)
    model = network()
    steps = options.epochs * -(-len(images) // 32)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.004, steps)),
        loss={"heat": peaks, "size": where_known, "offset": where_known},
        loss_weights={"heat": 1, "size": 0.1, "offset": 1},
    )
    model.fit(images, maps, batch_size=32, epochs=options.epochs, verbose=2)
    export(model, options.out)


if __name__ == "__main__":
    main()
