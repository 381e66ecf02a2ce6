"""The app: models, errors, what is rendered, and features."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from obscura.page.state.camera import CameraDenied
from obscura.page.state.feature import Feature, Part, When
from obscura.page.words import text

from .answers import SAMPLE, Subject, make_card
from .stand_ins import File
from .world import OPENERS, World, read, show, visit

PHOTO = File("cat.jpg", "image/jpeg", 40)


# ---- the model -----------------------------------------------------------------------------------


@visit
async def test_the_first_boxes_are_marked_where_the_sample_picture_shows_them(
    world: World,
) -> None:
    assert world.rests == [], "what a first detection does not run waits for its end"
    await world.use(make_card(1))

    assert world.marks == ["first-boxes"]
    assert world.rests == [True]
    assert world.witness.seen == [Subject(SAMPLE, 1)]


@visit
async def test_no_boxes_are_marked_where_another_picture_is_in_view(world: World) -> None:
    await show(world, "photo")

    await world.use(make_card(1))

    assert world.marks == []


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_the_model_is_checked_again_only_while_frames_are_analysed(
    world: World, kind: str
) -> None:
    await world.use(make_card(1))
    await world.do(world.app.recheck())
    assert world.app.models.asked == []

    await show(world, kind)
    await world.do(world.app.recheck())

    assert world.app.models.asked == ([] if kind == "photo" else ["recheck"])


# ---- errors and progress -------------------------------------------------------------------------


@visit
async def test_an_error_is_shown_over_the_page_and_nothing_stops(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    world.shell.dialog = True

    world.app.fail(ValueError("a bug"))

    assert world.notice.code == "unexpected"
    assert not world.shell.dialog, "dialogs would cover the card"
    assert world.app.state == world.rendered[-1]["state"] == "error"
    await read(world, "video")
    assert world.witness.seen[-1].picture == world.picture_in_view


@visit
async def test_a_model_that_is_still_loading_stays_in_sight(world: World) -> None:
    world.sessions.status = "Loading Model 1"

    world.app.say("Reading the picture")
    world.app.say("")

    assert world.said[-2:] == ["Reading the picture", "Loading Model 1"]


@visit
async def test_nothing_is_lost_by_loading_again_only_where_nothing_goes_on(world: World) -> None:
    assert not world.app.idle, "a model is on its way"
    await world.use(make_card(1))
    assert world.app.idle

    world.shell.dialog = True
    assert not world.app.idle
    world.shell.dialog = False
    await world.open("camera")

    assert not world.app.idle


@visit
async def test_the_camera_that_runs_is_named(world: World) -> None:
    assert world.app.sources.camera_name is None

    picture = await show(world, "camera")

    assert world.app.sources.camera_name == f"Camera {picture}"


# ---- rendering -----------------------------------------------------------------------------------


@visit
async def test_what_is_rendered_is_the_scene(world: World) -> None:
    await world.use(make_card(1))
    await world.arrive(await world.open(PHOTO))
    await world.answer()

    assert world.rendered[-1] == {
        "state": "still",
        "scene": "still",
        "kind": "camera",
        "mirrored": False,
        "paused": False,
        "can_flip": False,
        "can_add": True,
        "can_share": True,
        "shares": False,
        "caption": "cat.jpg",
        "veiled": False,
    }
    assert not world.display.moving


@pytest.mark.parametrize("cameras", [1, 2])
@visit
async def test_a_camera_can_be_flipped_where_there_is_another(world: World, cameras: int) -> None:
    world.cameras = world.cameras * cameras

    await show(world, "camera")

    assert world.rendered[-1]["can_flip"] is (cameras == 2)
    assert world.display.moving
    world.app.sources.playback.toggle_pause()
    assert not world.display.moving


@visit
async def test_boxes_of_the_picture_before_are_cleared(world: World) -> None:
    await world.use(make_card(1))
    cleared = world.cleared

    await world.open_photo()

    assert world.cleared > cleared


# ---- features ------------------------------------------------------------------------------------


class Diary(Part):
    """A feature that writes down what it is notified of."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    def model_opened(self, card: Any) -> None:
        self.entries.append(("model opened", card.name))

    def cameras_listed(self, cameras: Any, chosen: str) -> None:
        self.entries.append(("cameras", len(cameras), chosen))

    async def forget(self) -> None:
        self.entries.append("forgotten")


DIARY = Feature("diary", entry="diary", when=When.START)


def keep_diary(world: World) -> Diary:
    """Give the diary its code."""
    diary = Diary()
    world.modules["diary"] = SimpleNamespace(start=lambda _context: diary)
    return diary


@visit(rows=(DIARY,))
async def test_features_are_notified_of_models_and_cameras(world: World) -> None:
    diary = keep_diary(world)
    await world.app.features.start(When.START)

    await world.do(world.app.begin(None, []))
    await world.use(make_card(1))
    picture = await show(world, "camera")

    assert diary.entries == [
        ("cameras", 1, ""),
        ("model opened", "model-1"),
        ("cameras", 1, f"camera-{picture}"),
    ]


@visit(rows=(DIARY,))
async def test_forgetting_deletes_models_features_data_and_settings(world: World) -> None:
    diary = keep_diary(world)

    await world.do(world.app.forget())

    assert world.app.models.own_forgotten
    assert diary.entries == ["forgotten"]


# ---- commands of the camera that fail ------------------------------------------------------------


@visit
async def test_a_refused_camera_is_an_error_with_the_sample_picture_behind(world: World) -> None:
    await world.use(make_card(1))
    await world.do(world.app.press_start())

    await world.fail(world.opener.pending[-1], CameraDenied("refused"))

    assert world.notice.code == "camera-denied"
    assert world.rendered[-1]["state"] == "error"
    assert world.rendered[-1]["caption"] == world.scene.caption == "Sample picture"
    assert text.ASKING not in world.said[-1:]
