"""The command line of the benchmark, which is in ``bench/speed``."""

import argparse
import sys
from pathlib import Path

ROWS = ("threads", "one", "gpu", "python", "blocked", "warm", "cold", "bytes", "memory", "growth")


def arguments() -> argparse.ArgumentParser:
    """Return what ``bench`` takes, as a parent for its parser."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("--rival", choices=("tfjs", "js", "all"), default="all", help="default: %(default)s")
    backends = ("auto", "webgpu", "wasm")
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
        help="leave out what a page without COOP and COEP cannot do",
    )
    add("--frames", type=count, default=20, metavar="N", help="a round (default: %(default)s)")
    add(
        "--warm-up",
        type=count,
        default=20,
        metavar="N",
        help="frames before (default: %(default)s)",
    )
    add("--rounds", type=count, default=6, metavar="N", help="default: %(default)s")
    add(
        "--memory-frames",
        type=count,
        default=1000,
        metavar="N",
        help="after how many to compare memory (default: %(default)s; the goal is for 10000)",
    )
    add("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"of {', '.join(ROWS)}")
    add("--json", type=Path, metavar="OUT", help="write all figures")
    add("--plot", type=Path, metavar="OUT.svg", help="draw where a frame's milliseconds go")
    add("--flag", action="append", default=[], metavar="FLAG", help="for Chromium; may be repeated")
    add("--prepare", type=Path, metavar="DIR", help="only make the folder that is served")
    add("--prepared", type=Path, metavar="DIR", help="measure such a folder; needs no Node")
    add("--read", type=Path, metavar="JSON", help="measure nothing: show what --json wrote")
    return parser


def soak_arguments() -> argparse.ArgumentParser:
    """Return what ``soak`` takes, as a parent for its parser."""
    parser = argparse.ArgumentParser(add_help=False)
    add = parser.add_argument
    add("--minutes", type=positive, default=10, metavar="N", help="default: %(default)s")
    add("--samples", type=several, default=30, metavar="N", help="looks (default: %(default)s)")
    add("--backend", choices=("webgpu", "wasm"), default="wasm", help="default: %(default)s")
    add("--json", type=Path, metavar="OUT", help="write all figures")
    add("--plot", type=Path, metavar="OUT.svg", help="draw them over the minutes")
    add("--read", type=Path, metavar="JSON", help="measure nothing: show what --json wrote")
    return parser


def positive(text: str) -> float:
    """Read a number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above zero")
    return value


def several(text: str) -> int:
    """Read a number of looks, of which a slope needs a few."""
    value = count(text)
    if value < 5:
        raise argparse.ArgumentTypeError("a slope needs 5 looks or more")
    return value


def count(text: str) -> int:
    """Read a number that is not negative."""
    value = int(text) if text.isdecimal() else -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return value


def run_bench(root: Path, args: argparse.Namespace) -> int:
    """Run the benchmark; return an exit code."""
    sys.path[:0] = [str(root / "bench"), str(root / "py")]
    from speed.command import run  # here, for no other command needs it

    return run(root, args)


def run_soak(root: Path, args: argparse.Namespace) -> int:
    """Run the page for minutes; return an exit code, 1 if anything grows."""
    sys.path[:0] = [str(root / "bench"), str(root / "py")]
    from speed.soak import run  # here, for no other command needs it

    return run(root, args)
