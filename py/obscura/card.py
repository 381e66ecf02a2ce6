"""ModelCard: what the product knows about a model, parsed from its model.toml and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from obscura.detections import Detections
from obscura.errors import CardError, ModelCorrupt

RESIZES = ("stretch", "letterbox")


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
        top: K, the number of rows that the network returns.
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

        Keys that are not known are left alone, so that older programs read newer cards.

        Raises:
            CardError: a key is missing or its value makes no sense; names both and the remedy.
        """
        card = _Table("", table)
        file, source, network = card.table("file"), card.table("source"), card.table("input")
        output = card.table("output")
        labels = tuple(card.array("labels", str, "names of the classes"))
        if not labels or len(set(labels)) != len(labels):
            raise card.error("labels", f"{len(labels)} names", "at least one, each only once")
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
            source=dict(source.values),
            input=InputSpec(
                network.whole("width"),
                network.whole("height"),
                network.text("resize", RESIZES.__contains__, f"one of {', '.join(RESIZES)}"),
            ),
            top=output.whole("top"),
            threshold=output.fraction("threshold"),
            iou=output.fraction("iou"),
            check=_recorded(card.table("check"), len(labels)) if "check" in table else None,
            accuracy=dict(card.table("accuracy").values) if "accuracy" in table else {},
        )


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


def _recorded(check: _Table, label_count: int) -> RecordedAnswer:
    size = check.array("size", int, "width and height")
    if len(size) != 2 or min(size) < 1:
        raise check.error("size", size, "width and height in pixels")
    rows = [_Table("check.detections.", row) for row in check.array("detections", dict, "tables")]
    boxes = [row.array("box", (int, float), "x1, y1, x2, y2") for row in rows]
    for row, box in zip(rows, boxes, strict=True):
        if len(box) != 4:
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
            if not isinstance(value, kind):
                raise self.error(key, repr(value), f"an array of {wanted}")
        return values

    def text(
        self, key: str, holds: Callable[[str], bool] = bool, wanted: str = "a text, not empty"
    ) -> str:
        value: str = self.get(key, str, wanted)
        if not holds(value):
            raise self.error(key, repr(value), wanted)
        return value

    def whole(self, key: str, at_least: int = 1) -> int:
        wanted = f"a whole number, {at_least} or more"
        value: int = self.get(key, int, wanted)
        if value < at_least:
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
