"""ModelCard: what the product knows about a model, parsed from its model.toml and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from obscura.boxes import RESIZES
from obscura.detections import Detections
from obscura.errors import CardError, ModelCorrupt

MOST_PIXELS_A_SIDE = 8192
MOST_LABELS = 10_000
LONGEST_LABEL = 200
MOST_ROWS = 10_000

LAYOUTS = ("nchw", "nhwc", "chw")  # the last for networks without a batch
CHANNELS = ("rgb", "bgr", "grey")
INPUT_TYPES = ("float32", "float16", "uint8")
FEED_VALUES = ("size_wh", "size_hw", "mask", "scale")
FEED_TYPES = ("float32", "int32", "int64", "bool")

_UNSHOWABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")


class ModelFile(NamedTuple):
    """The network itself: a file beside the card."""

    name: str
    bytes: int
    sha256: str  # 64 lower-case hexadecimal digits


class InputSpec(NamedTuple):
    """The network's own input: size in pixels, and how a picture of another shape fills it."""

    width: int
    height: int
    resize: str  # one of RESIZES, as in obscura.boxes.fit


class Feed(NamedTuple):
    """A further input that a network wants, beside the picture."""

    name: str
    value: str
    """"size_wh" or "size_hw": width and height of the network's own input, ``[1, 2]``; "mask":
    ones, ``[1, height, width]``; "scale": ones, ``[1, 2]``."""
    dtype: str  # one of FEED_TYPES


class OpenForm(NamedTuple):
    """How a network that is not sealed takes a picture, and what its family must know of it.

    Each value that enters is ``(pixel - mean) / std``, pixels being 0..255.
    """

    input: str  # name of the graph's input for the picture
    layout: str = "nchw"
    channels: str = "rgb"
    dtype: str = "float32"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)  # in the order of `channels`
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pad: int = 114  # the grey of a letterbox's bars, 0..255
    feeds: tuple[Feed, ...] = ()
    options: Mapping[str, Any] = MappingProxyType({})  # the family's own, see its OPTIONS


class RecordedAnswer(NamedTuple):
    """What the model finds on a bundled picture, for backends to reproduce."""

    picture: str  # file name
    size: tuple[int, int]  # width, height in pixels
    detections: Detections  # at the card's thresholds, best first


