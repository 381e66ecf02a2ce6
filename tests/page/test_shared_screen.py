"""Shared screens: opened, refused, ended, shown in part; and the frame around a part."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obscura.page.features.crop.frame import (
    FIRST,
    LEAST,
    WHOLE,
    Box,
    CropFrame,
    pixels,
    within,
)
from obscura.page.state import shared_screen
from obscura.page.state.settings import Request
from obscura.page.state.shared_screen import ScreenError, ScreenRefused, ScreenUnsupported
from obscura.page.words import text

from .answers import make_card, subject
from .world import World, settle, show, visit


async def share(world: World) -> int:
    """A person shares a screen; return its picture's number."""
    return await world.arrive(await world.open("screen"))


# ---- as a source ---------------------------------------------------------------------------------


@visit
async def test_a_screen_is_a_live_picture_that_is_not_mirrored(world: World) -> None:
    await world.use(make_card(1))

    number = await share(world)
    await world.play()
    await world.answer()

    assert world.app.state == "running"
    assert world.analysis.update is not None
    assert subject(world.analysis.update).picture == number
    now = world.rendered[-1]
    assert (now["shares"], now["mirrored"], now["can_flip"]) == (True, False, False)
    assert not world.app.sources.is_video, "there is no time line"
    assert world.app.sources.camera_name is None


@visit
async def test_a_screen_that_stands_still_is_analysed_again_where_that_is_wanted(
    world: World,
) -> None:
    await world.use(make_card(1))
    await share(world)
    await world.play()
    await world.answer()

    world.app.sources.look_again()
    await settle()

    assert len(world.sessions.pending) == 1
    await world.answer()
    await world.do(world.app.sources.playback.toggle_pause())
    while world.sessions.pending:  # browsers may show one frame more
        await world.answer()
    world.app.sources.look_again()
    await settle()
    assert world.sessions.pending == [], "it is frozen"


@visit
async def test_the_browser_is_asked_while_the_press_is_handled(world: World) -> None:
    coroutine = world.app.share()

    assert world.opener.asked == 1
    await world.do(coroutine)


@visit(request=Request(source="screen", autostart=True))
async def test_a_screen_in_the_address_waits_for_a_press(world: World) -> None:
    await world.do(world.app.begin(None, []))

    assert world.opener.asked == 0
    assert world.rendered[-1]["kind"] == "screen"
    assert not world.rendered[-1]["can_share"], "Start does it"
    await world.do(world.app.press_start())
    assert world.opener.asked == 1


@pytest.mark.parametrize("before", ["camera", "photo", "video"])
@visit
async def test_sharing_that_ends_leads_back_to_what_was_in_view(world: World, before: str) -> None:
    await world.use(make_card(1))
    await show(world, before)
    given = world.app.sources.given
    await share(world)

    await world.end_camera()

    (opening,) = world.opener.pending
    assert opening.source == given
    await world.arrive(opening)
    assert world.app.state != "error"
    assert world.notice.code is None
    assert world.notes["source-note"] == text.SHARING_ENDED


@visit
async def test_sharing_that_ends_leads_back_to_the_start_page(world: World) -> None:
    await world.use(make_card(1))
    await share(world)
    await share(world)  # something else

    await world.end_camera()

    assert world.app.state == "ready"
    assert world.notes["source-note"] == text.SHARING_ENDED
    await world.open("camera")
    assert world.notes["source-note"] == ""


@visit
async def test_a_refused_screen_leaves_the_camera_in_view(world: World) -> None:
    await world.use(make_card(1))
    number = await show(world, "camera")

    await world.fail(await world.open("screen"), ScreenRefused("Nothing is shared"))

    assert world.notice.code == "screen-refused"
    assert world.picture_in_view == number


@visit
async def test_a_screen_on_which_nothing_changes_is_analysed_with_another_model(
    world: World,
) -> None:
    await world.use(make_card(1))
    await share(world)
    await world.answer()  # the frame that was showing, although none was offered

    await world.use(make_card(2))
    await world.answer()

    assert world.analysis.update is not None
    assert subject(world.analysis.update).model == 2


@visit
async def test_a_minimised_window_is_said_to_send_nothing(world: World) -> None:
    await share(world)
    screen = world.screen.video
    assert screen is not None

    screen.silent = True
    world.opener.on_silent()

    assert world.scene.caption == text.SCREEN_SILENT


# ---- in part -------------------------------------------------------------------------------------


@visit
async def test_a_part_is_another_picture_of_the_same_share(world: World) -> None:
    await world.use(make_card(1))
    whole = await share(world)
    stream = world.app.sources.shared.stream
    await world.play()

    world.spawn(world.app.sources.show_part("part"))
    await settle()
    part = await world.arrive(world.opener.pending[-1])
    await world.answer()  # of the whole, too late
    assert world.analysis.update is None
    await world.play()
    await world.answer()

    assert world.picture_in_view == part != whole
    assert world.app.sources.shared.stream is stream
    assert not world.opener.opened[0].stopped, "sharing goes on"
    assert subject(world.analysis.update).picture == part
    await world.end_camera()
    assert world.app.state == "ready", "and ends as it does"


@visit
async def test_a_part_that_comes_too_late_is_let_go(world: World) -> None:
    await share(world)
    showing = world.spawn(world.app.sources.show_part("part"))
    await settle()
    part = world.opener.pending[-1]
    await world.do(world.app.press_start())

    await world.arrive(part)

    assert await showing is False
    assert world.app.sources.shared is None
    assert not await world.app.sources.show_part("part"), "nothing is shared"


