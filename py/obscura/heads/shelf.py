"""Networks of heads in CPython: those that are shipped, and ONNX classifiers of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from obscura.cards.card import verify
from obscura.cards.head_card import CARD, HeadCard
from obscura.cards.head_files import card_beside, head_card_for, load_head
from obscura.errors import ModelMismatch
from obscura.families.heads import read
from obscura.own_model import labels_beside, read_bytes

__all__ = ["open_network", "read"]


def open_network(network: str | Path) -> tuple[HeadCard, bytes]:
    """Return the card and the content of a head's network.

    Args:
        network: name of a shipped head, folder with a head.toml, or path of an ONNX file. Beside
            that may lie a head.toml that describes it, see `card_beside`. A classifier needs none:
            the names of its classes are in the file, or beside it in one with the same name that
            ends in ``.txt`` or ``.names``.

    Raises:
        ModelMissing: there is no such head, or its file cannot be read.
        ModelCorrupt: the file is not the one that the card describes.
        CardError: the card is invalid.
        ModelError: an ONNX file without a card is not a classifier that can be read.
    """
    own = Path(network)
    if not is_file(own):
        card, path = load_head(network)
        data = read_bytes(path, "The head's network")
    else:
        data = read_bytes(own, "The head's network")
        beside = card_beside(own)
        if beside is None:
            return _usual_card(own, data), data
        card = beside
    verify(card.file, data)
    return card, data


def is_file(network: Path) -> bool:
    """Return whether a network is named by its ONNX file, rather than by a name or a folder."""
    return network.suffix.lower() == ".onnx"


def _usual_card(network: Path, data: bytes) -> HeadCard:
    """Return a card for a classifier without one."""
    try:
        card = head_card_for(data, labels_beside(network))
    except ModelMismatch as error:
        remedy = f"{error.remedy} For other networks write a {CARD} beside the file."
        raise ModelMismatch(error.cause, error.value, remedy=remedy) from error
    return replace(card, name=network.stem, title=network.stem)
