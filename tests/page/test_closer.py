"""Closer looks in the page: what is looked at, what is shown of it, and what is drawn."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from obscura.detections import ATTRIBUTES, Detections
from obscura.errors import (
    BackendError,
    ModelCorrupt,
    ModelMismatch,
    ModelMissing,
    ObscuraError,
    OutOfMemory,
)
from obscura.heads import HeadSpec, PipelineSpec
from obscura.page.features.closer import words
from obscura.page.features.closer.looks import Looks, fitting, more_labels, noted
from obscura.page.live.reading import AT_ONCE
from obscura.page.stage.display import Display
from obscura.page.stage.seen import seen
from obscura.page.state.scene import Kind
from obscura.page.words.objects import NOTES, further_words, notes
from obscura.pipeline import Answer, Request
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

from ..heads.fakes import Card, CropAnswer, Head, classified, found
from .answers import LABELS, SAMPLE, make_card
from .test_keep import take
from .world import World, settle, show, visit

JOINTS = np.full((1, 17, 3), 0.5, np.float32)
CARDS = {
    "faces": Card("faces", "faces", "Faces"),
    "mood": Card("classifier", "mood", "Mood", labels=("calm", "wild")),
    "pose": Card("movenet", "pose", "Pose"),
}
HEADS = {
    "faces": Head(lambda _: found([0.25, 0, 0.75, 0.25], points=6)),
    "mood": Head(lambda _: classified(0.125, 0.875)),
    "pose": Head(lambda _: CropAnswer(np.array([[0, 0, 1, 1]]), np.ones(1), JOINTS)),
}
SPECS = (
    HeadSpec("faces", "faces", ("frame",)),
    HeadSpec("mood", "mood", ("cat", "dog", "owl")),
    HeadSpec("pose", "pose", ("cat",)),
)


def read(outputs: Any, card: Any, sizes: Any) -> list[CropAnswer]:
    name = next(name for name, each in CARDS.items() if each is card)
    return HEADS[name].read(outputs, card, sizes)


class Closer:
    """The stage of closer looks in a world, whose heads answer as a test says."""

    def __init__(self, world: World, specs: tuple[HeadSpec, ...] = SPECS) -> None:
        self.requests: list[Request] = []
        self.ms = 1.0
        self.error: ObscuraError | None = None
        analysis = world.analysis
        self.looks = Looks(
            PipelineSpec(heads=specs, budget_ms=20),
            LABELS,
            CARDS,
            read,
            lambda: analysis.current is not None and analysis.current.moving,
        )
        analysis.finders.stages = [self.looks.finders]
        analysis.closer, analysis.aside = True, self.looks.aside
        analysis.more_labels = more_labels(LABELS)
        analysis.add_stages([self])
        world.sessions.head = self._answer

    def _answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if self.error is not None:
            return Answer({}, 0.0, self.error)
        return Answer({"xyxy": request.xyxy}, self.ms * len(request.xyxy))

    def update(self, update: Update) -> Update:
        """As the part does it."""
        return noted(self.looks.others.update(update))

    def steps(self, update: Update) -> Any:
        """As the part does it."""
        update = yield from self.looks.others.steps(update)
        return noted(update)

    def reset(self) -> None:
        """As the part does it."""
        self.looks.others.reset()


def attributes(world: World) -> list[dict[str, Any]]:
    known: list[dict[str, Any]] = world.analysis.detections.data[ATTRIBUTES].tolist()
    return known


MOOD = {"label": "wild", "score": 0.875}


# ---- pictures that stand still -------------------------------------------------------------------


@visit
async def test_everything_in_a_photo_is_looked_at_whatever_it_costs(world: World) -> None:
    closer = Closer(world)
    closer.ms = 500.0
    await world.use(make_card(1))
    for _ in range(3):  # also when it is analysed again, although no time has passed
        await show(world, "photo")
        await world.answer()

        rows = world.analysis.detections.to_records(world.analysis.labels)

        assert [row["label"] for row in rows] == ["cat", "face", "dog"]
        assert [row.get("attributes", {}).get("mood") for row in rows] == [MOOD, None, MOOD]
        assert len(rows[0]["attributes"]["pose"]) == 17
        assert [len(row.get("keypoints", ())) for row in rows] == [0, 6, 0]


@visit
async def test_a_photo_looked_at_while_a_faster_way_takes_over_is_read_by_that(
    world: World,
) -> None:
    closer = Closer(world)
    await world.use(make_card(1))
    await show(world, "photo")
    world.sessions.pending[0].answer()
    while not closer.requests:
        await asyncio.sleep(0)
    world.sessions.take_over()
    await settle()

    assert world.app.state == "starting"
    await world.answer()

    assert world.app.state == "still"
    assert attributes(world)[0]["mood"] == MOOD


@visit
async def test_a_photo_has_its_answer_only_once_it_is_looked_at(world: World) -> None:
    closer = Closer(world)
    await world.use(make_card(1))
    await show(world, "photo")
    world.sessions.pending[0].answer()
    while not closer.requests:
        await asyncio.sleep(0)

    assert not world.app.sources.answered
    assert world.app.state == "starting"
    await settle()
    assert world.app.state == "still"


@visit
async def test_the_same_photo_can_be_looked_at_again(world: World) -> None:
    Closer(world)
    await world.use(make_card(1))
    await show(world, "photo")
    await world.answer()
    first = attributes(world)

    again = world.spawn(world.app.sources.analyse_again())
    await settle()
    await world.answer()
    await again

    assert attributes(world) == first


@visit
async def test_a_hundred_people_are_looked_at_a_few_at_a_time_and_progress_is_shown(
    world: World,
) -> None:
    closer = Closer(world, (HeadSpec("mood", "mood", ("cat",)),))
    closer.ms = 20.0
    await world.use(make_card(1))
    crowded(world, 100)
    await show(world, "photo")
    world.said.clear()

    await world.answer()

    assert [len(request.xyxy) for request in closer.requests] == [AT_ONCE] * 12 + [4]
    assert attributes(world) == [{"mood": MOOD}] * 100
    said = [words for words in world.said if words]
    assert said[0] == "Looking closer: 32 of 100"  # after half a second
    assert said[-1] == "Looking closer: 100 of 100"
    assert world.said[-1] == ""


def crowded(world: World, count: int) -> None:
    """From now on every picture shows this many cats, the first one where the witness reads it."""
    x = np.arange(count, dtype=np.float32) * 5
    boxes = np.stack([x, x * 0, x + 4, x * 0 + 100], axis=1)

    def cats(answer: Any, _options: Any) -> Detections:
        size = (answer.frame.width, answer.frame.height)
        boxes[0, :2] = answer.outputs.boxes[0, :2] * size
        boxes[0, 2:] = boxes[0, :2] + 20
        return Detections(boxes, np.full(count, 0.9), np.zeros(count, np.int32))

    world.analysis._decode = cats  # type: ignore[method-assign]


@visit
async def test_a_photo_that_is_left_is_not_looked_at_to_the_end(world: World) -> None:
    closer = Closer(world, (HeadSpec("mood", "mood", ("cat",)),))
    await world.use(make_card(1))
    crowded(world, 100)
    await show(world, "photo")
    world.sessions.pending[0].answer()
    while len(closer.requests) < 2:
        await asyncio.sleep(0)
    world.app.sources.close()
    await settle()

    assert len(closer.requests) < 13
    assert world.scene.kind is Kind.WELCOME


@visit
async def test_the_sample_picture_is_looked_at_too(world: World) -> None:
    Closer(world)
    await world.use(make_card(1))
    again = world.spawn(world.app.sources.analyse_again())
    await settle()
    await world.answer()
    await again

    assert world.picture_in_view == SAMPLE
    assert attributes(world)[0]["mood"] == MOOD


# ---- moving pictures -----------------------------------------------------------------------------


@pytest.fixture
def reads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading an answer takes no time, whatever else the machine does."""
    monkeypatch.setattr("obscura.heads.stage.perf_counter", lambda: 0.0)


