"""Sources and their pictures: nothing is ever shown for another picture than its own.

Every sink in these tests compares each update with what is really in view at that moment, and with
the model that is in use then (`world.Witness`). So do all of them after each step (`World.check`).
"""

from __future__ import annotations

import pytest

from obscura.errors import BackendError, OutOfMemory, PictureError
from obscura.page.state.camera import CameraBusy, CameraDenied
from obscura.page.state.scene import Kind

from .answers import SAMPLE, CountingStage, Subject, make_card
from .world import LIVE, OPENERS, World, read, settle, show, visit

# ---- the sample picture --------------------------------------------------------------------------


@visit
async def test_without_a_model_nothing_is_shown(world: World) -> None:
    assert world.app.state == "loading"
    assert world.witness.seen == []


@visit
async def test_the_sample_picture_shows_the_answer_that_the_self_check_computed(
    world: World,
) -> None:
    await world.use(make_card(1))

    assert world.witness.seen == [Subject(SAMPLE, 1)]
    assert world.app.state == "ready"
    assert world.sessions.runs == []


@visit
async def test_a_model_without_a_recorded_answer_shows_nothing_on_the_sample_picture(
    world: World,
) -> None:
    await world.use(make_card(1, check=False))

    assert world.witness.seen == []
    assert world.app.state == "ready"


@visit
async def test_another_model_shows_its_own_answer_on_the_sample_picture(world: World) -> None:
    await world.use(make_card(1))

    await world.use(make_card(2))

    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(SAMPLE, 2)]


# ---- opened before the model is ready ------------------------------------------------------------


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_a_source_opened_before_the_model_is_ready_waits_for_it(
    world: World, kind: str
) -> None:
    picture = await show(world, kind)
    assert world.app.state == "starting"
    await world.play(3)
    assert world.witness.seen == []

    await world.use(make_card(1))
    assert world.witness.seen == [], "the sample picture is not in view any more"
    await read(world, kind)

    assert world.witness.seen == [Subject(picture, 1)]
    assert world.app.state == ("running" if kind in LIVE else "still")


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_a_model_that_is_ready_while_a_source_opens_shows_nothing_until_it_has_arrived(
    world: World, kind: str
) -> None:
    opening = await OPENERS[kind](world)

    await world.use(make_card(1))
    assert world.witness.seen == []
    assert world.app.state == "starting"
    picture = await world.arrive(opening)
    await read(world, kind)

    assert world.witness.seen == [Subject(picture, 1)]


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_a_source_replaces_the_sample_picture_and_its_answer(world: World, kind: str) -> None:
    await world.use(make_card(1))

    opening = await OPENERS[kind](world)
    assert world.analysis.update is None
    picture = await world.arrive(opening)
    await read(world, kind)

    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(picture, 1)]


@visit
async def test_a_photo_is_not_still_before_it_has_its_answer(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "photo")

    assert world.app.state == "starting"
    assert world.announced == 0
    await world.answer()

    assert world.app.state == "still"
    assert world.announced == 1


# ---- opened while another is in view or opens ----------------------------------------------------


@pytest.mark.parametrize("second", OPENERS)
@pytest.mark.parametrize("first", OPENERS)
@visit
async def test_an_answer_for_the_picture_before_is_dropped(
    world: World, first: str, second: str
) -> None:
    await world.use(make_card(1))
    await show(world, first)
    if first in LIVE:
        await world.play()
    (late,) = world.sessions.pending

    picture = await show(world, second)
    await world.answer(late)
    await world.play()  # frames that were skipped while the engine was busy
    await world.answer()

    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(picture, 1)]


@pytest.mark.parametrize("second", OPENERS)
@pytest.mark.parametrize("first", OPENERS)
@visit
async def test_what_is_in_view_goes_on_with_its_answers_until_another_source_has_opened(
    world: World, first: str, second: str
) -> None:
    await world.use(make_card(1))
    shown = await show(world, first)
    if first in LIVE:
        await world.play()

    opening = await OPENERS[second](world)
    await world.answer()
    assert world.witness.seen[-1] == Subject(shown, 1)
    assert world.app.state == "starting"
    assert not world.opener.opened[0].stopped or first == "photo", "its bitmap was drawn"
    picture = await world.arrive(opening)
    assert world.analysis.update is None

    assert world.picture_in_view == picture
    assert world.opener.opened[0].stopped


