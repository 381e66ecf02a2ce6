"""The work of ``detect`` and ``track`` on one source, also in a process of its own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from obscura.cli import detector as choosing
from obscura.cli.saver import Folder, Fonts, crops, drawn
from obscura.detections import Detections
from obscura.export.records import to_record
from obscura.sources import Frame, open_source
from obscura.sources.source import Complain
from obscura.update import Update


class Found(NamedTuple):
    """What was found in a frame.

    Attributes:
        record: that of `export.records`, with ``saved`` and ``crops``, paths of what was written.
        notes: sentences for stderr.
    """

    record: dict[str, Any]
    notes: list[str]


class Work:
    """Finds objects in sources with one detector, and writes copies and crops. A context manager
    that closes the detector."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """
        Args:
            arguments: those of `choosing.opened`; ``every``, ``fps``, ``save`` and ``crops``.

        Raises:
            ObscuraError: the detector cannot be opened, or a folder not be made.
        """
        self._arguments = arguments
        self._save = Folder(Path(arguments.save), "--save") if arguments.save else None
        self._crops = Folder(Path(arguments.crops), "--crops") if arguments.crops else None
        self._fonts = Fonts()
        self.detector = choosing.opened(arguments)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.detector.labels

    def find(self, where: str, complain: Complain) -> Iterator[Found]:
        """Yield what is found in each frame of a source.

        Args:
            complain: receives what is wrong with single frames, which are left out.

        Raises:
            ObscuraError: the source cannot be read, or the engine fails.
        """
        options = self._arguments
        with open_source(where, every=options.every, fps=options.fps, complain=complain) as source:
            for frame in source:
                yield self._found(source.name, frame, self.detector.detect(frame.pixels))

    def _found(self, name: str, frame: Frame, found: Detections) -> Found:
        record = to_record(
            Update(frame.info, found), self.labels, source=name, model=self.detector.card.name
        )
        if scene := choosing.scene(self.detector):
            record["attributes"] = scene
        notes: list[str] = []
        number = f"-{frame.info.index}" if frame.info.index else ""
        if self._save is not None:
            notes += self._fonts.missing(self.labels[each] for each in set(found.class_id.tolist()))
            copy = drawn(frame.pixels, found, self.labels)
            record["saved"] = str(self._save.save(copy, self._save.target(name, number)))
        if self._crops is not None:
            folder = self._crops
            record["crops"] = [
                str(folder.save(crop, folder.target(name, f"{number}-{index}")))
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
