"""What bench.html measures, within which time, and what it advises and writes down of that."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from obscura.cards import catalogue
from obscura.engine.plans import BACKENDS, Facts, candidates
from obscura.families.decode import Outputs
from obscura.page.features.bench import ways as bench_ways
from obscura.page.features.bench.advice import sentence
from obscura.page.features.bench.agreement import agreement
from obscura.page.features.bench.deadline import Deadline
from obscura.page.features.bench.device import Device, brand
from obscura.page.features.bench.record import as_text, record

MANY = Facts(
    gpu=True, half=True, suspending=True, isolated=True, cores=16, webgl=True, relaxed_simd=True
)


# ---- ways ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts", [Facts(), Facts(isolated=True, cores=2), MANY, MANY._replace(fallback_gpu=True)]
)
def test_every_plan_is_in_one_way_and_every_backend_is_mentioned(facts: Facts) -> None:
    made = bench_ways.ways(facts, litert=True)

    planned = [plan for way in made for plan in way.plans]
    forced = [plan for name in BACKENDS[1:] for plan in candidates(facts, name, litert=True)]
    assert set(planned) == {plan._replace(software=False) for plan in forced}
    assert len(planned) == len(forced)
    assert {way.backend for way in made} == set(BACKENDS[1:])
    assert len({way.name for way in made}) == len(made)
    assert all(way.plans or way.why for way in made)
    assert [(way.backend, way.threads, way.why) for way in made][-1] == ("wasm", 1, "")


def test_plans_that_only_move_pictures_otherwise_are_one_way() -> None:
    (half, whole) = [way for way in bench_ways.ways(MANY) if way.backend == "webgpu"]

    assert (half.name, len(half.plans)) == ("WebGPU, half precision", 1)
    assert (whole.name, len(whole.plans)) == ("WebGPU", 2)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (Facts(), bench_ways.NO_THREADS),
        (Facts(isolated=True, cores=1), bench_ways.ONE_CORE),
    ],
)
def test_it_says_why_there_are_no_threads(facts: Facts, why: str) -> None:
    whys = {way.name: way.why for way in bench_ways.ways(facts)}
    assert whys["WebAssembly, 2 threads"] == why


def test_an_adapter_in_software_is_left_out_with_the_reason() -> None:
    (gpu,) = [way for way in bench_ways.ways(Facts(True, True)) if way.backend == "webgpu"]
    assert gpu.why == bench_ways.SOFTWARE


# ---- time ----------------------------------------------------------------------------------------


def test_steps_share_the_time_that_is_left_by_weight() -> None:
    now = [5000.0]
    deadline = Deadline(60, lambda: now[0])

    assert deadline.next_end_ms([2, 1, 1]) == 35_000
    now[0] = 15_000  # the first ended early
    assert deadline.next_end_ms([1, 1]) == 40_000
    assert (deadline.left_s, deadline.passed) == (50, pytest.approx(1 / 6))


def test_after_the_end_there_is_no_time_left() -> None:
    now = [0.0]
    deadline = Deadline(60, lambda: now[0])
    now[0] = 70_000

    assert (deadline.left_s, deadline.passed) == (0, 1.0)
    assert deadline.next_end_ms([1]) == 70_000, "a step ends at once"


# ---- advice --------------------------------------------------------------------------------------


def row(name: str, backend: str, threads: int, median: float) -> dict[str, Any]:
    return {"name": name, "backend": backend, "threads": threads, "median": median}


GPU = row("WebGPU", "webgpu", 1, 10.0)
TWO = row("WebAssembly, 2 threads", "wasm", 2, 20.0)
ONE = row("WebAssembly, 1 thread", "wasm", 1, 32.0)
FAILED = {"name": "WebGL", "backend": "webgl", "threads": 1, "why": "it does not work"}


@pytest.mark.parametrize(
    ("backends", "heads", "said"),
    [
        (
            [GPU, FAILED, TWO, ONE],
            [{"name": "faces", "frame": 9.2}],
            "Use WebGPU: 3.2 times as fast as one thread; faces cost 9 ms more a frame.",
        ),
        (
            [TWO, ONE],
            [{"name": "faces", "frame": 0.42}],
            "Use WebAssembly, 2 threads: 1.6 times as fast as one thread; faces cost 0.4 ms more "
            "a frame.",
        ),
        (
            [{**TWO, "median": 40.0}, ONE],
            [{"name": "faces", "why": "it did not arrive"}],
            "Use WebAssembly, 1 thread: nothing else is faster here.",
        ),
        ([FAILED, ONE], [], "Use WebAssembly, 1 thread: nothing else works here."),
        ([GPU], [], "Use WebGPU."),  # what it is compared with was not reached
        ([{**TWO, "median": 31.0}, ONE], [], "Use WebAssembly, 2 threads."),  # no faster
        ([FAILED], [], "Nothing could be measured here."),
    ],
)
def test_one_sentence_says_what_to_choose(backends: Any, heads: Any, said: str) -> None:
    assert sentence(backends, heads) == said


# ---- agreement -----------------------------------------------------------------------------------


def recorded_rows(*, shift: float = 0.0) -> Outputs:
    """Return the recorded answer of COCO-SSD, moved to the right by a part of the picture."""
    card = catalogue.read_card(catalogue.find("cocossd"))
    assert card.check is not None
    rows = card.check.detections
    scale = np.array([*card.check.size] * 2, np.float32)
    moved = rows.xyxy / scale + np.array([shift, 0, shift, 0], np.float32)
    return Outputs(moved.astype(np.float32), rows.score, rows.class_id)


def test_the_recorded_answer_agrees_with_itself() -> None:
    card = catalogue.read_card(catalogue.find("cocossd"))
    assert card.check is not None
    count = len(card.check.detections)
    told = agreement(recorded_rows(), card)
    assert told == {
        "recorded": count,
        "found": count,
        "iou": pytest.approx(1, abs=1e-3),
        "score": 0,
    }


def test_boxes_that_moved_agree_less_and_missing_ones_are_counted() -> None:
    card = catalogue.read_card(catalogue.find("cocossd"))
    told = agreement(recorded_rows(shift=0.05), card)
    assert told is not None
    assert 0.5 < told["iou"] < 0.98
    nothing = Outputs(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))
    told = agreement(nothing, card)
    assert told is not None
    assert (told["found"], told["iou"]) == (0, 0.0)


# ---- the record ----------------------------------------------------------------------------------


def test_the_record_is_json_with_every_figure_and_reason() -> None:
    results = {
        "backends": [
            {**GPU, "half": True, "why": "no adapter"},
            {**ONE, "half": False, "p95": 40.126, "opening": 900.0, "count": 60, "plan": ...,
             "agreement": {"recorded": 1, "found": 1, "iou": 0.99, "score": 0.01}},
        ],
        "heads": [{"name": "faces", "way": "WebAssembly, 1 thread", "opening": 90.0, "look": 27.0,
                   "crops": 2, "frame": 9.0, "found": 1}],
        "tracking": [{"count": 20, "track": 0.5}],
    }  # fmt: skip
    device = Device(MANY, "", "Firefox 153.0", "Linux x86_64", "360 x 740 at 2")

    made = record(device, results, version="0.1.0", date="2026-11-29", model="cocossd")

    assert json.loads(as_text(made)) == made
    assert (made["schema"], made["browser"], made["cores"], made["gpu"]) == (
        1, "Firefox 153.0", 16, None,
    )  # fmt: skip
    assert made["plans"][0]["why"] == "no adapter"
    assert made["plans"][1]["p95_ms"] == 40.13
    assert made["heads"][0]["frame_ms"] == 9.0
    assert made["tracker"] == [{"objects": 20, "ms": 0.5}]


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox 153.0"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/26.1 Safari/605.1.15",
            "Safari 26.1",
        ),
        ("Chromium 156", "Chromium 156"),
    ],
)
def test_browsers_that_do_not_tell_their_brand_are_read(user_agent: str, name: str) -> None:
    assert brand(user_agent) == name
