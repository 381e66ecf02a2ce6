"""Open networks for the page to take in, small enough to be made on the spot.

Each finds the one rectangle of each colour: a pixel belongs to a colour by how much that channel
exceeds the sum of the others, and the box spans the columns and rows that hold such pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from PIL import Image, ImageDraw

SIDE = 64
COLOURS = ("red", "green", "blue")
PLACES = {"red": (32, 48, 160, 240), "green": (352, 96, 576, 288), "blue": (128, 304, 448, 432)}
SCENE = (640, 480)


def scene() -> Image.Image:
    """A rectangle of each colour on black, at `PLACES`."""
    image = Image.new("RGB", SCENE)
    draw = ImageDraw.Draw(image)
    for colour, (x1, y1, x2, y2) in PLACES.items():
        draw.rectangle((x1, y1, x2 - 1, y2 - 1), fill={"green": "lime"}.get(colour, colour))
    return image


def yolox(side: int = SIDE, **how: Any) -> bytes:
    """As YOLOX has it: rows [1, N, 5 + C], boxes relative to cells; takes BGR of 0..255."""
    cells = _cells(side)
    nodes = [
        # The first three cells of stride 8 lie at (0, 0), (1, 0), (2, 0).
        _node("Div", ["centre", "eight"], "centre_cells"),
        _node("Sub", ["centre_cells", "cells"], "xy"),
        _node("Div", ["extent", "eight"], "extent_cells"),
        _node("Max", ["extent_cells", "tiny"], "extent_some"),
        _node("Log", ["extent_some"], "wh"),
        _node("Concat", ["xy", "wh", "score", "one_hot"], "three", axis=2),
        _node("Concat", ["three", "rest"], "rows", axis=1),
    ]
    constants = {
        "eight": np.float32(8),
        "tiny": np.float32(1e-3),
        "cells": np.array([[[0, 0], [1, 0], [2, 0]]], np.float32),
        "one_hot": np.eye(3, dtype=np.float32)[None, ::-1],  # the first channel is blue
        "rest": np.zeros((1, cells - 3, 8), np.float32),
    }
    return _model(side, {"rows": ("output", [1, cells, 8])}, nodes, constants, **how)


def yolov8(side: int = SIDE, **how: Any) -> bytes:
    """As Ultralytics export it: [1, 4 + C, N], centre and size in pixels; takes RGB of 0..1."""
    cells = _cells(side)
    nodes = [
        _node("Concat", ["centre", "extent"], "box", axis=2),
        _node("Mul", ["score", "one_hot"], "scores"),
        _node("Concat", ["box", "scores"], "three", axis=2),
        _node("Concat", ["three", "rest"], "rows", axis=1),
        _node("Transpose", ["rows"], "columns", perm=[0, 2, 1]),
    ]
    constants = {
        "one_hot": np.eye(3, dtype=np.float32)[None],
        "rest": np.zeros((1, cells - 3, 7), np.float32),
    }
    outputs = {"columns": ("output0", [1, 7, cells])}
    return _model(side, outputs, nodes, constants, scale=255, **how)


def pose(side: int = SIDE, **how: Any) -> bytes:
    """As `yolov8`, with one key point of each row: the middle of its box, and the row's score."""
    cells = _cells(side)
    nodes = [
        _node("Mul", ["score", "one_hot"], "scores"),
        _node("Concat", ["centre", "extent", "scores", "centre", "score"], "three", axis=2),
        _node("Concat", ["three", "rest"], "rows", axis=1),
        _node("Transpose", ["rows"], "columns", perm=[0, 2, 1]),
    ]
    constants = {
        "one_hot": np.eye(3, dtype=np.float32)[None],
        "rest": np.zeros((1, cells - 3, 10), np.float32),
    }
    outputs = {"columns": ("output0", [1, 10, cells])}
    return _model(side, outputs, nodes, constants, scale=255, **how)


def ssd(side: int = SIDE, **how: Any) -> bytes:
    """As other tools export SSD: boxes [1, N, 4] in 0..1 and scores [1, N, C], under names that do
    not tell whether corners begin with x and whether the first score is the background's (they do,
    and it is not); takes RGB of -1..1."""
    nodes = [
        _node("Mul", ["extent", "half"], "reach"),
        _node("Sub", ["centre", "reach"], "low"),
        _node("Add", ["centre", "reach"], "high"),
        _node("Concat", ["low", "high"], "xyxy", axis=2),
        _node("Div", ["xyxy", "side"], "boxes"),
        _node("Mul", ["score", "one_hot"], "columns"),
    ]
    constants = {
        "side": np.float32(side),
        "one_hot": np.eye(3, dtype=np.float32)[None],
    }
    outputs = {"boxes": ("a", [1, 3, 4]), "columns": ("b", [1, 3, 3])}
    return _model(side, outputs, nodes, constants, scale=127.5, offset=127.5, **how)


