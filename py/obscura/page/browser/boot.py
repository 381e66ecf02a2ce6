"""What JavaScript began before Python ran (assets/boot): its facts, downloads and progress.

Values that come back are JavaScript objects seen through proxies, which Pyodide frees when Python
drops them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from js import obscura

from obscura.engine.plans import Facts

boot = obscura.boot


async def device() -> tuple[Facts, str]:
    """Return what the browser and its device can do, and the name of the GPU."""
    found = await boot.facts
    return Facts(**{name: getattr(found, name) for name in Facts._fields}), str(found.gpu_name)


async def sample_pixels() -> Any:
    """Return the `ImageData` of the bundled picture; not to be changed or transferred."""
    return await boot.sample


def files() -> list[Any]:
    """Return the files that a person gave before Python ran."""
    return list(boot.files)


def adopt() -> str | None:
    """Stop JavaScript's listening for what is pressed; return what was: "start", "files" or
    None."""
    wanted = boot.adopt()
    return str(wanted) if wanted else None


def requests() -> Iterable[Any]:
    """Return all requests of the page and its workers so far."""
    return list(boot.requests)
