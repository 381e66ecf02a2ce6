"""Trials of tools on the sample clip: what they switch, and what they leave behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from obscura.counting.shapes import from_json
from obscura.errors import PictureError
from obscura.page.features.context import Context
from obscura.page.features.sample import FEATURE
from obscura.page.features.sample.example import SHAPES
from obscura.page.features.sample.trial import Trial
from obscura.page.state.feature import Feature, Part, When
from obscura.page.state.settings import Setting, is_flag
from obscura.page.words import text

from .answers import make_card
from .stand_ins import File
from .world import World, visit

CLIP = File(text.SAMPLE_CLIP, "video/webm", 60)
KEY = f"video {text.SAMPLE_CLIP}"


class Counting(Part):
    """Stands for the counter."""

    def __init__(self) -> None:
        self.cleared = 0
        self.counted = {"in": {"person": 3}, "out": {}}

    def snapshot(self) -> dict[str, Any]:
        return {"counts": {"lines": {"Door": self.counted}, "zones": {}}}

    def run(self, command: str) -> None:
        assert command == "clear"
        self.cleared += 1
        self.counted = {"in": {}, "out": {}}


ROWS = (
    FEATURE,
    Feature(
        "count",
        entry="count",
        when=When.OPENED,
        settings=(
            *(Setting(name, False, is_flag) for name in ("track", "count", "events")),
            Setting("drawn", {}, lambda value: isinstance(value, dict)),
        ),
    ),
)


def begin(world: World) -> tuple[Counting, list[str]]:
    """Have the features ready; return the counter, and the ids that were focused."""
    counting, focused = Counting(), []

    async def fetch() -> File:
        return CLIP

    def start(context: Context) -> Trial:
        return Trial(context, fetch, focused.append)

    world.modules |= {
        "sample": SimpleNamespace(start=start),
        "count": SimpleNamespace(start=lambda _context: counting),
    }
    return counting, focused


async def attempt(world: World, tool: str) -> None:
    """Press a tool's button, and have the clip open."""
    await world.do(world.app.features.run("sample", tool))
    if not world.opener.pending[-1].done:
        await world.arrive(world.opener.pending[-1])


def switched_on(world: World) -> set[str]:
    settings = world.app.settings
    return {name for name in ("track", "count", "events") if getattr(settings, name)}


@visit(rows=ROWS)
async def test_a_trial_opens_the_clip_with_the_tool_and_what_it_needs(world: World) -> None:
    counting, focused = begin(world)
    await world.use(make_card(1))

    await attempt(world, "count")

    assert world.app.sources.given is CLIP
    assert switched_on(world) == {"track", "count"}
    assert from_json(world.app.settings.drawn[KEY]) == SHAPES
    assert counting.cleared == 1, "it begins at 0"
    assert focused == ["count"], "the button is gone"


@visit(rows=ROWS)
async def test_closing_the_clip_switches_the_tools_off_again(world: World) -> None:
    counting, _ = begin(world)
    await world.use(make_card(1))
    await attempt(world, "events")
    counting.counted["in"] = {"person": 1}

    await world.do(world.app.sources.close())

    assert switched_on(world) == set()
    assert counting.cleared == 2, "nothing that was counted in the clip is left"
    assert world.app.state in ("ready", "loading")


@visit(rows=ROWS)
async def test_what_was_on_before_stays_on(world: World) -> None:
    begin(world)
    world.app.change(track=True)
    await attempt(world, "count")

    await world.do(world.app.sources.close())

    assert switched_on(world) == {"track"}


@visit(rows=ROWS)
async def test_the_camera_comes_back(world: World) -> None:
    begin(world)
    await world.arrive(await world.open("camera"))
    await attempt(world, "track")

    await world.do(world.app.sources.close())

    assert (world.opener.pending[-1].kind, switched_on(world)) == ("camera", set())


@visit(rows=ROWS)
async def test_another_source_ends_the_trial_and_stays(world: World) -> None:
    begin(world)
    await world.arrive(await world.open("camera"))
    await attempt(world, "track")

    video = await world.open_video()
    await world.arrive(video)

    assert switched_on(world) == set()
    assert world.app.sources.given is video.source
    assert world.opener.pending[-1] is video


@visit(rows=ROWS)
async def test_a_second_tool_joins_the_trial_without_opening_the_clip_again(world: World) -> None:
    counting, _ = begin(world)
    await world.use(make_card(1))
    await attempt(world, "count")
    opening = world.opener.pending[-1]

    await attempt(world, "events")

    assert world.opener.pending[-1] is opening
    assert switched_on(world) == {"track", "count", "events"}
    assert counting.cleared == 1, "what was counted goes on"


@visit(rows=ROWS)
async def test_lines_that_a_person_drew_in_the_clip_are_not_replaced(world: World) -> None:
    begin(world)
    own: dict[str, Any] = {KEY: "own", "camera": "other"}
    world.app.change(drawn=own)

    await attempt(world, "count")

    assert world.app.settings.drawn == own


@visit(rows=ROWS)
async def test_a_clip_that_does_not_open_changes_nothing(world: World) -> None:
    begin(world)
    await world.do(world.app.features.run("sample", "track"))
    await world.fail(world.opener.pending[-1], PictureError("it cannot be played"))

    assert switched_on(world) == set()
    world.notice.hide()
