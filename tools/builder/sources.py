"""The repository's own files."""

from pathlib import Path

from builder.errors import BuildError


def read(root: Path, name: str) -> bytes:
    """Return the contents of file ``name`` of the repository; raise BuildError if it is gone."""
    try:
        return (root / name).read_bytes()
    except FileNotFoundError:
        raise BuildError(f"{name} is missing: restore it from the repository.") from None


def read_below(folder: Path, package: str) -> dict[str, bytes]:
    """Return the Python files of a package in ``folder``, by their names below it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / package).rglob("*.py"))
    }
