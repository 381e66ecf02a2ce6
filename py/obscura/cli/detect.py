"""The command ``obscura detect``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from obscura.cli import progress
from obscura.cli.arguments import filled, positive, rate
from obscura.cli.exits import OK, SOME_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obscura.cli.work import Found, Item
    from obscura.export.lines import Writer

FORMS = ("text", "json", "jsonl", "csv", "coco", "yolo", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_sources(parser)
    from obscura.cli.detector import add_arguments as add_detector

    add_detector(parser)
    add_output(parser)


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is read."""
    add = parser.add_argument_group("sources").add_argument
    add(
        "sources",
        nargs="+",
        type=filled,
        metavar="SOURCE",
        help="a picture, a video, a folder of them, a pattern, @list.txt with one a line, "
        "camera:0, an address such as rtsp://..., or - for a picture on standard input",
    )
    add("--recursive", action="store_true", help="also look into the folders of a folder")
    for option, text in (("include", "take only"), ("exclude", "leave out")):
        add(
            f"--{option}",
            type=filled,
            action="append",
            default=[],
            metavar="P",
            help=f"of a folder, {text} files that match a pattern such as '*.jpg'; may be repeated",
        )
    add(
        "--every",
        type=positive,
        default=1,
        metavar="N",
        help="of a video, use only every Nth frame (default: %(default)s)",
    )
    add(
        "--jobs",
        type=positive,
        metavar="N",
        help="look at N pictures or videos at a time, in processes of their own (default: one per "
        "core for many pictures, or for as many videos to track)",
    )
    add(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="where pictures are looked at: here, or on a cluster of Ray (default: %(default)s)",
    )
    add("--address", type=filled, help="of the cluster, such as auto (default: one is started)")
    add("--fps", type=rate, metavar="F", help="frames per second, where a video does not say")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is written."""
    add = parser.add_argument_group("output").add_argument
    add("--format", choices=FORMS, help="default: text, or what the ending of --out stands for")
    add("--json", dest="format", action="store_const", const="json", help="as --format json")
    add(
        "--out",
        type=filled,
        metavar="PATH",
        help="write to a file, or to a folder: for yolo; else in parts, and the command given "
        "again goes on where it was stopped (docs/scale.md)",
    )
    add("--save", type=filled, metavar="DIR", help="save copies with the boxes drawn on them")
    add("--crops", type=filled, metavar="DIR", help="save what was found as pictures of its own")


def run(arguments: argparse.Namespace) -> int:
    """Find objects in all sources; return 1 if something failed."""
    arguments.track = False
    return found(arguments)


def found(arguments: argparse.Namespace) -> int:
    """Do the work of `detect` and `track`; return 1 if something failed."""
    from obscura.batch.finders import chosen
    from obscura.batch.names import items
    from obscura.cli import folder
    from obscura.cli.output import opened_output
    from obscura.sources.listing import Choice, expand

    choice = Choice(
        arguments.recursive, arguments.include, arguments.exclude, whole=arguments.track
    )
    in_parts = folder.is_wanted(arguments)
    with progress.Progress() as bar:
        chosen_finder, sources = chosen(arguments, expand(arguments.sources, choice, bar.complain))
        with chosen_finder as finder:
            if in_parts:
                folder.write(arguments, sources, finder, bar, bar.complain)
            else:
                with opened_output(arguments, finder.model.labels) as writer:
                    named = items(arguments, sources)
                    _write(finder.found(named, bar.complain), writer, bar)
            off = finder.failures()
        bar.say(off)
    return SOME_FAILED if bar.failed or off else OK


def _write(
    found: Iterator[tuple[Item, Iterator[Found]]],
    writer: Writer,
    bar: progress.Progress,
) -> None:
    """Write what is found in each source."""
    from obscura.cli.errors import ENDING
    from obscura.errors import ObscuraError

    done = 0
    for _, frames in found:
        bar.show(f"{done} done")
        try:
            for each in frames:
                done += 1
                bar.hide()  # the record may go to the same terminal
                bar.say(each.notes)
                writer.write(each.record)
                bar.show(f"{done} done")
        except ENDING:
            raise
        except ObscuraError as error:
            bar.complain(error)
