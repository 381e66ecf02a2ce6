"""Guess how an undescribed network is fed and read.

Every family judges by names, shapes and types whether the network could be of its kind; the
metadata of the file (Ultralytics and others embed ``names``, ``imgsz``, ``task``) decides between
them and gives size and class names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from obscura import families
from obscura.cards.card import MOST_LABELS, MOST_PIXELS_A_SIDE, ModelCard, ModelFile
from obscura.cards.labels import COCO, embedded, known, numbered
from obscura.errors import LabelsError, ModelExternal, NotADetector
from obscura.families.common.reading import Reading, as_picture, with_batch
from obscura.graph.inspect import Graph, Value
from obscura.identify.refusal import not_a_detector, unfed_input

CERTAIN = 0.8
"""Confidence from which the best reading is used without asking, if it is clearly the best."""

CLEARLY = 0.2
"""How far the confidence of the second reading must be below the best for that."""

LIKELY = 0.45
DECIDED = 0.85
"""Least confidence of a reading that the number of names can decide on, and the one it gets."""

PLAUSIBLE = 0.1
"""Minimum confidence of the readings shown; at most `MOST` are."""

MOST = 6
MOST_VALUES = 200  # inputs and outputs; families compare all pairs
TOP = 300  # rows that the family of an open model returns before suppression
UNTOLD_CLASSES = 1300
"""Number of numbered classes if nothing shows how many there are: as many as LVIS has (1,203), and
some more, because one that is not on the card is an error."""

DOUBTFUL = 0.5
"""Confidence of the best reading below which none of them may be right."""

# RapidOCR and PaddleX write the classes into `character`, one per line.
_NAMES = ("names", "classes", "class_names", "labels", "categories", "id2label", "character")
_SIZES = ("imgsz", "input_size", "img_size", "image_size", "input_shape", "resolution")
_KINDS = ("model_family", "model_type", "family", "architecture", "model_name", "description")
_TASKS = {  # tasks without upright boxes, in words
    "classify": "says what a whole image shows",
    "obb": "finds rotated boxes",
    "semantic": "gives each pixel a class",
    "depth": "estimates how far each pixel is",
    "embed": "turns a picture into numbers to compare",
}
_CALLED = {  # names of families in metadata, if different from their keys
    "rtdetr": ("rtdetr", "dfine", "deim"),
    "detr": ("detr", "rfdetr", "yolos"),
    "yolov8": ("yolov8", "yolov9", "yolo9", "yolo11", "yolov11", "yolo12", "yolov12"),
    "yolov10": ("yolov10", "yolo10", "yolo26", "yolov26"),
    "yolov5": ("yolov5", "yolov7", "yolo7"),
}


def guess(graph: Graph, labels: Sequence[str] = ()) -> list[Reading]:
    """Return the plausible readings of a network, best first, at least one.

    Args:
        graph: description of the network. If it lacks the shapes of outputs, run the network and
            see :func:`refined`.
        labels: class names, if given: only readings with that number of classes are returned.

    Raises:
        ModelExternal: the weights are in other files; the message names them.
        NotADetector: no family can read the network; the message says what it looks like.
        LabelsError: the number of classes is not that of the names.
    """
    if graph.external:
        files = ", ".join(sorted(graph.external)[:3])
        raise ModelExternal("The model keeps its weights in other files", files)
    if len(graph.inputs) + len(graph.outputs) > MOST_VALUES:
        raise NotADetector(
            "This model has more inputs and outputs than any detector",
            f"{len(graph.inputs)} inputs, {len(graph.outputs)} outputs",
        )
    stated = _parsed(graph.metadata)
    if stated.task in _TASKS:
        raise NotADetector(
            f"This model does not detect objects: it {_TASKS[stated.task]}", stated.task
        )
    # A family may recognise the network by the size in the metadata.
    found = _recognised(_sized(graph, stated.size)) if stated.size else []
    found = found or _recognised(graph)
    if not found:
        raise not_a_detector(graph)
    fed = [reading for reading in found if not _unfed(graph, reading)]
    if not fed:
        raise unfed_input(_unfed(graph, found[0]))
    names = len(labels or stated.labels)
    decides = names > 0 and any(reading.classes not in (0, names) for reading in fed)
    readings = []
    for reading in fed:
        weighed = _weighed(_limited(graph, reading, stated), stated, labels)
        readings.append(_decided(weighed) if decides and reading.classes == names else weighed)
    if labels:
        readings = _fitting(readings, labels)
    readings.sort(key=lambda reading: -reading.confidence)
    return [readings[0], *(one for one in readings[1:MOST] if one.confidence >= PLAUSIBLE)]


def doubtful(readings: Sequence[Reading]) -> bool:
    """Return whether none of the readings may be right."""
    return all(reading.confidence < DOUBTFUL for reading in readings)


def certain(readings: Sequence[Reading]) -> bool:
    """Return whether the first reading can be used without asking a person."""
    if not readings or readings[0].confidence < CERTAIN:
        return False
    return len(readings) == 1 or readings[1].confidence <= readings[0].confidence - CLEARLY


def refined(graph: Graph, size: tuple[int, int], shapes: Mapping[str, Sequence[int]]) -> Graph:
    """Return the description of a network with the shapes seen in a run.

    Files may leave shapes undefined; after a run they are known.

    Args:
        graph: description from the file.
        size: width and height of the input picture of that run, in pixels.
        shapes: shapes of its outputs, by name.
    """
    outputs = tuple(
        value._replace(shape=tuple(shapes[value.name])) if value.name in shapes else value
        for value in graph.outputs
    )
    return _sized(graph, size)._replace(outputs=outputs)


def card_of(
    reading: Reading,
    *,
    name: str,
    title: str,
    file: ModelFile,
    labels: Sequence[str] | None = None,
    license: str = "NOASSERTION",  # noqa: A002  (the card's word)
) -> ModelCard:
    """Return the card of an open network under a reading.

    Args:
        reading: how the network is fed and read.
        name: name of the model.
        title: name shown to people.
        file: the network's file.
        labels: class names; None for those of the reading, or numbered ones.
        license: SPDX identifier, or NOASSERTION.

    Raises:
        CardError: an argument is invalid.
    """
    names = tuple(labels or reading.labels or numbered(reading.classes or UNTOLD_CLASSES))
    counted = bool(labels or reading.labels or reading.classes)
    card = ModelCard(
        name=name,
        title=title,
        summary=summary(reading),
        family=reading.family,
        labels=names,
        license=license,
        file=file,
        source={"file": file.name} | ({} if counted else {"classes": "unknown"}),
        input=reading.input,
        open=reading.open,
        top=TOP,
        threshold=reading.threshold,
        iou=reading.iou,
        check=None,
        accuracy={},
    )
    return ModelCard.from_dict(to_table(card))  # which checks everything


def summary(reading: Reading) -> str:
    """Return how a network is read, and which part of its answer is left out."""
    title = f"Format: {families.FAMILIES[reading.family].title}"
    return f"{title}; {reading.leaves_out} are left out" if reading.leaves_out else title


def to_table(card: ModelCard) -> dict[str, Any]:
    """Return a card as plain values for TOML or JSON; `ModelCard.from_dict` reads them."""
    table: dict[str, Any] = {
        "name": card.name,
        "title": card.title,
        "summary": card.summary,
        "family": card.family,
        "labels": list(card.labels),
        "license": card.license,
        "file": card.file._asdict(),
        "source": dict(card.source),
        "input": card.input._asdict(),
        "output": {"top": card.top, "threshold": card.threshold, "iou": card.iou},
    }
    if card.open is not None:
        table["open"] = card.open._asdict() | {
            "mean": list(card.open.mean),
            "std": list(card.open.std),
            "feeds": {
                feed.name: {"value": feed.value, "dtype": feed.dtype} for feed in card.open.feeds
            },
            "options": dict(card.open.options),
        }
    if card.check is not None:
        rows = card.check.detections
        found = zip(rows.class_id.tolist(), rows.score.tolist(), rows.xyxy.tolist(), strict=True)
        table["check"] = {
            "picture": card.check.picture,
            "size": list(card.check.size),
            "detections": [
                {"class_id": class_id, "score": score, "box": box} for class_id, score, box in found
            ],
        }
    if card.accuracy:
        table["accuracy"] = dict(card.accuracy)
    if card.tracking is not None:
        table["tracking"] = card.tracking._asdict()
    return table


class _Metadata(NamedTuple):
    """The useful part of a file's metadata."""

    labels: tuple[str, ...]
    named: bool  # whether it names classes, also in a way that cannot be read
    size: tuple[int, int] | None  # width, height
    task: str
    family: str


