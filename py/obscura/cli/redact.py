"""The command ``python3 -m obscura redact``."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from obscura import pictures, places
from obscura.cli.arguments import add_jobs, add_threads, filled, fraction, names
from obscura.cli.errors import UsageError
from obscura.cli.exits import OK, SOME_FAILED
from obscura.cli.plain import plain
from obscura.cli.progress import Progress, of
from obscura.errors import ObscuraError, PictureError
from obscura.export.errors import OutputError
from obscura.redaction import video
from obscura.redaction.cover import Cover
from obscura.redaction.errors import RedactionError, unknown_tracks
from obscura.redaction.files import UNFINISHED, Item, kind_of, plan, written
from obscura.redaction.finder import Finder
from obscura.redaction.geometry import CoverOptions
from obscura.redaction.heads import PERSON
from obscura.redaction.listing import lines
from obscura.redaction.paint import HOWS, paint

if TYPE_CHECKING:
    from PIL.Image import Image

WHAT = "face"
"""What is covered unless somebody says otherwise."""
NOTHING = "nothing found to cover"
ALL_SPARED = "nothing left to cover after --except"
LOSSLESS = frozenset((".png", ".bmp", ".ppm", ".tif", ".tiff"))
PAGES = frozenset({"GIF", "PNG", "WEBP", "AVIF", "TIFF"})
"""Formats whose further pictures are more than previews of the first."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add = parser.add_argument
    add("source", type=filled, metavar="IN", help="a picture, a video, or a folder of them")
    add("--out", type=filled, metavar="OUT", help="the copy, or a folder for copies")
    add("--list", action="store_true", help="only list what is found, with numbers for --except")
    add(
        "--what",
        type=names,
        default=[WHAT],
        metavar="A,B",
        help=f"what to cover: face, text, or classes of the model (default: {WHAT})",
    )
    add(
        "--except",
        dest="spared",
        type=_numbers,
        default=frozenset(),
        metavar="N,M",
        help="what not to cover in a file, by the numbers of --list with the same options; of a "
        "person also the face",
    )
    add("--how", choices=HOWS, default="fill", help="default: %(default)s, which leaves nothing")
    add("--strict", action="store_true", help="cover the whole picture while anything is uncertain")
    add("--model", type=filled, default="cocossd", metavar="M", help="default: %(default)s")
    add(
        "--threshold",
        type=fraction,
        metavar="T",
        help="minimum score to cover, 0 to 1 (default: half of the model's)",
    )
    add("--mute", action="store_true", help="leave out the sound of videos")
    add_jobs(add)
    add_threads(add)


class _File(NamedTuple):
    """A file to redact, as workers take it."""

    where: str
    item: Item


