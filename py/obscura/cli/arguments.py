"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any


def filled(text: str) -> str:
    """Return an argument that names something.

    Raises:
        argparse.ArgumentTypeError: it is empty, which as a path would be the current folder.
    """
    if not text:
        raise argparse.ArgumentTypeError("it is empty; a variable in the command may be unset")
    return text


def count(text: str) -> int:
    """Return an argument as a number of things.

    Raises:
        argparse.ArgumentTypeError: it is not a whole number, or is less than 0.
    """
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number') from None
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return value


def add_threads(add: Callable[..., Any]) -> None:
    """Add ``--threads`` to a command.

    Args:
        add: the ``add_argument`` of its parser or of a group.
    """
    add(
        "--threads",
        type=count,
        default=0,
        metavar="N",
        help="number of threads (default: one per core)",
    )


def fraction(text: str) -> float:
    """Return an argument as a share or a score.

    Raises:
        argparse.ArgumentTypeError: it is not a number above 0 and below 1.
    """
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number') from None
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below 1")
    return value


def names(text: str) -> list[str]:
    """Return an argument as names, which commas part.

    Raises:
        argparse.ArgumentTypeError: there is none.
    """
    found = [name.strip() for name in text.split(",") if name.strip()]
    filled("".join(found))
    return found


def checked(kind: Callable[[str], Any], good: Callable[[Any], bool], wanted: str) -> Any:
    """Return a type of argument: ``kind`` of its text, which has to be ``good``."""

    def parse(text: str) -> Any:
        try:
            value = kind(text)
        except (ValueError, OverflowError):
            value = None
        if value is None or not good(value):
            raise argparse.ArgumentTypeError(f'"{text}" is not {wanted}')
        return value

    return parse


def _dimensions(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.lower())
    if match is None:
        raise ValueError(text)
    return int(match[1]), int(match[2])


share = checked(float, lambda value: 0 < value <= 1, "above 0 and at most 1")
positive = checked(int, lambda value: value > 0, "a whole number above 0")
rate = checked(float, lambda value: 0 < value <= 10_000, "a rate above 0")
size = checked(_dimensions, min, "a size such as 1920x1080")
moment = checked(
    datetime.fromisoformat,
    lambda value: 1970 < value.year < 9000,  # beyond, sums with seconds overflow
    "a time such as 2026-05-01T08:00",
)


def closed_share(text: str) -> float:
    """Return an argument as a share, 0 to 1.

    Raises:
        argparse.ArgumentTypeError: it is not a number, or lies outside.
    """
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number') from None
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def add_jobs(add: Any) -> None:
    """Add the option ``--jobs``.

    Args:
        add: ``add_argument`` of a parser or a group of one.
    """
    add(
        "--jobs",
        type=positive,
        metavar="N",
        help="look at N pictures at a time, in processes of their own (default: one per core for "
        "many pictures)",
    )
