"""The tracker's scores on the synthetic scenes: none may fall."""

from __future__ import annotations

import pytest
from tracking.scenes import SCENES, Scene
from tracking.table import EVERY, committed, measure, row_name

NOISE = 0.05
"""Difference that other processors' rounding may make, in points."""


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_no_score_falls_below_the_committed_one(scene: Scene, every: int) -> None:
    wanted = committed()[row_name(scene, every)]

    now = measure(scene, every)

    for name in ("hota", "mota", "idf1"):
        assert now[name] >= wanted[name] - NOISE, name
    assert now["switches"] <= wanted["switches"]


def test_the_table_has_every_scene_and_no_other() -> None:
    assert set(committed()) == {row_name(scene, every) for scene in SCENES for every in EVERY}
