#!/usr/bin/env python3
"""A detector without deep learning: numpy and scikit-learn, written as shapes-simple.onnx.

    python3 -m examples.simple.train [--scenes 400] [--out shapes-simple.onnx]

A window slides over the picture at several sizes; what is seen through it, edges by direction
(much as in HOG, Dalal and Triggs 2005), goes to a small classifier that was fitted with
scikit-learn. To slide a linear layer over a picture is a convolution, so all of this can be said in
ONNX, and the features that the classifier is fitted on are computed by the very graph that runs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from examples.custom.shapes import LABELS, draw, letterbox

Floats = NDArray[np.float32]

SIDE = 160  # pixels of the graph's input, both ways
CELL = 4  # pixels; edges are averaged over cells
BOX = 8  # cells a side
VIEW = BOX + 2  # cells a side: the window sees a little beyond its box
SIZES = (256, 192, 144, 108, 80, 60)  # the input, scaled to these: shapes of 20 to 85 pixels
ROUNDS = 3  # of fitting; each after the first adds windows that the one before was wrong about
RARE = 3.0  # logits: shapes are so much rarer in a picture than among the windows fitted on
NOTHING = len(LABELS)  # the class of windows that hold no shape

ANGLES = np.arange(8) * np.pi / 4
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
EDGES = np.array([np.cos(a) * SOBEL + np.sin(a) * SOBEL.T for a in ANGLES])  # (8, 3, 3)


def features(level: int) -> str:
    """The nodes that turn ``image`` into edges by direction, (1, 8, rows, columns) of cells."""
    return f"""
        scaled{level} = Resize <mode = "linear"> (image, , , size{level})
        grey{level} = ReduceMean <keepdims = 1> (scaled{level}, channels)
        edges{level} = Conv <pads = [1, 1, 1, 1]> (grey{level}, directions)
        strong{level} = Relu (edges{level})
        cells{level} = AveragePool <kernel_shape = [{CELL}, {CELL}], strides = [{CELL}, {CELL}]>
            (strong{level})
        power{level} = ReduceMean <keepdims = 1> (cells{level}, channels)
        around{level} = AveragePool
            <kernel_shape = [5, 5], pads = [2, 2, 2, 2], count_include_pad = 0> (power{level})
        floored{level} = Add (around{level}, faint)
        features{level} = Div (cells{level}, floored{level})"""


def classifier(level: int) -> str:
    """The nodes that give every window its scores, (1, classes, windows)."""
    return f"""
        hidden{level} = Conv <pads = [1, 1, 1, 1]> (features{level}, weights0, bias0)
        active{level} = Relu (hidden{level})
        logits{level} = Conv (active{level}, weights1, bias1)
        odds{level} = Softmax <axis = 1> (logits{level})
        row{level} = Reshape (odds{level}, one_row)"""


def build(results: str, nodes: str, constants: dict[str, NDArray[np.generic]]) -> onnx.ModelProto:
    """Make a model of a text of nodes and the constants that they name."""
    model = onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        shapes (float[1, 3, {SIDE}, {SIDE}] image) => ({results}) {{ {nodes} }}"""
    )
    for name, value in constants.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
    onnx.checker.check_model(model, full_check=True)
    return model


def feature_constants() -> dict[str, NDArray[np.generic]]:
    sizes = {f"size{level}": np.array([1, 3, side, side]) for level, side in enumerate(SIZES)}
    return sizes | {
        "channels": np.array([1]),
        "directions": EDGES[:, None].astype(np.float32),
        "faint": np.array(0.015, np.float32),
    }


def windows(level: int) -> Floats:
    """Where the windows of a level lie in the input: (windows, 4) xyxy in pixels, row by row."""
    scale = SIZES[level] / SIDE
    count = SIZES[level] // CELL - BOX + 1
    corner = np.arange(count) * CELL / scale
    y, x = np.meshgrid(corner, corner, indexing="ij")
    low = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.concatenate([low, low + BOX * CELL / scale], axis=1).astype(np.float32)


def overlap(a: Floats, b: Floats) -> Floats:
    """IoU of (n, 4) with (m, 4) boxes: (n, m)."""
    shared = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    both = shared.clip(0).prod(axis=2)
    return both / ((a[:, 2:] - a[:, :2]).prod(1)[:, None] + (b[:, 2:] - b[:, :2]).prod(1) - both)