@pytest.mark.parametrize("second", OPENERS)
@pytest.mark.parametrize("first", OPENERS)
@visit
async def test_a_source_that_fails_leaves_what_is_in_view_with_its_answer(
    world: World, first: str, second: str
) -> None:
    await world.use(make_card(1))
    shown = await show(world, first)
    await read(world, first)

    await world.fail(await OPENERS[second](world), PictureError("unreadable"))

    assert world.picture_in_view == shown
    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(shown, 1)]
    assert world.app.state == "error", "the card lies over it"
    world.notice.hide()
    assert world.app.state == ("running" if first in LIVE else "still")
    if first in LIVE:
        await read(world, first)
        assert world.witness.seen[-1] == Subject(shown, 1)


@pytest.mark.parametrize("second", OPENERS)
@pytest.mark.parametrize("first", OPENERS)
@visit
async def test_stop_while_another_source_opens_returns_to_what_is_in_view(
    world: World, first: str, second: str
) -> None:
    await world.use(make_card(1))
    shown = await show(world, first)
    await read(world, first)
    opening = await OPENERS[second](world)

    await world.do(world.app.press_start())
    assert world.app.state == ("running" if first in LIVE else "still")
    await world.arrive(opening)

    assert world.picture_in_view == shown
    assert world.notice.code is None


@pytest.mark.parametrize("second", OPENERS)
@pytest.mark.parametrize("first", OPENERS)
@visit
async def test_of_two_sources_that_open_the_one_asked_for_last_is_shown(
    world: World, first: str, second: str
) -> None:
    await world.use(make_card(1))
    early = await OPENERS[first](world)
    late = await OPENERS[second](world)

    picture = await world.arrive(late)
    await world.arrive(early)
    await read(world, second)

    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(picture, 1)]
    assert world.app.state == ("running" if second in LIVE else "still")


@pytest.mark.parametrize("first", ["video", "photo"])
@visit
async def test_a_source_that_opens_too_late_is_closed_again(world: World, first: str) -> None:
    early = await OPENERS[first](world)
    picture = await show(world, "camera")

    await world.arrive(early)

    stopped = {source.picture: source.stopped for source in world.opener.opened}
    assert stopped == {early.picture: True, picture: False}


@visit
async def test_a_camera_that_is_no_longer_wanted_is_given_back_without_an_error(
    world: World,
) -> None:
    camera = await world.open("camera")
    await show(world, "photo")

    await world.arrive(camera)

    assert world.opener.opened == [world.opener.opened[0]], "only the photo was opened"
    assert world.notice.code is None
    assert world.scene.kind is Kind.STILL


@visit
async def test_a_model_that_is_ready_while_another_source_opens_reads_the_photo_in_view(
    world: World,
) -> None:
    picture = await show(world, "photo")
    await world.open_video()

    await world.use(make_card(1))
    await world.answer()

    assert world.witness.seen == [Subject(picture, 1)]


# ---- one camera at a time ------------------------------------------------------------------------


@visit
async def test_a_camera_that_opens_only_when_the_other_is_released_is_asked_again(
    world: World,
) -> None:
    await world.use(make_card(1))
    await show(world, "camera")

    await world.fail(await world.open("camera"), CameraBusy("in use"))
    assert world.opener.opened[0].stopped
    picture = await world.arrive(world.opener.pending[-1])

    assert world.picture_in_view == picture
    assert world.app.state == "running"
    assert world.notice.code is None


@visit
async def test_the_camera_before_is_opened_again_when_the_other_does_not_open(
    world: World,
) -> None:
    await world.use(make_card(1))
    first = await show(world, "camera")
    world.preferences.set(camera="camera-9")
    await world.fail(await world.open("camera"), CameraBusy("in use"))
    await world.fail(world.opener.pending[-1], CameraBusy("in use"))

    back = world.opener.pending[-1]
    assert back.arguments["device_id"] == f"camera-{first}"
    picture = await world.arrive(back)

    assert world.picture_in_view == picture
    assert world.notice.code == "camera-busy"


