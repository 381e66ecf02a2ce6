"""HeadCard: the description of a head, parsed from its head.toml and checked.

A head is a second network that looks closer at parts of a picture. It is read by
`obscura.families.heads`, and run by an engine as a `NetworkForm`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from obscura.cards.card import (
    InputSpec,
    ModelFile,
    OpenForm,
    check_labels,
    input_spec,
    model_file,
    open_form,
    toml_table,
)
from obscura.cards.table import LARGEST, Table, is_file_name
from obscura.families import heads
from obscura.families.heads.answer import CropAnswer

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
