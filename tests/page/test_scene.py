"""The scene: each event, each state, and the counters that keep answers and pictures together."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obscura.page.state.scene import Kind, Scene, State

FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=100)

CAPTION = "Sample picture"
EVENTS = {
    "ask": Scene.ask,
    "abandon": Scene.abandon,
    "freeze": lambda scene: scene.freeze(True),
    "jump": Scene.jump,
    "go live": Scene.go_live,
    "go still": lambda scene: scene.go_still("photo.jpg"),
    "go home": Scene.go_home,
    "lose the camera": lambda scene: scene.go_home(camera_lost=True),
}


@pytest.fixture
def scene() -> Scene:
    """The scene as the page begins with it."""
    return Scene(CAPTION)


def state(
    scene: Scene, *, error: bool = False, ready: bool = True, answered: bool = False
) -> State:
    """Return the state with a model in use and no error, unless a test says otherwise."""
    return scene.state(error=error, ready=ready, answered=answered)


def test_the_page_begins_with_the_sample_picture(scene: Scene) -> None:
    assert (scene.kind, scene.caption) == (Kind.WELCOME, CAPTION)
    assert not scene.opening
    assert not scene.paused
    assert not scene.camera_lost


def test_asking_for_a_source_leaves_the_picture_in_view_until_it_arrives(scene: Scene) -> None:
    scene.go_still("photo.jpg")

    scene.ask()

    assert scene.opening
    assert (scene.kind, scene.caption) == (Kind.STILL, "photo.jpg")


def test_a_camera_or_video_in_view_has_no_caption(scene: Scene) -> None:
    scene.ask()

    scene.go_live()

    assert (scene.kind, scene.caption, scene.opening) == (Kind.LIVE, "", False)


def test_a_photo_in_view_is_captioned_by_its_name(scene: Scene) -> None:
    scene.ask()

    scene.go_still("cat.png")

    assert (scene.kind, scene.caption, scene.opening) == (Kind.STILL, "cat.png", False)


def test_going_home_shows_the_sample_picture_again(scene: Scene) -> None:
    scene.ask()
    scene.go_still("cat.png")

    scene.go_home()

    assert (scene.kind, scene.caption, scene.opening) == (Kind.WELCOME, CAPTION, False)


def test_another_picture_is_not_paused(scene: Scene) -> None:
    scene.go_live()
    scene.paused = True

    scene.go_live()

    assert not scene.paused


def test_a_lost_camera_is_remembered_though_something_else_is_asked_for_in_vain(
    scene: Scene,
) -> None:
    scene.go_live()
    scene.go_home(camera_lost=True)

    scene.ask()
    scene.abandon()

    assert scene.camera_lost


@pytest.mark.parametrize("event", ["go live", "go still", "go home"])
def test_a_lost_camera_is_forgotten_with_the_next_picture(scene: Scene, event: str) -> None:
    scene.go_home(camera_lost=True)

    EVENTS[event](scene)

    assert not scene.camera_lost


# ---- counters ------------------------------------------------------------------------------------


STAYS = ("ask", "abandon")
"""Events after which the same picture is in view."""


def test_resuming_keeps_the_epoch_because_what_was_frozen_may_still_be_shown(scene: Scene) -> None:
    scene.go_live()
    scene.freeze(True)
    frozen = scene.epoch

    scene.freeze(False)

    assert (scene.epoch, scene.paused) == (frozen, False)


@pytest.mark.parametrize("event", STAYS)
def test_asking_for_a_source_keeps_the_answers_for_what_is_in_view(
    scene: Scene, event: str
) -> None:
    scene.go_live()
    earlier = scene.epoch

    EVENTS[event](scene)

    assert scene.epoch == earlier


def test_what_was_asked_for_in_vain_leaves_the_picture_in_view(scene: Scene) -> None:
    scene.go_still("cat.png")
    ticket = scene.ask()

    scene.abandon()

    assert (scene.kind, scene.caption, scene.opening) == (Kind.STILL, "cat.png", False)
    assert not scene.holds(ticket)


@pytest.mark.parametrize("event", [each for each in EVENTS if each not in STAYS])
def test_after_each_event_answers_for_the_earlier_picture_have_another_epoch(
    scene: Scene, event: str
) -> None:
    earlier = scene.epoch

    EVENTS[event](scene)

    assert scene.epoch > earlier


def test_a_ticket_holds_until_something_else_is_asked_for(scene: Scene) -> None:
    first = scene.ask()
    assert scene.holds(first)

    second = scene.ask()

    assert not scene.holds(first)
    assert scene.holds(second)


def test_going_home_takes_every_ticket_back(scene: Scene) -> None:
    ticket = scene.ask()

    scene.go_home()

    assert not scene.holds(ticket)


@pytest.mark.parametrize("event", ["go live", "go still"])
def test_a_ticket_still_holds_once_its_source_is_in_view(scene: Scene, event: str) -> None:
    ticket = scene.ask()

    EVENTS[event](scene)

    assert scene.holds(ticket)


@FIXED
@given(events=st.lists(st.sampled_from(sorted(EVENTS)), max_size=30))
def test_no_two_pictures_share_an_epoch_and_no_two_requests_a_ticket(events: list[str]) -> None:
    scene = Scene(CAPTION)
    epochs, tickets = [scene.epoch], []

    for event in events:
        outcome = EVENTS[event](scene)
        if event not in STAYS:
            epochs.append(scene.epoch)
        if event == "ask":
            tickets.append(outcome)

    assert epochs == sorted(set(epochs))
    assert tickets == sorted(set(tickets))
    assert sum(map(scene.holds, tickets)) <= 1


# ---- states --------------------------------------------------------------------------------------


def test_the_page_is_loading_until_a_model_is_in_use(scene: Scene) -> None:
    assert state(scene, ready=False) is State.LOADING
    assert state(scene) is State.READY


def test_it_is_starting_while_a_source_is_opened(scene: Scene) -> None:
    scene.ask()

    assert state(scene) is State.STARTING
    assert state(scene, ready=False) is State.STARTING


def test_a_camera_runs_once_a_model_is_in_use(scene: Scene) -> None:
    scene.go_live()

    assert state(scene, ready=False) is State.STARTING
    assert state(scene) is State.RUNNING


def test_a_live_picture_can_be_paused(scene: Scene) -> None:
    scene.go_live()
    scene.freeze(True)

    assert state(scene) is State.RUNNING, "the frame shown has no answer yet"
    assert state(scene, answered=True) is State.PAUSED
    assert state(scene, ready=False) is State.STARTING


def test_a_photo_is_still_only_once_it_has_its_answer(scene: Scene) -> None:
    scene.go_still("photo.jpg")

    assert state(scene, ready=False) is State.STARTING
    assert state(scene) is State.STARTING
    assert state(scene, answered=True) is State.STILL


def test_a_photo_that_has_its_answer_starts_again_when_another_source_is_asked_for(
    scene: Scene,
) -> None:
    scene.go_still("photo.jpg")

    scene.ask()

    assert state(scene, answered=True) is State.STARTING


@pytest.mark.parametrize("events", list(itertools.product(EVENTS, repeat=2)))
def test_an_error_card_hides_every_other_state(scene: Scene, events: tuple[str, str]) -> None:
    for event in events:
        EVENTS[event](scene)

    assert state(scene, error=True) is State.ERROR
    assert state(scene, error=True, ready=False) is State.ERROR


def test_states_and_kinds_are_the_words_of_the_documentation() -> None:
    assert [str(each) for each in Kind] == ["welcome", "live", "still"]
    assert [str(each) for each in State] == [
        "loading", "ready", "starting", "running", "paused", "still", "error",
    ]  # fmt: skip
