"""Sources while they are in view: stopped, paused, unplugged and back, drawn again."""

from __future__ import annotations

import pytest

from obscura.errors import PictureError
from obscura.page.state.camera import CameraLost
from obscura.page.state.scene import Kind
from obscura.page.words import text
from obscura.tracking import Tracker

from .answers import SAMPLE, CountingStage, Subject, make_card
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
async def test_paused_the_very_frame_that_is_shown_has_its_answer(world: World, kind: str) -> None:
    await world.use(make_card(1))
    await show(world, kind)
    await read(world, kind)
    await world.play(3)  # the engine works on the first of them
    shown = len(world.witness.updates)

    await world.do(world.app.sources.playback.toggle_pause())
    assert not world.screen.playing
    assert world.app.state == "running", "what is shown has no answer yet"
    await world.answer()  # of an earlier frame
    assert len(world.witness.updates) == shown
    await world.answer()

    assert world.app.state == world.rendered[-1]["state"] == "paused"
    assert world.analysis.update is not None
    assert world.analysis.update.frame.time_s == world.screen.frame / 30


@pytest.mark.parametrize("kind", LIVE)
@visit
async def test_a_paused_picture_can_be_resumed(world: World, kind: str) -> None:
    await world.use(make_card(1))
    await show(world, kind)
    await read(world, kind)
    await world.do(world.app.sources.playback.toggle_pause())
    await world.answer()
    await world.answer()  # the browser might have shown one frame more
    assert world.app.state == "paused"
    await world.play(3)
    assert world.sessions.pending == []

    await world.do(world.app.sources.playback.toggle_pause())
    await read(world, kind)

    assert (world.app.state, world.screen.playing) == ("running", True)
    assert [update.frame.index for update in world.witness.updates[-2:]] == [2, 3]


@visit
async def test_the_frame_that_is_paused_is_analysed_by_another_model(world: World) -> None:
    await world.use(make_card(1))
    picture = await show(world, "video")
    await read(world, "video")
    await world.do(world.app.sources.playback.toggle_pause())
    await world.answer()
    await world.answer()

    await world.use(make_card(2))
    assert world.app.state == "running"
    await world.answer()

    assert world.witness.seen[-1] == Subject(picture, 2)
    assert world.app.state == "paused"


@visit
async def test_a_video_paused_before_the_model_is_ready_is_analysed_then(world: World) -> None:
    picture = await show(world, "video")
    await world.play()
    await world.do(world.app.sources.playback.toggle_pause())

    await world.use(make_card(1))
    await world.answer()

    assert world.witness.seen == [Subject(picture, 1)]
    assert world.app.state == "paused"


