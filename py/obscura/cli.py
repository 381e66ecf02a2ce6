"""Command line: ``python3 -m obscura COMMAND``. To add a command, add a row to ``COMMANDS``."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from obscura import label_font, pictures
from obscura.arguments import count, filled
from obscura.cards import catalogue
from obscura.counting import command as counting
from obscura.detections import Detections
from obscura.errors import ModelMissing, ObscuraError, PictureError
from obscura.evaluation import command as evaluation
from obscura.evaluation import track_command
from obscura.heads import command as heads
from obscura.heads.native import USUAL_MODEL
from obscura.redaction import command as redaction
from obscura.suggest import suggestion

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""
NOBODY_READS = 141
"""Exit code when the reader of our output has gone, as after `| head`: that of other programs."""


class Command(NamedTuple):
    """A command: its help, its arguments, and the function that runs it."""

    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]  # returns the exit code


class _Parser(argparse.ArgumentParser):
    """Parser that suggests the option or command that was meant."""

    def __init__(self, **options: Any) -> None:
        self.options: list[str] = []
        super().__init__(**options)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument."""
        self.options += [name for name in names if name.startswith("--")]
        return super().add_argument(*names, **options)

    def check_options(self, words: Sequence[str]) -> None:
        """Exit with 2 if one of the words is an option that there is not."""
        for word in words[: words.index("--") if "--" in words else None]:
            name = word.partition("=")[0]
            # Options may be shortened, as argparse allows.
            if name.startswith("--") and not any(each.startswith(name) for each in self.options):
                self.error(f"there is no option {name}. {suggestion(name, self.options)}".strip())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0: success; 1: something failed, as reported on stderr; 2 (raised as SystemExit by argparse):
    the command line is invalid; 130: stopped by Ctrl-C; 141: the output was not read to its end.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names that the terminal cannot write are written as escapes.
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stdout is None:  # closed by the shell: there is nobody to write to
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (to the end)
    try:
        code = _run(_parsed(words))
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still to be written goes nowhere, or Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print("obscura: the output could not be written: the disk is full.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("obscura: stopped.", file=sys.stderr)
        return STOPPED
    return code


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; exit with 2 if it is invalid."""
    parser = _Parser(prog="obscura", description="Object detection that stays on this machine.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parsers = {}
    for name, command in COMMANDS.items():
        parsers[name] = commands.add_parser(name, help=command.help, description=command.help)
        command.add_arguments(parsers[name])
        parsers[name].set_defaults(run=command.run)
    first = words[0] if words else ""
    if first in parsers:
        parsers[first].check_options(words[1:])
    elif first and not first.startswith("-"):
        parser.error(f'there is no command "{first}". {suggestion(first, COMMANDS)}'.strip())
    return parser.parse_args(words)


def _run(parsed: argparse.Namespace) -> int:
    try:
        code: int = parsed.run(parsed)
    except ObscuraError as error:
        _complain(error)
        return 1
    return code


def _detect_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "pictures",
        nargs="+",
        type=filled,
        metavar="PICTURE",
        help="a picture, or a folder of pictures",
    )
    add(
        "--model",
        type=filled,
        help=f"name or folder (default: {USUAL_MODEL})",
    )
    add("--threshold", type=_fraction, metavar="T", help="minimum score, 0 to 1")
    add(
        "--iou", type=_fraction, metavar="I", help="maximum overlap of two boxes of a class, 0 to 1"
    )
    add("--classes", type=_names, metavar="A,B", help="find only these classes (default: all)")
    add("--json", action="store_true", help="print one JSON document")
    add(
        "--save",
        type=filled,
        metavar="DIR",
        help="save copies with the boxes drawn on them",
    )
    add(
        "--threads",
        type=count,
        default=0,
        metavar="N",
        help="number of threads (default: one per core)",
    )
    add(
        "--flip",
        action="store_true",
        help="also detect on the mirrored picture (slower, finds more)",
    )
    heads.add_arguments(parser)


def _detect(arguments: argparse.Namespace) -> int:
    failures: list[ObscuraError] = []
    paths = list(_expand(arguments.pictures, failures.append))
    for failure in failures:
        _complain(failure)
    saver = _Saver(Path(arguments.save), paths) if arguments.save else None
    documents: list[dict[str, Any]] = []
    with heads.opened(arguments) as detector:
        for path in _progress(paths):
            saved = None
            try:
                image = pictures.open_picture(path)
                found = detector.detect(image)
                if saver is not None:
                    saved = saver.save(path, image, found, detector.labels)
            except PictureError as error:
                failures.append(error)
                _complain(error)
                continue
            if arguments.json:
                documents.append(_document(path, image, found, detector, saved))
            else:
                _print_table(path, found, detector, saved)
        off = heads.failures(detector)
    if arguments.json:
        _print_json(documents)
    for message in off:
        print(f"obscura: {message}", file=sys.stderr)
    return 1 if failures or off else 0


def _document(
    path: Path,
    image: Any,
    found: Detections,
    detector: heads.AnyDetector,
    saved: Path | None,
) -> dict[str, Any]:
    """Return what is found in a picture as JSON types."""
    scene = heads.scene(detector)
    return {
        "picture": str(path),
        "width": image.width,
        "height": image.height,
        "model": detector.card.name,
        **({"attributes": scene} if scene else {}),
        "detections": heads.records(found, detector),
        **({} if saved is None else {"saved": str(saved)}),
    }


def _print_json(documents: list[dict[str, Any]]) -> None:
    """Print the documents; letters that the output cannot encode are escaped as in JSON."""
    text = json.dumps(documents, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(documents, indent=2)
    print(text)


def _print_table(
    path: Path, found: Detections, detector: heads.AnyDetector, saved: Path | None
) -> None:
    print(f"{path}: {len(found) or 'nothing'} found" + (f", saved as {saved}" if saved else ""))
    if scene := heads.scene(detector):
        print(f"  {heads.as_text(scene)}")
    rows = heads.records(found, detector)
    column = max((len(row["label"]) for row in rows), default=0)
    for row in rows:
        x1, y1, x2, y2 = (round(edge) for edge in row["box"])
        corners = f"({x1}, {y1}) to ({x2}, {y2})"
        known = heads.as_text(row.get("attributes", {}))
        print(f"  {row['label']:<{column}}  {row['score']:>4.0%}  {corners}  {known}".rstrip())


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
    "count": Command(counting.HELP, counting.add_arguments, counting.run),
    "detect": Command("Find objects in pictures.", _detect_arguments, _detect),
    "evaluate": Command(evaluation.HELP, evaluation.add_arguments, evaluation.run),
    "models": Command("List the models.", _no_arguments, _models),
    "redact": Command(redaction.HELP, redaction.add_arguments, redaction.run),
    "track-eval": Command(track_command.HELP, track_command.add_arguments, track_command.run),
}


class _Saver:
    """Saves pictures in a folder, and overwrites neither inputs nor copies of the same run."""

    def __init__(self, folder: Path, inputs: Sequence[Path]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PictureError(
                f"The folder cannot be created: {error.strerror}", folder, remedy="Name another."
            ) from error
        self._folder = folder
        self._taken = {self._key(path) for path in inputs}
        self._without_font: set[str] = set()

    def save(self, path: Path, image: Any, found: Detections, labels: Sequence[str]) -> Path:
        """Save the annotated copy of ``path``; as PNG if Pillow cannot write its format. Return
        where it is."""
        self._check_fonts(labels[class_id] for class_id in found.class_id.tolist())
        target = self._target(path)
        try:
            pictures.annotated(image, found, labels).save(target)
        except OSError as error:
            raise PictureError(
                f"The copy cannot be saved: {error.strerror or error}",
                target,
                remedy="Choose another folder with --save.",
            ) from error
        return target

    def _target(self, path: Path) -> Path:
        from PIL import Image

        writable = Image.registered_extensions().get(path.suffix.lower()) in Image.SAVE
        suffix = path.suffix if writable else ".png"
        target, number = self._folder / f"{path.stem}{suffix}", 1
        while self._key(target) in self._taken:
            number += 1
            target = self._folder / f"{path.stem}-{number}{suffix}"
        self._taken.add(self._key(target))
        return target

    def _check_fonts(self, names: Iterable[str]) -> None:
        """Report, once each, names that are drawn as numbers."""
        for name in label_font.without_font(set(names) - self._without_font):
            self._without_font.add(name)
            print(
                f'obscura: No font on this machine has the letters of "{name}", so its number is '
                "drawn. Install one that has them, such as Noto Sans.",
                file=sys.stderr,
            )

    @staticmethod
    def _key(path: Path) -> str:
        # Ignores case, because the file systems of macOS and Windows do.
        return str(path.resolve()).casefold()


def _expand(arguments: Sequence[str], complain: Callable[[PictureError], None]) -> Iterator[Path]:
    """Yield the pictures that the arguments name: files, folders of pictures, and patterns."""
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            inside = sorted(
                p for p in path.iterdir() if p.suffix.lower() in pictures.SUFFIXES and _whole(p)
            )
            if not inside:
                complain(PictureError("The folder contains no pictures", path))
            yield from inside
        elif path.exists():
            yield path
        else:  # a pattern, which shells expand except on Windows
            yield from sorted(filter(_whole, path.parent.glob(path.name))) or [path]


def _whole(path: Path) -> bool:
    """Whether a path is a file, and not what macOS puts beside it on disks of other systems."""
    return path.is_file() and not path.name.startswith("._")


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
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number') from None
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    filled("".join(names))
    return names