def _parsed(metadata: Mapping[str, str]) -> _Metadata:
    found = (embedded(metadata[key]) for key in _NAMES if key in metadata)
    sizes = (_size(metadata[key]) for key in _SIZES if key in metadata)
    return _Metadata(
        labels=next((labels for labels in found if labels), ()),
        named=any(metadata.get(key, "").strip(" []{}") for key in _NAMES),
        size=next((size for size in sizes if size), None),
        task=metadata.get("task", "").strip().lower(),
        family=_called(" ".join(metadata[key] for key in _KINDS if key in metadata)),
    )


def _size(text: str) -> tuple[int, int] | None:
    """Read ``640``, ``[height, width]`` or ``[1, 3, height, width]``."""
    numbers = [int(number) for number in re.findall(r"\d{1,5}", text[:100])]
    match numbers:
        case [side]:
            height = width = side
        case [height, width] | [1, 1 | 3, height, width] | [1, height, width, 1 | 3]:
            pass
        case _:
            return None
    return (
        (width, height)
        if min(width, height) >= 16 and max(width, height) <= MOST_PIXELS_A_SIDE
        else None
    )


def _called(text: str) -> str:
    """Return the family that a description mentions, by the longest word; "" if none."""
    plain = re.sub(r"[^a-z0-9]", "", text[:1000].lower())
    words = {word: name for name in families.FAMILIES for word in _CALLED.get(name, (name,))}
    said = [word for word in words if word in plain]
    return words[max(said, key=len)] if said else ""


