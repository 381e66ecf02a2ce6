"""Detector: object detection in CPython, from a picture to its detections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from obscura import families, pictures
from obscura.cards import catalogue
from obscura.cards.card import ModelCard
from obscura.detections import Detections
from obscura.engine.native import NativeSession
from obscura.engine.session import SessionInfo
from obscura.errors import LabelUnknown
from obscura.families.decode import decode, read
from obscura.flip import with_mirrored
from obscura.own_model import is_own, open_own
from obscura.suggest import matching, suggestion

if TYPE_CHECKING:
    from PIL.Image import Image

    Picture = str | Path | Image | NDArray[np.uint8]

MOST_LISTED = 100
"""Classes named in a message."""


class Detector:
    """Finds objects in pictures with one model. Also a context manager that closes itself.

    Heads that are opened in its ``session`` look at crops of the picture detected last.

    >>> with Detector("cocossd", classes=["person"]) as detector:
    ...     for row in detector.detect("street.jpg").to_records(detector.labels):
    ...         print(row["label"], row["score"], row["box"])
    person 0... [...]
    """

    def __init__(
        self,
        model: str | Path | ModelCard = "cocossd",
        *,
        threshold: float | None = None,
        iou: float | None = None,
        classes: Iterable[str] | None = None,
        threads: int = 0,
        flip: bool = False,
        thorough: bool = False,
        reading: int | None = None,
    ) -> None:
        """Load a model.

        Args:
            model: name of a model, folder with a model.toml, an ONNX file, or the card of a known
                model.
            threshold: minimum score, 0..1; None for the card's.
            iou: overlap, 0..1, above which the worse of two boxes of a class is dropped; None for
                the card's.
            classes: labels of the classes to find, in any case; None for all.
            threads: number of threads; 0 for one per core.
            flip: also detect on the mirrored picture: half as fast, and finds more
                (docs/accuracy.md).
            thorough: detect as the model's authors do when they measure average precision: all
                rows, several classes for a box, and their overlap, if they do so. Slower, and shows
                one object with two names; for measuring (docs/accuracy.md).
            reading: which of several ways to read an ONNX file, from 1; see
                `own_model.open_own`.

        Raises:
            ModelMissing, ModelCorrupt, CardError: the model does not exist, or is damaged.
            ModelError: an ONNX file cannot be read as a detector.
            LabelUnknown: the model lacks one of the classes.
            BackendError: onnxruntime is missing or cannot load the model.
            ValueError: a number is out of its range.
        """
        for name, value in (("threshold", threshold), ("iou", iou)):
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f"{name}: wanted 0..1, got {value}")
        if threads < 0:
            raise ValueError(f"threads: wanted 0 or more, got {threads}")
        self.card, network = _opened(model, reading)
        self.threshold = threshold
        self.iou = iou
        self.flip = flip
        self.thorough = thorough
        self.classes = None if classes is None else class_ids(self.card, classes)
        self.session = NativeSession(self.card, network, threads)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, by class_id."""
        return self.card.labels

    @property
    def info(self) -> SessionInfo:
        """Backend, device and threads that the model runs on."""
        return self.session.info

    def detect(self, picture: Picture) -> Detections:
        """Find objects in one picture.

        Args:
            picture: a file, a Pillow image, or ``(height, width, 3)`` RGB or ``(height, width, 4)``
                RGBA uint8. Files and Pillow images are rotated by their EXIF orientation;
                transparent pixels become black; of an animation the first (or current) frame is
                used.

        Returns:
            Detections in pixels of the (rotated) picture, best first.

        Raises:
            PictureError: the file cannot be read; the message names it and the remedy.
            ValueError: the array is of another shape or type.
            BackendError: the run failed, or the detector is closed.
        """
        pixels = rgba(picture)
        found = self._detect(pixels)
        if not self.flip:
            return found
        second = self._detect(np.ascontiguousarray(pixels[:, ::-1]), keep=False)
        return with_mirrored(found, second, self.card, pixels.shape[1], self._overlap())

    def _detect(self, pixels: NDArray[np.uint8], *, keep: bool = True) -> Detections:
        """Run once on RGBA pixels and decode the answer."""
        height, width = pixels.shape[:2]
        return decode(
            read(self.session.run(pixels, keep=keep), self.card, thorough=self.thorough),
            self.card,
            (width, height),
            threshold=self.threshold,
            iou=self._overlap(),
            classes=self.classes,
        )

    def _overlap(self) -> float:
        """Return the overlap above which the worse of two boxes is dropped."""
        if self.iou is not None:
            return self.iou
        return families.overlap(self.card, thorough=self.thorough)

    def close(self) -> None:
        """Release the model's memory. May be called any number of times."""
        self.session.close()

    def __enter__(self) -> Detector:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _opened(model: str | Path | ModelCard, reading: int | None) -> tuple[ModelCard, bytes]:
    """Return the card and the network of a model; errors as in `Detector`."""
    if not isinstance(model, ModelCard) and is_own(model):
        return open_own(Path(model), reading)
    folder = catalogue.find(model.name if isinstance(model, ModelCard) else model)
    card = model if isinstance(model, ModelCard) else catalogue.read_card(folder)
    return card, catalogue.read_network(folder, card)


def rgba(picture: Picture) -> NDArray[np.uint8]:
    """Return a picture as ``(height, width, 4)`` RGBA; see `Detector.detect`.

    Raises:
        PictureError: the file cannot be read.
        ValueError: the array is of another shape or type.
    """
    if isinstance(picture, np.ndarray):
        return pictures.opaque(picture)
    if isinstance(picture, (str, Path)):
        return pictures.to_rgba(pictures.open_picture(picture))
    return pictures.to_rgba(pictures.in_srgb(pictures.upright(picture)))


def class_ids(
    card: ModelCard, labels: Iterable[str], known: Sequence[str] | None = None
) -> frozenset[int]:
    """Return the ids of classes, whatever the case of their names.

    Args:
        known: all names, also of what heads add; None for the model's own.

    Raises:
        LabelUnknown: the model lacks one.
    """
    ids = {label: class_id for class_id, label in enumerate(known or card.labels)}
    found: set[int] = set()
    for label in labels:
        names = matching(label, ids)
        if not names:
            raise LabelUnknown(
                f'{card.title} has no class "{label}"',
                remedy=suggestion(label, ids, otherwise=f"It has {_some(list(ids))}."),
            )
        found.update(ids[name] for name in names)
    return frozenset(found)


def _some(names: Sequence[str]) -> str:
    """Return names as one text; of very many, the first few and how many there are beyond."""
    beyond = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {beyond} more" if beyond > 0 else "")
