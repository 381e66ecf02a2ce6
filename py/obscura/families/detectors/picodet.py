"""PicoDet (Yu et al. 2021, arXiv 2111.00902), as PaddleDetection exports it without NMS: see `gfl`.

A pair of outputs for each stride, scores after the sigmoid ``[1, cells, classes]`` and distances
``[1, cells, 4 bins]``; or all boxes decoded, ``[1, N, 4]`` corners in pixels of the input, and
scores ``[1, classes, N]``, like PP-YOLOE.
"""

from __future__ import annotations

from collections.abc import Iterator

from obscura.cards.card import InputSpec
from obscura.families.common import gfl, libreyolo
from obscura.families.common.reading import Picture, Reading, one_picture, size_for_rows
from obscura.families.common.rows import Option
from obscura.graph.inspect import Graph

STRIDES = (8, 16, 32, 64)
OPTIONS = {
    "strides": Option(list(STRIDES), help="pixels per cell"),
    "offset": Option(0.5, (0.0, 0.5), "where in a cell distances start"),
    "logits": Option(default=False, choices=(False, True), help="scores lack the sigmoid"),
}

read = gfl.read


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None or libreyolo.exported(graph):
        return []
    pairs = gfl.pairs(graph)
    if pairs:
        scores, classes, _ = pairs
        size = gfl.size_of(picture, scores, STRIDES)
        if size is None:
            return []
        return [
            Reading(
                "picodet",
                InputSpec(*size, "stretch"),
                gfl.form(graph, picture, "rgb", strides=list(STRIDES)),
                classes,
                0.85,
                "scores and distances in bins, apart, for four strides",
            )
        ]
    return list(_decoded(graph, picture))


def _decoded(graph: Graph, picture: Picture) -> Iterator[Reading]:
    """Yield the reading of decoded boxes: PicoDet's or, with three strides, PP-YOLOE's."""
    shapes = sorted((value.shape for value in graph.outputs), key=lambda shape: shape[-1:] != (4,))
    if len(shapes) != 2 or any(len(shape) != 3 for shape in shapes):
        return
    (_, rows, four), (_, classes, same) = shapes
    if four != 4 or not isinstance(classes, int) or rows != same or not isinstance(rows, int):
        return
    for strides, title in ((STRIDES, "PicoDet"), (STRIDES[:3], "PP-YOLOE")):
        size = size_for_rows(picture, rows, strides)
        if size is not None:
            form = gfl.form(graph, picture, "rgb", strides=list(strides))
            yield Reading(
                "picodet",
                InputSpec(*size, "stretch"),
                form._replace(options={**form.options, "logits": False}),
                classes,
                0.85,
                f"{rows} boxes, and scores class by class, as {title} has them",
            )
