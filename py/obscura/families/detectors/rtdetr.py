"""RT-DETR (Zhao et al. 2023, arXiv 2304.08069), D-FINE and DEIM as their projects export them.

Two inputs, the picture and ``orig_target_sizes [1, 2]`` (width, height), and three outputs:
``labels [1, Q]``, ``boxes [1, Q, 4]`` in pixels of that size, ``scores [1, Q]``. The size
given is that of the network's input, so that boxes are in pixels of the input, as in all families.
"""

from __future__ import annotations

from collections.abc import Mapping

from obscura.cards.card import Feed, InputSpec, OpenForm
from obscura.families.common.ops import Array, Ops
from obscura.families.common.reading import Reading, as_picture
from obscura.families.common.rows import Rows, Spec
from obscura.families.detectors import end2end
from obscura.graph.inspect import Graph

OPTIONS = end2end.OPTIONS
SIZES = ("orig_target_sizes", "orig_target_size", "orig_size", "target_sizes")


def read(ops: Ops, outputs: Mapping[str, Array], spec: Spec) -> Rows:
    """See `FamilyModule.read`."""
    return end2end.read(ops, outputs, spec)


def recognise(graph: Graph) -> list[Reading]:
    """See `FamilyModule.recognise`."""
    pictures = [(value, as_picture(value)) for value in graph.inputs]
    found = [picture for _, picture in pictures if picture is not None]
    sizes = [v for v, p in pictures if p is None and v.name in SIZES and len(v.shape) == 2]
    named = next(end2end.roles(graph.outputs), {})
    if len(found) != 1 or len(sizes) != 1 or len(graph.inputs) != 2 or len(named) < 3:
        return []
    picture = found[0]
    feed = Feed(sizes[0].name, "size_wh", sizes[0].dtype or "int64")
    return [
        Reading(
            family="rtdetr",
            input=InputSpec(picture.width or 640, picture.height or 640, "stretch"),
            open=OpenForm(
                picture.name,
                picture.layout,
                "rgb",
                picture.dtype,
                std=(255.0,) * 3,
                feeds=(feed,),
                options=named,
            ),
            classes=0,
            confidence=0.95,
            why=f"labels, boxes and scores, and the input {feed.name}",
        )
    ]
