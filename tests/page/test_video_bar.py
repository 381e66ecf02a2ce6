"""Video bar: it starts with a video, and times are shown as players do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from obscura.page.features.browse import FEATURE, words
from obscura.page.state.feature import Part
from obscura.page.words.times import clock

from .world import World, show, visit


@visit(rows=(FEATURE,))
async def test_a_video_starts_the_video_bar(world: World) -> None:
    world.modules["browse"] = SimpleNamespace(start=lambda _context: Part())
    await show(world, "camera")
    assert "browse" not in world.app.features.parts

    await show(world, "video")

    assert "browse" in world.app.features.parts


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (9.99, "0:09"), (61, "1:01"), (3599, "59:59"), (3600, "1:00:00"), (-1, "0:00")],
)
def test_a_time_is_shown_as_players_do(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_time_without_a_known_duration_stands_alone() -> None:
    assert words.time(5.2, 64) == "0:05 / 1:04"
    assert words.time(5.2, None) == "0:05"
