"""Engines run a sealed model. This module says what an engine is, and which to try in what order.

The implementations live next door, one per platform: ``ort_native`` for CPython, ``ort_web`` for
the browser.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.errors import BackendError
from obscura.families import Outputs


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


class Facts(NamedTuple):
    """What a browser and its device can do, as found at start-up."""

    gpu: bool = False  # WebGPU gives an adapter
    fallback_gpu: bool = False  # ... but one that computes in software
    suspending: bool = False  # WebAssembly.Suspending (JSPI) exists
    isolated: bool = False  # cross-origin isolated, hence shared memory and threads
    cores: int = 1
    ios: bool = False


class Plan(NamedTuple):
    """One way to run: the backend, the build of the runtime that has it, and its wasm threads."""

    backend: str  # "webgpu" or "wasm"
    runtime: str  # "jspi", "asyncify" or "wasm"
    threads: int


BACKENDS = ("auto", "webgpu", "wasm")


def candidates(facts: Facts, backend: str = "auto", threads: int = 0) -> list[Plan]:
    """Return the ways to run, best first; the caller takes the first that proves itself.

    Args:
        facts: what the browser can do.
        backend: "auto"; or "webgpu" to insist on it, on a software adapter too; or "wasm".
        threads: wasm threads to insist on (1 all the same without isolation); 0 to choose.

    Returns:
        Plans in the order to try; none if WebGPU is insisted on where there is none.

    Raises:
        BackendError: there is no such backend.
    """
    if backend not in BACKENDS:
        raise BackendError(
            "There is no such backend", backend, remedy=f"Choose one of {', '.join(BACKENDS)}."
        )
    plans = []
    if backend == "webgpu" or (backend == "auto" and not facts.fallback_gpu):
        # The few nodes that stay on the CPU there are too small to share among threads.
        gpu = Plan("webgpu", "jspi" if facts.suspending else "asyncify", 1)
        plans += [gpu] if facts.gpu else []
    if backend != "webgpu":
        count = wasm_threads(facts, threads)
        plans += [Plan("wasm", "wasm", n) for n in ((count, 1) if count > 1 else (1,))]
    return plans


def wasm_threads(facts: Facts, wanted: int = 0) -> int:
    """Return how many threads wasm should use: ``wanted``, or a sensible number if that is 0."""
    if not facts.isolated:
        return 1
    if wanted > 0:
        return wanted
    if facts.ios:
        return 1  # threads can exhaust a tab's memory there (microsoft/onnxruntime#11679)
    if facts.cores <= 4:
        return max(1, facts.cores)
    return min(8, max(4, facts.cores // 2))  # above four, cores are often hyperthreads or slow ones
