"""Hiding in the page: nothing is ever shown before what is to be hidden in it is covered."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obscura.errors import BackendError, PictureError
from obscura.families.decode import Outputs, decode
from obscura.page.features.redact.choices import choices_of, chosen_at
from obscura.page.features.redact.costs import Costs
from obscura.page.features.redact.kept import LEAST_GAP_S, MOST_BYTES, MOST_KEPT, is_kept, kept_size
from obscura.page.features.redact.redactor import AHEAD_S
from obscura.redaction.heads import with_heads

from ..redaction.test_heads import BESIDE, LABELS, STANDING, face, update
from .answers import make_card, outputs_for
from .redaction import HIDDEN_LABEL, ROWS, Hiding, Looks
from .stand_ins import Answered
from .test_controller_random import OFTEN, STEPS
from .world import World, visit

FRAMES = round(AHEAD_S * 30) + 3
"""Frames after which the first is due."""


async def run(world: World, frames: int = 1) -> None:
    """Play and answer frames, one by one."""
    for _ in range(frames):
        await world.play()
        while world.sessions.pending:  # of a photo also its mirror image
            await world.answer()


async def begin(world: World, kinds: str = HIDDEN_LABEL, source: str = "camera") -> Hiding:
    """Hide these kinds in a camera or video."""
    hiding = Hiding(world)
    await world.use(make_card(1))
    await hiding.hide(*kinds.split(","))
    opened = world.open(source) if source == "camera" else world.open_video()
    await world.arrive(await opened)
    return hiding


# ---- the order of things -------------------------------------------------------------------------


MORE_STEPS = {
    "hide or not": lambda world, n: world.do(world.app.change(redact=bool(n % 3), track=True)),
    "hide something else": lambda world, n: world.do(
        world.app.change(redact_what=[["cat"], ["dog"], [], ["cat", "owl"], ["cow"]][n % 5])
    ),
    "hide otherwise": lambda world, n: world.do(
        world.app.change(redact_how=("fill", "blur", "pixelate")[n % 3])
    ),
    "strict or not": lambda world, n: world.do(world.app.change(redact_strict=bool(n % 2))),
    "play for a second": lambda world, _: run(world, 20),
    "use a model that knows no cats": lambda world, _: world.use(
        make_card(4, ("cow", "dog", "owl"))
    ),
}


@settings(deadline=None, derandomize=True, database=None, max_examples=120)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted({**STEPS, **MORE_STEPS}) + 4 * [*OFTEN, "play for a second"]),
            st.integers(0, 5),
        ),
        min_size=15,
        max_size=50,
    )
)
def test_nothing_is_ever_shown_before_it_is_covered(steps: list[tuple[str, int]]) -> None:
    every = {**STEPS, **MORE_STEPS}

    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = Hiding(world)
        await world.use(make_card(1))
        await hiding.hide(HIDDEN_LABEL)
        for step, number in steps:
            await every[step](world, number)
            current = world.preferences.current
            # What is under the veil is seen by nobody, and kept by nobody.
            assert world.rendered[-1]["veiled"] == current.redact
            if current.redact:
                assert world.app.sources.redactor is hiding.part
                assert not hiding.canvas.hidden
                assert hiding.canvas.covers(current.redact_what)
                assert world.app.sources.picture() is hiding.canvas.shown[-1]
        # Whatever has happened, it still shows pictures.
        world.notice.hide()
        await world.use(make_card(1))
        await hiding.hide(HIDDEN_LABEL, redact_strict=False)
        await world.arrive(await world.open("camera"))
        await run(world, FRAMES)
        assert hiding.canvas.shown[-1] is not None
        assert hiding.canvas.covers([HIDDEN_LABEL])
        assert not hiding.canvas.whole

    scenario()


def visit_hiding(scenario: Any) -> Any:
    """A visit to a page in which things can be hidden."""
    return visit(scenario, rows=ROWS)


def test_a_frame_is_shown_half_a_second_late_and_with_its_own_boxes() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = await begin(world)
        await run(world, FRAMES + 10)

        shown = [each for each in hiding.canvas.shown if each is not None]
        assert len(shown) > 5
        assert world.screen.frame - shown[-1].picture.frame == pytest.approx(AHEAD_S * 30, abs=1)
        assert [each.picture.frame for each in shown] == sorted(
            {each.picture.frame for each in shown}
        )
        assert hiding.part is not None
        assert hiding.part.shown is not None
        assert round(hiding.part.shown.frame.time_s * 30) == shown[-1].picture.frame

    scenario()


def test_before_the_code_is_there_nothing_is_shown_and_nothing_can_be_kept() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        world.preferences.set(redact=True)
        world.app._render()  # as at the start of the page
        assert world.rendered[-1]["veiled"]
        with pytest.raises(PictureError):
            world.app.sources.picture()

    scenario()


def test_a_lag_shows_the_former_frame_and_strict_covers_everything_after_it() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = await begin(world)
        await world.do(world.app.change(redact_strict=True))
        await run(world, 60)
        assert not hiding.canvas.whole
        count = len(hiding.canvas.shown)
        for _ in range(60):  # two seconds in which the engine does not answer
            world.now_ms += 1000 / 30
            world.frames.play()
        await world.do()
        assert len(hiding.canvas.shown) == count, "no frame is shown without its answer"
        await run(world, FRAMES)
        assert "late" in hiding.panel.whys

    scenario()


def test_an_engine_that_dies_leaves_the_covered_frame_and_the_next_one_begins_blank() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = await begin(world)
        await run(world, FRAMES + 5)
        await world.play()
        before = len(hiding.canvas.shown)
        world.sessions.pending[0].fail()
        await world.do()
        await world.play(30)
        assert hiding.canvas.shown[before:] == []
        await world.use(make_card(1))
        assert hiding.canvas.shown[-1] is None
        await run(world, 5)
        assert hiding.canvas.shown[-1] is None, "nothing is due yet"

    scenario()


def test_frames_that_get_no_answer_do_not_stop_those_that_do() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = await begin(world)
        for index in range(3 * MOST_KEPT):
            hiding.canvas.keep(
                SimpleNamespace(picture=1, frame=index),
                world.app.sources._reader.clock.frame(index / 30, 641, 480),
                still=False,
            )
        world.screen.frame += 3 * MOST_KEPT
        await run(world, 3 * FRAMES)
        assert hiding.canvas.shown[-1] is not None

    scenario()


def test_a_paused_video_shows_the_very_frame_at_once() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = await begin(world, source="video")
        await run(world, FRAMES)
        await world.do(world.app.sources.playback.toggle_pause())
        for pending in list(world.sessions.pending):
            await world.answer(pending)
        shown = hiding.canvas.shown[-1]
        assert shown is not None
        assert shown.picture.frame == world.screen.frame

    scenario()


@pytest.mark.parametrize("hides", [True, False])
def test_a_photo_is_also_looked_at_mirrored_while_something_is_hidden(hides: bool) -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = Hiding(world)
        card = make_card(1)
        await world.use(card)
        if hides:
            await hiding.hide(HIDDEN_LABEL)
        await world.arrive(await world.open_photo())
        await run(world)
        assert [each.image.mirrored for each in world.sessions.runs] == [True, False][not hides :]
        found = world.analysis.detections
        plain = decode(outputs_for(world.screen.canvas, 1), card, world.screen.photo_size)
        assert np.allclose(found.xyxy, plain.xyxy, atol=0.01), "joined, not doubled"

    scenario()


def test_what_is_found_only_in_the_mirror_image_is_covered_in_its_place() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = Hiding(world)
        await world.use(make_card(1))
        await hiding.hide("owl")
        await world.arrive(await world.open_photo())
        mirrored = world.sessions.pending[0]
        box = np.array([[0.125, 0.5, 0.25, 0.75]], np.float32)
        mirrored.future.set_result(
            Answered(mirrored.card, Outputs(box, np.array([0.8]), np.array([2])))
        )
        await run(world)
        width = world.screen.photo_size[0]
        regions = hiding.canvas.shown[-1].regions  # type: ignore[union-attr]
        assert any(each[0] <= 0.75 * width + 1 and each[2] >= 0.875 * width - 1 for each in regions)

    scenario()


def test_frames_of_a_camera_are_never_looked_at_mirrored() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        await begin(world)
        await run(world, 5)
        assert world.sessions.runs
        assert not any(each.image.mirrored for each in world.sessions.runs)

    scenario()


# ---- what is not looked for ----------------------------------------------------------------------


def test_faces_are_what_is_hidden_first_and_bring_what_finds_them() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = Hiding(world)
        await world.use(make_card(1))
        await world.do(world.app.change(redact=True))
        current = world.preferences.current
        assert (current.redact_what, current.track, current.closer) == (["face"], True, True)
        assert current.closer_looks == ["faces"]
        assert hiding.canvas.whole, "nobody looks for faces yet"

    scenario()


def test_what_hiding_needs_comes_back_while_it_is_on() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        Hiding(world)
        await world.use(make_card(1))
        await world.do(world.app.change(redact=True))
        await world.do(world.app.change(closer=False))
        await world.do(world.app.change(track=False))
        current = world.preferences.current
        assert (current.redact, current.track, current.closer) == (True, True, True)

    scenario()


@pytest.mark.parametrize("source", ["camera", "photo"])
def test_until_faces_are_looked_for_in_a_frame_everything_is_covered(source: str) -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = Hiding(world)
        await world.use(make_card(1))
        await hiding.hide("face")
        opened = world.open("camera") if source == "camera" else world.open_photo()
        await world.arrive(await opened)
        looks = Looks("face")

        async def later() -> str:
            if source == "photo":
                world.spawn(world.app.sources.read_photo())
                await world.do()
            await run(world, 2 * FRAMES)
            return hiding.panel.whys[-1]

        assert await later() == "loading"
        assert hiding.canvas.whole
        world.analysis.finders.stages = [looks]
        world.analysis.more_labels = ("face",)
        assert await later() == ""
        assert not hiding.canvas.whole
        looks.looks, looks.looked = False, None  # it is not this frame's turn
        assert await later() == "loading"
        assert hiding.canvas.whole
        looks.failure = BackendError("out of luck")
        assert await later() == "failed"
        assert hiding.canvas.whole
        await world.do(hiding.part.run("people") if hiding.part else None)
        assert world.preferences.current.redact_what == ["person"]

    scenario()


@pytest.mark.parametrize(("kinds", "why"), [("cow", "unknown"), ("", "nothing")])
def test_what_nothing_can_find_covers_everything(kinds: str, why: str) -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = Hiding(world)
        await world.use(make_card(1))
        await hiding.hide(*filter(None, [kinds]))
        await world.arrive(await world.open("camera"))
        await run(world, 2 * FRAMES)
        assert hiding.panel.whys[-1] == why
        assert hiding.canvas.whole

    scenario()


# ---- who is shown all the same -------------------------------------------------------------------


def test_somebody_who_is_chosen_is_shown_and_hidden_again_at_once() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = await begin(world, "cat,dog")
        await run(world, 2 * FRAMES)
        assert hiding.part is not None
        hiding.part.run("pick")
        await run(world, 2)
        assert [each.label for each in hiding.panel.choices] == ["cat", "dog"]
        track = hiding.panel.choices[1].track

        hiding.panel.on_toggle(track)
        assert hiding.panel.said[-1] == f"Dog {track} is shown."
        covered = len(hiding.canvas.shown[-1].regions)  # type: ignore[union-attr]
        await run(world, 3 * FRAMES)
        assert len(hiding.canvas.shown[-1].regions) < covered  # type: ignore[union-attr]

        hiding.panel.on_toggle(track)
        assert hiding.canvas.shown[-1] is None, "not even the frames that wait show them"
        assert hiding.panel.said[-1] == f"Dog {track} is hidden again."
        assert hiding.panel.spared == []

    scenario()


def test_a_tap_chooses_in_a_photo_too_and_another_photo_shows_nobody() -> None:
    @visit_hiding
    async def scenario(world: World) -> None:
        hiding = Hiding(world)
        await world.use(make_card(1))
        await hiding.hide("cat", "dog")
        await world.arrive(await world.open_photo())
        await run(world)
        # Looked at mirrored, too; what is found in both is there once.
        assert [each.image.mirrored for each in world.sessions.runs[-2:]] == [True, False]
        part = hiding.part
        assert part is not None
        part.run("pick")
        dog = next(each for each in part.picking._choices if each.label == "dog")
        place = SimpleNamespace(to_source=lambda x, y: (x, y))
        canvas = SimpleNamespace(canvas=SimpleNamespace(isConnected=True))
        part.picking.draw(canvas, None, place)  # type: ignore[arg-type]
        corner = SimpleNamespace(left=0, top=0)
        view = SimpleNamespace(getBoundingClientRect=lambda: corner)
        x, y = (dog.box[0] + dog.box[2]) / 2, (dog.box[1] + dog.box[3]) / 2
        part.picking.tap(SimpleNamespace(clientX=x, clientY=y, currentTarget=view))
        assert len(hiding.canvas.shown[-1].regions) == 1  # type: ignore[union-attr]
        part.picking.tap(SimpleNamespace(clientX=300, clientY=460, currentTarget=view))
        assert "Tap a person" in hiding.panel.said[-1]
        part.run("all")
        assert len(hiding.canvas.shown[-1].regions) == 2  # type: ignore[union-attr]
        hiding.panel.on_toggle(dog.track)

        await world.arrive(await world.open_photo())
        await run(world)
        assert hiding.panel.spared == []
        assert len(hiding.canvas.shown[-1].regions) == 2  # type: ignore[union-attr]

    scenario()


def test_people_can_be_chosen_and_their_faces_go_with_them() -> None:
    rows = STANDING, BESIDE, face(130, 120, 7), face(500, 50, 8)
    choices = choices_of(with_heads(update(0, *rows), LABELS), LABELS, ["face"])

    assert [(each.track, each.label) for each in choices] == [
        (1, "person"),
        (2, "person"),
        (8, "face"),
    ]
    assert chosen_at(choices, 130, 120) == choices[0]
    assert chosen_at(choices, 5, 5) is None


# ---- what it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (3840, 2160), (100_000, 3)])
def test_the_frames_that_wait_take_no_more_than_100_megabytes(size: tuple[int, int]) -> None:
    width, height = kept_size(size)

    assert MOST_KEPT * 4 * width * height <= MOST_BYTES <= 100_000_000
    assert (width <= size[0], height <= size[1]) == (True, True)
    assert width / height == pytest.approx(size[0] / size[1], rel=0.5)


@pytest.mark.parametrize("rate", [5, 15, 30, 60, 144, 240])
def test_at_any_rate_frames_are_there_when_they_are_due(rate: int) -> None:
    kept: list[float] = []
    last, shown = None, []
    for index in range(3 * rate):
        now = index / rate
        if is_kept(now, last, len(kept)):
            kept.append(now)
            last = now
        due = [each for each in kept if each <= now - AHEAD_S]
        if due:
            shown.append(due[-1])
            kept = [each for each in kept if each >= due[-1]]
        assert len(kept) <= MOST_KEPT

    times = sorted(set(shown))
    assert len(times) > 2 * min(rate, 1 / LEAST_GAP_S) * 0.6
    assert max(b - a for a, b in pairwise(times)) < 0.25


def test_the_delay_and_the_time_of_a_frame_are_measured() -> None:
    now, added = [0.0], []
    costs = Costs(lambda: now[0], added.append)

    with costs.frame(3):
        now[0] += 2
    now[0] += 498
    with costs.shown(3):
        now[0] += 3

    assert (costs.delay_ms, costs.ms, added) == (503, 5, [5])
    assert [costs.due(), costs.due()] == [True, False]
    now[0] += 1000
    assert costs.due()
    with costs.shown(9):  # a picture of its own was not kept
        now[0] += 1
    assert costs.delay_ms is None
