"""The command ``obscura annotate``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from obscura import places
from obscura.cli.arguments import filled, positive
from obscura.cli.exits import OK, SOME_FAILED

if TYPE_CHECKING:
    from obscura.cli.progress import Progress
    from obscura.detections import Detections
    from obscura.export.annotate import Find, Labels
    from obscura.sources import Frame

ANOTHER = "Name another file with --out."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from obscura.cli.detector import add_arguments as add_detector

    add = parser.add_argument
    add("source", type=filled, metavar="SOURCE", help="a picture or a video")
    add("--out", type=filled, required=True, metavar="FILE", help="the copy with boxes")
    add(
        "--records",
        type=filled,
        metavar="FILE",
        help="draw what these JSON Lines have, of the page or of obscura detect; no model is used",
    )
    add("--track", action="store_true", help="of a video, follow objects from frame to frame")
    add(
        "--every",
        type=positive,
        default=1,
        metavar="N",
        help="of a video, use only every Nth frame (default: %(default)s)",
    )
    add("--mute", action="store_true", help="leave out the sound of a video")
    add_detector(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write a copy of a picture or a video with boxes; return 1 if a head failed on the way."""
    from obscura.cli.errors import UsageError
    from obscura.cli.progress import Progress
    from obscura.export.annotate import suffixes
    from obscura.export.video import CODECS
    from obscura.sources.listing import is_video

    if places.is_dir(arguments.source) or arguments.source.lower().startswith("camera:"):
        raise UsageError(
            "A copy is made of one picture or one video",
            arguments.source,
            remedy="Name a file.",
        )
    out = Path(arguments.out)
    moving = is_video(arguments.source)
    known = CODECS if moving else suffixes()
    if out.suffix.lower() not in known:
        kind = "video" if moving else "picture"
        shown = ", ".join(sorted(CODECS if moving else (".jpg", ".png", ".webp")))
        raise UsageError(
            f"A {kind} cannot be written as {out.suffix or 'a file without an ending'}",
            out,
            remedy=f"Name one that ends in {shown}.",
        )
    source = Path(arguments.source)
    if places.exists(out) and places.exists(source) and out.samefile(source):
        raise UsageError("The copy would overwrite the original", out, remedy=ANOTHER)
    with Progress() as bar:
        off = _from_records(arguments, bar) if arguments.records else _detected(arguments, bar)
        bar.say(off)
    return SOME_FAILED if off else OK


def _from_records(arguments: argparse.Namespace, bar: Progress) -> list[str]:
    """Draw what records have.

    Raises:
        ObscuraError: the records or the source cannot be read, or the copy not be written.
    """
    from obscura.export.annotate import Recorded
    from obscura.export.reading import RecordsError, read_lines

    try:
        with Path(arguments.records).open(encoding="utf-8-sig") as lines:
            recorded = Recorded(read_lines(lines), arguments.source)
            recorded.check()
            _write(arguments, recorded, recorded.labels, bar)
    except UnicodeDecodeError as error:
        raise RecordsError("The records are not a text in UTF-8", arguments.records) from error
    except FileNotFoundError as error:
        raise RecordsError(
            "There is no such file", arguments.records, remedy="Check its path."
        ) from error
    return []


def _detected(arguments: argparse.Namespace, bar: Progress) -> list[str]:
    """Draw what a detector finds; return a sentence for each head that failed.

    Raises:
        ObscuraError: the detector cannot be opened, the source not be read, or the copy not be
            written.
    """
    from obscura.cli.errors import UsageError
    from obscura.cli.work import Work
    from obscura.sources.listing import is_video

    if arguments.track and not is_video(arguments.source):
        raise UsageError(
            "This is one picture, in which nothing can be followed",
            arguments.source,
            remedy="Leave out --track.",
        )
    options = vars(arguments) | {"save": None, "crops": None, "fps": None}
    with Work(argparse.Namespace(**options)) as work:
        _write(arguments, lambda frame: work.update(frame).detections, work.labels, bar)
        return work.failures()


def _write(arguments: argparse.Namespace, find: Find, labels: Labels, bar: Progress) -> None:
    from obscura.cli.progress import of
    from obscura.cli.saver import Fonts
    from obscura.export.annotate import annotate_picture, annotate_video
    from obscura.sources.listing import is_video

    fonts = Fonts()

    def found(frame: Frame) -> Detections:
        detections = find(frame)
        classes = set(detections.class_id.tolist())
        bar.say(fonts.missing(labels[each] for each in classes))
        return detections

    if not is_video(arguments.source):
        annotate_picture(arguments.source, arguments.out, found, labels)
        return
    annotate_video(
        arguments.source,
        arguments.out,
        found,
        labels,
        every=arguments.every,
        mute=arguments.mute,
        progress=lambda done, total: bar.show(of(done, total, "frames")),
    )
