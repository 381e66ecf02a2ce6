"""YOLOX (Ge et al. 2021, arXiv 2107.08430): one row per cell, boxes relative to it.

One output ``[1, N, 5 + classes]``: centre and log size in cells, objectness, and class scores, both
after the sigmoid. N counts the cells of all strides. Exported with ``--decode_in_inference`` the
boxes are centre and size in pixels of the input.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.cards.card import InputSpec, OpenForm
from obscura.families.common import libreyolo
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import USUAL_CLASSES, Reading, one_picture, size_for_rows
from obscura.families.common.rows import (
    Option,
    Rows,
    Spec,
    best_class,
    cell_counts,
    cells,
    first_output,
    fractions,
    from_cells,
    mismatch,
    xyxy_from_cxcywh,
)
from obscura.graph.inspect import Graph

STRIDES = (8, 16, 32)
OPTIONS = {
    "strides": Option(list(STRIDES), help="pixels per cell, finest map first"),
    "decoded": Option(
        default=False, choices=(False, True), help="boxes are already in pixels of the input"
    ),
}

EXPORTED = ("images", "output")
"""Names of input and output that YOLOX's own exporter gives."""


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    rows = first_output(outputs)
    strides = spec.options["strides"]
    wanted = (1, sum(cell_counts(spec, strides)), 5 + spec.classes)
    if rows.shape != wanted:
        raise mismatch(outputs, f"one output {list(wanted)}")
    rows = rows[0]
    if spec.options["decoded"]:
        boxes = xyxy_from_cxcywh(ops, rows[:, 0:4])
    else:
        boxes = from_cells(ops, rows[:, 0:4], cells(spec, strides))
    scores = rows[:, 5:] * rows[:, 4:5]
    return best_class(ops, fractions(ops, boxes, spec), scores, spec.top)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    if libreyolo.exported(graph):
        return libreyolo.readings(graph, "yolox")
    picture = one_picture(graph)
    if picture is None or len(graph.outputs) != 1:
        return []
    shape = graph.outputs[0].shape
    if len(shape) != 3 or not isinstance(shape[2], int) or shape[2] < 6:
        return []
    for strides in (STRIDES, (*STRIDES, 64)):
        size = size_for_rows(picture, shape[1], strides)
        if size is not None:
            break
    else:
        return []
    confidence = 0.9
    names = (picture.name, graph.outputs[0].name)
    if len(strides) > 3 or not isinstance(shape[1], int):
        confidence = 0.5  # NanoDet-Plus has four strides; YOLOv5 can have any size
    elif shape[2] - 5 not in USUAL_CLASSES and {shape[2] - 4, shape[2] - 32} & {*USUAL_CLASSES}:
        confidence = 0.4  # a common number of classes if read as YOLOv8 or NanoDet
    elif shape[2] - 5 not in USUAL_CLASSES and names != EXPORTED:
        confidence = 0.6  # may be turned rows of YOLOv8, of one class more
    # Only the decoding of sizes uses Exp.
    decoded = "Exp" in graph.operators
    return [
        Reading(
            family="yolox",
            input=InputSpec(*size, "letterbox-corner"),
            open=OpenForm(
                picture.name,
                layout=picture.layout,
                channels="bgr",
                dtype=picture.dtype,
                options={"strides": list(strides), "decoded": decoded},
            ),
            classes=shape[2] - 5,
            confidence=confidence,
            why=f"{shape[1]} rows, one for each cell of strides {', '.join(map(str, strides))}",
            iou=0.45,
        )
    ]
