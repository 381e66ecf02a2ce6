"""What bench.html works on and says, as far as it needs no browser."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.cards import catalogue
from obscura.families.decode import decode
from obscura.page.features.bench import words as bench_text
from obscura.page.features.bench import work as bench_work
from obscura.tracking.tracker import Tracker


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


def test_objects_walk_on_and_keep_their_numbers() -> None:
    """The tracker's work would be another if it lost them."""
    tracker = Tracker()
    ids = [tracker.update(bench_work.walk(20, index)).detections.track_id for index in range(35)]
    assert len(np.unique(ids[0])) == 20
    assert all((each == ids[0]).all() for each in ids)


RESULTS = {
    "device": {"Browser": "Chromium 1", "Processor": "2 cores"},
    "backends": [
        {"name": "WebGPU", "why": "no | adapter\nhere"},
        {
            "name": "WebAssembly, 2 threads",
            "median": 40.0,
            "p95": 50.0,
            "stages": {"capture": 1.0, "inference": 38.0, "decode": 0.5, "draw": 0.5},
            "opening": 800.0,
            "agreement": {"recorded": 2, "found": 2, "iou": 0.991, "score": 0.01},
        },
    ],
    "heads": [
        {
            "name": "faces",
            "way": "WebAssembly, 2 threads",
            "opening": 90.0,
            "look": 27.0,
            "crops": 2,
            "frame": 9.0,
            "found": 1,
        }
    ],
    "tracking": [{"count": 20, "track": 0.6}],
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


def test_the_markdown_holds_the_advice_the_device_and_every_figure() -> None:
    text = bench_text.markdown(RESULTS, "Use it.")
    assert text.startswith("# Obscura on this device\n\nUse it.\n\n- Browser: Chromium 1\n")
    assert (
        "| WebAssembly, 2 threads | 40.0 ms | 50.0 ms | 1.00 ms | 38.0 ms | 0.50 ms | 0.50 ms "
        "| 25 | 800.0 ms | 2 of 2 boxes, overlap 0.99 |" in text
    )
    assert "| faces | 9.00 ms | 27.0 ms | 2 | 1 | 90.0 ms | WebAssembly, 2 threads |" in text
    assert "| 20 | 0.60 ms |" in text
    assert "| 300 | 3.00 ms | 12.3 ms |" in text
    assert "The engine ran out of memory" in text
    assert "More classes" not in text, "what was not measured has no table"


def test_every_line_of_a_table_has_as_many_cells() -> None:
    """Whatever the words in it are."""
    for block in bench_text.markdown(RESULTS, "").split("\n\n"):
        lines = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1
