"""Models of one's own in CPython: from an ONNX file to a card that says how it is fed and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from obscura import families, places
from obscura.boxes import RESIZES
from obscura.cards.card import ModelCard, ModelFile
from obscura.cards.catalogue import CARD, read_card
from obscura.cards.classifier import BESIDE
from obscura.cards.labels import parse
from obscura.engine.native import run_once
from obscura.errors import ModelError, ModelExternal, ModelMissing, NotADetector
from obscura.families.common.reading import Reading
from obscura.graph.inspect import Graph, inspect
from obscura.identify import guess

SUFFIX = ".onnx"
TRIAL_SIZE = (640, 640)
"""Width and height for a network of open size whose file names none."""


class ReadingUnclear(ModelError):
    """There are several ways to read a network, or none that is certain."""

    code = "model-reading-unclear"
    remedy = "Choose one with --reading."


def is_own(model: object) -> bool:
    """Whether a model is named by its ONNX file, and not by a name or a folder."""
    return isinstance(model, str | Path) and Path(model).suffix.lower() == SUFFIX


def open_own(path: Path, reading: int | None = None) -> tuple[ModelCard, bytes]:
    """Return a card for an ONNX file, and its content.

    A ``model.toml`` beside it that names the file is its card. Without one, the card is made: class
    names are those in the file, or beside it in one with the same name that ends in ``.txt``
    or ``.names``.

    Args:
        reading: which of the `readings_of` to use, from 1; None for the first if it is certain.

    Raises:
        ModelMissing: the file cannot be read. CardError: the card beside it is invalid.
        ModelUnreadable, ModelExternal, NotADetector: it is not a detector in one ONNX file.
        ReadingUnclear: the reading is not certain; the message lists them.
        LabelsError: it has another number of classes than there are names.
    """
    data, graph = read_file(path)
    described = _card_beside(path)
    if described is not None:
        return described, data
    readings = readings_of(graph, data, labels_beside(path))
    chosen = _chosen(readings, reading, path)
    file = ModelFile(path.name, len(data), sha256(data).hexdigest())
    return guess.card_of(chosen, name=path.stem, title=path.stem, file=file), data


def read_file(path: Path) -> tuple[bytes, Graph]:
    """Return the content of an ONNX file, and what goes in and out of it.

    Raises:
        ModelMissing, ModelUnreadable, ModelExternal: it cannot be read, or not alone.
    """
    data = read_bytes(path)
    graph = inspect(lambda start, stop: data[start:stop], len(data))
    if graph.external:
        raise ModelExternal(
            "The model keeps its weights in other files", ", ".join(graph.external[:3])
        )
    return data, graph


def _chosen(readings: Sequence[Reading], number: int | None, path: Path) -> Reading:
    if number is not None:
        if not 1 <= number <= len(readings):
            raise ReadingUnclear(
                "There is no such reading", number, remedy=f"Choose from 1 to {len(readings)}."
            )
        return readings[number - 1]
    if guess.certain(readings):
        return readings[0]
    listed = "; ".join(
        f"{number}: {describe(each, readings)}" for number, each in enumerate(readings, 1)
    )
    raise ReadingUnclear(
        "How the network is to be read is not certain",
        path,
        remedy=f"Choose one with --reading. {listed}.",
    )


def readings_of(
    graph: Graph,
    network: bytes,
    labels: Sequence[str] = (),
    size: tuple[int, int] = TRIAL_SIZE,
) -> list[Reading]:
    """Return the ways to read a network, the most plausible first.

    Args:
        graph: the network's face.
        network: the whole of it, to be run where the file does not describe its outputs.
        labels: names of the classes, if they are known.
        size: width and height for a run of a network of open size.

    Raises:
        NotADetector: no family reads it.
        LabelsError: it has another number of classes than there are names.
    """
    try:
        return guess.guess(graph, labels)
    except NotADetector:
        if all(value.is_fixed() for value in graph.outputs):
            raise
        # The file does not state its shapes; a run shows them.
        shapes = _shapes(guess.refined(graph, size, {}), network)
        if not shapes:
            raise
        return guess.guess(guess.refined(graph, size, shapes), labels)


def _shapes(graph: Graph, network: bytes) -> Mapping[str, tuple[int, ...]]:
    """Run a network on grey, and return the shapes of what it returns; {} if it cannot be run."""
    feeds: dict[str, NDArray[Any]] = {}
    for value in graph.inputs:
        if not value.dtype or not value.is_fixed():
            return {}
        feeds[value.name] = np.full([int(size) for size in value.shape], 100, value.dtype)
    outputs = run_once(network, [value.name for value in graph.outputs], feeds)
    return {name: array.shape for name, array in outputs.items()}


def _card_beside(path: Path) -> ModelCard | None:
    if not places.is_file(path.parent / CARD):
        return None
    card = read_card(path.parent)
    return card if card.file.name == path.name else None


def labels_beside(network: Path) -> tuple[str, ...]:
    """Return the class names in a file beside a network; () if there is none.

    Raises:
        ModelMissing: the file cannot be read. LabelsError: it is no list of names.
    """
    for suffix in BESIDE:
        path = network.with_suffix(suffix)
        if places.is_file(path):
            return parse(path.name, read_bytes(path))
    return ()


def read_bytes(path: Path, what: str = "The file") -> bytes:
    """Return the contents of a file.

    Args:
        what: its name in the message.

    Raises:
        ModelMissing: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMissing(
            f"{what} cannot be read: {error.strerror}", path, remedy="Check its path."
        ) from error


def describe(reading: Reading, among: Sequence[Reading] = ()) -> str:
    """Return a reading in one line: family, input and range, and the options in which ``among``
    differ."""
    form = reading.open
    title = families.FAMILIES[reading.family].title
    spread = _range(form.mean, form.std) if form.dtype != "uint8" else "0 to 255"
    options = [
        f"{key} {value}"
        for key, value in sorted(form.options.items())
        if any(other.open.options.get(key) != value for other in among)
    ]
    fit = dict(zip(RESIZES, ("stretched", "centred in bars", "in the corner"), strict=True))
    size = f"{reading.input.width} x {reading.input.height} {fit[reading.input.resize]}"
    return ", ".join([title, size, f"{form.channels.upper()} {spread}", *options])


def _range(mean: Sequence[float], std: Sequence[float]) -> str:
    low, high = (
        {round((value - m) / s, 2) for m, s in zip(mean, std, strict=True)} for value in (0, 255)
    )
    if len(low) == len(high) == 1:
        return f"{low.pop():g} to {high.pop():g}"
    return "normalised by channel"
