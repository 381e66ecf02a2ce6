"""What `build.py soak` calls flat, and what it says grows."""

from __future__ import annotations

import pytest

from speed.soak import markdown, rows, slope, spec

HEAP = "JS heap, page"


def looks(heap: list[float]) -> list[dict[str, float]]:
    """A look a minute: a heap, and a frame's time that goes up and down."""
    return [
        {
            "seconds": 60.0 * n,
            "frames": 100.0 * n,
            "frame ms": 50.0 + n % 2,
            "loop ms": 20.0,
            HEAP: value,
        }
        for n, value in enumerate(heap)
    ]


def verdicts(heap: list[float]) -> dict[str, bool]:
    """By quantity, whether it grows."""
    return {row.name: row.grows for row in rows(looks(heap))}


def test_a_heap_that_leaks_grows_and_one_that_goes_up_and_down_is_flat() -> None:
    assert verdicts([10e6 + 100e3 * n for n in range(20)]) == {HEAP: True, "frame ms": False}
    assert verdicts([10e6 + 100e3 * (n % 3) for n in range(20)]) == {HEAP: False, "frame ms": False}


@pytest.mark.parametrize(("loop", "grows"), [(0.0, True), (1.0, False)])
def test_a_frame_that_takes_longer_grows_unless_the_machine_is_slower(
    loop: float, grows: bool
) -> None:
    samples = looks([10e6] * 20)
    for n, look in enumerate(samples):
        look["frame ms"] += 2.5 * n
        look["loop ms"] += loop * n
    assert {row.name: row.grows for row in rows(samples)}["frame ms"] is grows


def test_one_odd_look_and_the_warm_up_decide_nothing() -> None:
    heap = [1e6, 5e6, 8e6, 9e6] + [10e6] * 15 + [30e6]
    assert not verdicts(heap)[HEAP]


def test_the_slope_is_per_second() -> None:
    assert slope([(0, 1), (2, 5), (4, 9)]) == pytest.approx(2)


def test_the_table_says_it_in_words() -> None:
    machine = {"browser": "B", "cpu": "C", "memory": "M"}
    samples = looks([10e6 + 100e3 * n for n in range(20)])
    told = markdown(
        {"date": "D", "machine": machine, "backend": "wasm", "threads": 2, "samples": samples}
    )
    assert "| JS heap, page | 10.40 MB | 11.90 MB | +6.00 MB | **grows** |" in told
    assert "time of a frame" in told
    assert "took 20 to 20 ms meanwhile" in told
    assert {row["what"] for row in spec(samples)["data"]["values"]} == {
        "frame ms",
        "loop ms",
        "JS heap, page, MB",
    }
