"""The analysis: an answer becomes one update, which reaches every sink."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from obscura.cards.card import ModelCard, TrackingScores
from obscura.errors import BackendError
from obscura.live.timing import Timings
from obscura.page.live.analysis import Analysis, Answer, DecodeOptions
from obscura.tracking import Tracker
from obscura.update import Event, Update

from .answers import CountingStage, Recorder, Subject, make_answer, make_card, subject


class NotingStage:
    """A stage that adds an event to each update."""

    def update(self, update: Update) -> Update:
        """Add an event."""
        return Update(update.frame, update.detections, (Event(update.frame.time_s),))

    def reset(self) -> None:
        """It remembers nothing."""


class DeepestScore(NotingStage):
    """A stage that notes the lowest score of each update."""

    def __init__(self) -> None:
        self.scores: list[float] = []

    def update(self, update: Update) -> Update:
        """Note the score."""
        self.scores.append(float(update.detections.score.min()))
        return update


class Desk:
    """An analysis with a picture and a model in view, a stage and two sinks."""

    def __init__(self) -> None:
        self.card = make_card(1)
        self.epoch = 1
        self.now_ms = 0.0
        self.timings = Timings()
        self.analysis = Analysis(self.timings, self._clock, in_view=self._in_view)
        self.stage = CountingStage()
        self.analysis.pipeline.stages.append(self.stage)
        self.sinks = [Recorder(), Recorder()]
        self.analysis.add(self.sinks)

    def show(self, **options: object) -> None:
        """Decode by these options from now on."""
        self.analysis.options = lambda _card: DecodeOptions(**options)  # type: ignore[arg-type]

    def _in_view(self, answer: Answer) -> bool:
        return answer.epoch == self.epoch and answer.card is self.card

    def _clock(self) -> float:
        self.now_ms += 2.0
        return self.now_ms


@pytest.fixture
def desk() -> Desk:
    """Picture 1 and model 1 are in view."""
    return Desk()


def test_an_answer_is_decoded_and_reaches_every_sink(desk: Desk) -> None:
    answer = make_answer(desk.card, picture=7)

    assert desk.analysis.receive(answer)

    for sink in desk.sinks:
        (update,) = sink.updates
        assert update.frame == answer.frame
        assert subject(update) == Subject(picture=7, model=1)
        assert update.detections.score.tolist() == pytest.approx([0.9, 0.6])


def test_an_answer_advances_the_stages_once(desk: Desk) -> None:
    for frame in range(3):
        desk.analysis.receive(make_answer(desk.card, frame=frame))

    assert desk.stage.frames == [0, 1, 2]


def test_sinks_receive_what_the_stages_made_of_it(desk: Desk) -> None:
    desk.analysis.pipeline.stages.append(NotingStage())

    desk.analysis.receive(make_answer(desk.card, frame=3))

    assert desk.sinks[0].updates[0].events == (Event(0.1),)


def test_an_answer_without_detections_advances_the_stages_too(desk: Desk) -> None:
    desk.show(threshold=0.99)

    desk.analysis.receive(make_answer(desk.card))

    assert desk.stage.frames == [0]
    assert len(desk.sinks[0].updates[0].detections) == 0


def test_the_latest_update_can_be_read(desk: Desk) -> None:
    assert desk.analysis.update is None
    assert len(desk.analysis.detections) == 0
    assert desk.analysis.labels == ()

    desk.analysis.receive(make_answer(desk.card))

    assert desk.analysis.update is desk.sinks[0].updates[-1]
    assert desk.analysis.detections is desk.analysis.update.detections
    assert desk.analysis.labels == desk.card.labels


def test_the_time_that_decoding_took_is_noted(desk: Desk) -> None:
    desk.analysis.receive(make_answer(desk.card))

    assert desk.timings.medians() == {"decode": 2.0}


# ---- other options -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "scores"),
    [
        ({"threshold": 0.2}, [0.9, 0.6, 0.3]),
        ({"threshold": 0.7}, [0.9]),
        ({"classes": [1]}, [0.6]),
        ({"classes": []}, []),
        ({"threshold": 0.2, "classes": [0, 2]}, [0.9, 0.3]),
    ],
)
def test_other_options_decode_the_same_answer_again_and_advance_no_stage(
    desk: Desk, options: dict[str, object], scores: list[float]
) -> None:
    desk.analysis.receive(make_answer(desk.card, frame=4))

    desk.show(**options)
    desk.analysis.refresh()

    assert desk.stage.frames == [4]
    for sink in desk.sinks:
        assert len(sink.updates) == 2
        assert sink.updates[1].frame == sink.updates[0].frame
        assert sink.updates[1].detections.score.tolist() == pytest.approx(scores)
    assert desk.analysis.update is desk.sinks[0].updates[1]


def test_options_are_asked_for_by_the_model_that_answered(desk: Desk) -> None:
    asked: list[ModelCard] = []

    def options(card: ModelCard) -> DecodeOptions:
        asked.append(card)
        return DecodeOptions()

    desk.analysis.options = options
    desk.analysis.receive(make_answer(desk.card))

    assert asked == [desk.card]


def test_decoding_again_sends_the_events_of_the_frame_no_second_time(desk: Desk) -> None:
    desk.analysis.pipeline.stages.append(NotingStage())
    desk.analysis.receive(make_answer(desk.card, frame=3))

    desk.show(threshold=0.7)
    desk.analysis.refresh()

    first, again = desk.sinks[0].updates
    assert first.events != ()
    assert again.events == ()
    assert again.frame == first.frame


def test_without_an_answer_there_is_nothing_to_decode_again(desk: Desk) -> None:
    desk.analysis.refresh()

    assert desk.sinks[0].updates == []


# ---- answers that come too late ------------------------------------------------------------------


def another_picture(desk: Desk) -> None:
    desk.epoch += 1


def another_model(desk: Desk) -> None:
    desk.card = make_card(2)


def the_same_model_from_another_card(desk: Desk) -> None:
    desk.card = make_card(1)


CHANGES = [another_picture, another_model, the_same_model_from_another_card]


@pytest.mark.parametrize("change", CHANGES)
def test_an_answer_for_what_is_no_longer_in_view_is_dropped(
    desk: Desk, change: Callable[[Desk], None]
) -> None:
    answer = make_answer(desk.card)

    change(desk)

    assert not desk.analysis.receive(answer)
    assert desk.sinks[0].updates == []
    assert desk.stage.frames == []
    assert desk.analysis.update is None


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_no_longer_in_view_is_not_decoded_again(
    desk: Desk, change: Callable[[Desk], None]
) -> None:
    desk.analysis.receive(make_answer(desk.card))

    change(desk)
    desk.analysis.refresh()

    assert len(desk.sinks[0].updates) == 1


def test_a_dropped_answer_leaves_the_latest_one_in_place(desk: Desk) -> None:
    desk.analysis.receive(make_answer(desk.card, frame=5))

    assert not desk.analysis.receive(make_answer(desk.card, epoch=0, frame=6))

    assert desk.analysis.update is not None
    assert desk.analysis.update.frame.index == 5


def test_an_answer_that_no_model_can_mean_is_an_error_and_is_not_shown(desk: Desk) -> None:
    answer = make_answer(desk.card)
    answer.outputs.scores[0] = float("nan")

    with pytest.raises(BackendError):
        desk.analysis.receive(answer)

    assert desk.sinks[0].updates == []
    assert desk.stage.frames == []


# ---- another picture -----------------------------------------------------------------------------


def test_clearing_forgets_the_answer_and_resets_the_stages(desk: Desk) -> None:
    desk.analysis.receive(make_answer(desk.card))

    desk.analysis.clear()

    assert desk.analysis.update is None
    assert desk.analysis.answer is None
    assert desk.stage.resets == 1
    assert len(desk.analysis.detections) == 0
    desk.analysis.refresh()
    assert len(desk.sinks[0].updates) == 1, "there is nothing left to decode again"


# ---- sinks ---------------------------------------------------------------------------------------


def test_sinks_that_come_late_receive_the_latest_update(desk: Desk) -> None:
    desk.analysis.receive(make_answer(desk.card, frame=1))
    desk.analysis.receive(make_answer(desk.card, frame=2))
    late = Recorder()

    desk.analysis.add([late])
    assert late.updates == [desk.analysis.update]
    desk.analysis.receive(make_answer(desk.card, frame=3))

    assert [update.frame.index for update in late.updates] == [2, 3]


def test_sinks_that_come_before_any_answer_receive_nothing_yet(desk: Desk) -> None:
    early = Recorder()

    desk.analysis.add([early])

    assert early.updates == []


# ---- tracking ------------------------------------------------------------------------------------


@pytest.fixture
def tracked(desk: Desk) -> Desk:
    """As `desk`, with a tracker, and three frames analysed."""
    desk.analysis.track(Tracker())
    for frame in range(3):
        desk.analysis.receive(make_answer(desk.card, frame=frame))
    return desk


def shown(desk: Desk) -> dict[int, float]:
    """Return the score of each track that the first sink was given last."""
    latest = desk.sinks[0].updates[-1].detections
    assert latest.track_id is not None
    scores = [round(score, 3) for score in latest.score.tolist()]
    return dict(zip(latest.track_id.tolist(), scores, strict=True))


def test_with_a_tracker_objects_have_numbers(tracked: Desk) -> None:
    assert shown(tracked) == {1: 0.9, 2: 0.6}


def test_stages_receive_what_is_below_the_threshold_too(tracked: Desk) -> None:
    class Scores(NotingStage):
        def update(self, update: Update) -> Update:
            self.scores = update.detections.score.tolist()
            self.track_id = update.detections.track_id
            return update

    stage = Scores()
    tracked.analysis.add_stages([stage])

    tracked.analysis.receive(make_answer(tracked.card, frame=3))

    assert stage.scores == pytest.approx([0.9, 0.6, 0.3])
    assert stage.track_id is not None
    assert stage.track_id.tolist() == [1, 2, -1]


@pytest.mark.parametrize(
    ("options", "tracks"),
    [
        ({"threshold": 0.7}, {1: 0.9}),
        ({"threshold": 0.95}, {}),
        ({"classes": [1]}, {2: 0.6}),
        ({"classes": []}, {}),
    ],
)
def test_other_options_show_other_tracks_of_the_same_frame(
    tracked: Desk, options: dict[str, object], tracks: dict[int, float]
) -> None:
    tracked.show(**options)
    tracked.analysis.refresh()

    assert shown(tracked) == tracks
    assert tracked.stage.frames == [0, 1, 2]
    tracked.show()
    tracked.analysis.refresh()
    assert shown(tracked) == {1: 0.9, 2: 0.6}


def test_a_lower_threshold_begins_more_tracks(tracked: Desk) -> None:
    tracked.show(threshold=0.2)

    for frame in (3, 4):
        tracked.analysis.receive(make_answer(tracked.card, frame=frame))

    assert shown(tracked) == {1: 0.9, 2: 0.6, 3: 0.3}


def test_tracks_begin_and_live_by_the_scores_on_the_card(desk: Desk) -> None:
    desk.card = replace(desk.card, tracking=TrackingScores(birth=0.65, live=0.2))
    desk.analysis.track(Tracker())

    for frame in range(3):
        desk.analysis.receive(make_answer(desk.card, frame=frame))
    assert shown(desk) == {1: 0.9}
    desk.show(threshold=0.4)  # of a card whose threshold is 0.5
    for frame in (3, 4):
        desk.analysis.receive(make_answer(desk.card, frame=frame))

    assert shown(desk) == {1: 0.9, 2: 0.6}


def test_a_card_for_tracking_decides_how_deep_answers_are_decoded(desk: Desk) -> None:
    stage = DeepestScore()
    desk.analysis.track(Tracker())
    desk.analysis.add_stages([stage])

    for live in (0.2, 0.4):
        desk.card = replace(desk.card, tracking=TrackingScores(birth=0.65, live=live))
        desk.analysis.receive(make_answer(desk.card))

    assert stage.scores == pytest.approx([0.3, 0.6])


def test_a_picture_of_its_own_has_no_numbers(tracked: Desk) -> None:
    tracked.analysis.receive(make_answer(tracked.card)._replace(moving=False))

    latest = tracked.sinks[0].updates[-1].detections
    assert latest.track_id is None
    assert latest.score.tolist() == pytest.approx([0.9, 0.6])


def test_another_picture_begins_new_numbers(tracked: Desk) -> None:
    tracked.analysis.clear()

    tracked.analysis.receive(make_answer(tracked.card))

    assert shown(tracked) == {3: 0.9, 4: 0.6}


def test_an_earlier_moment_of_the_same_video_begins_new_numbers(tracked: Desk) -> None:
    earlier = make_answer(tracked.card, frame=3)._replace(cuts=1)

    tracked.analysis.receive(earlier)
    assert shown(tracked) == {3: 0.9, 4: 0.6}

    tracked.analysis.receive(make_answer(tracked.card, frame=4)._replace(cuts=1))
    assert shown(tracked) == {3: 0.9, 4: 0.6}
    assert tracked.stage.frames == [0, 1, 2, 3, 4], "a counter keeps its counts"


def test_without_the_tracker_the_frame_in_view_is_shown_as_before(tracked: Desk) -> None:
    tracked.analysis.track(None)

    latest = tracked.sinks[0].updates[-1].detections
    assert latest.track_id is None
    assert latest.score.tolist() == pytest.approx([0.9, 0.6])


class Leaving(NotingStage):
    """A stage that reports once that whoever it has seen is gone."""

    def __init__(self) -> None:
        self.inside = False

    def update(self, update: Update) -> Update:
        """Note who is there; report that nobody is any more."""
        left = self.inside and not len(update.detections)
        self.inside = bool(len(update.detections))
        events = (Event(update.frame.time_s),) if left else ()
        return Update(update.frame, update.detections, events)


def test_what_was_in_view_ends_before_another_picture_follows(desk: Desk) -> None:
    desk.analysis.pipeline.stages.append(Leaving())
    desk.analysis.track(Tracker())
    desk.analysis.receive(make_answer(desk.card, frame=3))

    desk.analysis.clear()

    last = desk.sinks[0].updates[-1]
    assert [event.time_s for event in last.events] == [pytest.approx(60.1)]
    assert last.frame.index == 3, "beside the frame that was the last"
    count = len(desk.sinks[0].updates)
    desk.analysis.clear()
    assert len(desk.sinks[0].updates) == count, "once"
