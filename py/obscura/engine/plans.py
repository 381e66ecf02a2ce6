"""Plans: the ways to run a model in a browser, and the order in which to try them.

This is the one source of thread policy and of the names of device facts. The builder imports it, so
it must load without numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from obscura.errors import BackendError


class Facts(NamedTuple):
    """Abilities of a browser and its device, as found at start-up. JavaScript uses these names."""

    gpu: bool = False  # WebGPU gives an adapter
    fallback_gpu: bool = False  # ... but one that computes in software
    half: bool = False  # ... and computes with float16 ("shader-f16")
    suspending: bool = False  # WebAssembly.Suspending (JSPI) exists
    isolated: bool = False  # cross-origin isolated, hence shared memory and threads
    cores: int = 1
    ios: bool = False
    save_data: bool = False  # the user asks for few downloads
    memory_gb: float = 0.0  # at least this much, rounded by the browser; 0 if unknown
    webgl: bool = False  # the browser has WebGL 2, in workers as well; the device may still not
    relaxed_simd: bool = False  # wasm may use the processor's multiply-add, which LiteRT does


class Plan(NamedTuple):
    """A way to run: the backend, the build of the runtime that has it, and its wasm threads."""

    backend: str  # "webgpu", "webgl", "wasm" or "litert"
    runtime: str  # "jspi", "asyncify", "webgl", "wasm", "litert-simd" or "litert-threads"
    threads: int
    resident: bool = False  # pictures and outputs stay on the GPU, whose commands are captured
    half: bool = False  # convolutions in float16; only if resident
    software: bool = False  # a GPU computed in software will do

    @property
    def builds(self) -> tuple[str, ...]:
        """The builds of the runtime whose files it needs: WebGL computes only a network's middle,
        and wasm the rest; "litert" are the files that both builds of LiteRT share."""
        if self.runtime == "webgl":
            return ("wasm", "webgl")
        return ("litert", self.runtime) if self.backend == "litert" else (self.runtime,)

    @property
    def head_builds(self) -> tuple[str, ...]:
        """The builds that it needs for heads: beside LiteRT, they run on wasm."""
        return ("wasm",) if self.backend == "litert" else self.builds

    @property
    def on_processor(self) -> bool:
        """Whether the processor computes, and not a GPU."""
        return self.backend in ("wasm", "litert")

    @property
    def opens_late(self) -> bool:
        """Whether opening takes so long (WebGL compiles shaders for seconds) that another plan
        should show the first boxes, even if this one has won."""
        return self.backend == "webgl"

    def as_names(self) -> dict[str, Any]:
        """Return the values by name, as JavaScript and the stored settings have them.

        >>> Plan("wasm", "wasm", 2).as_names()["threads"]
        2
        """
        return self._asdict()

    @classmethod
    def from_names(cls, stored: object) -> Self | None:
        """Return the plan that was stored; None if it is not one.

        Args:
            stored: values by name; or in order, as versions before the names stored them.

        >>> Plan.from_names(["wasm", "wasm", 2, False, False])
        Plan(backend='wasm', runtime='wasm', threads=2, resident=False, half=False, software=False)
        """
        if isinstance(stored, Sequence) and not isinstance(stored, str):
            stored = dict(zip(cls._fields, stored, strict=False))
        if not isinstance(stored, Mapping):
            return None
        values: list[Any] = [
            stored.get(name, cls._field_defaults.get(name)) for name in cls._fields
        ]
        kinds = (str, str, int, bool, bool, bool)
        if any(type(value) is not kind for value, kind in zip(values, kinds, strict=True)):
            return None
        return cls(*values)


BACKENDS = ("auto", "webgpu", "webgl", "litert", "wasm")


def candidates(
    facts: Facts, backend: str = "auto", threads: int = 0, *, litert: bool = False
) -> list[Plan]:
    """Return the ways to run, the most promising first. Each has to pass the self-check.

    Args:
        facts: abilities of the browser.
        backend: "auto"; or "webgpu" or "webgl" to insist on it, even on a GPU computed in software;
            or "wasm" or "litert".
        threads: number of wasm threads to insist on (still 1 without isolation); 0 to choose.
        litert: whether this site has LiteRT, and the model in a form for it.

    Returns:
        Plans in the order to try them; none if a GPU or LiteRT is insisted on and missing. WebGL is
        only for browsers without a usable WebGPU.

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
        # If a network has to leave the GPU on its way, the few nodes on the CPU are too small to
        # share among threads.
        plans += [Plan("webgpu", runtime, 1, resident=True, half=True)] if facts.half else []
        plans += [Plan("webgpu", runtime, 1, resident) for resident in (True, False)]
    webgl = facts.webgl and (backend == "webgl" or (backend == "auto" and not plans))
    counts = wasm_threads(facts, threads)
    faster = [litert_plan(count) for count in counts] if litert and facts.relaxed_simd else []
    if backend in ("auto", "wasm"):
        first, *others = [Plan("wasm", "wasm", count) for count in counts]
        # LiteRT with other numbers of threads is not worth more races.
        plans += [first, *(faster[:1] if backend == "auto" else []), *others]
    if backend == "litert":
        plans += faster
    if webgl:
        plans.append(Plan("webgl", "webgl", 1, software=backend == "webgl"))
    return plans


