"""Cards of classifiers that have none: networks that score each class of a crop. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence

from obscura.cards.card import MOST_LABELS, InputSpec, ModelFile, OpenForm, wrong_label
from obscura.cards.complete import UNKNOWN_LICENSE
from obscura.cards.head_card import Crop, HeadCard
from obscura.cards.labels import embedded, numbered
from obscura.errors import LabelsError, ModelExternal, ModelMismatch
from obscura.families import heads
from obscura.families.common.reading import IMAGENET_MEAN, IMAGENET_STD, Picture, fed, one_picture
from obscura.graph.inspect import Graph, Value

UNSTATED = "Not stated."
USUAL_SIDE = 224
"""Pixels of a classifier's input whose size may vary."""
_NAMES = ("names", "classes", "class_names", "labels", "id2label")

BESIDE = (".txt", ".names")
"""Endings of a file with class names that lies beside a network of the same name."""


def card_of(
    graph: Graph, file: ModelFile, *, name: str, title: str = "", labels: Sequence[str] = ()
) -> HeadCard:
    """Return a card for a classifier.

    Pixels are prepared as is usual for such an input: as they are for bytes; less ImageNet's mean
    for ``1x3xHxW``; in -1..1 for ``1xHxWx3``; in 0..1 for one channel and for networks of
    Ultralytics. A head.toml has it otherwise.

    Args:
        graph: its inputs, outputs and metadata.
        title: name shown to people; "" for its name.
        labels: names of the classes; empty for those in the file, or numbered ones.

    Raises:
        ModelExternal: its weights are in other files.
        ModelMismatch: it is not a classifier; the message says what it takes or returns.
        LabelsError: there are more or fewer names than classes, or one is invalid.
    """
    if graph.external:
        raise ModelExternal("The network's weights are in other files", ", ".join(graph.external))
    picture = one_picture(graph)
    if picture is None or len(graph.inputs) != 1:
        raise _no_classifier(
            graph.inputs, "take one picture, [1, 3, height, width] or [1, height, width, 3]"
        )
    classes = _classes(graph)
    own = next(filter(None, (embedded(graph.metadata.get(key, "")) for key in _NAMES)), ())
    names = tuple(labels) or (own if len(own) == classes else ()) or numbered(classes)
    if len(names) != classes:
        raise LabelsError(f"You gave {len(names)} names, but the network has {classes} classes")
    wrong = wrong_label(names)
    if wrong is not None:
        raise LabelsError(f"A class name is not usable: wanted {wrong[1]}", names[wrong[0]][:40])
    side = (picture.width or USUAL_SIDE, picture.height or USUAL_SIDE)
    return HeadCard(
        name=name, title=title or name, summary=f"{classes} classes", family="classifier",
        labels=names, license=UNKNOWN_LICENSE, file=file, source={},
        input=InputSpec(*side, "stretch"),
        open=_fed(picture, ultralytics="task" in graph.metadata),
        options=heads.check("classifier", {"scores": "either"}), crop=Crop(),
        trained_on=UNSTATED, weak_at=UNSTATED, check=None,
    )  # fmt: skip


def _classes(graph: Graph) -> int:
    """Return the number of classes that a network's one output scores."""
    shapes = [value.shape for value in graph.outputs]
    sizes = list(shapes[0][1:]) if len(shapes) == 1 and len(shapes[0]) in (2, 4) else []
    first: int | str = shapes[0][0] if sizes else 0
    classes = sizes[0] if sizes and all(size == 1 for size in sizes[1:]) else 0
    one = first == 1 or isinstance(first, str)  # a size that varies is that of a batch
    if not one or not isinstance(classes, int) or not 2 <= classes <= MOST_LABELS:
        raise _no_classifier(graph.outputs, "return one score per class, [1, classes]")
    return classes


def _no_classifier(found: Sequence[Value], wanted: str) -> ModelMismatch:
    shapes = ", ".join(f"{value.name} {list(value.shape)}" for value in found)
    return ModelMismatch(
        "The network is not a classifier of pictures",
        shapes,
        remedy=f"A classifier has to {wanted}.",
    )


def _fed(picture: Picture, *, ultralytics: bool) -> OpenForm:
    if picture.channels == 1:
        form = OpenForm(picture.name, picture.layout, "grey", picture.dtype)
        return form if picture.dtype == "uint8" else form._replace(std=(255.0,) * 3)
    if ultralytics:
        return fed(picture, "rgb", (0.0,) * 3, (255.0,) * 3)
    if picture.layout == "nhwc":
        return fed(picture, "rgb", (127.5,) * 3, (127.5,) * 3)
    return fed(picture, "rgb", IMAGENET_MEAN, IMAGENET_STD)