@visit
async def test_a_video_that_has_ended_has_the_answer_of_its_last_frame(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    await read(world, "video")

    world.opener.on_played()
    await world.answer()

    assert world.app.state == "paused"
    await world.do(world.app.sources.playback.toggle_pause())
    assert world.screen.playing, "from the beginning, as browsers do"


# ---- seeking -------------------------------------------------------------------------------------


@visit
async def test_the_frame_that_is_sought_is_analysed_while_paused(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    await read(world, "video")
    await world.do(world.app.sources.playback.toggle_pause())
    await world.answer()
    await world.answer()
    stage = CountingStage()
    world.analysis.add_stages([stage])

    world.app.sources.playback.seek(7.5)
    assert world.app.sources.position_s == 7.5
    assert world.analysis.update is None, "the boxes are of another frame"
    await world.do()
    assert world.sessions.pending == [], "its frame is not there yet"
    await world.find()
    await world.answer()

    assert world.app.state == "paused"
    assert len(stage.frames) == 1
    assert world.screen.video is not None


@visit
async def test_an_answer_of_before_the_seek_is_dropped_while_it_plays(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    await world.play()

    world.app.sources.playback.seek(2)
    await world.answer()
    assert world.analysis.update is None
    await world.play()
    assert world.sessions.pending == [], "the frame shown is still the one before"
    await world.find()
    await read(world, "video")

    assert world.app.state == "running"
    assert world.analysis.update is not None


@visit
async def test_a_video_that_begins_again_has_new_numbers(world: World) -> None:
    world.analysis.track(Tracker())
    await world.use(make_card(1))
    await show(world, "video")

    def numbers() -> list[int]:
        found = world.analysis.detections.track_id
        return [] if found is None else found.tolist()

    await read(world, "video")
    before = numbers()
    await read(world, "video")
    assert before
    assert numbers() == before

    world.screen.frame = -1  # the next frame is the first one
    await read(world, "video")
    assert numbers()
    assert not set(numbers()) & set(before)


@pytest.mark.parametrize(("seconds", "position"), [(-1, 0), (3.5, 3.5), (99, 10)])
@visit
async def test_a_seek_stays_within_the_video(world: World, seconds: float, position: float) -> None:
    await show(world, "video")

    world.app.sources.playback.seek(seconds)

    assert world.app.sources.position_s == position


@pytest.mark.parametrize(("frames", "position"), [(1, 4 + 1 / 30), (-2, 4 - 2 / 30)])
@visit
async def test_a_step_pauses_and_shows_the_frame_beside(
    world: World, frames: int, position: float
) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    world.app.sources.playback.seek(4)
    await world.find()

    world.app.sources.playback.step(frames)
    assert not world.screen.playing
    assert world.app.sources.position_s == pytest.approx(position)
    await world.find()
    await world.answer()
    while world.sessions.pending:
        await world.answer()

    assert world.app.state == "paused"


@visit
async def test_a_video_has_a_name_a_duration_and_a_rate(world: World) -> None:
    await show(world, "video")
    sources = world.app.sources

    sources.playback.set_rate(0.5)

    assert sources.is_video
    assert (sources.source_name, sources.duration_s, sources.position_s) == ("clip.mp4", 10, 0)
    assert world.opener.opened[-1].rate == 0.5


@visit
async def test_what_is_showing_was_made_by_the_clock_of_the_video_or_of_the_page(
    world: World,
) -> None:
    playback = world.app.sources.playback
    await show(world, "camera")
    assert playback.showing_ms == world.now_ms

    await show(world, "video")
    world.opener.opened[-1].position_s = 2.5

    assert playback.showing_ms == 2500


@pytest.mark.parametrize("kind", ["camera", "photo", None])
@visit
async def test_what_is_no_video_is_not_sought(world: World, kind: str | None) -> None:
    if kind:
        await show(world, kind)
    sources = world.app.sources

    sources.playback.seek(3)
    sources.playback.step(1)
    sources.playback.set_rate(2)
    world.opener.on_played()

    assert not sources.is_video
    assert (sources.duration_s, sources.position_s) == (None, 0)
    assert not world.scene.paused
    name = {"camera": f"Camera {SAMPLE + 1}", "photo": "photo.jpg", None: ""}[kind]
    assert sources.source_name == name


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_what_is_in_view_can_be_closed(world: World, kind: str) -> None:
    await world.use(make_card(1))
    await show(world, kind)

    world.app.sources.close()

    assert world.app.state == "ready"
    assert world.witness.seen[-1] == Subject(SAMPLE, 1)
    assert world.opener.opened[0].stopped


@pytest.mark.parametrize("kind", ["photo", None])
@visit
async def test_what_does_not_move_cannot_be_paused(world: World, kind: str | None) -> None:
    await world.use(make_card(1))
    if kind:
        await show(world, kind)

    world.app.sources.playback.toggle_pause()

    assert world.screen.playing
    assert not world.scene.paused


@visit
async def test_a_source_that_is_still_opening_cannot_be_paused(world: World) -> None:
    await world.open("camera")

    world.app.sources.playback.toggle_pause()

    assert world.screen.playing
    assert not world.scene.paused


@visit
async def test_another_source_is_not_paused_because_the_last_one_was(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    world.app.sources.playback.toggle_pause()

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