def _recognised(graph: Graph) -> list[Reading]:
    """Return all readings that fit on a card; malicious shapes have 2^60 classes."""
    found: list[Reading] = []
    for face in dict.fromkeys((graph.outputs, with_batch(graph).outputs)):
        for name in families.FAMILIES:
            for reading in families.module(name).recognise(graph._replace(outputs=face)):
                if (
                    0 <= reading.classes <= MOST_LABELS
                    and 0 < min(reading.input[:2]) <= max(reading.input[:2]) <= MOST_PIXELS_A_SIDE
                    and reading not in found
                ):
                    found.append(reading)
    return found


def _unfed(graph: Graph, reading: Reading) -> list[Value]:
    """Return the inputs of the graph that a reading has no value for."""
    fed = {reading.open.input, *(feed.name for feed in reading.open.feeds)}
    return [value for value in graph.inputs if value.name not in fed]


def _limited(graph: Graph, reading: Reading, stated: _Metadata) -> Reading:
    """Return a reading that says what the network also finds and is left out."""
    extra = reading.open.options.get("extra")
    masks = any((len(v.shape) == 4 and extra) or "mask" in v.name.lower() for v in graph.outputs)
    if not masks and stated.task != "segment":
        return reading
    return reading._replace(leaves_out="masks", why=f"{reading.why}; its masks are left out")


def _sized(graph: Graph, size: tuple[int, int]) -> Graph:
    """Return the description with undefined sizes of its picture set to width and height."""
    inputs = []
    for value in graph.inputs:
        picture = as_picture(value)
        if picture is not None:
            width, height = picture.width or size[0], picture.height or size[1]
            sizes = {"n": 1, "c": picture.channels, "h": height, "w": width}
            value = value._replace(shape=tuple(sizes[axis] for axis in picture.layout))
        inputs.append(value)
    return graph._replace(inputs=tuple(inputs))


def _weighed(reading: Reading, stated: _Metadata, given: Sequence[str]) -> Reading:
    """Return a reading with its confidence adjusted by the metadata."""
    confidence, why = reading.confidence, reading.why
    if stated.family == reading.family:
        confidence += 0.1
        why += ", and the file says so"
    labels, own = reading.labels, _without_background(stated.labels, reading.classes)
    if own and reading.classes in (0, len(own)):
        labels = own
        confidence += 0.05
        why += f"; it names its {len(labels)} classes"
    elif own and not given:
        confidence /= 2
        why += f"; but the file names {len(own)} classes, not {reading.classes}"
    elif stated.named and not given:
        why += "; its class names cannot be read"
    # A file that has names of its own never gets those of another list.
    if not labels and not stated.named and known(reading.classes).title:
        labels, title = known(reading.classes)
        why += f"; {reading.classes} classes, as {title} has"
    classes = reading.classes or len(labels)
    if not classes and not given:
        confidence = min(confidence, CERTAIN - 0.05)  # a person has to name them
        why += "; nothing says how many classes there are"
    return reading._replace(
        labels=labels, classes=classes, confidence=min(confidence, 0.99), why=why
    )


def _decided(reading: Reading) -> Reading:
    """Return a likely reading as one that is certain, because there are as many names as it has
    classes and others have not: rows of 8 are of 3 classes for YOLOX and of 4 for YOLOv8."""
    if LIKELY <= reading.confidence < DECIDED:
        return reading._replace(confidence=DECIDED)
    return reading


def _without_background(labels: tuple[str, ...], classes: int) -> tuple[str, ...]:
    """Return names without a first one that stands for no object, if that makes them fit."""
    if len(labels) == classes + 1 and labels[0].strip("_").lower() in ("background", "unused 0"):
        return labels[1:]
    return labels


def _fitting(readings: Sequence[Reading], labels: Sequence[str]) -> list[Reading]:
    """Return the readings with as many classes as there are names, with these names."""
    fitting = [
        reading._replace(labels=tuple(labels), classes=len(labels))
        for reading in readings
        if reading.classes in (0, len(labels))
    ]
    if not fitting and set(labels) == set(COCO):  # 80 names for networks with 90 ids
        fitting = [reading for reading in readings if reading.classes in (90, 91)]
    if not fitting:
        counts = " or ".join(str(n) for n in sorted({reading.classes for reading in readings}))
        raise LabelsError(
            f"You gave {len(labels)} names, but this model has {counts} classes",
            remedy="Give as many names as there are classes, in the model's order.",
        )
    return fitting
