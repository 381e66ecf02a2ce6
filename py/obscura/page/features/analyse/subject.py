"""Subject: what is looked for in a video. Pure Python."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from obscura.cards.card import ModelCard


def subject(card: ModelCard, iou: float | None, heads: Iterable[str]) -> str:
    """Return what results depend on, besides the file. A model of a person's own may be exchanged
    for another of the same name.

    Args:
        iou: the setting; None for that of the card.
        heads: names of the second networks that look closer.
    """
    labels = crc32("\n".join(card.labels).encode())
    known = [card.name, card.file.sha256, f"{labels:08x}", f"{card.iou if iou is None else iou:g}"]
    return "|".join([*known, *sorted(heads)])