@dataclass(frozen=True, eq=False)
class ModelCard:
    """What the product knows about one model. Made by :meth:`from_toml` or :meth:`from_dict`.

    Attributes:
        name: folder name, and the name by which it is asked for.
        title: name shown to people.
        summary: one short phrase that helps to choose.
        family: key of ``obscura.families.FAMILIES``.
        labels: names of the classes, by class_id.
        license: SPDX identifier of the weights' licence.
        file: the network.
        source: where it comes from: package, version, path, integrity, licence.
        input: the network's own input.
        open: how to feed and read a network that is not sealed; None for a sealed one.
        top: K, the number of rows that the network, or its family, returns.
        threshold: lowest score shown unless told otherwise.
        iou: overlap above which the worse of two boxes goes unless told otherwise.
        check: the answer to reproduce; None if none is recorded.
        accuracy: as measured: dataset, ap, ap50, command; empty if not measured.
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
    top: int
    threshold: float
    iou: float
    check: RecordedAnswer | None
    accuracy: dict[str, Any]

    @classmethod
    def from_toml(cls, text: str) -> ModelCard:
        """Parse the text of a model.toml.

        Raises:
            CardError: it is not TOML, or as in :meth:`from_dict`.
        """
        import tomllib  # here, for the page gets its cards as JSON

        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CardError("The card is not valid TOML", error) from error
        return cls.from_dict(table)

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> ModelCard:
        """Parse a card given as tables of plain values, as TOML or JSON hold them.

        Raises:
            CardError: a key is missing or unknown, or its value makes no sense; names the key, the
                value and the remedy. ``source`` and ``accuracy`` may hold what they like.
        """
        card = _Table("", table)
        card.only(*_KEYS)
        file, network, output = card.table("file"), card.table("input"), card.table("output")
        file.only("name", "bytes", "sha256")
        network.only("width", "height", "resize")
        output.only("top", "threshold", "iou")
        labels = tuple(card.array("labels", str, "names of the classes"))
        _check_labels(card, labels)
        return cls(
            name=card.text("name", _is_file_name, "a plain folder name"),
            title=card.text("title"),
            summary=card.text("summary"),
            family=card.text("family"),
            labels=labels,
            license=card.text("license"),
            file=ModelFile(
                file.text("name", _is_file_name, "a plain file name"),
                file.whole("bytes"),
                file.text("sha256", _is_sha256, "64 lower-case hexadecimal digits"),
            ),
            source=dict(card.table("source").values),
            input=InputSpec(
                network.whole("width", at_most=MOST_PIXELS_A_SIDE),
                network.whole("height", at_most=MOST_PIXELS_A_SIDE),
                network.choice("resize", RESIZES),
            ),
            open=_open_form(card.table("open")) if "open" in table else None,
            top=output.whole("top", at_most=MOST_ROWS),
            threshold=output.fraction("threshold"),
            iou=output.fraction("iou"),
            check=_recorded(card.table("check"), len(labels)) if "check" in table else None,
            accuracy=dict(card.table("accuracy").values) if "accuracy" in table else {},
        )


_KEYS = (
    "name", "title", "summary", "family", "labels", "license", "file", "source", "input", "open",
    "output", "check", "accuracy",
)  # fmt: skip


def verify(file: ModelFile, data: bytes) -> None:
    """Check that ``data`` is the very file that a card describes.

    Raises:
        ModelCorrupt: its length or its SHA-256 differs.
    """
    if len(data) != file.bytes:
        raise ModelCorrupt(f"{file.name} should have {file.bytes} bytes", f"it has {len(data)}")
    from hashlib import sha256  # here, for the page lets the browser do this

    digest = sha256(data).hexdigest()
    if digest != file.sha256:
        raise ModelCorrupt(f"{file.name} is not the file that its card describes", digest)


def wrong_label(labels: Sequence[str]) -> tuple[int, str] | None:
    """Return the place of a class name that cannot be used, and what it should be; None if all can.

    Names are shown and searched: each occurs once, has something to read, and no control
    characters (nor half a UTF-16 pair, which JSON can smuggle in and nothing can write).
    """
    seen = set()
    for place, label in enumerate(labels):
        if label in seen:
            return place, "names of which each occurs only once"
        if not label.strip() or len(label) > LONGEST_LABEL:
            return place, f"names of 1 to {LONGEST_LABEL} letters"
        if _UNSHOWABLE.search(label):
            return place, "names on one line, without control characters"
        seen.add(label)
    return None


def _check_labels(card: _Table, labels: tuple[str, ...]) -> None:
    if not 0 < len(labels) <= MOST_LABELS:
        raise card.error("labels", f"{len(labels)} names", f"1 to {MOST_LABELS} names")
    wrong = wrong_label(labels)
    if wrong is not None:
        place, wanted = wrong
        raise card.error("labels", repr(labels[place][:40]), wanted)


def _open_form(table: _Table) -> OpenForm:
    table.only(*OpenForm._fields)
    usual = OpenForm("")
    return OpenForm(
        input=table.text("input"),
        layout=table.choice("layout", LAYOUTS, usual.layout),
        channels=table.choice("channels", CHANNELS, usual.channels),
        dtype=table.choice("dtype", INPUT_TYPES, usual.dtype),
        mean=table.triple("mean", usual.mean),
        std=table.triple(
            "std", usual.std, lambda value: value != 0, "three numbers, none of them 0"
        ),
        pad=table.whole("pad", at_least=0, at_most=255) if "pad" in table.values else usual.pad,
        feeds=tuple(_feeds(table.table("feeds"))) if "feeds" in table.values else (),
        options=dict(table.table("options").values) if "options" in table.values else {},
    )


def _feeds(table: _Table) -> Iterator[Feed]:
    for name in table.values:
        feed = table.table(name)
        feed.only("value", "dtype")
        yield Feed(name, feed.choice("value", FEED_VALUES), feed.choice("dtype", FEED_TYPES))


def _recorded(check: _Table, label_count: int) -> RecordedAnswer:
    check.only("picture", "size", "detections")
    size = check.array("size", int, "width and height")
    if len(size) != 2 or min(size) < 1:
        raise check.error("size", size, "width and height in pixels")
    rows = [_Table("check.detections.", row) for row in check.array("detections", dict, "tables")]
    boxes = [row.array("box", (int, float), "x1, y1, x2, y2") for row in rows]
    for row, box in zip(rows, boxes, strict=True):
        row.only("class_id", "score", "box")
        if len(box) != 4 or not np.isfinite(np.array(box, np.float32)).all():
            raise row.error("box", box, "x1, y1, x2, y2 in pixels")
        if not 0 <= row.whole("class_id", at_least=0) < label_count:
            raise row.error("class_id", row.values["class_id"], f"below {label_count}")
    return RecordedAnswer(
        check.text("picture", _is_file_name, "a plain file name"),
        (size[0], size[1]),
        Detections(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array([row.fraction("score") for row in rows], np.float32),
            np.array([row.values["class_id"] for row in rows], np.int32),
        ).sorted(),
    )


class _Table(NamedTuple):
    """One table of a card, read key by key; every complaint names the key in full."""

    prefix: str
    values: Mapping[str, Any]

    def error(self, key: str, value: object, wanted: str) -> CardError:
        return CardError(
            f"The card's {self.prefix}{key} makes no sense",
            value,
            remedy=f"It should be {wanted}; correct it in model.toml.",
        )

    def only(self, *keys: str) -> None:
        """Complain of a key that is none of these."""
        for key in self.values:
            if key not in keys:
                raise CardError(
                    "The card holds a key that is not known",
                    f"{self.prefix}{key}",
                    remedy=f"Remove it from model.toml, or spell it as one of {', '.join(keys)}.",
                )

    def get(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        if key not in self.values:
            raise CardError(
                "The card lacks a key", f"{self.prefix}{key}", remedy="Add it to model.toml."
            )
        value = self.values[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error(key, repr(value), wanted)
        return value

    def table(self, key: str) -> _Table:
        return _Table(f"{self.prefix}{key}.", self.get(key, Mapping, "a table"))

    def array(self, key: str, kind: type | tuple[type, ...], wanted: str) -> list[Any]:
        values: list[Any] = list(self.get(key, (list, tuple), f"an array of {wanted}"))
        for value in values:
            if not isinstance(value, kind) or isinstance(value, bool):
                raise self.error(key, repr(value), f"an array of {wanted}")
        return values

    def triple(
        self,
        key: str,
        usual: tuple[float, float, float],
        holds: Callable[[float], bool] = lambda _: True,
        wanted: str = "three numbers",
    ) -> tuple[float, float, float]:
        if key not in self.values:
            return usual
        values = self.array(key, (int, float), wanted)
        if len(values) != 3 or not all(isfinite(value) and holds(value) for value in values):
            raise self.error(key, values, wanted)
        return float(values[0]), float(values[1]), float(values[2])

    def choice(self, key: str, among: tuple[str, ...], usual: str | None = None) -> str:
        if usual is not None and key not in self.values:
            return usual
        return self.text(key, among.__contains__, f"one of {', '.join(among)}")

    def text(
        self, key: str, holds: Callable[[str], bool] = bool, wanted: str = "a text, not empty"
    ) -> str:
        value: str = self.get(key, str, wanted)
        if not holds(value):
            raise self.error(key, repr(value), wanted)
        return value

    def whole(self, key: str, at_least: int = 1, at_most: int = 2**53) -> int:
        wanted = f"a whole number from {at_least} to {at_most}"
        value: int = self.get(key, int, wanted)
        if not at_least <= value <= at_most:
            raise self.error(key, value, wanted)
        return value

    def fraction(self, key: str) -> float:
        wanted = "a number from 0 to 1"
        value: float = self.get(key, (int, float), wanted)
        if not 0 <= value <= 1:
            raise self.error(key, value, wanted)
        return float(value)


def _is_file_name(text: str) -> bool:
    """Tell whether ``text`` can name a file, on any system, without leading out of its folder."""
    return bool(text) and not text.startswith(".") and not set(text) & set('/\\:*?"<>|')


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
