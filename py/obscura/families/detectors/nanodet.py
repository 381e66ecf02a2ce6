"""NanoDet and NanoDet-Plus (RangiLyu, https://github.com/RangiLyu/nanodet): see `gfl`.

One output ``[1, N, classes + 4 bins]`` or a pair for each stride; scores after the sigmoid. In
NanoDet distances are measured from a cell's middle, in NanoDet-Plus, which has a fourth stride,
from its corner.
"""

from __future__ import annotations

from obscura.cards.card import InputSpec
from obscura.families.common import gfl, libreyolo
from obscura.families.common.reading import USUAL_CLASSES, Reading, one_picture, rows_fit
from obscura.families.protocol import Option
from obscura.graph.inspect import Graph

STRIDES, PLUS_STRIDES = (8, 16, 32), (8, 16, 32, 64)
OPTIONS = {
    "strides": Option(list(PLUS_STRIDES), help="pixels a cell"),
    "offset": Option(0.0, (0.0, 0.5), "0.0 for NanoDet-Plus, 0.5 for NanoDet"),
    "logits": Option(usual=False, among=(False, True), help="scores lack the sigmoid"),
}
_SIDES = 32  # four sides of reg_max + 1 = 8 bins

read = gfl.read


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    picture = one_picture(graph)
    if picture is None or libreyolo.made(graph):
        return []
    readings = []
    one, pairs = gfl.joined(graph), gfl.apart(graph)
    for strides, plus in ((PLUS_STRIDES, True), (STRIDES, False)):
        size, classes, sure = None, 0, 0.0
        if one:
            rows, columns = one
            size, classes = rows_fit(picture, rows, strides), columns - _SIDES
            # Rows of three strides could be YOLOX's as well.
            sure = (
                0.9 if plus and isinstance(rows, int) else 0.85 if _named(graph, classes) else 0.4
            )
        elif pairs:
            scores, classes, _ = pairs
            size = gfl.size_of(picture, scores, strides)
            # PicoDet's pairs look the same, but it has four strides; NanoDet-Plus joins them.
            sure = 0.5 if plus else 0.9
        if size is None or classes < 1:
            continue
        options = {"strides": list(strides), "offset": 0.0 if plus else 0.5}
        readings.append(
            Reading(
                "nanodet",
                # The Plus models are trained on stretched pictures, the others on letterboxed ones.
                InputSpec(*size, "stretch" if plus else "letterbox"),
                gfl.form(graph, picture, "bgr", **options)._replace(pad=0),
                classes,
                sure,
                f"scores and distances in bins for {len(strides)} strides",
            )
        )
    return readings


def _named(graph: Graph, classes: int) -> bool:
    return graph.inputs[0].name == "data" and classes in USUAL_CLASSES
