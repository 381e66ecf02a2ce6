"""Files of the repository."""

import tomllib
from pathlib import Path
from typing import Any

from builder.errors import BuildError


def read(root: Path, name: str) -> bytes:
    """Return the contents of file ``name`` of the repository; raise BuildError if it is missing."""
    try:
        return (root / name).read_bytes()
    except FileNotFoundError:
        raise BuildError(f"{name} is missing: restore it from the repository.") from None


def read_toml(root: Path, name: str) -> dict[str, Any]:
    """Return a TOML file of the repository; raise BuildError if it is missing or damaged."""
    try:
        return tomllib.loads(read(root, name).decode())
    except ValueError as error:
        raise BuildError(f"{name} is damaged ({error}): restore it from the repository.") from None


def read_below(folder: Path, package: str) -> dict[str, bytes]:
    """Return the Python files of a package in ``folder``, by their names relative to it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / package).rglob("*.py"))
    }
