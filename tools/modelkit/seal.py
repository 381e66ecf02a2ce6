"""Closes a model at both ends: a picture of any size in, the best K boxes out.

Input `image`, uint8 [1, height, width, 4] RGBA, of any height and width. Outputs `boxes` float32
[1, K, 4] (x1, y1, x2, y2 as fractions of the picture), `scores` float32 [1, K], descending,
`classes` int32 [1, K], indices into the card's labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper

from modelkit.builder import FLOAT, INT32, UINT8, Builder
from modelkit.heads import Head, Raw
from modelkit.network import Network
from modelkit.tfjs import GraphModel

RGB = "input/rgb"
"""Tensor of the picture at the model's size: float32 [1, 3, H, W], 0..255."""


def seal(
    title: str,
    graph: GraphModel,
    head: Head,
    *,
    image: str,
    size: tuple[int, int],
    native: tuple[int, int],
    top: int,
) -> onnx.ModelProto:
    """Makes the sealed model of a TF.js graph, weights as they are.

    Args:
        title: name of the ONNX graph.
        graph: the TF.js model.
        head: what to do to its raw outputs.
        image: the node that takes the float RGB image, 0..255 NHWC.
        size: height and width of the model's input; a picture is stretched to it.
        native: height and width the TF.js graph was exported for.
        top: K.
    """
    builder = Builder()
    network = Network(graph, image, head.outputs, size, native)
    head.prune(network)
    tensors = network.emit(builder, _pixels(builder, "image", size))
    rows = head.emit(builder, Raw(graph, network, tensors), top)
    batch = builder.constant(np.array([0]), "batch_axis")
    scores = builder.node("Sigmoid", [rows.logits], "head/scores")
    classes = builder.node("Cast", [rows.classes], "head/classes_int32", to=INT32)
    for tensor, name in ((rows.boxes, "boxes"), (scores, "scores"), (classes, "classes")):
        builder.node("Unsqueeze", [tensor, batch], name)
    return builder.model(
        title,
        [helper.make_tensor_value_info("image", UINT8, [1, "height", "width", 4])],
        [
            helper.make_tensor_value_info("boxes", FLOAT, [1, top, 4]),
            helper.make_tensor_value_info("scores", FLOAT, [1, top]),
            helper.make_tensor_value_info("classes", INT32, [1, top]),
        ],
    )


def raw(
    title: str,
    graph: GraphModel,
    *,
    image: str,
    outputs: Sequence[str],
    size: tuple[int, int],
    native: tuple[int, int],
) -> onnx.ModelProto:
    """The network alone, for comparison with the source.

    Input `image` float32 [1, 3, H, W] RGB 0..255; outputs `output0`, `output1`, ... as in
    `outputs`, float32 [1, C, h, w].
    """
    builder = Builder()
    network = Network(graph, image, outputs, size, native)
    tensors = network.emit(builder, "image")
    infos = []
    for number, name in enumerate(outputs):
        found = network.outputs[name]
        builder.node("Identity", [tensors[name]], f"output{number}")
        shape = [1, found.channels, found.height, found.width]
        infos.append(helper.make_tensor_value_info(f"output{number}", FLOAT, shape))
    return builder.model(
        title, [helper.make_tensor_value_info("image", FLOAT, [1, 3, *size])], infos
    )


def _pixels(builder: Builder, image: str, size: tuple[int, int]) -> str:
    """From RGBA bytes of any size to float RGB [1, 3, H, W], 0..255."""
    target = builder.constant(np.array([1, *size, 4]), "input/size")
    sized = builder.node(
        "Resize",
        [image, "", "", target],
        "input/sized",
        mode="linear",
        coordinate_transformation_mode="half_pixel",
        antialias=1,
    )
    floats = builder.node("Cast", [sized], "input/floats", to=FLOAT)
    planes = builder.node("Transpose", [floats], "input/planes", perm=[0, 3, 1, 2])
    limits = [builder.constant(np.array([n]), "input/limit") for n in (0, 3, 1)]
    return builder.node("Slice", [planes, *limits], RGB)
