"""Command lines of ``build.py bench`` and ``build.py soak``.

The code is imported when a command runs, so that other commands start without it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from builder.build import ROOT

ROWS = (
    *("threads", "one", "gpu", "python", "blocked", "warm", "cold", "bytes", "memory", "growth"),
    "heads",
    "others",
)


def add_commands(commands: Any) -> None:
    """Add the benchmark's commands.

    Args:
        commands: what `ArgumentParser.add_subparsers` returned.
    """
    command = commands.add_parser(
        "bench",
        parents=[arguments()],
        help="measure the page against other stacks",
        description="Measure the page against other stacks, taking turns in one browser; "
        "see docs/performance.md.",
    )
    command.set_defaults(run=run_bench)
    command = commands.add_parser(
        "soak",
        parents=[soak_arguments()],
        help="run the live page for minutes and report what grows",
        description="Run the live page on a fake camera for minutes and report what grows; "
        "see docs/reliability.md.",
    )
    command.set_defaults(run=run_soak)


def arguments() -> argparse.ArgumentParser:
    """Return the arguments of ``bench``, as a parent for its parser."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("--rival", choices=("tfjs", "js", "all"), default="all", help="default: %(default)s")
    backends = ("auto", "webgpu", "litert", "wasm")
    add("--backend", choices=backends, default="auto", help="default: %(default)s")
    add(
        "--threads",
        type=count,
        default=0,
        metavar="N",
        help="wasm threads (default: the page's choice)",
    )
    add(
        "--no-isolation",
        dest="isolation",
        action="store_false",
        help="measure only what works without COOP and COEP",
    )
    add(
        "--frames",
        type=count,
        default=20,
        metavar="N",
        help="frames per round (default: %(default)s)",
    )
    add(
        "--warm-up",
        type=count,
        default=20,
        metavar="N",
        help="frames before the first round (default: %(default)s)",
    )
    add("--rounds", type=count, default=6, metavar="N", help="default: %(default)s")
    add(
        "--memory-frames",
        type=count,
        default=1000,
        metavar="N",
        help="frames after which memory is compared (default: %(default)s; the goal is for 10000)",
    )
    add("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"of {', '.join(ROWS)}")
    add("--json", type=Path, metavar="OUT", help="write all figures to a file")
    add("--plot", type=Path, metavar="OUT.svg", help="draw the time per frame by stage")
    add(
        "--flag",
        action="append",
        default=[],
        metavar="FLAG",
        help="extra flag for Chromium; may be repeated",
    )
    add(
        "--weights",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a network for a rival that comes without one (libreyolo, mediapipe, ultralytics)",
    )
    add("--prepare", type=Path, metavar="DIR", help="only make the folder to serve")
    add("--prepared", type=Path, metavar="DIR", help="measure a prepared folder; needs no Node")
    add("--read", type=Path, metavar="JSON", help="measure nothing: show figures written by --json")
    return parser


def soak_arguments() -> argparse.ArgumentParser:
    """Return the arguments of ``soak``, as a parent for its parser."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("--minutes", type=positive, default=10, metavar="N", help="default: %(default)s")
    add(
        "--samples",
        type=several,
        default=30,
        metavar="N",
        help="samples to take (default: %(default)s)",
    )
    add("--backend", choices=("webgpu", "wasm"), default="wasm", help="default: %(default)s")
    add("--json", type=Path, metavar="OUT", help="write all figures to a file")
    add("--plot", type=Path, metavar="OUT.svg", help="draw the figures over time")
    add("--read", type=Path, metavar="JSON", help="measure nothing: show figures written by --json")
    return parser


def positive(text: str) -> float:
    """Parse a number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return value


def several(text: str) -> int:
    """Parse a number of samples, of which a slope needs a few."""
    value = count(text)
    if value < 5:
        raise argparse.ArgumentTypeError("a slope needs at least 5 samples")
    return value


def count(text: str) -> int:
    """Parse a whole number that is not negative."""
    value = int(text) if text.isdecimal() else -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return value


def run_bench(args: argparse.Namespace) -> int:
    """Run the benchmark and return its exit code."""
    from speed.command import run

    return run(ROOT, args)


def run_soak(args: argparse.Namespace) -> int:
    """Run the live page for minutes and return the exit code: 1 if anything grows."""
    from speed.soak import run

    return run(ROOT, args)