def examples(
    scenes: int, seed: int, fitted: MLPClassifier | None
) -> tuple[Floats, NDArray[np.int64]]:
    """Draw scenes and look through their windows: features (n, 8 * VIEW * VIEW) and classes.

    Of the windows that hold no shape a few are taken; if there is a classifier, of those that it is
    wrong about.
    """
    levels = range(len(SIZES))
    results = ", ".join(f"float[1, 8, r{level}, c{level}] features{level}" for level in levels)
    graph = build(results, "".join(map(features, levels)), feature_constants())
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    rng = np.random.default_rng(seed)
    seen, classes = [], []
    for _ in range(scenes):
        scene = letterbox(draw(rng, *rng.integers(120, 241, 2).tolist()), SIDE)
        image = np.asarray(scene.image, np.float32).transpose(2, 0, 1)[None] / 255
        for level, cells in enumerate(session.run(None, {"image": image})):
            padded = np.pad(cells[0], ((0, 0), (1, 1), (1, 1)))
            views = sliding_window_view(padded, (VIEW, VIEW), axis=(1, 2))
            views = views.transpose(1, 2, 0, 3, 4).reshape(-1, 8 * VIEW * VIEW)
            met = overlap(windows(level), scene.boxes)
            best = met.max(axis=1, initial=0)
            holds = np.flatnonzero(best > 0.6)
            lacks = np.flatnonzero(best < 0.4)
            if fitted is not None:
                lacks = lacks[fitted.predict(views[lacks]) != NOTHING]
            lacks = rng.choice(lacks, min(25, len(lacks)), replace=False)
            seen += [views[holds], views[lacks]]
            classes.append(scene.classes[met[holds].argmax(axis=1)] if len(holds) else holds)
            classes.append(np.full(len(lacks), NOTHING))
    return np.concatenate(seen), np.concatenate(classes)


def detector(fitted: MLPClassifier) -> onnx.ModelProto:
    """The whole as one graph: boxes in pixels of the input, scores, classes; NMS inside."""
    levels = range(len(SIZES))
    (first, second), (bias0, bias1) = fitted.coefs_, fitted.intercepts_
    boxes = np.concatenate([windows(level) for level in levels])
    bias1[NOTHING] += RARE
    constants = feature_constants() | {
        "weights0": first.T.reshape(-1, 8, VIEW, VIEW).astype(np.float32),
        "weights1": second.T[:, :, None, None].astype(np.float32),
        "bias0": bias0.astype(np.float32),
        "bias1": bias1.astype(np.float32),
        "one_row": np.array([1, NOTHING + 1, -1]),
        "places": boxes,
        "places3d": boxes[None],
        "begin": np.array([0]),
        "end": np.array([NOTHING]),
        "most": np.array([20]),
        "iou": np.array([0.3], np.float32),
        "least": np.array([0.05], np.float32),
        "window_column": np.array(2),
    }
    nodes = "".join(features(level) + classifier(level) for level in levels)
    every = ", ".join(f"row{level}" for level in levels)
    nodes += f"""
        every = Concat <axis = 2> ({every})
        of_shapes = Slice (every, begin, end, channels)
        best = ReduceMax <keepdims = 1> (of_shapes, channels)
        label = ArgMax <axis = 1, keepdims = 1> (of_shapes)
        chosen = NonMaxSuppression (places3d, best, most, iou, least)
        window = Gather <axis = 1> (chosen, window_column)
        boxes = Gather <axis = 0> (places, window)
        scores = GatherND (best, chosen)
        classes = GatherND (label, chosen)"""
    return build("float[n, 4] boxes, float[n] scores, int64[n] classes", nodes, constants)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("shapes-simple.onnx"))
    options = parser.parse_args()
    seen, classes = [], []
    fitted = None
    for seed in range(ROUNDS):
        views, truth = examples(options.scenes, seed, fitted)
        seen.append(views)
        classes.append(truth)
        fitted = MLPClassifier([64], early_stopping=True, n_iter_no_change=4, random_state=0)
        fitted.fit(np.concatenate(seen), np.concatenate(classes))
        wrong = 1 - fitted.best_validation_score_
        print(f"{sum(map(len, seen)):,} windows, wrong about {wrong:.1%} of those kept aside")
    onnx.save(detector(fitted), options.out)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
