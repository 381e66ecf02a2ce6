"""Which backends are tried, and in what order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import obscura
from obscura.engine.plans import (
    Facts,
    Plan,
    candidates,
    preferred,
    rivals,
    thread_table,
    wasm_threads,
    wins,
)
from obscura.errors import BackendError

# Frames and commands stay on the GPU; where that fails, pictures are carried there.
JSPI = [Plan("webgpu", "jspi", 1, resident=True), Plan("webgpu", "jspi", 1)]
HALF = Plan("webgpu", "jspi", 1, resident=True, half=True)
WEBGL = Plan("webgl", "webgl", 1)
ASYNCIFY = [Plan("webgpu", "asyncify", 1, resident=True), Plan("webgpu", "asyncify", 1)]


def wasm(threads: int) -> Plan:
    return Plan("wasm", "wasm", threads)


def litert(threads: int) -> Plan:
    return Plan("litert", "litert-threads" if threads > 1 else "litert-simd", threads)


MULTIPLY_ADD = Facts(isolated=True, cores=8, relaxed_simd=True)


@pytest.mark.parametrize(
    ("facts", "wish", "plans"),
    [
        # a laptop with a current Chrome, on a host that isolates
        (
            Facts(gpu=True, suspending=True, isolated=True, cores=8),
            {},
            [*JSPI, wasm(6), wasm(8), wasm(1)],
        ),
        # one whose GPU has half precision
        (
            Facts(gpu=True, half=True, suspending=True, cores=8),
            {},
            [HALF, *JSPI, wasm(1)],
        ),
        # the same without JSPI
        (Facts(gpu=True, isolated=True, cores=2), {}, [*ASYNCIFY, wasm(2), wasm(1)]),
        # a plain static host: no isolation, hence no threads, and nothing to fall back to twice
        (Facts(gpu=False, cores=8), {}, [wasm(1)]),
        # a GPU computed in software is no help ...
        (Facts(gpu=True, fallback_gpu=True, cores=2), {}, [wasm(1)]),
        # ... unless someone insists
        (Facts(gpu=True, fallback_gpu=True), {"backend": "webgpu"}, ASYNCIFY),
        # insisting on what is not there
        (Facts(gpu=False), {"backend": "webgpu"}, []),
        # WebGL stands in where there is no WebGPU to use ...
        (
            Facts(webgl=True, isolated=True, cores=8),
            {},
            [wasm(6), wasm(8), wasm(1), WEBGL],
        ),
        (Facts(webgl=True, gpu=True, fallback_gpu=True), {}, [wasm(1), WEBGL]),
        # ... and nowhere else, unless someone insists
        (Facts(webgl=True, gpu=True), {}, [*ASYNCIFY, wasm(1)]),
        (Facts(webgl=True, gpu=True), {"backend": "webgl"}, [WEBGL._replace(software=True)]),
        (Facts(webgl=True), {"backend": "wasm"}, [wasm(1)]),
        (Facts(), {"backend": "webgl"}, []),
        # LiteRT stands behind wasm's first choice, where browser, site and model have it
        (MULTIPLY_ADD, {"litert": True}, [wasm(6), litert(6), wasm(8), wasm(1)]),
        (Facts(relaxed_simd=True), {"litert": True}, [wasm(1), litert(1)]),
        (
            Facts(gpu=True, relaxed_simd=True),
            {"litert": True},
            [*ASYNCIFY, wasm(1), litert(1)],
        ),
        (MULTIPLY_ADD, {}, [wasm(6), wasm(8), wasm(1)]),
        (MULTIPLY_ADD._replace(relaxed_simd=False), {"litert": True}, [wasm(6), wasm(8), wasm(1)]),
        (MULTIPLY_ADD, {"backend": "wasm", "litert": True}, [wasm(6), wasm(8), wasm(1)]),
        # insisting on it
        (
            MULTIPLY_ADD,
            {"backend": "litert", "litert": True},
            [litert(6), litert(8), litert(1)],
        ),
        (MULTIPLY_ADD, {"backend": "litert", "threads": 1, "litert": True}, [litert(1)]),
        (MULTIPLY_ADD, {"backend": "litert"}, []),
        # insisting on wasm
        (Facts(gpu=True, isolated=True, cores=4), {"backend": "wasm"}, [wasm(3), wasm(1)]),
        # insisting on a number of threads
        (Facts(isolated=True, cores=4), {"threads": 2}, [wasm(2), wasm(1)]),
        (Facts(isolated=True, cores=4), {"threads": 1}, [wasm(1)]),
    ],
)
def test_candidates(facts: Facts, wish: dict[str, Any], plans: list[Plan]) -> None:
    assert candidates(facts, **wish) == plans


def test_an_unknown_backend_lists_the_known_ones() -> None:
    with pytest.raises(BackendError, match=r"webnn.*auto, webgpu, webgl, litert, wasm"):
        candidates(Facts(), "webnn")


@pytest.mark.parametrize(
    ("facts", "wanted", "threads"),
    [
        (Facts(isolated=True, cores=1), 0, [1]),
        # all but a quarter, and no more than eight ...
        (Facts(isolated=True, cores=2), 0, [2, 1]),
        (Facts(isolated=True, cores=3), 0, [3, 1]),
        (Facts(isolated=True, cores=4), 0, [3, 1]),
        # ... unless, above four, all turn out faster
        (Facts(isolated=True, cores=6), 0, [5, 6, 1]),
        (Facts(isolated=True, cores=8), 0, [6, 8, 1]),
        (Facts(isolated=True, cores=12), 0, [8, 12, 1]),
        (Facts(isolated=True, cores=64), 0, [8, 16, 1]),
        (Facts(isolated=True, cores=0), 0, [1]),  # a browser that does not tell
        (Facts(isolated=False, cores=8), 0, [1]),  # no shared memory
        (Facts(isolated=False, cores=8), 4, [1]),  # not even when insisted on
        (Facts(isolated=True, cores=6, ios=True), 0, [1]),  # threads exhaust memory there
        (Facts(isolated=True, cores=6, ios=True), 2, [2, 1]),  # at one's own risk
    ],
)
def test_threads(facts: Facts, wanted: int, threads: list[int]) -> None:
    assert wasm_threads(facts, wanted) == threads


OLD_BROWSER = candidates(Facts(webgl=True, isolated=True, cores=8))
FAST = candidates(MULTIPLY_ADD, litert=True)
FAST_LAPTOP = candidates(MULTIPLY_ADD._replace(gpu=True), litert=True)
LAPTOP = candidates(Facts(gpu=True, half=True, suspending=True, isolated=True, cores=8))


@pytest.mark.parametrize(
    ("plans", "used", "others"),
    [
        # half precision against full, and then whichever won against the processor
        (LAPTOP, HALF, [JSPI[0], wasm(6)]),
        # the GPU against the processor
        (LAPTOP, JSPI[0], [wasm(6)]),
        (LAPTOP, JSPI[1], [wasm(6)]),
        # three quarters of the cores against all
        (LAPTOP, wasm(6), [wasm(8)]),
        # one thread is there in case threads fail: nothing to race against
        (LAPTOP, wasm(8), []),
        ([wasm(2), wasm(1)], wasm(2), []),
        ([wasm(1)], wasm(1), []),
        # more threads, and WebGL
        (OLD_BROWSER, wasm(6), [wasm(8), WEBGL]),
        (OLD_BROWSER, wasm(8), [WEBGL]),
        ([wasm(1), WEBGL], wasm(1), [WEBGL]),
        (OLD_BROWSER, WEBGL, []),
        # LiteRT challenges wasm alone, and more threads challenge both
        (FAST, wasm(6), [litert(6), wasm(8)]),
        (FAST, litert(6), [wasm(8)]),
        (FAST, wasm(8), []),
        ([wasm(1), litert(1)], wasm(1), [litert(1)]),
        ([wasm(2), litert(2), wasm(1)], wasm(2), [litert(2)]),
        ([wasm(2), litert(2), wasm(1)], litert(2), []),
        (FAST_LAPTOP, FAST_LAPTOP[0], [wasm(6)]),
        # a GPU that was chosen has no rival
        (JSPI, JSPI[0], []),
        # a way that is not among them
        (JSPI, wasm(2), []),
    ],
)
def test_rivals(plans: list[Plan], used: Plan, others: list[Plan]) -> None:
    assert rivals(plans, used) == others


def test_a_rival_has_to_win_clearly() -> None:
    assert wins(8, 10)
    assert not wins(9.5, 10)
    assert not wins(11, 10)


def test_the_table_for_javascript_has_the_first_choice_for_each_number_of_cores() -> None:
    table = thread_table()

    assert table == [1, 1, 2, 3, 3, 4, 5, 6, 6, 7, *[8] * 55]


@pytest.mark.skipif(sys.platform == "emscripten", reason="no processes there")
def test_the_plans_load_without_numpy() -> None:
    script = "import sys, obscura.engine.plans; print('numpy' in sys.modules)"
    home = str(Path(obscura.__file__).parents[1])

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=home, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"


def through_a_store(value: object) -> object:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("plan", [wasm(8), HALF, *JSPI])
def test_a_plan_survives_the_browsers_store_by_names(plan: Plan) -> None:
    assert list(plan.as_names()) == list(Plan._fields)
    assert Plan.from_names(through_a_store(plan.as_names())) == plan


def test_a_plan_stored_as_a_list_by_an_earlier_version_is_read() -> None:
    assert Plan.from_names(through_a_store(list(HALF))) == HALF


def test_a_plan_says_which_files_it_needs_and_which_its_heads_need() -> None:
    builds = {plan.backend: (plan.builds, plan.head_builds) for plan in [*FAST, WEBGL, JSPI[0]]}

    assert builds == {
        "wasm": (("wasm",), ("wasm",)),
        "litert": (("litert", "litert-threads"), ("wasm",)),
        "webgl": (("wasm", "webgl"), ("wasm", "webgl")),
        "webgpu": (("jspi",), ("jspi",)),
    }
    assert litert(1).builds == ("litert", "litert-simd")


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "wasm",
        7,
        ["webgl"],
        {},
        {"backend": "wasm", "runtime": "wasm"},  # values are missing
        {**wasm(2).as_names(), "threads": "2"},  # of the wrong type
        {**wasm(2).as_names(), "threads": True},
        [None, None, None, None, None],
    ],
)
def test_anything_else_in_the_store_is_not_a_plan(stored: object) -> None:
    assert Plan.from_names(stored) is None


def test_the_winner_of_an_earlier_race_is_tried_first() -> None:
    assert preferred(LAPTOP, wasm(8)) == [
        wasm(8),
        *(plan for plan in LAPTOP if plan != wasm(8)),
    ]


@pytest.mark.parametrize("winner", [None, wasm(99)])
def test_a_winner_that_cannot_run_here_is_ignored(winner: Plan | None) -> None:
    assert preferred(LAPTOP, winner) == LAPTOP
