"""Command line: ``python3 -m obscura COMMAND``. To add a command, add a row to ``COMMANDS``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from obscura import pictures
from obscura.cards import catalogue
from obscura.detections import Detections
from obscura.detector import Detector
from obscura.errors import ModelMissing, ObscuraError, PictureError
from obscura.evaluation import command as evaluation


class Command(NamedTuple):
    """A command: its help, its arguments, and the function that runs it."""

    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]  # returns the exit code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0: success; 1: something failed, as reported on stderr; 2 (raised as SystemExit by argparse):
    the command line is invalid.
    """
    parser = argparse.ArgumentParser(
        prog="obscura", description="Object detection that stays on this machine."
    )
    words = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        word = words.add_parser(name, help=command.help, description=command.help)
        command.add_arguments(word)
        word.set_defaults(run=command.run)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except ObscuraError as error:
        _complain(error)
        return 1
    return code


def _detect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help="a picture, or a folder of pictures"
    )
    parser.add_argument("--model", default="cocossd", help="name or folder (default: %(default)s)")
    parser.add_argument("--threshold", type=_fraction, metavar="T", help="minimum score, 0 to 1")
    parser.add_argument(
        "--iou", type=_fraction, metavar="I", help="maximum overlap of two boxes of a class, 0 to 1"
    )
    parser.add_argument(
        "--classes", type=_names, metavar="A,B", help="find only these classes (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="save copies with the boxes drawn on them"
    )
    parser.add_argument(
        "--threads",
        type=evaluation.count,
        default=0,
        metavar="N",
        help="number of threads (default: one per core)",
    )
    parser.add_argument(
        "--flip",
        action="store_true",
        help="detect on the mirror image too (slower, finds more)",
    )


def _detect(arguments: argparse.Namespace) -> int:
    failures: list[ObscuraError] = []
    paths = list(_expand(arguments.pictures, failures.append))
    for failure in failures:
        _complain(failure)
    saver = _Saver(arguments.save, paths) if arguments.save else None
    documents: list[dict[str, Any]] = []
    with Detector(
        arguments.model,
        threshold=arguments.threshold,
        iou=arguments.iou,
        classes=arguments.classes,
        threads=arguments.threads,
        flip=arguments.flip,
    ) as detector:
        for path in _progress(paths):
            try:
                image = pictures.open_picture(path)
                found = detector.detect(image)
                if saver is not None:
                    saver.save(path, pictures.annotated(image, found, detector.labels))
            except PictureError as error:
                failures.append(error)
                _complain(error)
                continue
            if arguments.json:
                documents.append(
                    {
                        "picture": str(path),
                        "width": image.width,
                        "height": image.height,
                        "model": detector.card.name,
                        "detections": found.to_records(detector.labels),
                    }
                )
            else:
                _print_table(path, found, detector.labels)
    if arguments.json:
        print(json.dumps(documents, indent=2, ensure_ascii=False))
    return 1 if failures else 0


def _print_table(path: Path, found: Detections, labels: Sequence[str]) -> None:
    print(f"{path}: {len(found) or 'nothing'} found")
    rows = found.to_records(labels)
    column = max((len(row["label"]) for row in rows), default=0)
    for row in rows:
        x1, y1, x2, y2 = (round(edge) for edge in row["box"])
        corners = f"({x1}, {y1}) to ({x2}, {y2})"
        print(f"  {row['label']:<{column}}  {row['score']:>4.0%}  {corners}")


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add no arguments."""


def _models(_arguments: argparse.Namespace) -> int:
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


COMMANDS = {
    "detect": Command("Find objects in pictures.", _detect_arguments, _detect),
    "evaluate": Command(evaluation.HELP, evaluation.add_arguments, evaluation.run),
    "models": Command("List the models.", _no_arguments, _models),
}


class _Saver:
    """Saves pictures in a folder, and overwrites neither inputs nor copies of the same run."""

    def __init__(self, folder: Path, inputs: Sequence[Path]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PictureError(
                f"The folder cannot be made ({error.strerror})", folder, remedy="Name another."
            ) from error
        self._folder = folder
        self._taken = {self._key(path) for path in inputs}

    def save(self, path: Path, image: Any) -> None:
        """Save the annotated copy of ``path``; as PNG if Pillow cannot write its format."""
        from PIL import Image

        writable = Image.registered_extensions().get(path.suffix.lower()) in Image.SAVE
        suffix = path.suffix if writable else ".png"
        target, number = self._folder / f"{path.stem}{suffix}", 1
        while self._key(target) in self._taken:
            number += 1
            target = self._folder / f"{path.stem}-{number}{suffix}"
        self._taken.add(self._key(target))
        try:
            image.save(target)
        except OSError as error:
            raise PictureError(
                f"The copy cannot be saved ({error.strerror or error})",
                target,
                remedy="Choose another folder with --save.",
            ) from error

    @staticmethod
    def _key(path: Path) -> str:
        # Ignores case, because the file systems of macOS and Windows do.
        return str(path.resolve()).casefold()


def _expand(arguments: Sequence[str], complain: Callable[[PictureError], None]) -> Iterator[Path]:
    """Yield the pictures that the arguments name: files, folders of pictures, and patterns."""
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in pictures.SUFFIXES)
            if not inside:
                complain(PictureError("The folder holds no pictures", path))
            yield from inside
        elif path.exists():
            yield path
        else:  # a pattern, which shells expand except on Windows
            yield from sorted(path.parent.glob(path.name)) or [path]


def _progress(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the paths; on a terminal, show progress after half a second."""
    began = time.monotonic()
    shown = False
    for i, path in enumerate(paths):
        if sys.stderr.isatty() and time.monotonic() - began > 0.5:
            sys.stderr.write(f"\r{i} of {len(paths)}")
            sys.stderr.flush()
            shown = True
        yield path
        if shown:
            sys.stderr.write("\r\x1b[K")


def _complain(error: ObscuraError) -> None:
    print(f"obscura: {error}", file=sys.stderr)


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
