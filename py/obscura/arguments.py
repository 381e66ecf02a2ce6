"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse


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