def litert_plan(threads: int) -> Plan:
    """Return the plan for LiteRT with this many threads, which has a build of its own for one."""
    return Plan("litert", "litert-threads" if threads > 1 else "litert-simd", threads)


def wasm_threads(facts: Facts, wanted: int = 0) -> list[int]:
    """Return the numbers of threads that wasm may use, the most promising first and 1 at the end.

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
        # are often hyperthreads or slow ones, so all of them are tried as well.
        cores = max(1, facts.cores)
        counts = [min(8, cores - cores // 4), *([min(16, cores)] if cores > 4 else [])]
    return list(dict.fromkeys([*counts, 1]))


def thread_table(cores: int = 64) -> list[int]:
    """Return the first choice of `wasm_threads` by number of cores, from 0 to `cores`.

    It is for assets/boot/engine.js, which starts the engine before Python runs. It holds for
    isolated pages, and not for iOS; elsewhere the first choice is one thread.
    """
    return [wasm_threads(Facts(isolated=True, cores=count))[0] for count in range(cores + 1)]


def rivals(plans: Sequence[Plan], used: Plan) -> list[Plan]:
    """Return the ways to run that might be faster than the one in use.

    These are the same plan in full precision, the next number of threads, and the first plan of
    each later backend. A plan that is only a fallback is not a rival: one thread, or a GPU to which
    pictures have to be copied. LiteRT is a rival of wasm alone: where a GPU is faster than that,
    it is not worth its download.
    """
    later = plans[plans.index(used) + 1 :] if used in plans else []
    whole = [plan for plan in later if used.half and plan == used._replace(half=False)]
    others = [plan for plan in later if _promises(plan, used)]
    first: dict[str, Plan] = {}
    for plan in others:
        first.setdefault(plan.backend, plan)
    return [*whole, *first.values()]


def _promises(plan: Plan, used: Plan) -> bool:
    """Whether a later plan that differs in more than precision might be faster."""
    if plan.backend == "litert":
        return used.backend == "wasm"
    if plan.on_processor and used.on_processor:
        return plan.threads > used.threads > 1
    return plan.backend != used.backend


MARGIN = 0.9
"""Hysteresis: a challenger must be at least 10 % faster to take over."""


def wins(challenger_ms: float, ms: float) -> bool:
    """Return whether a rival's median time is so much shorter that it takes over."""
    return challenger_ms < MARGIN * ms


def preferred(plans: Sequence[Plan], winner: Plan | None) -> list[Plan]:
    """Return the plans with the winner of an earlier race first, if it is among them."""
    first = [plan for plan in plans if plan == winner]
    return [*first, *(plan for plan in plans if plan != winner)]
