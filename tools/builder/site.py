"""Site: the folder of static files, their hashed names, and the swap into place."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from builder.cache import digest
from builder.errors import BuildError

HASH = 10  # hex digits: 40 bits, ample for a few hundred files
HASHED = re.compile(rf"(\.[0-9a-f]{{{HASH}}}\.\w+|-[0-9a-f]{{{HASH}}}/[\w.-]+)$")


class Site:
    """The files below ``folder``, and the name under which each is reached.

    A file is known by its place in the repository (``assets/style.css``) and reached under a name
    that changes with its contents (``assets/style.1a2b3c4d5e.css``), so that browsers may keep it
    for ever. ``base`` is what every URL starts with: ``./``, or the path of the site on its host,
    such as ``/cameras/``.
    """

    def __init__(self, folder: Path, base: str) -> None:
        self.folder = folder
        self.base = base
        self.names: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> str:
        """Write a file under a hashed name and return its URL."""
        stem, dot, extension = name.rpartition(".")
        self.names[name] = f"{stem}.{fingerprint([data])}{dot}{extension}"
        self.write(self.names[name], data)
        return self.url(name)

    def add_folder(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write files that refer to each other by their plain names, into one hashed folder."""
        mark = fingerprint(part for file in sorted(files) for part in (file.encode(), files[file]))
        for file, data in files.items():
            self.names[f"{name}/{file}"] = f"{name}-{mark}/{file}"
            self.write(f"{name}-{mark}/{file}", data)

    def add_plain(self, name: str, data: bytes) -> None:
        """Write a file without a hash in its name."""
        self.names[name] = name
        self.write(name, data)

    def write(self, name: str, data: bytes) -> None:
        """Write a file under exactly this name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def url(self, name: str) -> str:
        """Return the URL of the file known as ``name``."""
        return self.base + self.names[name]

    def path(self, name: str) -> Path:
        """Return where the file known as ``name`` was written."""
        return self.folder / self.names[name]

    def resolve(self, reference: str, where: str) -> str:
        """Return the URL for ``./name`` as written in file ``where``; ``./`` is the page."""
        name = reference.removeprefix("./")
        if not name:
            return self.base
        if name not in self.names:
            raise BuildError(
                f"{where} refers to {reference}, which does not exist: correct it or add the file."
            )
        return self.url(name)


def fingerprint(parts: Iterable[bytes]) -> str:
    """Return the short hash that names contain."""
    return digest(parts)[:HASH]


def check_base(base: str) -> str:
    """Return ``base``; raise BuildError unless it is ``./`` or like ``/path/``."""
    if base == "./" or re.fullmatch(r"/([\w.~-]+/)*", base):
        return base
    raise BuildError(
        f"--base {base} is not a path such as /cameras/: begin and end it with a slash."
    )


def check_out(out: Path, root: Path) -> None:
    """Raise BuildError if ``out`` must not be replaced: it is not from a build."""
    if out.resolve() == root.resolve() or out.resolve() in root.resolve().parents:
        raise BuildError(f"--out {out} contains the repository itself: choose another folder.")
    if out.is_dir() and any(out.iterdir()) and not is_site(out):
        raise BuildError(
            f"--out {out} contains files that are not from a build: choose an empty or new folder."
        )
    if out.exists() and not out.is_dir():
        raise BuildError(f"--out {out} is a file: choose a folder.")


def is_site(folder: Path) -> bool:
    """Return whether a build made ``folder``: its page contains facts about its build."""
    page = folder / "index.html"
    return page.is_file() and b' id="obscura-build">{' in page.read_bytes()


@contextmanager
def swapped_in(out: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces ``out`` if the block succeeds, and only then."""
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    former = out.with_name(f".{out.name}.former-{os.getpid()}")
    partial.mkdir()
    try:
        yield partial
        try:
            if out.exists():
                out.rename(former)
            partial.rename(out)
        except BaseException:
            if former.exists() and not out.exists():
                former.rename(out)
            raise
        shutil.rmtree(former, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
