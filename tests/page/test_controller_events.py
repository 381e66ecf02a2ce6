"""Sources while they are in view: stopped, paused, unplugged and back, drawn again."""

from __future__ import annotations

import pytest

from obscura.errors import PictureError
from obscura.page.state.camera import CameraLost
from obscura.page.state.scene import Kind
from obscura.page.words import text

from .answers import SAMPLE, Subject, make_card
from .stand_ins import Camera
from .world import LIVE, OPENERS, World, read, show, visit

# ---- stopping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_a_source_stopped_while_it_opens_is_never_shown(world: World, kind: str) -> None:
    await world.use(make_card(1))
    opening = await OPENERS[kind](world)

    await world.do(world.app.sources.stop())
    assert world.app.state == "ready"
    await world.arrive(opening)

    assert world.app.state == "ready"
    assert world.scene.kind is Kind.WELCOME
    assert {subject.picture for subject in world.witness.seen} == {SAMPLE}


@visit
async def test_stopping_shows_the_sample_picture_and_its_answer_again(world: World) -> None:
    await world.use(make_card(1))
    picture = await show(world, "video")
    await read(world, "video")
    await world.play()

    await world.do(world.app.sources.stop())
    await world.answer()  # of the frame that was under way

    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(picture, 1), Subject(SAMPLE, 1)]
    assert world.opener.opened[0].stopped
    assert world.app.state == "ready"


# ---- pausing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LIVE)
@visit
async def test_a_live_picture_can_be_paused_and_resumed(world: World, kind: str) -> None:
    await world.use(make_card(1))
    await show(world, kind)
    await read(world, kind)

    world.app.sources.toggle_pause()
    assert (world.app.state, world.screen.playing) == ("paused", False)
    await world.play(3)
    assert world.sessions.pending == []
    world.app.sources.toggle_pause()
    await read(world, kind)

    assert (world.app.state, world.screen.playing) == ("running", True)
    frames = [update.frame.index for update in world.witness.updates[1:]]
    assert frames == [0, 0, 0, 1], "shown again when paused and when resumed"


@pytest.mark.parametrize("kind", ["photo", None])
@visit
async def test_what_does_not_move_cannot_be_paused(world: World, kind: str | None) -> None:
    await world.use(make_card(1))
    if kind:
        await show(world, kind)

    world.app.sources.toggle_pause()

    assert world.screen.playing
    assert not world.scene.paused


@visit
async def test_a_source_that_is_still_opening_cannot_be_paused(world: World) -> None:
    await show(world, "video")
    await world.open("camera")

    world.app.sources.toggle_pause()

    assert world.screen.playing
    assert not world.scene.paused


@visit
async def test_another_source_is_not_paused_because_the_last_one_was(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    world.app.sources.toggle_pause()

    await show(world, "camera")

    assert world.app.state == "running"


# ---- cameras -------------------------------------------------------------------------------------


@visit
async def test_a_lost_camera_gives_way_to_the_sample_picture_and_an_error(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    await world.play()

    await world.end_camera()
    await world.answer()  # of the frame that was under way

    assert world.notice.code == CameraLost.code
    assert world.scene.kind is Kind.WELCOME
    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(SAMPLE, 1)]


@visit
async def test_a_lost_camera_starts_again_by_itself_once_it_is_back(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    await world.end_camera()
    world.cameras.clear()
    await world.do(world.app.sources.cameras_changed())
    assert world.app.state == "error"

    world.cameras.append(Camera("camera-2", "Camera 2"))
    await world.do(world.app.sources.cameras_changed())
    assert world.app.state == "starting", "the error is out of date"
    picture = await world.arrive(world.opener.pending[-1])
    await read(world, "camera")

    assert world.app.state == "running"
    assert world.witness.seen[-1] == Subject(picture, 1)


@visit
async def test_a_camera_that_is_plugged_in_does_not_start_unless_it_was_lost(world: World) -> None:
    await world.do(world.app.sources.cameras_changed())

    assert world.opener.pending == []
    assert world.app.sources.cameras == world.cameras


@visit
async def test_a_lost_camera_does_not_come_back_over_what_was_opened_meanwhile(
    world: World,
) -> None:
    await show(world, "camera")
    await world.end_camera()
    await show(world, "photo")

    await world.do(world.app.sources.cameras_changed())

    assert world.scene.kind is Kind.STILL
    assert not world.scene.opening


@visit
async def test_the_end_of_a_camera_that_is_not_in_view_changes_nothing(world: World) -> None:
    await show(world, "photo")

    await world.end_camera()

    assert world.scene.kind is Kind.STILL
    assert world.notice.code is None


@visit
async def test_a_camera_without_a_picture_says_so_until_it_has_one(world: World) -> None:
    await show(world, "camera")
    (camera,) = world.opener.opened

    camera.silent = True
    world.opener.on_silent()
    assert world.scene.caption == world.said[-1] == text.SILENT
    camera.silent = False
    world.opener.on_silent()

    assert world.scene.caption == world.said[-1] == ""


@visit
async def test_a_camera_is_asked_for_by_the_settings(world: World) -> None:
    world.preferences.set(camera="camera-9", facing="environment", resolution="640x480")

    opening = await world.open("camera")

    assert opening.arguments == {
        "device_id": "camera-9",
        "facing": "environment",
        "resolution": "640x480",
    }
    assert world.said[-1] == text.ASKING


@visit
async def test_waiting_for_a_camera_is_not_said_once_something_else_was_asked_for(
    world: World,
) -> None:
    await world.open("camera")

    await world.open_photo()

    assert world.said[-1] == ""


@pytest.mark.parametrize(
    ("kind", "facing", "mirror", "mirrored"),
    [
        ("camera", "user", True, True),
        ("camera", "user", False, False),
        ("camera", "environment", True, False),
        ("video", "user", True, False),
        ("photo", "user", True, False),
    ],
)
@visit
async def test_only_a_camera_that_faces_its_user_is_mirrored(
    world: World, kind: str, facing: str, mirror: bool, mirrored: bool
) -> None:
    world.preferences.set(facing=facing, mirror=mirror)

    await show(world, kind)

    assert world.app.sources.mirrored is mirrored
    assert world.display.mirrored is mirrored


# ---- photos that are drawn again -----------------------------------------------------------------


@visit
async def test_a_photo_that_the_browser_has_lost_is_drawn_again(world: World) -> None:
    await world.use(make_card(1))
    picture = await show(world, "photo")
    await world.answer()

    await world.do(world.app.sources.redraw_photo())
    await world.arrive(world.opener.pending[-1])

    assert world.screen.drawn == [picture, picture]
    assert world.opener.opened[-1].stopped


@visit
async def test_a_photo_is_not_drawn_again_over_another(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "photo")
    await world.do(world.app.sources.redraw_photo())
    again = world.opener.pending[-1]

    picture = await show(world, "photo")
    await world.arrive(again)
    await world.answer(world.sessions.pending[-1])

    assert world.screen.canvas == picture
    assert world.witness.seen[-1] == Subject(picture, 1)


@pytest.mark.parametrize("in_view", [True, False])
@visit
async def test_a_photo_that_cannot_be_drawn_again_is_an_error_only_while_it_is_in_view(
    world: World, in_view: bool
) -> None:
    await show(world, "photo")
    await world.do(world.app.sources.redraw_photo())
    again = world.opener.pending[-1]
    if not in_view:
        await show(world, "video")

    await world.fail(again, PictureError("gone"))

    assert world.notice.code == ("picture" if in_view else None)