@pytest.mark.usefixtures("reads_at_once")
@visit
async def test_a_moving_picture_is_looked_at_within_the_budget_and_remembers(world: World) -> None:
    closer = Closer(world, SPECS[1:2])
    closer.ms = 15.0
    closer.looks.live.budget.add_detector(100)
    tracker = Tracker()
    world.analysis.track(tracker)
    await world.use(make_card(1))
    await show(world, "camera")
    for _ in range(12):
        await world.play()
        await world.answer()

    assert max(len(request.xyxy) for request in closer.requests[2:]) == 1  # 20 ms are one crop
    assert attributes(world)[0] == {"mood": MOOD}
    assert closer.looks.shares()["Mood"] <= 20


@visit
async def test_a_snapshot_of_a_moving_picture_is_looked_at_itself(world: World) -> None:
    closer = Closer(world)
    await world.use(make_card(1))
    await show(world, "camera")
    await world.play()
    await world.answer()
    await world.play(3)
    shown, asked = world.analysis.update, len(closer.requests)

    taking = take(world)
    for _ in range(3):
        await settle()
        if world.sessions.pending:
            await world.answer()
    taken = await taking

    assert taken.update is not shown
    rows = taken.update.detections.to_records(taken.labels)
    assert [row["label"] for row in rows] == ["cat", "face", "dog"]
    assert rows[0]["attributes"]["mood"] == MOOD
    assert len(closer.requests) >= asked + 3


