"""NanoDet and NanoDet-Plus (RangiLyu, https://github.com/RangiLyu/nanodet): see `gfl`.

One output ``[1, N, classes + 4 bins]``, or a pair for each stride; scores after the sigmoid.
NanoDet measures distances from the middle of a cell; NanoDet-Plus, which has a fourth stride, from
its corner.
"""

from __future__ import annotations

from obscura.cards.card import InputSpec
from obscura.families.common import gfl, libreyolo
from obscura.families.common.reading import USUAL_CLASSES, Reading, one_picture, size_for_rows
from obscura.families.common.rows import Option
from obscura.graph.inspect import Graph

STRIDES, PLUS_STRIDES = (8, 16, 32), (8, 16, 32, 64)
OPTIONS = {
    "strides": Option(list(PLUS_STRIDES), help="pixels per cell"),
    "offset": Option(0.0, (0.0, 0.5), "0.0 for NanoDet-Plus, 0.5 for NanoDet"),
    "logits": Option(default=False, choices=(False, True), help="scores lack the sigmoid"),
}
_SIDES = 32  # four sides of reg_max + 1 = 8 bins

read = gfl.read


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None or libreyolo.exported(graph):
        return []
    readings = []
    one, pairs = gfl.single(graph), gfl.pairs(graph)
    for strides, plus in ((PLUS_STRIDES, True), (STRIDES, False)):
        size, classes, sure = None, 0, 0.0
        if one:
            rows, columns = one
            size, classes = size_for_rows(picture, rows, strides), columns - _SIDES
            # Rows of three strides can also be YOLOX's.
            sure = (
                0.9 if plus and isinstance(rows, int) else 0.85 if _named(graph, classes) else 0.4
            )
        elif pairs:
            scores, classes, _ = pairs
            size = gfl.size_of(picture, scores, strides)
            # PicoDet has the same pairs, but four strides; NanoDet-Plus has a single output.
            sure = 0.5 if plus else 0.9
        if size is None or classes < 1:
            continue
        options = {"strides": list(strides), "offset": 0.0 if plus else 0.5}
        readings.append(
            Reading(
                "nanodet",
                # Plus models are trained on stretched pictures, the others on letterboxed ones.
                InputSpec(*size, "stretch" if plus else "letterbox"),
                gfl.form(graph, picture, "bgr", **options)._replace(pad=0),
                classes,
                sure,
                f"scores and distances in bins for {len(strides)} strides",
            )
        )
    return readings


def _named(graph: Graph, classes: int) -> bool:
    """Whether input and number of classes are those of the project's own exports."""
    return graph.inputs[0].name == "data" and classes in USUAL_CLASSES
