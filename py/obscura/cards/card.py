"""ModelCard: the description of a model, parsed from its model.toml and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from obscura.boxes import RESIZES
from obscura.cards.table import LARGEST, UNSHOWABLE, Table, is_file_name
from obscura.detections import Detections
from obscura.errors import CardError, ModelCorrupt

MOST_PIXELS_A_SIDE = 8192
MOST_LABELS = 10_000
LONGEST_LABEL = 200
MOST_FEEDS = 8
MOST_ROWS = 10_000

LAYOUTS = ("nchw", "nhwc", "chw")  # the last one for networks without a batch
CHANNELS = ("rgb", "bgr", "grey")
INPUT_TYPES = ("float32", "float16", "uint8")
FEED_VALUES = ("size_wh", "size_hw", "mask", "scale")
FEED_TYPES = ("float32", "int32", "int64", "bool")


class ModelFile(NamedTuple):
    """The network itself: a file beside the card."""

    name: str
    bytes: int
    sha256: str  # 64 lower-case hexadecimal digits


class InputSpec(NamedTuple):
    """The network's own input: size in pixels, and how a picture of another shape is fitted."""

    width: int
    height: int
    resize: str  # one of RESIZES, as in obscura.boxes.fit


class Feed(NamedTuple):
    """A further input that a network needs beside the picture."""

    name: str
    value: str
    """"size_wh" or "size_hw": width and height of the network's own input, ``[1, 2]``; "mask":
    ones, ``[1, height, width]``; "scale": ones, ``[1, 2]``."""
    dtype: str  # one of FEED_TYPES


class OpenForm(NamedTuple):
    """How to feed a network that is not sealed, and the options of its family.

    Each input value is ``(pixel - mean) / std``, with pixels in 0..255.
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


class TrackingScores(NamedTuple):
    """Scores, in 0..1, between which an object is followed from frame to frame."""

    birth: float  # from which a detection begins a track
    live: float  # down to which a detection at its place continues it


class RecordedAnswer(NamedTuple):
    """The model's detections on a bundled picture, for backends to reproduce."""

    picture: str  # file name
    size: tuple[int, int]  # width, height in pixels
    detections: Detections  # at the card's thresholds, best first


