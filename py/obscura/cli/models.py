"""The command ``obscura models``."""

from __future__ import annotations

import argparse

from obscura.cards import catalogue
from obscura.errors import ModelMissing


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """The command has none."""


def run(_arguments: argparse.Namespace) -> int:
    """Print a table of the models."""
    names = catalogue.known()
    if not names:
        raise ModelMissing(
            "There are no models in the folder",
            catalogue.home(),
            remedy="Set OBSCURA_MODELS to the folder that holds them.",
        )
    header = ("name", "title", "size", "licence", "classes", "AP", "AP50", "measured on")
    rows = [header]
    for name in names:
        card = catalogue.read_card(catalogue.home() / name)
        rows.append(
            (
                name,
                card.title,
                f"{card.file.bytes / 1e6:.1f} MB",
                card.license,
                str(len(card.labels)),
                str(card.accuracy.get("ap", "-")),
                str(card.accuracy.get("ap50", "-")),
                card.accuracy.get("dataset", "-"),
            )
        )
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    return 0
