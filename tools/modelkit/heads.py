"""What stands between a network's raw outputs and the K best boxes, as graph nodes.

A head is a small object with the names of the tensors it reads in the TF.js graph (`outputs`), a
chance to prune the network (`prune`), and `emit`, which returns boxes [K, 4] as fractions of the
image (x1, y1, x2, y2), logits [K] in descending order, and classes int64 [K].

The sigmoid comes after the choice of the K best, for it does not change their order; and boxes
are decoded for these K alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from modelkit.builder import INT32, Builder
from modelkit.network import Network
from modelkit.tfjs import GraphModel


class Rows(NamedTuple):
    """Names of the tensors a head ends in."""

    boxes: str
    logits: str
    classes: str


class Raw(NamedTuple):
    """Raw outputs: the TF.js graph, its network, and the tensor [1, C, h, w] of each output."""

    graph: GraphModel
    network: Network
    tensors: Mapping[str, str]


class Head(Protocol):
    """See the module's docstring."""

    @property
    def outputs(self) -> tuple[str, ...]: ...

    def prune(self, network: Network) -> None: ...

    def emit(self, builder: Builder, raw: Raw, top: int) -> Rows: ...


class SsdHead:
    """Anchors refined by offsets (Liu et al. 2016, SSD), one score per class and anchor.

    Args:
        boxes: nodes of the offsets (4 channels an anchor: y, x, height, width), finest map first.
        logits: nodes of the class scores, as many, `columns` channels an anchor.
        anchors: the constant [1, N, 4] of all anchors, y1, x1, y2, x2 as fractions of the image.
        scales: the two constants that the offsets of centre and of size are multiplied by.
        columns: classes per anchor in the source, background included.
        keep: the columns that stand for a label, in the order of the labels.
    """

    def __init__(
        self,
        *,
        boxes: tuple[str, ...],
        logits: tuple[str, ...],
        anchors: str,
        scales: tuple[str, str],
        columns: int,
        keep: tuple[int, ...],
    ) -> None:
        self.outputs = boxes + logits
        self._boxes, self._logits = boxes, logits
        self._anchors, self._scales = anchors, scales
        self._columns, self._keep = columns, keep

    def prune(self, network: Network) -> None:
        """Drops the scores of the background and of ids that no label has."""
        for name in self._logits:
            anchors = network.outputs[name].channels // self._columns
            kept = [a * self._columns + column for a in range(anchors) for column in self._keep]
            network.keep_channels(name, kept)

    def emit(self, builder: Builder, raw: Raw, top: int) -> Rows:
        """The best class of each anchor, then the best anchors."""
        offsets = self._join(builder, raw.tensors, self._boxes, 4, "head/offsets")
        logits = self._join(builder, raw.tensors, self._logits, len(self._keep), "head/logits")
        best = builder.node(
            "ReduceMax",
            [logits, builder.constant(np.array([1]), "head/class_axis")],
            "head/best",
            keepdims=0,
        )
        label = builder.node("ArgMax", [logits], "head/label", axis=1, keepdims=0)
        count = builder.constant(np.array([top]), "head/top")
        score = builder.node("TopK", [best, count], "head/rows", outputs=2, axis=0)
        row = f"{score}.1"
        classes = builder.node("Gather", [label, row], "head/classes", axis=0)
        chosen = builder.node("Gather", [offsets, row], "head/chosen_offsets", axis=0)
        corners = raw.graph.weights[self._anchors].reshape(-1, 4)
        centres, sizes = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
        # the whole decoding in x, y order, on the chosen rows only
        swapped = np.concatenate([centres[:, ::-1], sizes[:, ::-1]], axis=1).astype(np.float32)
        anchors = builder.constant(swapped, "head/anchors")
        anchor = builder.node("Gather", [anchors, row], "head/chosen_anchors", axis=0)
        centre, size = _halves(builder, anchor, "head/anchor")
        flipped = builder.node(
            "Gather",
            [chosen, builder.constant(np.array([1, 0, 3, 2]), "head/yx_to_xy")],
            "head/xy_offsets",
            axis=1,
        )
        shift, growth = _halves(builder, flipped, "head/offset")
        factor = [
            builder.constant(raw.graph.weights[name].reshape(1), f"head/scale{n}")
            for n, name in enumerate(self._scales)
        ]
        shift = builder.node("Mul", [shift, factor[0]], "head/shift")
        shift = builder.node("Mul", [shift, size], "head/shift_scaled")
        middle = builder.node("Add", [shift, centre], "head/centre")
        growth = builder.node("Mul", [growth, factor[1]], "head/growth")
        growth = builder.node("Exp", [growth], "head/growth_exp")
        extent = builder.node("Mul", [growth, size], "head/extent")
        half = builder.constant(np.array([0.5], np.float32), "head/half")
        reach = builder.node("Mul", [extent, half], "head/reach")
        low = builder.node("Sub", [middle, reach], "head/low")
        high = builder.node("Add", [middle, reach], "head/high")
        boxes = builder.node("Concat", [low, high], "head/boxes", axis=1)
        return Rows(boxes, score, classes)

    @staticmethod
    def _join(
        builder: Builder,
        tensors: Mapping[str, str],
        names: tuple[str, ...],
        columns: int,
        stem: str,
    ) -> str:
        """All maps as rows [N, columns], in the order of the anchors: row, column, anchor."""
        rows = []
        shape = builder.constant(np.array([-1, columns]), f"{stem}/shape")
        for name in names:
            last = builder.node("Transpose", [tensors[name]], f"{stem}/nhwc", perm=[0, 2, 3, 1])
            rows.append(builder.node("Reshape", [last, shape], f"{stem}/rows"))
        return builder.node("Concat", rows, stem, axis=0)


