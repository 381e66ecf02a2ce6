"""Drawing over the picture: one feature at a time."""

from __future__ import annotations

from typing import Any, cast

from obscura.page.features.context import Context
from obscura.page.features.count import is_passing


def context() -> Context:
    nothing = cast(Any, None)
    return Context(nothing, nothing, nothing, nothing)


def test_what_another_feature_had_drawn_is_given_up() -> None:
    desk, stopped = context(), []

    desk.begin_drawing(lambda: stopped.append("line"))
    desk.begin_drawing(lambda: stopped.append("part"))

    assert stopped == ["line"]


def test_a_feature_that_begins_again_does_not_stop_itself() -> None:
    desk, stopped = context(), list[str]()

    def stop() -> None:
        stopped.append("line")

    desk.begin_drawing(stop)
    desk.begin_drawing(stop)

    assert stopped == []


def test_only_what_is_drawn_over_a_screen_lasts_for_the_visit_only() -> None:
    assert is_passing("screen 2f1c")
    assert not is_passing("video screen recording.mp4")
    assert not is_passing("4b6ac2")
