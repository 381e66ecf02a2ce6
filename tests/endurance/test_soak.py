"""`build.py soak` for two minutes: nothing grows."""

from __future__ import annotations

from builder import commands
from speed.arguments import add_commands


def test_two_minutes_of_a_live_picture_make_nothing_grow() -> None:
    assert commands.main(["soak", "--minutes", "2", "--samples", "12"], add_commands) == 0
