"""Which backends are tried, and in what order."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.engine import Facts, Plan, candidates, wasm_threads
from obscura.errors import BackendError

JSPI = Plan("webgpu", "jspi", 1)
ASYNCIFY = Plan("webgpu", "asyncify", 1)


def wasm(threads: int) -> Plan:
    return Plan("wasm", "wasm", threads)


@pytest.mark.parametrize(
    ("facts", "wish", "plans"),
    [
        # a laptop with a current Chrome, on a host that isolates
        (
            Facts(gpu=True, suspending=True, isolated=True, cores=8),
            {},
            [JSPI, wasm(4), wasm(1)],
        ),
        # the same without JSPI
        (Facts(gpu=True, isolated=True, cores=2), {}, [ASYNCIFY, wasm(2), wasm(1)]),
        # a plain static host: no isolation, hence no threads, and nothing to fall back to twice
        (Facts(gpu=False, cores=8), {}, [wasm(1)]),
        # a GPU computed in software is no help ...
        (Facts(gpu=True, fallback_gpu=True, cores=2), {}, [wasm(1)]),
        # ... unless someone insists
        (Facts(gpu=True, fallback_gpu=True), {"backend": "webgpu"}, [ASYNCIFY]),
        # insisting on what is not there
        (Facts(gpu=False), {"backend": "webgpu"}, []),
        # insisting on wasm
        (Facts(gpu=True, isolated=True, cores=4), {"backend": "wasm"}, [wasm(4), wasm(1)]),
        # insisting on a number of threads
        (Facts(isolated=True, cores=4), {"threads": 2}, [wasm(2), wasm(1)]),
        (Facts(isolated=True, cores=4), {"threads": 1}, [wasm(1)]),
    ],
)
def test_candidates(facts: Facts, wish: dict[str, Any], plans: list[Plan]) -> None:
    assert candidates(facts, **wish) == plans


def test_an_unknown_backend_lists_the_known_ones() -> None:
    with pytest.raises(BackendError, match=r"webnn.*auto, webgpu, wasm"):
        candidates(Facts(), "webnn")


@pytest.mark.parametrize(
    ("facts", "wanted", "threads"),
    [
        (Facts(isolated=True, cores=1), 0, 1),
        (Facts(isolated=True, cores=2), 0, 2),  # up to four: all of them
        (Facts(isolated=True, cores=4), 0, 4),
        (Facts(isolated=True, cores=6), 0, 4),  # above: half, but no fewer than four
        (Facts(isolated=True, cores=12), 0, 6),
        (Facts(isolated=True, cores=64), 0, 8),  # and no more than eight
        (Facts(isolated=True, cores=0), 0, 1),  # a browser that does not tell
        (Facts(isolated=False, cores=8), 0, 1),  # no shared memory
        (Facts(isolated=False, cores=8), 4, 1),  # not even when insisted on
        (Facts(isolated=True, cores=6, ios=True), 0, 1),  # threads exhaust memory there
        (Facts(isolated=True, cores=6, ios=True), 2, 2),  # at one's own risk
    ],
)
def test_threads(facts: Facts, wanted: int, threads: int) -> None:
    assert wasm_threads(facts, wanted) == threads