class _Run:
    """Redacts files: a kind of work, see `batch.worker`. A context manager that closes it."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """
        Raises:
            ObscuraError: a model or a network cannot be loaded.
        """
        self.arguments = arguments
        self.finder = Finder(
            arguments.what,
            model=arguments.model,
            threshold=arguments.threshold,
            threads=arguments.threads,
        )
        self.options = CoverOptions(labels=self.finder.wanted, strict=arguments.strict)
        # Of several processes, none shows how far it is.
        self.progress = Progress() if multiprocessing.parent_process() is None else None

    @property
    def model(self) -> tuple[str, ...]:
        """The names of what is found."""
        return self.finder.labels

    def find(self, file: _File, _complain: Any) -> Iterator[str | ObscuraError]:
        """Redact a file; yield what was covered in it, in words, or why there is no copy.

        Raises:
            OutputError: there would be none of the next, either.
        """
        try:
            yield self.redact(file.item)
        except OutputError:
            raise
        except ObscuraError as error:
            yield error
        finally:
            if self.progress is not None:
                self.progress.restart()

    def failures(self) -> list[str]:
        """A head that fails ends the redaction of a file."""
        return []

    def close(self) -> None:
        """Release the memory of all networks."""
        self.finder.close()

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.progress is not None:
            self.progress.hide()
        self.close()

    def redact(self, item: Item) -> str:
        """Write the redacted copy of a file; return what was covered in it, in words.

        Raises:
            ObscuraError: there is no copy.
        """
        if places.is_dir(item.source):
            raise RedactionError(
                "A link to a folder is not followed",
                item.source,
                remedy="Redact that folder by itself.",
            )
        if item.kind is None:
            raise RedactionError("Not a picture or video that can be read here", item.source)
        with written(item.target) as path:
            if item.kind == "video":
                return self._video(item.source, path)
            return self._picture(item.source, path, item.target.suffix)

    def listed(self, source: Path, kind: str | None) -> list[str]:
        """Return a line for each object that can be spared in a file.

        Raises:
            ObscuraError: it cannot be read or analysed.
        """
        if kind == "video":
            updates = (update for _, update in video.analysed(source, self._job()))
            return lines(filter(None, updates), self.finder.labels, self._named, timed=True)
        pixels = pictures.to_rgba(_only(source))
        return lines([self.finder.picture(pixels)], self.finder.labels, self._named, timed=False)

    @property
    def _named(self) -> frozenset[str]:
        return self.options.labels | {PERSON}

    def _job(self) -> video.Job:
        return video.Job(
            self.finder.frame,
            self.finder.labels,
            self.options,
            self.arguments.spared,
            self.arguments.how,
            self.arguments.mute,
            self._show,
        )

    def _video(self, source: Path, target: Path) -> str:
        done = video.redact(source, target, self._job())
        if not done.covered:
            return self._nothing
        failed = f" ({done.failed} of them whole, not analysed)" if done.failed else ""
        return f"covered in {done.covered} of {done.frames} frames{failed}"

    def _picture(self, source: Path, target: Path, suffix: str) -> str:
        pixels = pictures.to_rgba(_only(source))
        update = self.finder.picture(pixels)
        missing = self.arguments.spared - set(update.detections.track_numbers())
        if missing:
            raise unknown_tracks(missing, source)
        covered = Cover(self.options).update(
            update, self.finder.labels, spared=self.arguments.spared, still=True
        )
        paint(pixels, covered.xyxy, self.arguments.how)
        _save(pixels[..., :3], target, suffix)
        areas = len(covered.xyxy)
        return f"{areas} area{'s' if areas > 1 else ''} covered" if areas else self._nothing

    def _show(self, done: str, index: int, total: int) -> None:
        if self.progress is not None:
            self.progress.show(f"{of(index, total, 'frames')} {done}")

    @property
    def _nothing(self) -> str:
        """Why nothing is covered, in words."""
        return ALL_SPARED if self.arguments.spared else NOTHING


def run(arguments: argparse.Namespace) -> int:
    """Redact, and print what became of each file; return 1 if there is no copy of one."""
    source = Path(arguments.source)
    if (arguments.out is None) != arguments.list:
        raise UsageError(
            "Give either --out, where the copy goes, or --list, which makes none",
            remedy="See --help.",
        )
    if places.is_dir(source) and (arguments.list or arguments.spared):
        raise UsageError(
            "The numbers of --list and --except are those of one file, and this is a folder",
            source,
            remedy="Name a file.",
        )
    if arguments.list:
        kind = kind_of(source)
        with _Run(arguments) as redaction:
            found = redaction.listed(source, kind)
        print("\n".join(found) if found else NOTHING)
        return OK
    return _copied(arguments, plan(source, Path(arguments.out)))


def _copied(arguments: argparse.Namespace, items: list[Item]) -> int:
    """Redact files; return 1 if there is no copy of one."""
    from obscura.batch.finders import here

    jobs = arguments.jobs and min(arguments.jobs, len(items))
    given = argparse.Namespace(**{**vars(arguments), "jobs": jobs})
    failed = 0
    with Progress() as bar:
        finder, files = here(given, iter([_File(str(item.source), item) for item in items]), _Run)
        try:
            with finder as opened:
                for file, found in opened.found(files, bar.complain):
                    words = _words(found)
                    if isinstance(words, ObscuraError):
                        failed += 1
                        bar.complain(words)
                    else:
                        bar.hide()
                        print(plain(f"{file.where}: {words}, saved as {file.item.target}"))
        finally:
            if len(items) > 1:
                _tidy(items)
    if failed and len(items) > 1:
        print(
            f"obscura: {failed} of {len(items)} files were not redacted and not copied.",
            file=sys.stderr,
        )
    return SOME_FAILED if failed else OK


def _words(found: Iterator[str | ObscuraError]) -> str | ObscuraError:
    try:
        (words,) = found
    except PictureError as error:  # the process that had it was killed
        return error
    return words


def _tidy(items: list[Item]) -> None:
    """Delete what processes left that were ended; the folder for copies is ours alone."""
    for folder in {item.target.parent for item in items}:
        for path in folder.glob(f"{UNFINISHED}*"):
            path.unlink()


def _numbers(text: str) -> frozenset[int]:
    try:
        return frozenset(int(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"wanted numbers with commas, got {text!r}") from None


def _only(source: Path) -> Image:
    """Return the picture of a file that has one, upright, in sRGB, without its metadata.

    Raises:
        RedactionError: it has several, of which people would miss all but the first.
        PictureError: it cannot be read.
    """
    image = pictures.open_picture(source)
    from PIL import Image as Pillow

    with Pillow.open(source) as whole:
        try:
            count = getattr(whole, "n_frames", 1)
        except (OSError, EOFError, SyntaxError, ValueError) as error:
            raise RedactionError(
                f"The picture is damaged: {error}", source, remedy=pictures.INTACT
            ) from error
        if whole.format in PAGES and count > 1:
            raise RedactionError(
                f"The file has {count} pictures, and only single pictures are redacted",
                source,
                remedy="Save it as a video, or each picture as a file.",
            )
    return image


def _save(pixels: video.Pixels, target: Path, suffix: str) -> None:
    """Write pixels, and nothing else, to a file."""
    from PIL import Image as Pillow

    from obscura.export.annotate import save_picture

    # JPEG, WebP and AVIF; the others lose nothing and know no quality.
    options: dict[str, Any] = {} if suffix.lower() in LOSSLESS else {"quality": 92}
    try:
        save_picture(Pillow.fromarray(np.ascontiguousarray(pixels)), target, suffix, **options)
    except (OSError, ValueError) as error:
        # Pillow raises both for pictures that a format cannot hold; those have no number.
        of_the_disk = isinstance(error, OSError) and error.errno is not None
        kind = OutputError if of_the_disk else RedactionError
        reason = getattr(error, "strerror", None) or error
        raise kind(f"The copy cannot be written: {reason}", target) from error
