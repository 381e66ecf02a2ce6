"""The command ``obscura track``."""

from __future__ import annotations

import argparse

from obscura.cli import detect


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: those of `detect`."""
    detect.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Follow objects through videos, cameras and folders of frames; return 1 if one failed."""
    arguments.track = True
    return detect.found(arguments)
