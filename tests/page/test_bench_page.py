"""What bench.html works on and says, as far as it needs no browser."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.cards import catalogue
from obscura.families.decode import decode
from obscura.page.features.bench import words as bench_text
from obscura.page.features.bench import work as bench_work


@pytest.mark.parametrize("count", bench_work.BOXES)
def test_every_box_that_is_made_up_is_drawn(count: int) -> None:
    """None is suppressed, cut away or below the threshold, or the figure would be of fewer."""
    card = catalogue.read_card(catalogue.find("cocossd"))
    outputs = bench_work.boxes_in_view(count, len(card.labels))
    assert len(decode(outputs, card, (640, 480))) == count


@pytest.mark.parametrize("count", bench_work.CLASSES)
def test_a_card_of_any_number_of_classes_reads_them_all(count: int) -> None:
    card = bench_work.with_classes(catalogue.read_card(catalogue.find("cocossd")), count)
    found = decode(bench_work.boxes_in_view(bench_work.ROWS, count), card, (640, 480))
    assert len(card.labels) == count
    assert len(found) == bench_work.ROWS
    assert len(np.unique(found.class_id)) == min(count, bench_work.ROWS)


def test_frames_are_summed_up() -> None:
    told = bench_work.summary([{"capture": 1.0, "draw": 1.0}, {"capture": 3.0, "draw": 5.0}])
    assert told == {
        "count": 2,
        "median": 5.0,
        "p95": pytest.approx(7.7),
        "stages": {"capture": 2.0, "draw": 3.0},
    }


RESULTS = {
    "device": {"Browser": "Chromium 1", "Processor": "2 cores"},
    "backends": [
        {"name": "WebGPU", "why": "no | adapter\nhere"},
        {
            "name": "WebAssembly, 2 threads",
            "median": 40.0,
            "p95": 50.0,
            "stages": {"capture": 1.0, "inference": 38.0, "decode": 0.5, "draw": 0.5},
        },
    ],
    "models": [
        {
            "title": "COCO-SSD",
            "input": "300 × 300",  # noqa: RUF001
            "inference": 38.0,
            "decode": 0.5,
            "backend": "WebAssembly, 2 threads",
        },
        {"title": "Other", "why": "The engine ran out of memory. Close other tabs."},
    ],
    "boxes": [{"count": 300, "decode": 3.0, "draw": 12.34}],
    "classes": [],
}


def test_the_markdown_holds_the_device_and_every_figure() -> None:
    text = bench_text.markdown(RESULTS)
    assert "- Browser: Chromium 1\n- Processor: 2 cores\n" in text
    assert (
        "| WebAssembly, 2 threads | 40.0 ms | 50.0 ms | 1.00 ms | 38.0 ms | 0.50 ms | 0.50 ms "
        "| 25 |" in text
    )
    assert "| 300 | 3.00 ms | 12.3 ms |" in text
    assert "The engine ran out of memory" in text
    assert "More classes" not in text, "what was not measured has no table"


def test_every_line_of_a_table_has_as_many_cells() -> None:
    """Whatever the words in it are."""
    for block in bench_text.markdown(RESULTS).split("\n\n"):
        lines = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1


@pytest.mark.parametrize(
    ("backend", "threads", "name"),
    [
        ("webgpu", 1, "WebGPU"),
        ("wasm", 1, "WebAssembly, 1 thread"),
        ("wasm", 4, "WebAssembly, 4 threads"),
    ],
)
def test_backends_have_names(backend: str, threads: int, name: str) -> None:
    assert bench_text.backend_name(backend, threads) == name
