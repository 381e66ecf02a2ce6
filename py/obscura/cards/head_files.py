"""Heads in folders and files: those that are shipped, and ONNX classifiers of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from obscura import places
from obscura.cards import classifier
from obscura.cards.card import ModelFile, toml_table
from obscura.cards.catalogue import home
from obscura.cards.classifier import UNSTATED
from obscura.cards.complete import complete_in
from obscura.cards.head_card import CARD, FOLDER, HeadCard
from obscura.cards.table import is_file_name
from obscura.errors import CardError, ModelMissing
from obscura.graph.inspect import inspect
from obscura.suggest import suggestion


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
        if places.is_file(folder / CARD):
            return folder
    if places.is_dir(head):
        raise ModelMissing(
            f"The folder has no {CARD}", head, remedy="Write one there: see docs/models.md."
        )
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
    card = _card(place.resolve(), _table(place / CARD))
    return card, place / card.file.name


def card_beside(network: Path) -> HeadCard | None:
    """Return the card of an ONNX file in a head.toml beside it; one written by hand is completed.

    Returns:
        None if there is none, or if it names another file.

    Raises:
        CardError: the card cannot be read or is invalid.
    """
    path = network.parent / CARD
    if not places.is_file(path):
        return None
    table = _table(path)
    file = table.get("file", {})
    if isinstance(file, Mapping):
        if file.get("name", network.name) != network.name:
            return None
        table["file"] = {"name": network.name, **file}
    named = {"name": network.stem} if is_file_name(network.stem) else {}
    return _card(network.parent.resolve(), named | table)


def _table(path: Path) -> dict[str, Any]:
    """Return the tables of a card."""
    try:
        return toml_table(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardError(f"The card cannot be read: {error.strerror}", path) from error
    except UnicodeDecodeError as error:
        raise CardError("The card is not text", path, remedy="Save it in UTF-8.") from error


def _card(folder: Path, table: dict[str, Any]) -> HeadCard:
    """Return the card of a table, completed with what there is in its folder."""
    usual: dict[str, Any] = {"trained_on": UNSTATED, "weak_at": UNSTATED, "labels": []}
    full = complete_in(folder, usual | table)
    full.pop("output", None)  # of detectors alone
    if "output" in table:
        full["output"] = table["output"]
    return HeadCard.from_dict(full)


def head_card_for(network: str | Path | bytes, labels: Sequence[str] = ()) -> HeadCard:
    """Return a card for a classifier without one, see `obscura.cards.classifier.card_of`.

    Args:
        network: path of an ONNX file, or its content.
        labels: names of the classes; empty for those in the file, or numbered ones.

    Raises:
        ModelMissing: the file cannot be read.
        ModelUnreadable, ModelExternal, ModelMismatch, LabelsError: as `card_of`.
    """
    data, name = _read(network)
    graph = inspect(lambda start, stop: data[start:stop], len(data))
    file = ModelFile(f"{name}.onnx", len(data), sha256(data).hexdigest())
    return classifier.card_of(graph, file, name=name, labels=labels)


def _read(network: str | Path | bytes) -> tuple[bytes, str]:
    """Return an ONNX file's content, and a name for it."""
    if isinstance(network, bytes):
        return network, "head"
    path = Path(network)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"The network cannot be read: {error.strerror}", path) from error
    return data, path.stem if is_file_name(path.stem) else "head"
