"""The work of ``detect`` and ``track`` on one source, also in a process of its own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from obscura.cli import detector as choosing
from obscura.cli.saver import Folder, Fonts, copy_name, crop_name
from obscura.detector import Detector
from obscura.export.annotate import annotated, crops
from obscura.heads import native
from obscura.sources import Frame, Source, SourceError, open_source
from obscura.sources.source import Complain
from obscura.tracking import Tracker
from obscura.update import Update


class Model(NamedTuple):
    """The model that finds objects.

    Attributes:
        name: its name.
        sha256: of its file.
        labels: names of its classes, by class_id.
    """

    name: str
    sha256: str
    labels: tuple[str, ...]


def model_of(detector: native.AnyDetector) -> Model:
    """Return the model of a detector."""
    card = detector.card
    return Model(card.name, card.file.sha256, detector.labels)


class Item(NamedTuple):
    """A source to work on.

    Attributes:
        where: its path or address.
        stem: what the names of its copies begin with, which no other source has; empty without
            copies.
    """

    where: str
    stem: str = ""


class Found(NamedTuple):
    """What was found in a frame.

    Attributes:
        record: that of `export.records`, with ``saved`` and ``crops``, paths of what was written.
        notes: sentences for stderr.
    """

    record: dict[str, Any]
    notes: list[str]


class _Tracks:
    """Follows objects from frame to frame of a source."""

    def __init__(self, detector: native.AnyDetector, arguments: argparse.Namespace) -> None:
        self._detector = detector
        self._threshold = detector.card.threshold
        if arguments.threshold is not None:
            self._threshold = arguments.threshold
        self._classes: frozenset[int] | None = None
        if isinstance(detector, Detector):
            self._tracker = Tracker()
            self._tracker.use_card(detector.card, arguments.threshold)
            # Tracks live on scores that begin none, and on rows that are taken for another class.
            detector.threshold = self._tracker.options.live
            self._classes, detector.classes = detector.classes, None

    def begin(self, source: Source) -> None:
        """Begin another source.

        Raises:
            SourceError: its frames do not follow from one another.
        """
        if not source.moving:
            raise SourceError(
                "This is one picture, in which nothing can be followed",
                source.name,
                remedy="Give a video, a camera, or a folder of frames with --fps.",
            )
        if isinstance(self._detector, Detector):
            self._tracker.restart()
        else:
            self._detector.reset()

    def follow(self, frame: Frame) -> Update:
        """Return what is found in the next frame, with track_ids."""
        if not isinstance(self._detector, Detector):
            return self._detector.update(frame.pixels, frame.info.index, frame.info.time_s)
        update = Update(frame.info, self._detector.detect(frame.pixels))
        return self._tracker.visible(self._tracker.update(update), self._threshold, self._classes)


class Work:
    """Finds objects in sources with one detector, and writes copies and crops. A context manager
    that closes the detector."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """
        Args:
            arguments: those of `choosing.opened`; ``every``, ``fps``, ``save``, ``crops`` and
                ``track``.

        Raises:
            ObscuraError: the detector cannot be opened.
        """
        self._arguments = arguments
        self._save = Folder(Path(arguments.save), "--save") if arguments.save else None
        self._crops = Folder(Path(arguments.crops), "--crops") if arguments.crops else None
        self._fonts = Fonts()
        self.detector = choosing.opened(arguments)
        self._tracks = _Tracks(self.detector, arguments) if arguments.track else None

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.detector.labels

    @property
    def model(self) -> Model:
        """What finds the objects."""
        return model_of(self.detector)

    def find(self, item: Item, complain: Complain) -> Iterator[Found]:
        """Yield what is found in each frame of a source.

        Args:
            item: with a stem if there are to be copies or crops.
            complain: receives what is wrong with single frames, which are left out.

        Raises:
            ObscuraError: the source cannot be read, or the engine fails.
        """
        options = self._arguments
        every, fps = options.every, options.fps
        with open_source(item.where, every=every, fps=fps, complain=complain) as source:
            if self._tracks is not None:
                self._tracks.begin(source)
            for frame in source:
                yield self._found(item.stem, source, frame, self.update(frame))

    def update(self, frame: Frame) -> Update:
        """Return what is found in the next frame of a source; with track_ids if they are wanted."""
        if self._tracks is None:
            return Update(frame.info, self.detector.detect(frame.pixels))
        return self._tracks.follow(frame)

    def _found(self, stem: str, source: Source, frame: Frame, update: Update) -> Found:
        found, name = update.detections, source.name
        record = native.record(self.detector, update, source=name)
        notes: list[str] = []
        number = frame.info.index if source.moving else None
        if self._save is not None:
            notes += self._fonts.missing(self.labels[each] for each in set(found.class_id.tolist()))
            copy = annotated(frame.pixels, found, self.labels)
            record["saved"] = self._save.save(copy, copy_name(stem, name, number))
        if self._crops is not None:
            record["crops"] = [
                self._crops.save(crop, crop_name(stem, number, index))
                for index, crop in enumerate(crops(frame.pixels, found), 1)
            ]
        return Found(record, notes)

    def failures(self) -> list[str]:
        """Return a sentence for each head that failed and is off."""
        return choosing.failures(self.detector)

    def close(self) -> None:
        """Release the model's memory."""
        self.detector.close()

    def __enter__(self) -> Work:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
