"""Plans: the ways to run a model in a browser, and which to try in what order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from obscura.errors import BackendError


class Facts(NamedTuple):
    """What a browser and its device can do, as found at start-up."""

    gpu: bool = False  # WebGPU gives an adapter
    fallback_gpu: bool = False  # ... but one that computes in software
    half: bool = False  # ... and computes with float16 ("shader-f16")
    suspending: bool = False  # WebAssembly.Suspending (JSPI) exists
    isolated: bool = False  # cross-origin isolated, hence shared memory and threads
    cores: int = 1
    ios: bool = False
    save_data: bool = False  # the person asks for few downloads


class Plan(NamedTuple):
    """One way to run: the backend, the build of the runtime that has it, and its wasm threads."""

    backend: str  # "webgpu" or "wasm"
    runtime: str  # "jspi", "asyncify" or "wasm"
    threads: int
    resident: bool = False  # pictures and answers stay on the GPU, its commands are captured
    half: bool = False  # convolutions in float16; of a resident network


BACKENDS = ("auto", "webgpu", "wasm")


def candidates(facts: Facts, backend: str = "auto", threads: int = 0) -> list[Plan]:
    """Return the ways to run, the most promising first; each has to prove itself.

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
    if facts.gpu and (backend == "webgpu" or (backend == "auto" and not facts.fallback_gpu)):
        runtime = "jspi" if facts.suspending else "asyncify"
        # Where a network has to leave the GPU on its way, the few nodes on the CPU are too small
        # to share among threads.
        plans += [Plan("webgpu", runtime, 1, resident=True, half=True)] if facts.half else []
        plans += [Plan("webgpu", runtime, 1, resident) for resident in (True, False)]
    if backend != "webgpu":
        plans += [Plan("wasm", "wasm", count) for count in wasm_threads(facts, threads)]
    return plans


def wasm_threads(facts: Facts, wanted: int = 0) -> list[int]:
    """Return how many threads wasm may use, the most promising number first, 1 at the end.

    Args:
        wanted: the number to insist on; 0 to choose.
    """
    if not facts.isolated:
        return [1]
    if wanted > 0:
        counts = [wanted]
    elif facts.ios:
        counts = []  # threads can exhaust a tab's memory there (microsoft/onnxruntime#11679)
    else:
        # A quarter is left to the page and the browser, see docs/performance.md. Above four, cores
        # are often hyperthreads or slow ones, so all of them are tried, too.
        cores = max(1, facts.cores)
        counts = [min(8, cores - cores // 4), *([min(16, cores)] if cores > 4 else [])]
    return list(dict.fromkeys([*counts, 1]))


def rivals(plans: Sequence[Plan], used: Plan) -> list[Plan]:
    """Return the ways to run that might be faster than the one in use.

    They are the same in full precision, and the next backend, or the next number of threads. A way
    that is there only in case the one before it fails is none: one thread, or a GPU that its
    pictures have to be carried to.
    """
    later = plans[plans.index(used) + 1 :] if used in plans else []
    whole = [plan for plan in later if used.half and plan == used._replace(half=False)]
    others = [p for p in later if p.backend != used.backend or p.threads > used.threads > 1]
    return [*whole, *others[:1]]


MARGIN = 0.9
"""Two ways to run that differ by less than a tenth are equals: the more promising one stays."""


def wins(challenger_ms: float, ms: float) -> bool:
    """Whether a rival's median time is so much shorter that it takes over."""
    return challenger_ms < MARGIN * ms


def preferred(plans: Sequence[Plan], winner: Sequence[Any] | None) -> list[Plan]:
    """Return the plans with the one that won here before in front, if it is among them."""
    first = [plan for plan in plans if winner is not None and [*plan] == [*winner]]
    return [*first, *(plan for plan in plans if plan not in first)]