class CenterNetHead:
    """Objects as points (Zhou et al. 2019, CenterNet): the peaks of one heat map a class.

    Args:
        heat: node of the class scores before the sigmoid.
        reach: node of the distances in pixels from the cell to left, top, right and bottom.
        stride: pixels a cell.
    """

    def __init__(self, *, heat: str, reach: str, stride: int) -> None:
        self.outputs = (heat, reach)
        self._heat, self._reach, self._stride = heat, reach, stride

    def prune(self, network: Network) -> None:
        """Every channel is a label: nothing to drop."""

    def emit(self, builder: Builder, raw: Raw, top: int) -> Rows:
        """The best local maxima (3x3) over all classes, which takes the place of an NMS."""
        heat, size = raw.tensors[self._heat], raw.network.outputs[self._heat]
        highest = builder.node(
            "MaxPool", [heat], "head/highest", kernel_shape=[3, 3], pads=[1, 1, 1, 1]
        )
        # Where a cell is not the highest of its surroundings, push it out of sight. (Equal and
        # Where would say so more plainly, and take twice as long.)
        excess = builder.node("Sub", [heat, highest], "head/excess")
        huge = builder.constant(np.array(1e30, np.float32), "head/huge")
        excess = builder.node("Mul", [excess, huge], "head/excess_huge")
        peaks = builder.node("Add", [heat, excess], "head/peaks")
        # The best K peaks lie in the K cells with the best peaks, and those are found faster.
        shape = builder.constant(np.array([size.channels, -1]), "head/planes_shape")
        planes = builder.node("Reshape", [peaks, shape], "head/planes")
        first = builder.constant(np.array([0]), "head/first_axis")
        best = builder.node("ReduceMax", [planes, first], "head/best", keepdims=0)
        count = builder.constant(np.array([top]), "head/top")
        cells = builder.node("TopK", [best, count], "head/cells", outputs=2, axis=0)
        chosen = builder.node("Gather", [planes, f"{cells}.1"], "head/chosen", axis=1)
        shape = builder.constant(np.array([-1]), "head/flat_shape")
        flat = builder.node("Reshape", [chosen, shape], "head/flat")
        score = builder.node("TopK", [flat, count], "head/rows", outputs=2, axis=0)
        # int32, for which more runtimes have division than for int64
        index = builder.node("Cast", [f"{score}.1"], "head/index", to=INT32)
        per_class = builder.constant(np.array(top, np.int32), "head/per_class")
        label, rank = _divide(builder, index, per_class, "head/label")
        cell = builder.node("Gather", [f"{cells}.1", rank], "head/cell_int64", axis=0)
        cell = builder.node("Cast", [cell], "head/cell", to=INT32)
        width = builder.constant(np.array(size.width, np.int32), "head/width")
        y, x = _divide(builder, cell, width, "head/place")
        axis = builder.constant(np.array([1]), "head/axis")
        columns = [builder.node("Unsqueeze", [value, axis], "head/column") for value in (x, y)]
        place = builder.node("Concat", columns, "head/xy", axis=1)
        place = builder.node("Cast", [place], "head/xy_float", to=1)
        stride = builder.constant(np.array(self._stride, np.float32), "head/stride")
        centre = builder.node("Mul", [place, stride], "head/centre")
        last = builder.node("Transpose", [raw.tensors[self._reach]], "head/nhwc", perm=[0, 2, 3, 1])
        rows = builder.node(
            "Reshape",
            [last, builder.constant(np.array([-1, 4]), "head/rows_shape")],
            "head/reaches",
        )
        reach = builder.node("Gather", [rows, cell], "head/reach", axis=0)
        before, after = _halves(builder, reach, "head/reach")
        low = builder.node("Sub", [centre, before], "head/low")
        high = builder.node("Add", [centre, after], "head/high")
        pixels = builder.node("Concat", [low, high], "head/pixels", axis=1)
        extent = np.array([size.width, size.height] * 2, np.float32) * np.float32(self._stride)
        boxes = builder.node("Div", [pixels, builder.constant(extent, "head/extent")], "head/boxes")
        return Rows(boxes, score, label)


def _halves(builder: Builder, rows: str, stem: str) -> tuple[str, str]:
    """Splits rows [K, 4] into their first and their last two columns."""
    first = builder.node("Split", [rows], f"{stem}/halves", outputs=2, axis=1, num_outputs=2)
    return first, f"{first}.1"


def _divide(builder: Builder, index: str, divisor: str, stem: str) -> tuple[str, str]:
    """Quotient and remainder of integers."""
    quotient = builder.node("Div", [index, divisor], f"{stem}/quotient")
    whole = builder.node("Mul", [quotient, divisor], f"{stem}/whole")
    return quotient, builder.node("Sub", [index, whole], f"{stem}/remainder")
