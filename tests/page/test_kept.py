"""What was found earlier is shown in place of the model's answers, where it is known."""

from __future__ import annotations

from typing import Any

import pytest

from obscura.detections import Detections
from obscura.page.live.protocols import Later
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

from .answers import make_answer, make_card
from .test_analysis import Desk
from .world import World, settle, visit


def kept_update(frame: FrameInfo, **data: list[float]) -> Update:
    """Two rows of the classes 0 and 1, with the track ids 7 and 8."""
    boxes = [[0.0, 0.0, 10.0, 10.0], [20.0, 0.0, 40.0, 10.0]]
    tracks = [7, 8]
    found = Detections(boxes, [0.9, 0.2], [0, 1], tracks, data)  # type: ignore[arg-type]
    return Update(frame, found)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.show(threshold=0.5)
    return desk


def test_a_frame_in_which_nothing_was_found_is_shown_too(desk: Desk) -> None:
    desk.show(threshold=0.5, classes=[0])
    answer = make_answer(desk.card)

    assert desk.analysis.recall(answer, Update(answer.frame, Detections.empty()))
    assert scores(desk) == []


def recall(desk: Desk, frame: int, cuts: int = 0, **data: list[float]) -> bool:
    answer = make_answer(desk.card, frame=frame)._replace(cuts=cuts)
    return desk.analysis.recall(answer, kept_update(answer.frame, **data))


def scores(desk: Desk) -> list[float]:
    return desk.analysis.detections.score.tolist()


def test_what_is_recalled_passes_the_stages_and_follows_the_options(desk: Desk) -> None:
    assert recall(desk, 3)
    assert desk.stage.frames == [3]
    assert scores(desk) == pytest.approx([0.9])

    desk.show(threshold=0.1)
    desk.analysis.refresh()
    assert scores(desk) == pytest.approx([0.9, 0.2])
    desk.show(threshold=0.1, classes=[1])
    desk.analysis.refresh()
    assert scores(desk) == pytest.approx([0.2])
    assert desk.stage.frames == [3], "it is the same frame"


def test_tracks_are_shown_by_their_best_score_and_keep_their_numbers(desk: Desk) -> None:
    desk.analysis.track(Tracker())

    recall(desk, 0, best=[0.3, 0.8])

    assert desk.analysis.detections.track_id is not None
    assert desk.analysis.detections.track_id.tolist() == [8]


def test_stages_begin_again_where_track_ids_change_their_meaning(desk: Desk) -> None:
    desk.analysis.receive(make_answer(desk.card, frame=0))
    resets = desk.stage.resets
    recall(desk, 1)
    recall(desk, 2)
    assert desk.stage.resets == resets + 1
    recall(desk, 3, cuts=1)
    assert desk.stage.resets == resets + 2
    desk.analysis.receive(make_answer(desk.card, frame=4))
    assert desk.stage.resets == resets + 3


def test_what_belongs_to_another_picture_is_dropped(desk: Desk) -> None:
    answer = make_answer(desk.card)
    desk.epoch += 1

    assert not desk.analysis.recall(answer, kept_update(answer.frame))
    assert desk.analysis.update is None


@visit()
async def test_the_model_runs_only_on_frames_that_are_not_known(world: World) -> None:
    await world.use(make_card(1))
    await world.arrive(await world.open_video())
    known: list[Any] = [None]
    asked: list[float] = []

    class Known:
        card = None

        async def at(self, time_s: float, frame: FrameInfo) -> Any:
            asked.append(time_s)
            return known[0] and known[0](frame)

    world.app.sources.kept = Known()
    await world.play()
    assert len(world.sessions.pending) == 1
    await world.answer()

    first = world.analysis.detections[:1]
    known[0] = lambda frame: Update(frame, first)
    world.now_ms += 1000 / 30
    world.frames.play()
    await settle()
    assert not world.sessions.pending
    assert world.analysis.update is not None
    assert len(world.analysis.update.detections) == 1
    assert len(asked) == 2, "a frame that is offered again is not shown again"

    known[0] = lambda _frame: Later.LATER
    before = world.analysis.update
    world.frames.play()
    await settle()
    assert not world.sessions.pending
    assert world.analysis.update is before
