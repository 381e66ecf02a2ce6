"""Ways to run that the benchmark measures, each under a name of its own. Pure Python."""

from __future__ import annotations

from typing import NamedTuple

from obscura.engine.plans import BACKENDS, Facts, Plan, candidates

SOFTWARE = "skipped: the graphics adapter is emulated in software"
NOT_HERE = "not available in this browser"
NO_THREADS = "the host does not isolate the page (see docs/deploy.md)"
ONE_CORE = "this device has only one core"

NAMES = {"webgpu": "WebGPU", "webgl": "WebGL", "litert": "LiteRT", "wasm": "WebAssembly"}
"""Of backends, for people. One without a row is called by its name."""
ON_GPU = ("webgpu", "webgl")


class Way(NamedTuple):
    """A way to run.

    Attributes:
        name: for people.
        backend: as in `obscura.engine.plans`.
        threads: 1 on a GPU.
        half: whether convolutions are computed in float16.
        plans: to be tried in this order; the later ones are fallbacks.
        why: why it is not measured; "" if it is.
    """

    name: str
    backend: str
    threads: int
    half: bool
    plans: tuple[Plan, ...] = ()
    why: str = ""


def way_name(backend: str, threads: int, *, half: bool = False) -> str:
    """Return the name of a way to run.

    >>> way_name("wasm", 2), way_name("webgpu", 1, half=True)
    ('WebAssembly, 2 threads', 'WebGPU, half precision')
    """
    name = NAMES.get(backend, backend)
    if backend in ON_GPU:
        return f"{name}, half precision" if half else name
    return f"{name}, {threads} threads" if threads > 1 else f"{name}, 1 thread"


def ways(facts: Facts, *, litert: bool = False) -> list[Way]:
    """Return all ways to run in a browser, those on a GPU first; also those that it lacks, with the
    reason.

    Plans that differ only in how pictures reach the GPU are one way: its first plan that works.

    Args:
        litert: whether this site has LiteRT, and the model in a form for it.
    """
    made: list[Way] = []
    for backend in BACKENDS:
        if backend == "auto":
            continue
        # To insist on WebGL accepts one in software, which nobody would choose.
        found = candidates(facts, backend, litert=litert)
        plans = [plan._replace(software=False) for plan in found]
        groups: dict[tuple[int, bool], list[Plan]] = {}
        for plan in plans:
            groups.setdefault((plan.threads, plan.half), []).append(plan)
        why = SOFTWARE if backend == "webgpu" and facts.fallback_gpu else ""
        made += [
            Way(way_name(backend, threads, half=half), backend, threads, half, tuple(group), why)
            for (threads, half), group in groups.items()
        ]
        if not plans:
            made.append(Way(NAMES.get(backend, backend), backend, 1, False, (), NOT_HERE))
        elif backend == "wasm" and len(groups) == 1:
            why = ONE_CORE if facts.isolated else NO_THREADS
            made.insert(len(made) - 1, Way(way_name("wasm", 2), "wasm", 2, False, (), why))
    return made