def mmdetection(**how: Any) -> bytes:
    """As MMDetection exports models with NMS inside: dets [1, n, 5] and labels [1, n], for an input
    of any size; takes BGR of 0..255."""
    nodes = [
        _node("Mul", ["extent", "half"], "reach"),
        _node("Sub", ["centre", "reach"], "low"),
        _node("Add", ["centre", "reach"], "high"),
        _node("Concat", ["low", "high", "score"], "rows", axis=2),
    ]
    constants = {"numbers": np.array([[2, 1, 0]], np.float32)}  # the first channel is blue
    outputs: dict[str, tuple[str, list[Any]]] = {
        "rows": ("dets", [1, "n", 5]),
        "numbers": ("labels", [1, "n"]),
    }
    return _model(SIDE, outputs, nodes, constants, dynamic=True, **how)


def named(*names: str, task: str = "detect") -> dict[str, str]:
    """Metadata as Ultralytics write it."""
    return {"names": str(dict(enumerate(names))), "task": task, "imgsz": f"[{SIDE}, {SIDE}]"}


def _cells(side: int) -> int:
    return sum((side // stride) ** 2 for stride in (8, 16, 32))


def _node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> Any:
    return helper.make_node(operator, inputs, [output], **attributes)


def _span(axis: str, over: str) -> list[Any]:
    """From ``near`` [1, colour, y, x]: first and last pixel of each colour, [1, colour, 1]."""
    return [
        _node("ReduceMax", ["near", over], f"{axis}_line", keepdims=0),
        _node("ArgMax", [f"{axis}_line"], f"{axis}_i0", axis=2),
        _node("ArgMax", [f"{axis}_line"], f"{axis}_i1", axis=2, select_last_index=1),
        _node("Cast", [f"{axis}_i0"], f"{axis}_0", to=TensorProto.FLOAT),
        _node("Cast", [f"{axis}_i1"], f"{axis}_last", to=TensorProto.FLOAT),
        _node("Add", [f"{axis}_last", "one"], f"{axis}_1"),
        _node("Sub", [f"{axis}_1", f"{axis}_0"], f"{axis}_extent"),
        _node("Add", [f"{axis}_0", f"{axis}_1"], f"{axis}_sum"),
        _node("Mul", [f"{axis}_sum", "half"], f"{axis}_centre"),
    ]


def _model(
    side: int,
    outputs: Mapping[str, tuple[str, Sequence[Any]]],
    nodes: Sequence[Any],
    constants: Mapping[str, Any],
    *,
    scale: float = 1.0,
    offset: float = 0.0,
    dtype: int = TensorProto.FLOAT,
    dynamic: bool = False,
    metadata: Mapping[str, str] | None = None,
    operator: str = "",
) -> bytes:
    """The network: what it sees, then the family's own nodes.

    Args:
        outputs: name and shape of each, by the tensor that it is.
        scale, offset: multiplied with and added to what comes in, so that it is 0..255.
        dynamic: batch and size are symbolic.
        operator: of a node put in the picture's way.
    """
    seen = [
        _node(operator or "Identity", ["images"], "passed"),
        _node("Cast", ["passed"], "float", to=TensorProto.FLOAT),
        _node("Mul", ["float", "scale"], "scaled"),
        _node("Add", ["scaled", "offset"], "pixels"),
        _node("Conv", ["pixels", "purity"], "pure"),
        _node("Greater", ["pure", "half"], "is_near"),
        _node("Cast", ["is_near"], "near", to=TensorProto.FLOAT),
        *_span("x", "rows_axis"),
        *_span("y", "columns_axis"),
        _node("Concat", ["x_centre", "y_centre"], "centre", axis=2),
        _node("Concat", ["x_extent", "y_extent"], "extent", axis=2),
        _node("ReduceMax", ["pure", "both_axes"], "best", keepdims=0),
        _node("Clip", ["best", "zero", "most"], "clipped"),
        _node("Unsqueeze", ["clipped", "last_axis"], "score"),
    ]
    end = [_node("Cast", [tensor], name, to=dtype) for tensor, (name, _) in outputs.items()]
    arrays = {
        "scale": np.float32(scale),
        "offset": np.float32(offset),
        "purity": ((2 * np.eye(3) - 1) / 255).astype(np.float32)[:, :, None, None],
        "half": np.float32(0.5),
        "one": np.float32(1),
        "zero": np.float32(0),
        "most": np.float32(0.9),
        "rows_axis": np.array([2]),
        "columns_axis": np.array([3]),
        "both_axes": np.array([2, 3]),
        "last_axis": np.array([2]),
        **constants,
    }
    size = ["batch", 3, "height", "width"] if dynamic else [1, 3, side, side]
    graph = helper.make_graph(
        [*seen, *nodes, *end],
        "colours",
        [helper.make_tensor_value_info("images", dtype, size)],
        [helper.make_tensor_value_info(name, dtype, shape) for name, shape in outputs.values()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, dict(metadata or {}))
    if not operator:
        checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
