"""Networks of heads in CPython: those that are shipped, and ONNX classifiers of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from obscura.cards.card import verify
from obscura.cards.head_card import HeadCard
from obscura.cards.head_files import head_card_for, load_head
from obscura.cards.labels import parse
from obscura.errors import ModelMissing
from obscura.families.heads import read

__all__ = ["open_network", "read"]

LABELS = (".txt", ".names")
"""Suffixes of files with class names."""


def open_network(network: str | Path) -> tuple[HeadCard, bytes]:
    """Return the card and the content of a head's network.

    Args:
        network: name of a shipped head, folder with a head.toml, or path of an ONNX classifier; the
            names of its classes are in the file, or beside it in one with the same name that ends
            in ``.txt`` or ``.names``.

    Raises:
        ModelMissing: there is no such head, or its file cannot be read.
        ModelCorrupt: the file is not the one that the card describes.
        CardError: the card is invalid.
        ModelError: an ONNX file is not a classifier that can be read.
    """
    if str(network).lower().endswith(".onnx"):
        own = Path(network)
        data = _bytes(own)
        return replace(
            head_card_for(data, _labels_beside(own)), name=own.stem, title=own.stem
        ), data
    card, path = load_head(network)
    data = _bytes(path)
    verify(card.file, data)
    return card, data


def _labels_beside(network: Path) -> tuple[str, ...]:
    """Return the class names in a file beside a network; () if there is none."""
    for suffix in LABELS:
        path = network.with_suffix(suffix)
        if path.is_file():
            return parse(path.name, _bytes(path))
    return ()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMissing(
            f"The head's network cannot be read ({error.strerror})", path, remedy="Check its path."
        ) from error
