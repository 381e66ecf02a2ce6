"""Errors of writing what was found."""

from __future__ import annotations

from obscura.errors import ObscuraError


class OutputError(ObscuraError):
    """A file cannot be written."""

    code = "output"
    remedy = "Name another place with --out."
