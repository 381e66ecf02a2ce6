"""Runs npm, and tells an npm that cannot work here from one that refuses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from modelkit.errors import ConversionError, SourceUnavailable

# What npm reports when it is the network that fails, not the request.
_NETWORK = (
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "EIDLETIMEOUT",
    "ENETUNREACH",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
    "E503",
)
# One more try and no long waits: whoever is offline wants to know soon.
_PATIENCE = ("--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")


class NpmUnavailable(SourceUnavailable):
    """npm is not installed or does not reach its registry."""


def npm(folder: Path, *arguments: str) -> None:
    """Runs npm in `folder`; no script of a package is run.

    Raises:
        NpmUnavailable: there is no npm, or no network.
        ConversionError: npm fails for another reason, which the message repeats.
    """
    program = shutil.which("npm")
    if program is None:
        raise NpmUnavailable("npm was not found on the PATH. Install Node.js, which brings it.")
    command = [program, *arguments, "--ignore-scripts", "--loglevel=error", *_PATIENCE]
    done = subprocess.run(
        command, cwd=folder, check=False, stdin=subprocess.DEVNULL, capture_output=True
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
        kind = NpmUnavailable if any(code in reason for code in _NETWORK) else ConversionError
        raise kind(f"`npm {' '.join(arguments)}` failed. Check the network. npm says: {reason}")
