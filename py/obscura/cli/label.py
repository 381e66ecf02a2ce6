"""The command ``obscura label``: boxes as a start for labelling a folder by hand."""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from obscura import places
from obscura.cli.arguments import add_jobs, filled
from obscura.cli.exits import OK, SOME_FAILED
from obscura.cli.plain import plain
from obscura.cli.progress import Progress

IMAGES = "images"
COCO = "annotations.json"
ON_A_SHEET = 200
"""Pictures on one contact sheet."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from obscura.cli.detector import add_arguments as add_detector

    add = parser.add_argument
    add("folder", type=filled, metavar="DIR", help="a folder of pictures")
    add("--recursive", action="store_true", help="also look into the folders of the folder")
    add("--format", choices=("coco", "yolo"), default="yolo", help="default: %(default)s")
    add("--out", type=filled, required=True, metavar="DIR", help="a folder, new or empty")
    add_jobs(add)
    add_detector(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write copies of the pictures, their boxes and contact sheets; return 1 if a picture is bad
    or a head failed.

    Raises:
        UsageError: the folder for the result has something in it.
    """
    from obscura.batch.finders import here
    from obscura.cli.work import Item
    from obscura.errors import PictureError
    from obscura.export.formats import writing
    from obscura.pictures import SUFFIXES
    from obscura.sources.listing import Choice, expand

    out = _free(Path(arguments.out), Path(arguments.folder), recursive=arguments.recursive)
    choice = Choice(arguments.recursive, kinds=SUFFIXES)
    target = out if arguments.format == "yolo" else out / COCO
    with Progress() as bar:
        finder, items = here(
            arguments, map(Item, expand([arguments.folder], choice, bar.complain)), _Boxes
        )
        with finder as opened, writing(arguments.format, target, opened.model.labels) as writer:
            sheets = _Sheets(out)
            for item, found in opened.found(items, bar.complain):
                bar.show(f"{sheets.pictures} pictures")
                try:
                    ((record, image),) = found
                except PictureError as error:
                    bar.complain(error)
                    continue
                # Under the name that its boxes will have, in a folder beside them.
                record["source"] = _copied(item.where, out, sheets.pictures)
                writer.write(record)
                sheets.add(record, image)
            off = opened.failures()
        sheets.close()
        bar.say(off)
    if not sheets.pictures:
        return SOME_FAILED
    print(plain(f"{out}: pictures {sheets.pictures}, boxes {sheets.boxes.total()}"))
    print(plain(f"Look at {sheets.first}, then correct the boxes in a labelling tool."))
    return SOME_FAILED if bar.failed or off else OK


def _free(out: Path, folder: Path, *, recursive: bool) -> Path:
    from obscura.cli.errors import UsageError
    from obscura.export.errors import OutputError

    if recursive and folder.resolve() in out.resolve().parents:
        raise UsageError("Copies would lie among what is read", out, remedy="Name another folder.")
    if places.is_taken(out):
        raise UsageError(
            "There is something in the place for the result", out, remedy="Name a new folder."
        )
    try:
        (out / IMAGES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder cannot be created: {error.strerror}", out) from error
    return out


class _Boxes:
    """Finds boxes: a kind of work, see `batch.worker`."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from obscura.cli.detector import opened

        self._detector = opened(arguments)

    @property
    def model(self) -> Any:
        """The model."""
        from obscura.cli.work import model_of

        return model_of(self._detector)

    def find(self, item: Any, _complain: Any) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield the record of a picture, and a small copy of it with its boxes."""
        from obscura.cli.sheet import small
        from obscura.export.annotate import annotated
        from obscura.export.records import to_record
        from obscura.sources import open_source
        from obscura.update import Update

        detector = self._detector
        with open_source(item.where) as source:
            frame = next(iter(source))
        found = detector.detect(frame.pixels)
        record = to_record(Update(frame.info, found), detector.labels, model=detector.card.name)
        yield record, small(annotated(frame.pixels, found, detector.labels))

    def failures(self) -> list[str]:
        """Return a sentence for each head that failed and is off."""
        from obscura.cli.detector import failures

        return failures(self._detector)

    def close(self) -> None:
        """Release the model's memory."""
        self._detector.close()


def _copied(where: str, out: Path, number: int) -> str:
    """Copy a picture; return its name, which no other has, also not with another ending."""
    from obscura.export.errors import OutputError

    path = Path(where)
    name = f"{number + 1:06d}-{places.short(path.stem)}{path.suffix}"
    try:
        shutil.copyfile(path, out / IMAGES / name)
    except OSError as error:
        raise OutputError(f"The picture cannot be copied: {error.strerror}", path) from error
    return name


class _Sheets:
    """Contact sheets: pages of small pictures with their boxes."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._page: Any = None
        self.pictures = 0
        self.boxes: Counter[str] = Counter()

    @property
    def first(self) -> Path:
        """The first sheet."""
        return self._path(1)

    def _path(self, number: int) -> Path:
        return self._out / f"contact-sheet-{number}.html"

    def add(self, record: dict[str, Any], image: str) -> None:
        """Add a picture: its record, and what `small` has returned."""
        from obscura.cli.sheet import Page

        if self.pictures % ON_A_SHEET == 0:
            self.close()
            number = self.pictures // ON_A_SHEET + 1
            self._page = Page(self._path(number), f"Contact sheet {number}")
        self.pictures += 1
        names = Counter(row["label"] for row in record["detections"])
        self.boxes += names
        words = ", ".join(f"{count} {name}" for name, count in names.most_common())
        words = words or "nothing found"
        self._page.figure([(image, words)], f"{record['source']}: {words}")

    def close(self) -> None:
        """End the sheet."""
        if self._page is not None:
            self._page.close()
            self._page = None
