"""Command line: ``obscura COMMAND``, or ``python3 -m obscura COMMAND``.

A command is a module of this folder with ``add_arguments(parser)`` and ``run(arguments)``, which
returns the exit code, and a row of ``COMMANDS``. A module is imported when its command is called,
so that help comes at once.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from obscura.cli import exits
from obscura.cli.parser import Parser
from obscura.suggest import suggestion


class Command(NamedTuple):
    """A command: its module in this folder, and its help."""

    module: str
    help: str

    def load(self) -> Any:
        """Import the module."""
        return import_module(f"{__name__}.{self.module}")


COMMANDS = {
    "detect": Command("detect", "Find objects in pictures."),
    "track": Command("track", "Find objects in videos, and follow them from frame to frame."),
    "count": Command(
        "count",
        "Count what crosses lines and enters zones, in a video, a folder of frames or a table.",
    ),
    "annotate": Command("annotate", "Draw boxes on a copy of a picture or a video."),
    "redact": Command(
        "redact", "Cover faces, people or other objects in a picture, a video or a folder of them."
    ),
    "label": Command("label", "Find boxes in a folder of pictures, as a start for labelling it."),
    "diff": Command("diff", "Show where two models disagree on the same pictures."),
    "evaluate": Command(
        "evaluate", "Measure how accurate models are, on pictures annotated in COCO's format."
    ),
    "track-eval": Command(
        "track_eval",
        "Measure how well objects are tracked, on sequences in the format of MOTChallenge.",
    ),
    "models": Command("models", "List the models."),
    "serve": Command("serve", "Answer over HTTP, on this machine or for others."),
    "inspect": Command("inspect", "Show what goes in and out of a network, and ways to read it."),
    "new": Command("new", "Begin a project of your own: a page, a library or a service."),
    "bench": Command("bench", "Measure how fast models are on this machine."),
}
EXIT_CODES = """\
exit codes:
  0    all is well
  1    some inputs failed, as stderr says; what is left is written
  2    the command makes no sense, or would overwrite something
  3    a model, a package or the engine is missing or damaged
  4    the output cannot be written
  130  stopped with Ctrl-C; what was done is kept
  141  nobody read the output to its end
"""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk, or of a person's share of it, that takes no more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, see ``EXIT_CODES``; argparse raises SystemExit(2)
    if the command line is invalid."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names that the terminal cannot write are written as escapes.
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stdout is None:  # closed by the shell: there is nobody to write to
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (to the end)
    try:
        try:
            code = _run(*_parsed(words))
        finally:  # help ends with SystemExit, and has a reader too
            sys.stdout.flush()
    except BrokenPipeError:
        # What is still to be written goes nowhere, or Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.NOBODY_READS
    except OSError as error:
        if error.errno not in FULL:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"obscura: The output cannot be written: {error.strerror}.", file=sys.stderr)
        return exits.NO_OUTPUT
    except KeyboardInterrupt:
        print("obscura: stopped.", file=sys.stderr)
        return exits.STOPPED
    return code


def _parsed(words: Sequence[str]) -> tuple[Any, argparse.Namespace]:
    """Return the module of the command and its arguments; exit with 2 if they are invalid."""
    parser = Parser(
        prog="obscura",
        description="Object detection that stays on this machine.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parsers = {
        name: commands.add_parser(name, help=command.help, description=command.help)
        for name, command in COMMANDS.items()
    }
    first = words[0] if words else ""
    module = None
    if first in parsers:
        module = COMMANDS[first].load()
        module.add_arguments(parsers[first])
        parsers[first].check_options(words[1:])
    elif first and not first.startswith("-"):
        parser.error(f'there is no command "{first}". {suggestion(first, COMMANDS)}'.strip())
    return module, parser.parse_args(words)


class _Version(argparse.Action):
    """Prints the version; imported only then."""

    def __call__(self, parser: Any, *_: Any) -> None:
        from obscura import __version__

        print(f"obscura {__version__}")
        parser.exit()


def _run(module: Any, parsed: argparse.Namespace) -> int:
    from obscura.cli.errors import exit_code
    from obscura.cli.plain import message
    from obscura.errors import ObscuraError

    try:
        code: int = module.run(parsed)
    except ObscuraError as error:
        print(f"obscura: {message(error)}", file=sys.stderr)
        return exit_code(error)
    return code
