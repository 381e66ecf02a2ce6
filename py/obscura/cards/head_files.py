"""Heads in folders and files: those that are shipped, and ONNX classifiers of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from obscura.cards.card import MOST_LABELS, InputSpec, ModelFile, OpenForm, toml_table, wrong_label
from obscura.cards.catalogue import home
from obscura.cards.complete import UNKNOWN_LICENSE, complete_in
from obscura.cards.head_card import CARD, FOLDER, Crop, HeadCard
from obscura.cards.labels import embedded, numbered
from obscura.cards.table import is_file_name
from obscura.errors import CardError, LabelsError, ModelExternal, ModelMismatch, ModelMissing
from obscura.families import heads
from obscura.families.common.reading import IMAGENET_MEAN, IMAGENET_STD, Picture, fed, one_picture
from obscura.graph.inspect import Graph, Value, inspect
from obscura.suggest import suggestion

_UNSTATED = "Not stated."
_NAMES = ("names", "classes", "class_names", "labels", "id2label")
USUAL_SIDE = 224
"""Pixels of a classifier's input whose size may vary."""


def shipped() -> list[str]:
    """Return the names of the heads in the folder of models, sorted."""
    return sorted(card.parent.name for card in (home() / FOLDER).glob(f"*/{CARD}"))


def find(head: str | Path) -> Path:
    """Return the folder of a head.

    Args:
        head: a name from :func:`shipped`, or the path of any folder with a card.

    Raises:
        ModelMissing: there is no such head; the message suggests one, or lists those there are.
    """
    for folder in (home() / FOLDER / head, Path(head)):
        if (folder / CARD).is_file():
            return folder
    names = shipped()
    choice = f"Choose one of {', '.join(names)}, or a folder that holds a {CARD}."
    raise ModelMissing(
        "There is no such head", head, remedy=suggestion(str(head), names, otherwise=choice)
    )


def load_head(folder: str | Path) -> tuple[HeadCard, Path]:
    """Read the card in a head's folder; one written by hand is completed.

    Args:
        folder: as `find` takes it.

    Returns:
        The card, and the path of the network.

    Raises:
        ModelMissing: there is no such head.
        CardError: the card cannot be read or is invalid.
    """
    place = find(folder)
    path = place / CARD
    try:
        table = toml_table(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardError(f"The card cannot be read ({error.strerror})", path) from error
    except UnicodeDecodeError as error:
        raise CardError("The card is not text", path, remedy="Save it in UTF-8.") from error
    usual = {"trained_on": _UNSTATED, "weak_at": _UNSTATED, "labels": []}
    full = complete_in(place, usual | table)
    full.pop("output", None)  # of detectors alone
    if "output" in table:
        full["output"] = table["output"]
    card = HeadCard.from_dict(full)
    return card, place / card.file.name


def head_card_for(network: str | Path | bytes, labels: Sequence[str] = ()) -> HeadCard:
    """Return a card for a classifier without one: a network that scores each class of a crop.

    Pixels are prepared as is usual for such an input: as they are for bytes; less ImageNet's mean
    for ``1x3xHxW``; in -1..1 for ``1xHxWx3``; in 0..1 for one channel and for networks of
    Ultralytics. Write a head.toml beside the network to have it otherwise.

    Args:
        network: path of an ONNX file, or its content.
        labels: names of the classes; empty for those in the file, or numbered ones.

    Raises:
        ModelMissing: the file cannot be read.
        ModelUnreadable: it is not an ONNX model.
        ModelMismatch: it is not a classifier; the message says what it takes or returns.
        LabelsError: there are more or fewer names than classes, or one is invalid.
    """
    data, name = _read(network)
    graph = inspect(lambda start, stop: data[start:stop], len(data))
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
        name=name, title=name, summary=f"{classes} classes", family="classifier", labels=names,
        license=UNKNOWN_LICENSE,
        file=ModelFile(f"{name}.onnx", len(data), sha256(data).hexdigest()),
        source={}, input=InputSpec(*side, "stretch"),
        open=_fed(picture, ultralytics="task" in graph.metadata),
        options=heads.check("classifier", {"scores": "either"}), crop=Crop(),
        trained_on=_UNSTATED, weak_at=_UNSTATED, check=None,
    )  # fmt: skip


def _read(network: str | Path | bytes) -> tuple[bytes, str]:
    """Return an ONNX file's content, and a name for it."""
    if isinstance(network, bytes):
        return network, "head"
    path = Path(network)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"The network cannot be read ({error.strerror})", path) from error
    return data, path.stem if is_file_name(path.stem) else "head"


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
        remedy=f"A classifier has to {wanted}. For other networks write a {CARD} beside the file.",
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