# ---- names and refusals --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "surface", "name"),
    [
        ("screen:0:0", "monitor", "Screen"),
        ("window:4123:0", "window", "Window"),
        ("web-contents-media-stream://12:3", "browser", "Tab"),
        ("", "", "Screen"),
        ("Primary Monitor", "monitor", "Primary Monitor"),
        ("Report: window of opportunity", "window", "Report: window of opportunity"),
        ("{0f8fad5b-d9cb-469f-a165-70867728950e}", "window", "Window"),
    ],
)
def test_names_that_are_for_the_browser_alone_are_not_shown(
    label: str, surface: str, name: str
) -> None:
    assert shared_screen.screen_name(label, surface) == name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NotAllowedError", ScreenRefused),
        ("InvalidStateError", ScreenRefused),
        ("NotSupportedError", ScreenUnsupported),
        ("NotReadableError", ScreenError),
    ],
)
def test_each_refusal_has_its_error(name: str, kind: type[ScreenError]) -> None:
    error = shared_screen.refusal(name, "why")

    assert type(error) is kind
    assert f"{name}: why" in str(error)


# ---- the frame -----------------------------------------------------------------------------------

fractions = st.floats(-0.5, 1.5)
gestures = st.one_of(
    st.tuples(st.just("press"), fractions, fractions),
    st.tuples(st.just("press"), fractions, fractions, st.just((0.1, 0.05))),
    st.tuples(st.just("move"), fractions, fractions),
    st.tuples(st.just("release")),
    st.tuples(st.just("key"), st.sampled_from(["ArrowLeft", "ArrowDown", "x"]), st.booleans()),
    st.tuples(st.just("key"), st.sampled_from(["ArrowRight", "ArrowUp"]), st.booleans()),
)


def do(frame: CropFrame, gesture: tuple[Any, ...]) -> None:
    name, *values = gesture
    if name == "key":
        frame.key(values[0], shift=values[1])
    else:
        getattr(frame, name)(*values)


@given(st.lists(gestures, max_size=30))
def test_whatever_is_done_the_frame_lies_in_the_picture_and_has_a_size(
    done: list[tuple[Any, ...]],
) -> None:
    frame = CropFrame()
    for gesture in done:
        do(frame, gesture)
    frame.release()

    left, top, right, bottom = frame.box
    assert min(left, top) >= 0
    assert max(right, bottom) <= 1
    assert min(right - left, bottom - top) >= LEAST - 1e-9


def test_a_frame_is_drawn_from_any_corner_and_ends_at_the_edge() -> None:
    frame = CropFrame()

    frame.press(0.6, 0.7)
    assert frame.move(0.2, -0.4)
    frame.release()

    assert frame.box == (0.2, 0.0, 0.6, 0.7)
    assert not frame.move(0.9, 0.9), "the pointer is up"


def test_a_press_alone_leaves_the_frame() -> None:
    frame = CropFrame()

    frame.press(0.5, 0.5)
    frame.move(0.51, 0.5)
    frame.release()

    assert frame.box == FIRST


@pytest.mark.parametrize(
    ("at", "edges", "box"),
    [
        ((0.1, 0.5), (-1, 0), (0.3, 0.1, 0.9, 0.9)),
        ((0.92, 0.5), (1, 0), (0.1, 0.1, 0.3, 0.9)),
        ((0.5, 0.08), (0, -1), (0.1, 0.4, 0.9, 0.9)),
        ((0.5, 0.91), (0, 1), (0.1, 0.1, 0.9, 0.4)),
        ((0.1, 0.1), (-1, -1), (0.3, 0.4, 0.9, 0.9)),
        ((0.9, 0.11), (1, -1), (0.1, 0.4, 0.3, 0.9)),
        ((0.5, 0.5), (0, 0), (0.3, 0.4, 0.5, 0.5)),
        ((0.95, 0.5), (0, 0), (0.3, 0.4, 0.95, 0.5)),
        ((0.1, 0.95), (0, 0), (0.1, 0.4, 0.3, 0.95)),
    ],
)
def test_a_press_at_an_edge_or_a_corner_takes_hold_of_it(
    at: tuple[float, float], edges: tuple[int, int], box: Box
) -> None:
    frame, reach = CropFrame(), (0.03, 0.03)

    assert frame.edges(*at, reach) == edges
    frame.press(*at, reach)
    frame.move(0.3, 0.4)

    assert frame.box == pytest.approx(box)


def test_an_edge_can_be_dragged_beyond_the_one_across() -> None:
    frame = CropFrame()

    frame.press(0.1, 0.5, (0.02, 0.02))
    frame.move(1.2, 0.5)
    frame.release()

    assert frame.box == pytest.approx((0.9, 0.1, 1.0, 0.9))


def test_keys_move_the_frame_and_with_shift_its_lower_right_corner() -> None:
    frame = CropFrame()

    assert frame.key("ArrowRight", shift=False)
    assert frame.box == pytest.approx((0.12, 0.1, 0.92, 0.9))
    assert frame.key("ArrowUp", shift=True)
    assert frame.box == pytest.approx((0.12, 0.1, 0.92, 0.88))
    assert not frame.key("Enter", shift=False)


def test_a_part_of_a_part_is_a_part_of_the_whole() -> None:
    assert within(WHOLE, FIRST) == FIRST
    assert within((0.5, 0.0, 1.0, 0.5), (0.5, 0.5, 1.0, 1.0)) == (0.75, 0.25, 1.0, 0.5)


def test_parts_in_pixels_are_whole_and_never_empty() -> None:
    assert pixels((0.25, 0.5, 0.75, 1.0), 1921, 1081) == (480, 540, 961, 541)
    assert pixels((0.1, 0.1, 0.1, 0.1), 10, 10) == (1, 1, 1, 1)
