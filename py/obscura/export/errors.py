"""Errors of writing what was found."""

from __future__ import annotations

from obscura.errors import ObscuraError


class OutputError(ObscuraError):
    """A file cannot be written."""

    code = "output"
    remedy = "Name another place with --out."


class WouldReplace(OutputError):
    """There is a result already that people work on by hand."""

    remedy = "Name another folder with --out."
