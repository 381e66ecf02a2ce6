"""Similarity of tracks and detections: many are compared by another way, with the same result."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.tracking import similarity
from obscura.tracking.similarity import overlap


@pytest.mark.parametrize("heights", [True, False])
@pytest.mark.parametrize("margin", [0.0, 0.3, "own"])
def test_pairs_that_do_not_touch_are_left_out_and_all_others_stay_the_same(
    heights: bool, margin: float | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    tracks, found = (
        np.concatenate([random.uniform(0, 500, (n, 2)), random.uniform(5, 90, (n, 2))], axis=1)
        for n in (70, 60)
    )
    margins = random.uniform(0, 1, (70, 2)) if margin == "own" else np.full((1, 1), margin)

    many = overlap(tracks, found, margins, heights=heights)
    monkeypatch.setattr(similarity, "MANY", 10_000)
    few = overlap(tracks, found, margins, heights=heights)

    assert 0 < np.count_nonzero(many) < many.size / 2
    assert np.array_equal(many, few)