@visit
async def test_when_the_engine_is_lost_while_a_head_runs_the_model_recovers(world: World) -> None:
    closer = Closer(world)
    await world.use(make_card(1))
    await show(world, "photo")
    closer.error, world.sessions.lost = BackendError("The engine crashed"), True

    await world.answer()

    assert world.app.models.errors == [closer.error]
    assert closer.looks.failures() == {}  # it is not the head's fault, as far as anybody knows


@visit
async def test_a_head_that_fails_is_off_and_the_rest_is_shown(world: World) -> None:
    closer = Closer(world)
    await world.use(make_card(1))
    await show(world, "photo")
    closer.error = BackendError("The network failed")

    await world.answer()

    assert set(closer.looks.failures()) == {"faces", "mood", "pose"}
    assert [row["label"] for row in world.analysis.detections.to_records(LABELS)] == ["cat", "dog"]
    assert world.notice.code is None


# ---- which heads fit -----------------------------------------------------------------------------


def test_faces_are_found_on_the_way_and_labels_never_change_their_place() -> None:
    spec, unfit = fitting([HeadSpec("emotion", "emotion")], ("person", "dog"))

    assert [head.name for head in spec.heads] == ["faces", "emotion"]
    assert unfit == []
    assert more_labels(("person", "face")) == ("text",)
    assert more_labels(("person",)) == ("face", "text")


def test_a_head_that_has_nothing_to_look_at_is_left_out_and_named() -> None:
    wanted = [HeadSpec("pose", "pose"), HeadSpec("faces", "faces"), HeadSpec("own", "x", ("bird",))]

    spec, unfit = fitting(wanted, ("dog",))

    assert [(head.name, head.on) for head in spec.heads] == [("faces", ("frame",))]
    assert [head.name for head in unfit] == ["pose", "own"]


# ---- what is said --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModelMissing("x"), "Pose could not be downloaded. Check your connection."),
        (ModelCorrupt("x"), "Pose was damaged on its way here, so it is not used."),
        (OutOfMemory("x"), "Pose stopped: there is not enough memory for it."),
        (BackendError("x", 7), "Pose stopped: its network failed on this device."),
        (ModelMismatch("x"), "Pose stopped: its network returns something unexpected."),
        (ObscuraError("It is off", 7), "Pose stopped: It is off."),
    ],
)
def test_failures_are_said_in_plain_words(error: ObscuraError, sentence: str) -> None:
    assert words.failed("Pose", error) == sentence


def noted_rows() -> Detections:
    known = np.array([{"emotion": {"label": "happy", "score": 0.91}, "age": 33.6}, {}], object)
    boxes = [[0, 0, 50, 50], [60, 0, 90, 90]]
    rows = Detections(boxes, [0.9, 0.8], [0, 1], [4, 7], {ATTRIBUTES: known})
    return noted(Update(FrameInfo(0, 0.0, 100, 100), rows)).detections


def test_labels_and_the_list_say_what_was_found_out() -> None:
    rows = noted_rows()

    assert notes(rows) == ["happy, about 34", ""]
    assert further_words(rows, [" 90 %", " 80 %"]) == [" 90 % · happy 91 %, about 34", " 80 %"]
    assert further_words(rows, ["", ""]) == [" · happy, about 34", ""]
    still = seen(rows, LABELS, Display(kind=Kind.STILL, moving=False))
    assert [(row.name, row.note) for row in still.rows] == [
        ("cat 4", "happy 91 %, about 34"),
        ("dog 7", ""),
    ]
    moving = seen(rows, LABELS, Display(kind=Kind.LIVE, moving=True))
    assert [row.note for row in moving.rows] == ["happy 91 %, about 34", ""]


def test_without_rows_there_are_no_notes() -> None:
    none = Detections.empty().replace(data={ATTRIBUTES: np.empty(0, object)})

    assert noted(Update(FrameInfo(0, 0.0, 9, 9), none)).detections.data[NOTES].shape == (0, 2)