@visit
async def test_when_neither_camera_opens_the_sample_picture_is_in_view(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    await world.fail(await world.open("camera"), CameraBusy("in use"))
    await world.fail(world.opener.pending[-1], CameraBusy("in use"))
    await world.fail(world.opener.pending[-1], CameraBusy("in use"))

    assert world.scene.kind is Kind.WELCOME
    assert world.witness.seen[-1] == Subject(SAMPLE, 1)
    assert world.notice.code == "camera-busy"


@visit
async def test_a_camera_that_the_browser_ends_while_another_opens_is_not_lost(
    world: World,
) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    opening = await world.open("camera")

    await world.end_camera()
    assert world.notice.code is None
    picture = await world.arrive(opening)

    assert world.picture_in_view == picture


# ---- the model is exchanged ----------------------------------------------------------------------


@visit
async def test_the_answer_of_a_model_exchanged_while_a_photo_is_read_gives_way_to_the_others(
    world: World,
) -> None:
    await world.use(make_card(1))
    picture = await show(world, "photo")

    await world.use(make_card(2))
    first, second = world.sessions.pending
    await world.answer(first)
    assert world.app.state == "starting"
    await world.answer(second)

    assert world.witness.seen[1:] == [Subject(picture, 2)]
    assert world.app.state == "still"


@visit
async def test_a_photo_under_way_when_a_faster_way_takes_over_is_read_by_that(world: World) -> None:
    await world.use(make_card(1))
    picture = await show(world, "photo")

    world.sessions.take_over()
    await settle()
    assert world.app.state == "starting"
    await world.answer()

    assert world.witness.seen[1:] == [Subject(picture, 1)]
    assert world.app.state == "still"


@visit
async def test_another_model_reads_the_photo_in_view_again(world: World) -> None:
    await world.use(make_card(1))
    picture = await show(world, "photo")
    await world.answer()

    await world.use(make_card(2))
    assert world.app.state == "starting"
    assert world.analysis.update is None, "the boxes are the other model's"
    await world.answer()

    assert world.witness.seen[1:] == [Subject(picture, 1), Subject(picture, 2)]


@pytest.mark.parametrize("kind", LIVE)
@visit
async def test_the_answer_of_a_model_exchanged_while_a_frame_is_under_way_is_dropped(
    world: World, kind: str
) -> None:
    await world.use(make_card(1))
    picture = await show(world, kind)
    await world.play()

    await world.use(make_card(2))
    await world.answer()
    await world.play()
    await world.answer()

    assert world.witness.seen[1:] == [Subject(picture, 2)]


@visit
async def test_the_failure_of_a_model_that_was_exchanged_is_no_failure(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    await world.play()
    (under_way,) = world.sessions.pending

    await world.use(make_card(2))
    under_way.fail()
    await world.do()

    assert world.app.models.errors == []
    assert world.app.state == "running"


@visit
async def test_the_stages_begin_again_with_another_model(world: World) -> None:
    stage = CountingStage()
    world.analysis.pipeline.stages.append(stage)
    await world.use(make_card(1))
    await show(world, "video")
    for _ in range(3):
        await read(world, "video")
    assert stage.frames == [0, 1, 2]

    await world.use(make_card(2))
    assert stage.frames == []
    await read(world, "video")

    assert stage.frames == [3], "frames are numbered within their source"


# ---- a run that fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("error", [BackendError("broken"), OutOfMemory("full")])
@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_after_a_failed_run_the_next_backend_reads_what_is_in_view(
    world: World, kind: str, error: BackendError
) -> None:
    card = make_card(1)
    await world.use(card)
    picture = await show(world, kind)
    if kind in LIVE:
        await world.play()

    world.sessions.pending[0].fail(error)
    await world.do()
    assert world.app.models.errors == [error]
    assert world.app.state == "starting"
    await world.use(card)
    await read(world, kind)

    assert world.witness.seen[1:] == [Subject(picture, 1)]


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_the_failure_of_a_run_for_the_picture_before_is_no_failure(
    world: World, kind: str
) -> None:
    await world.use(make_card(1))
    await show(world, kind)
    if kind in LIVE:
        await world.play()
    (late,) = world.sessions.pending

    await show(world, "photo")
    late.fail()
    await world.do()

    assert world.app.models.errors == []
    assert world.sessions.ready


# ---- a source that fails -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OPENERS)
@visit
async def test_a_source_that_fails_at_the_start_leaves_the_sample_picture_with_its_answer(
    world: World, kind: str
) -> None:
    await world.use(make_card(1))

    await world.fail(await OPENERS[kind](world), PictureError("unreadable"))

    assert world.scene.kind is Kind.WELCOME
    assert world.witness.seen == [Subject(SAMPLE, 1), Subject(SAMPLE, 1)]
    assert world.app.state == "error"
    world.notice.hide()
    assert world.app.state == "ready"


@visit
async def test_a_source_that_fails_after_another_was_asked_for_is_no_failure(world: World) -> None:
    early = await world.open_photo()
    await show(world, "video")

    await world.fail(early, PictureError("unreadable"))

    assert world.notice.code is None
    assert world.scene.kind is Kind.LIVE


@visit
async def test_another_source_puts_the_error_card_away(world: World) -> None:
    await world.fail(await world.open("camera"), CameraDenied("refused"))
    assert world.notice.code == "camera-denied"

    await world.open_photo()

    assert world.notice.code is None
