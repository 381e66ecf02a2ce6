"""The benchmark's tables of heads: from figures to verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from browsers.clip import write_clip
from speed import heads
from speed.prepare import PEOPLE
from speed.report import table


def seen(**fps: list[float]) -> dict[str, Any]:
    """What the rounds on a clip saw."""
    return {
        name.replace("_", " "): {
            "fps": rates,
            "found": {"person": 2},
            "heads": {"faces": {"ms": 12.34}} if name != heads.WITHOUT else {},
            "ran": {"backend": "wasm", "threads": 2},
        }
        for name, rates in fps.items()
    }


def memory(engine: float) -> dict[str, float]:
    return {"wasm heap, page": 50e6, "wasm heap, worker": engine, "GPU buffers, worker": 0}


def test_rates_are_compared_within_a_round_because_others_slow_the_machine_down() -> None:
    clip = seen(without=[10.0, 4.0, 12.0], faces=[7.0, 3.0, 3.0])

    assert heads.ratio(clip, "faces") == 0.7


@pytest.mark.parametrize(("rate", "verdict"), [(5.0, "met"), (4.9, "missed")])
def test_half_of_the_rate_is_the_goal(rate: float, verdict: str) -> None:
    (own, line) = heads.rate_rows({"2": seen(without=[10.0], faces=[rate])})

    assert own == ("2", "without", "10.0", "", "", "2 person", "")
    assert line == ("2", "faces", f"{rate:.1f}", f"{rate / 10:.2f}", verdict, "2 person",
                    "faces 12.3")  # fmt: skip


def test_a_network_has_a_second_to_open_and_its_memory_is_what_the_engine_holds_more() -> None:
    calls = {1: 5.0, 2: 9.0, 4: 17.0}
    figures = {
        heads.WITHOUT: {"look": heads.WITHOUT, "memory": memory(60e6)},
        "faces": {"look": "faces", "memory": memory(64e6), "calls": calls, "opening": 80.0},
        "pose": {"look": "pose", "memory": memory(90e6), "calls": calls, "opening": 1001.0},
    }
    rows = heads.cost_rows(figures, {"faces": 230_000, "pose": 4_800_000})

    assert rows == [
        ("faces", "0.23 MB", "80", "met", "5.0", "9.0", "17.0", "4.0 MB"),
        ("pose", "4.80 MB", "1001", "missed", "5.0", "9.0", "17.0", "30.0 MB"),
    ]
    told = {
        "rates": {"2": seen(without=[10.0])},
        "costs": figures,
        "sizes": dict.fromkeys(figures, 1),
    }
    costs, rates = heads.parts(told, table)
    assert "wasm, 2 threads" in costs
    assert "| 2 | without | 10.0 |" in rates
    assert heads.parts({}, table) == []


def test_the_pictures_of_people_become_clips(tmp_path: Any) -> None:
    for count in PEOPLE:
        picture = heads.ROOT / "bench" / "speed" / f"people-{count}.jpg"
        clip = write_clip(tmp_path / PEOPLE[count], picture).read_bytes()
        assert clip == picture.read_bytes() * 2
        assert clip.startswith(b"\xff\xd8")
