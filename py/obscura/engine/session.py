"""What an engine is: the sessions that run a model, for CPython and for the browser."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.families.decode import Outputs


class SessionInfo(NamedTuple):
    """What a session runs on, as a person may want to read it."""

    backend: str  # "native", "webgpu" or "wasm"
    device: str  # the processor's or graphics adapter's name, as far as the platform tells
    threads: int
    precision: str  # of the arithmetic: "float32" or "float16"


class Session(Protocol):
    """One model, loaded and ready. One run at a time; not for sharing between threads."""

    @property
    def info(self) -> SessionInfo:
        """What it runs on."""

    def run(self, image: NDArray[np.uint8]) -> Outputs:
        """Run on one ``(height, width, 4)`` uint8 RGBA picture of any size.

        Raises:
            BackendError: the run failed, or the session is closed.
        """

    def close(self) -> None:
        """Give up all resources. May be called any number of times."""


class AsyncSession(Protocol):
    """A Session whose run is awaited, and whose frames are the platform's (pixels stay outside)."""

    @property
    def info(self) -> SessionInfo:
        """What it runs on."""

    async def run(self, frame: Any) -> Outputs:
        """Run on one frame. Errors as in :class:`Session`."""

    def close(self) -> None:
        """Give up all resources. May be called any number of times."""
