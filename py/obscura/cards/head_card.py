"""HeadCard: the description of a head, parsed from its head.toml and checked.

A head is a second network that looks closer at parts of a picture. It is read by
`obscura.families.heads`, and run by an engine as a `NetworkForm`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from obscura.cards.card import (
    MOST_LABELS,
    InputSpec,
    ModelFile,
    OpenForm,
    check_labels,
    input_spec,
    model_file,
    open_form,
    toml_table,
    wrong_label,
)
from obscura.cards.catalogue import home
from obscura.cards.complete import UNKNOWN_LICENSE, complete_in
from obscura.cards.labels import embedded, numbered
from obscura.cards.table import LARGEST, Table, is_file_name
from obscura.errors import CardError, LabelsError, ModelExternal, ModelMismatch, ModelMissing
from obscura.families import heads
from obscura.families.common.reading import IMAGENET_MEAN, IMAGENET_STD, Picture, fed, one_picture
from obscura.families.heads.answer import CropAnswer
from obscura.graph.inspect import Graph, Value, inspect
from obscura.suggest import suggestion

CARD = "head.toml"
FOLDER = "heads"  # within the folder of models
SHAPES = ("box", "square", "top")
LARGEST_MARGIN = 2.0


class Crop(NamedTuple):
    """How to cut what a head looks at."""

    margin: float = 0.0
    """Added on each side, in sizes of the box: 0.2 makes it 1.4 times as wide."""
    shape: str = "box"
    """"box"; "square", with the box in its middle; or "top", the square at the box's upper edge
    that is as wide as the box."""
    least: int = 16
    """Size in pixels of the picture that the shorter side needs, for the head to be of use."""


class HeadCheck(NamedTuple):
    """A head's answer on a part of a bundled picture, for backends to reproduce."""

    picture: str  # file name
    size: tuple[int, int]  # of the picture: width, height in pixels
    crop: tuple[float, float, float, float]  # x1, y1, x2, y2 in pixels
    answer: CropAnswer


@dataclass(frozen=True, eq=False)
class HeadCard:
    """Description of a head. Made by :meth:`from_toml` or :meth:`from_dict`.

    Attributes:
        name: name of its folder, by which it is chosen.
        title: name shown to people.
        summary: a short phrase that helps people choose.
        family: key of ``obscura.families.heads.FAMILIES``.
        labels: names of the classes; empty for a head that does not tell classes apart. One that
            finds boxes has one: what it finds.
        license: SPDX identifier of the weights' licence.
        file: the network.
        source: origin: package, version, path, integrity, licence.
        input: the network's own input.
        open: how to feed a network that is not sealed; None for a sealed one. Its `options` are
            empty: a head's are in `options`, sealed or not.
        options: of the family, complete.
        crop: how to cut what it looks at.
        trained_on: what its weights were trained on, in a sentence.
        weak_at: what it is not good for, in a sentence or two.
        check: recorded answer that backends must reproduce; None if there is none.
    """

    name: str
    title: str
    summary: str
    family: str
    labels: tuple[str, ...]
    license: str
    file: ModelFile
    source: dict[str, Any]
    input: InputSpec
    open: OpenForm | None
    options: Mapping[str, Any]
    crop: Crop
    trained_on: str
    weak_at: str
    check: HeadCheck | None

    @classmethod
    def from_toml(cls, text: str) -> HeadCard:
        """Parse the text of a head.toml.

        Raises:
            CardError: the text is not TOML, or as in :meth:`from_dict`.
        """
        return cls.from_dict(toml_table(text))

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> HeadCard:
        """Parse a card given as tables of plain values, as TOML or JSON hold them.

        Raises:
            CardError: a key is missing or unknown, or its value is invalid; the message names the
                key, the value and the remedy. ``source`` may contain anything.
        """
        card = Table("", table, CARD)
        card.only(*_KEYS)
        family = card.text("family")
        options = dict(card.table("options").values) if "options" in table else {}
        labels = tuple(card.array("labels", str, "names of the classes"))
        check_labels(card, labels, at_least=0)
        form = open_form(card.table("open")) if "open" in table else None
        if form is not None and form.options:
            raise card.table("open").error("options", form.options, "a table [options] of its own")
        return cls(
            name=card.text("name", is_file_name, "a plain folder name"),
            title=card.text("title"),
            summary=card.text("summary"),
            family=family,
            labels=labels,
            license=card.text("license"),
            file=model_file(card.table("file")),
            source=dict(card.table("source").values),
            input=input_spec(card.table("input")),
            open=form,
            options=heads.check(family, options),
            crop=_crop(card.table("crop")) if "crop" in table else Crop(),
            trained_on=card.text("trained_on"),
            weak_at=card.text("weak_at"),
            check=_check(card.table("check")) if "check" in table else None,
        )


_KEYS = (
    "name", "title", "summary", "family", "labels", "license", "trained_on", "weak_at", "file",
    "source", "input", "open", "options", "crop", "check",
)  # fmt: skip


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


_UNSTATED = "Not stated."
_NAMES = ("names", "classes", "class_names", "labels", "id2label")
USUAL_SIDE = 224
"""Pixels of a classifier's input whose size may vary."""


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


def _crop(table: Table) -> Crop:
    table.only(*Crop._fields)
    usual = Crop()
    margin = table.get("margin", (int, float), "a number") if "margin" in table.values else 0.0
    if not 0 <= margin <= LARGEST_MARGIN:
        raise table.error("margin", margin, f"a number from 0 to {LARGEST_MARGIN:g}")
    return Crop(
        float(margin),
        table.choice("shape", SHAPES, usual.shape),
        table.whole("least") if "least" in table.values else usual.least,
    )


def _check(table: Table) -> HeadCheck:
    table.only("picture", "size", "crop", "boxes", "scores", "points", "values")
    size = table.array("size", int, "width and height")
    if len(size) != 2 or not 1 <= min(size) <= max(size) < LARGEST:
        raise table.error("size", size, "width and height in pixels")
    crop = table.array("crop", (int, float), "x1, y1, x2, y2")
    if len(crop) != 4 or not all(abs(edge) < LARGEST for edge in crop):
        raise table.error("crop", crop, "x1, y1, x2, y2 in pixels")
    x1, y1, x2, y2 = (float(edge) for edge in crop)
    values = table.table("values") if "values" in table.values else Table("", {}, table.file)
    found = {name: _numbers(values, name, (-1,)) for name in values.values}
    scores = _numbers(table, "scores", (-1,))
    return HeadCheck(
        table.text("picture", is_file_name, "a plain file name"),
        (size[0], size[1]),
        (x1, y1, x2, y2),
        CropAnswer(
            _numbers(table, "boxes", (len(scores), 4)),
            scores,
            _numbers(table, "points", (len(scores), -1, 3)),
            found,
        ),
    )


def _numbers(table: Table, key: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return an array of this many dimensions and sizes, -1 for any; without rows if missing."""
    given = table.array(key, (list, int, float), "numbers") if key in table.values else []
    if not given:
        return np.zeros([max(size, 0) for size in shape], np.float32)
    wanted = f"numbers of shape {list(shape)}"
    try:
        array = np.array(given, np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise table.error(key, given, wanted) from error
    sized = len(array.shape) == len(shape) and all(
        size in (-1, real) for size, real in zip(shape, array.shape, strict=True)
    )
    if not sized or not np.isfinite(array).all() or np.abs(array).max(initial=0) >= LARGEST:
        raise table.error(key, given, wanted)
    return array