@dataclass(frozen=True, eq=False)
class ModelCard:
    """Description of a model. Made by :meth:`from_toml` or :meth:`from_dict`.

    Attributes:
        name: name of its folder, by which it is chosen.
        title: name shown to people.
        summary: a short phrase that helps people choose.
        family: key of ``obscura.families.FAMILIES``.
        labels: names of the classes, by class_id.
        license: SPDX identifier of the weights' licence.
        file: the network.
        source: origin: package, version, path, integrity, licence.
        input: the network's own input.
        open: how to feed and read a network that is not sealed; None for a sealed one.
        top: K, the number of rows that the network, or its family, returns.
        threshold: default minimum score.
        iou: default overlap above which the worse of two boxes is dropped.
        check: recorded answer that backends must reproduce; None if there is none.
        accuracy: what was measured: dataset, whether it was seen_in_training, ap, ap50, command;
            at the card's threshold the percentage of objects that are found, and that of boxes that
            are right; ms of processor time for a picture, on one thread. Empty if not measured.
        tracking: scores for tracking; None if not measured, see `obscura.tracking.TrackerOptions`.
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
    tracking: TrackingScores | None = None

    @classmethod
    def from_toml(cls, text: str) -> ModelCard:
        """Parse the text of a model.toml.

        Raises:
            CardError: the text is not TOML, or as in :meth:`from_dict`.
        """
        return cls.from_dict(toml_table(text))

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> ModelCard:
        """Parse a card given as tables of plain values, as TOML or JSON hold them.

        Raises:
            CardError: a key is missing or unknown, or its value is invalid; the message names the
                key, the value and the remedy. ``source`` may contain anything, and so may
                ``accuracy`` beside its numbers.
        """
        card = Table("", table)
        card.only(*_KEYS)
        output = card.table("output")
        output.only("top", "threshold", "iou")
        labels = tuple(card.array("labels", str, "names of the classes"))
        check_labels(card, labels)
        return cls(
            name=card.text("name", is_file_name, "a plain folder name"),
            title=card.text("title"),
            summary=card.text("summary"),
            family=card.text("family"),
            labels=labels,
            license=card.text("license"),
            file=model_file(card.table("file")),
            source=dict(card.table("source").values),
            input=input_spec(card.table("input")),
            open=open_form(card.table("open")) if "open" in table else None,
            top=output.whole("top", at_most=MOST_ROWS),
            threshold=output.fraction("threshold"),
            iou=output.fraction("iou"),
            check=_recorded(card.table("check"), len(labels)) if "check" in table else None,
            accuracy=_measured(card.table("accuracy")) if "accuracy" in table else {},
            tracking=_tracking(card.table("tracking")) if "tracking" in table else None,
        )


_KEYS = (
    "name", "title", "summary", "family", "labels", "license", "file", "source", "input", "open",
    "output", "check", "accuracy", "tracking",
)  # fmt: skip


def toml_table(text: str) -> dict[str, Any]:
    """Return the text of a model.toml as tables of plain values.

    Raises:
        CardError: the text is not TOML, or nested too deeply.
    """
    import tomllib  # imported here, because the page gets its cards as JSON

    from obscura.cards.nesting import DEEPEST, too_deep

    if too_deep(text):
        raise CardError("The card is nested too deeply", f"over {DEEPEST}")
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise CardError("The card is not valid TOML", error) from error


def verify(file: ModelFile, data: bytes) -> None:
    """Check that ``data`` is the file that a card describes.

    Raises:
        ModelCorrupt: the length or the SHA-256 differs.
    """
    if len(data) != file.bytes:
        raise ModelCorrupt(f"{file.name} should have {file.bytes} bytes", f"it has {len(data)}")
    from hashlib import sha256  # imported here, because the page lets the browser do this

    digest = sha256(data).hexdigest()
    if digest != file.sha256:
        raise ModelCorrupt(f"{file.name} is not the file that its card describes", digest)


def wrong_label(labels: Sequence[str]) -> tuple[int, str] | None:
    """Return the index of the first invalid class name, and what is wanted; None if all are valid.

    Names are shown and searched: each occurs once, is not blank, and has no control characters
    (nor half a UTF-16 pair, which JSON can contain and no encoding can write).
    """
    seen = set()
    for place, label in enumerate(labels):
        if label in seen:
            return place, "names of which each occurs only once"
        if not label.strip() or len(label) > LONGEST_LABEL:
            return place, f"names of 1 to {LONGEST_LABEL} letters"
        if UNSHOWABLE.search(label):
            return place, "names on one line, without control characters"
        seen.add(label)
    return None


def check_labels(card: Table, labels: tuple[str, ...], at_least: int = 1) -> None:
    """Raise CardError if there are too few or too many class names, or one is invalid."""
    if not at_least <= len(labels) <= MOST_LABELS:
        raise card.error("labels", len(labels), f"{at_least} to {MOST_LABELS} names")
    wrong = wrong_label(labels)
    if wrong is not None:
        place, wanted = wrong
        raise card.error("labels", labels[place][:40], wanted)


def model_file(table: Table) -> ModelFile:
    """Return the table [file] of a card."""
    table.only(*ModelFile._fields)
    return ModelFile(
        table.text("name", is_file_name, "a plain file name"),
        table.whole("bytes"),
        table.text("sha256", _is_sha256, "64 lower-case hexadecimal digits"),
    )


def input_spec(table: Table) -> InputSpec:
    """Return the table [input] of a card."""
    table.only(*InputSpec._fields)
    return InputSpec(
        table.whole("width", at_most=MOST_PIXELS_A_SIDE),
        table.whole("height", at_most=MOST_PIXELS_A_SIDE),
        table.choice("resize", RESIZES),
    )


def open_form(table: Table) -> OpenForm:
    """Return the table [open] of a card."""
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


def _feeds(table: Table) -> Iterator[Feed]:
    if len(table.values) > MOST_FEEDS:
        raise CardError("The card feeds too many inputs", len(table.values))
    for name in table.values:
        feed = table.table(name)
        feed.only("value", "dtype")
        yield Feed(name, feed.choice("value", FEED_VALUES), feed.choice("dtype", FEED_TYPES))


def _recorded(check: Table, label_count: int) -> RecordedAnswer:
    check.only("picture", "size", "detections")
    size = check.array("size", int, "width and height")
    if len(size) != 2 or not 1 <= min(size) <= max(size) < LARGEST:
        raise check.error("size", size, "width and height in pixels")
    rows = [Table("check.detections.", row) for row in check.array("detections", dict, "tables")]
    boxes = [row.array("box", (int, float), "x1, y1, x2, y2") for row in rows]
    for row, box in zip(rows, boxes, strict=True):
        row.only("class_id", "score", "box")
        if len(box) != 4 or not all(abs(edge) < LARGEST for edge in box):
            raise row.error("box", box, "x1, y1, x2, y2 in pixels")
        if not 0 <= row.whole("class_id", at_least=0) < label_count:
            raise row.error("class_id", row.values["class_id"], f"below {label_count}")
    return RecordedAnswer(
        check.text("picture", is_file_name, "a plain file name"),
        (size[0], size[1]),
        Detections(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array([row.fraction("score") for row in rows], np.float32),
            np.array([row.values["class_id"] for row in rows], np.int32),
        ).sorted(),
    )


def _measured(table: Table) -> dict[str, Any]:
    for key in {"ap", "ap50", "found", "right"} & set(table.values):
        if not 0 <= table.get(key, (int, float), "a number") <= 100:
            raise table.error(key, table.values[key], "a number from 0 to 100")
    if "ms" in table.values and not 0 < table.get("ms", (int, float), "a number") < LARGEST:
        raise table.error("ms", table.values["ms"], "milliseconds above 0")
    return dict(table.values)


def _tracking(table: Table) -> TrackingScores:
    table.only(*TrackingScores._fields)
    scores = TrackingScores(table.fraction("birth"), table.fraction("live"))
    if scores.live > scores.birth:
        raise table.error("live", scores.live, f"at most the birth, which is {scores.birth:g}")
    return scores


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
