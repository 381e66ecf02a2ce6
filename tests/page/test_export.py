"""Export: every answer is kept once, writing gives the page its turn, and replays need no model."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Awaitable
from typing import Any

import numpy as np
import pytest

from obscura.counting import Line, Shapes, Zone
from obscura.export.session import Session, is_session
from obscura.families.decode import Outputs
from obscura.live.timing import Timings
from obscura.page.features.export import FEATURE, words
from obscura.page.features.export.keeper import ROOM, Keeper
from obscura.page.features.export.replaying import STALE_S, Chosen, Happened, Replay
from obscura.page.features.export.shelf import MemoryStore, kept
from obscura.page.features.export.writing import (
    ENDINGS,
    TURN_MS,
    CancelledExport,
    Turns,
    Wanted,
    ending,
    media_type,
    write,
)
from obscura.page.live.analysis import Analysis, Answer, DecodeOptions
from obscura.page.live.results import LEAST, PART, Head, Results
from obscura.tracking import Tracker
from obscura.update import FrameInfo

from .answers import make_card
from .fakes import run
from .test_results import Texts

LABELS = ["person", "car"]
DOOR = Shapes(
    (Line("door", (0.5, 1.0), (0.5, 0.0), anchor="centre"),),
    (Zone("all", ((0, 0), (1, 0), (1, 1), (0, 1)), anchor="centre"),),
)


def row(left: float, score: float, class_id: int = 0) -> dict[str, Any]:
    box = {"x1": left, "y1": 20.0, "x2": left + 60, "y2": 120.0}
    return {"label": LABELS[class_id], "class_id": class_id, "score": score, **box}


def record(index: int) -> dict[str, Any]:
    """A person who walks to the right, and a car that nobody is sure of."""
    frame = {"frame": index, "time_s": index / 10, "width": 640, "height": 480}
    rows = [row(100 + 20.0 * index, 0.9), row(500, 0.25, 1)]
    return {"source": "a.mp4", "model": "m", **frame, "detections": rows}


def results(frames: int) -> Results:
    source = {"kind": "video", "title": "M", "size": 12, "bytes": 5}
    made = Results(MemoryStore(), "a", Head("a.mp4", "m", LABELS, 0.05, source, {"threshold": 0.5}))
    for index in range(frames):
        made.add(record(index))
    return made


def tracker() -> Tracker:
    made = Tracker()
    made.set_threshold(0.5)
    return made


def wanted(**fields: Any) -> Wanted:
    given: dict[str, Any] = {
        "threshold": 0.05,
        "classes": None,
        "tracker": None,
        "always": tracker,
        "shapes": DOOR,
        "facts": {},
    }
    return Wanted(**given | fields)


class Clock:
    """Each look at it takes some time."""

    def __init__(self, step_ms: float = 0.0) -> None:
        self.now_ms, self._step_ms = 0.0, step_ms

    def __call__(self) -> float:
        self.now_ms += self._step_ms
        return self.now_ms


def turns(of: Results, step_ms: float = 0.0, cancel_at: float = 2.0) -> tuple[Turns, list[float]]:
    progress: list[float] = []
    made = Turns(
        of,
        now_ms=Clock(step_ms),
        progress=progress.append,
        cancelled=lambda: bool(progress) and progress[-1] >= cancel_at,
    )
    return made, progress


def written(form: str, of: Results, **fields: Any) -> bytes:
    out = io.BytesIO()
    run(write(form, turns(of)[0], of.head, wanted(**fields), out))
    return out.getvalue()


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().splitlines()]


# ---- writing -------------------------------------------------------------------------------------


def test_every_format_has_a_button_and_words() -> None:
    commands = {command.name for command in FEATURE.commands}

    assert ENDINGS.keys() <= commands
    assert ENDINGS.keys() == words.FORMS.keys()
    assert all(media_type(f"a.{ending(form)}") for form in ENDINGS)
    assert media_type(f"a.{ending('coco', pictures=True)}") == "application/zip"


def test_lines_hold_the_rows_that_are_wanted() -> None:
    made = results(3)

    assert lines(written("jsonl", made)) == [record(index) for index in range(3)]
    sure = lines(written("jsonl", made, threshold=0.5))
    assert [[each["label"] for each in frame["detections"]] for frame in sure] == [["person"]] * 3
    cars = lines(written("jsonl", made, classes=[1]))
    assert [[each["label"] for each in frame["detections"]] for frame in cars] == [["car"]] * 3


def test_objects_are_followed_as_at_the_threshold() -> None:
    found = lines(written("jsonl", results(4), threshold=0.5, tracker=tracker))

    assert [[each["track_id"] for each in frame["detections"]] for frame in found] == [[1]] * 4


@pytest.mark.parametrize("form", ["csv", "coco", "yolo"])
def test_nothing_found_is_a_file_all_the_same(form: str) -> None:
    assert written(form, results(0))


def test_events_and_counts_are_those_of_lines_and_zones() -> None:
    made = results(30)

    found = lines(written("events", made))
    counts = json.loads(written("counts", made))

    assert [(each["event"], each["track_id"]) for each in found] == [
        ("appeared", 1),
        ("zone_entered", 1),
        ("crossing", 1),
        ("vanished", 1),
        ("zone_left", 1),
    ]
    assert all(each["source"] == "a.mp4" and each["model"] == "m" for each in found)
    assert counts["lines"] == [{"name": "door", "in": {"person": 1}, "out": {}}]
    assert counts["zones"][0]["entries"] == {"person": 1}


def test_events_of_hidden_classes_are_left_out() -> None:
    assert lines(written("events", results(30), classes=[1])) == []


def test_a_session_holds_all_that_is_known() -> None:
    data = written("session", results(30), threshold=0.9, facts={"sha256": "ab"})

    assert is_session(data)
    assert FEATURE.claims is not None
    assert FEATURE.claims(data)
    with Session(io.BytesIO(data)) as session:
        assert [*session.records()] == [record(index) for index in range(30)]
        assert len([*session.events()]) == 5
        assert session.shapes == DOOR
        about = session.about
    assert about.source == {
        "name": "a.mp4", "kind": "video", "width": 640, "height": 480, "bytes": 5, "sha256": "ab"
    }  # fmt: skip
    assert about.model == {"name": "m", "labels": LABELS, "title": "M"}
    assert (about.settings, about.least, about.frames) == ({"threshold": 0.5}, 0.05, 30)


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_pictures_lie_beside_what_was_found_in_them(form: str) -> None:
    async def picture(time_s: float) -> bytes | None:
        return None if time_s == 0 else f"jpeg at {time_s}".encode()

    data = written(form, results(3), picture=picture)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        images = {name: archive.read(name) for name in archive.namelist() if "images" in name}
        assert images == {"images/a-1.jpg": b"jpeg at 0.1", "images/a-2.jpg": b"jpeg at 0.2"}
        if form == "yolo":
            assert "labels/a-2.txt" in archive.namelist()
        else:
            table = json.loads(archive.read("annotations.json"))
            assert [each["file_name"] for each in table["images"]] == [
                "a.jpg",
                "a-1.jpg",
                "a-2.jpg",
            ]
            assert len(table["annotations"]) == 6


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_a_picture_that_fails_ends_the_export(form: str) -> None:
    async def picture(_time_s: float) -> bytes | None:
        raise OSError("damaged")

    with pytest.raises(OSError, match="damaged"):
        written(form, results(3), picture=picture)


def test_a_long_export_gives_the_page_its_turn_and_says_how_far_it_is() -> None:
    made = results(2 * PART)
    reader, progress = turns(made, step_ms=TURN_MS)
    turns_taken = 0

    async def page() -> None:
        nonlocal turns_taken
        while len(progress) < PART:
            turns_taken += 1
            await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(write("jsonl", reader, made.head, wanted(), io.BytesIO()), page())

    run(both())

    assert turns_taken >= PART - 1
    assert progress == sorted(progress)
    assert 0 < progress[0] < 0.05
    assert progress[-1] == 1


@pytest.mark.parametrize("form", ENDINGS)
def test_an_export_can_be_cancelled(form: str) -> None:
    made = results(50)
    reader, progress = turns(made, step_ms=TURN_MS, cancel_at=0.5)

    with pytest.raises(CancelledExport):
        run(write(form, reader, made.head, wanted(), io.BytesIO()))

    assert 0.5 <= progress[-1] < 0.6


def test_rows_of_a_person_and_the_library_agree() -> None:
    chosen = Chosen(LABELS, 0.25)

    assert chosen.of(record(0)) == record(0)
    assert Chosen(LABELS, 0.2501).of(record(0))["detections"] == [row(100, 0.9)]


def test_nothing_happens_in_no_frames() -> None:
    assert Happened(LABELS, DOOR, tracker()).end() == []


# ---- replaying -----------------------------------------------------------------------------------


@pytest.mark.parametrize("complete", [False, True])
def test_a_replay_has_the_frame_that_shows(complete: bool) -> None:
    made = results(3)
    made.head.complete = complete
    replay = Replay(made, make_card(1))

    async def lefts() -> list[list[float]]:
        times = (-1.0, 0.0, 0.0999, 0.15, 0.2 + STALE_S, 9.0)
        frame = FrameInfo(0, 0.0, 9, 9)
        updates = [await replay.at(time_s, frame) for time_s in times]
        return [update.detections.xyxy[:1, 0].tolist() for update in updates]

    assert run(lefts()) == [[], [100], [120], [120], [140], [140] if complete else []]
    assert replay.card.labels == tuple(LABELS)
    assert replay.card.name == "m"


# ---- keeping -------------------------------------------------------------------------------------


class Room:
    """An analysis with a keeper, and the source in view."""

    def __init__(self) -> None:
        self.store, self.card = Texts(), make_card(1)
        self.source: tuple[str, dict[str, Any]] | None = (
            "video a",
            {"name": "a.mp4", "kind": "video", "began_s": 5.0},
        )
        self.free: int | None = None
        self.may_store = True
        self.changes = 0
        self.tasks: list[Awaitable[Any]] = []
        self.analysis = Analysis(Timings(), lambda: 0.0, in_view=lambda _answer: True)
        self.analysis.options = lambda _card: DecodeOptions(0.5)
        self.keeper = Keeper(
            self.analysis,
            self.store,
            source=lambda: self.source,
            settings=lambda: {"threshold": 0.5},
            room=self._room,
            may_store=lambda: self.may_store,
            spawn=self.tasks.append,
            changed=self._changed,
        )
        self.analysis.add([self.keeper])  # type: ignore[list-item]
        self.keeper.switch(True)

    async def _room(self) -> int | None:
        return self.free

    def _changed(self) -> None:
        self.changes += 1

    def answer(self, index: int, source_s: float | None = None, **fields: Any) -> None:
        outputs = Outputs(
            np.array([[0.1, 0.1, 0.4, 0.4], [0.6, 0.6, 0.8, 0.8]], np.float32),
            np.array([0.9, 0.2], np.float32),
            np.array([0, 0], np.int32),
        )
        time_s = index / 10 if source_s is None else source_s
        frame = FrameInfo(index, index / 10, 640, 480)
        self.analysis.receive(Answer(1, self.card, frame, outputs, source_s=time_s, **fields))

    async def settle(self) -> None:
        tasks, self.tasks[:] = [*self.tasks], []
        for task in tasks:
            await task


def test_every_answer_is_kept_once_down_to_what_is_not_shown() -> None:
    async def visit() -> None:
        room = Room()
        room.answer(0)
        room.analysis.refresh()  # the same frame again
        await room.settle()
        room.answer(1)
        assert room.keeper.results is not None
        found = [each async for each in room.keeper.results.records()]

        assert [each["frame"] for each in found] == [0, 1]
        assert [[row["score"] for row in each["detections"]] for each in found] == [[0.9, 0.2]] * 2
        assert room.analysis.update is not None
        assert len(room.analysis.update.detections) == 1
        assert room.keeper.results.head.least == LEAST

    run(visit())


def test_frames_that_a_video_shows_again_are_kept_already() -> None:
    async def visit() -> None:
        room = Room()
        for index, source_s in enumerate((0.0, 0.1, 0.05, 0.1, 0.2)):
            room.answer(index, source_s)
            await room.settle()
        assert room.keeper.results is not None
        found = [each["time_s"] async for each in room.keeper.results.records()]

        assert found == [0.0, 0.1, 0.2]

    run(visit())


def test_replayed_answers_photos_and_switched_off_are_not_kept() -> None:
    async def visit() -> None:
        room = Room()
        room.answer(0, moving=False)
        room.source = None
        room.answer(1)
        room.source = ("video a", {"name": "a.mp4", "kind": "video"})
        room.keeper.switch(False)
        room.answer(2)
        await room.settle()

        assert room.keeper.results is None
        assert "export" not in room.analysis.least

    run(visit())


def test_what_is_kept_goes_on_at_the_next_visit_and_is_listed() -> None:
    async def visit() -> None:
        room = Room()
        room.answer(0)
        await room.settle()
        await room.keeper.flush()
        later = Room()
        later.store = room.store
        later.keeper._store = room.store
        later.answer(1)
        await later.settle()

        assert later.keeper.results is not None
        assert len(later.keeper.results) == 2
        (listed,) = await kept(room.store)
        assert (listed.name, listed.frames, listed.began_s) == ("a.mp4", 1, 5.0)
        assert listed.complete is False

    run(visit())


def test_another_source_has_results_of_its_own_and_the_last_ones_are_written() -> None:
    async def visit() -> None:
        room = Room()
        room.answer(0)
        await room.settle()
        room.source = ("video b", {"name": "b.mp4", "kind": "video"})
        room.answer(1)
        await room.settle()
        await room.keeper.flush()

        assert sorted((each.name, each.frames) for each in await kept(room.store)) == [
            ("a.mp4", 1),
            ("b.mp4", 1),
        ]

    run(visit())


def test_other_classes_begin_other_results() -> None:
    """A class is a number in records, and which one it is depends on what is looked for."""

    async def visit() -> None:
        room = Room()
        for index, more in enumerate(((), ("face",), ("text",))):
            room.analysis.more_labels = more
            room.answer(index)
            await room.settle()
            assert room.keeper.results is not None
            assert room.keeper.results.head.labels == [*room.card.labels, *more]
            assert len(room.keeper.results) == 1

    run(visit())


@pytest.mark.parametrize("undone", [True, False])
def test_while_a_person_deletes_nothing_of_that_source_is_taken_in(undone: bool) -> None:
    async def visit() -> None:
        room = Room()
        room.answer(0)
        await room.settle()
        results = room.keeper.results
        assert results is not None
        await results.flush()
        room.keeper.deleting(results.key, True)
        room.answer(1)
        await room.settle()
        assert room.keeper.results is None
        assert [each.frames for each in await kept(room.store)] == [1]

        if not undone:
            await results.delete()
        room.keeper.deleting(results.key, False)
        room.answer(2)
        await room.settle()
        await room.keeper.flush()

        assert room.keeper.results is not None
        found = [each["frame"] async for each in room.keeper.results.records()]
        assert found == ([0, 2] if undone else [2])
        assert [each.frames for each in await kept(room.store)] == [len(found)]

    run(visit())


def test_another_source_is_kept_while_one_is_being_deleted() -> None:
    async def visit() -> None:
        room = Room()
        room.answer(0)
        await room.settle()
        assert room.keeper.results is not None
        first = room.keeper.results.key
        await room.keeper.flush()
        room.keeper.deleting(first, True)
        room.source = ("video b", {"name": "b.mp4", "kind": "video"})
        room.answer(1)
        await room.settle()
        other = room.keeper.results
        room.source = ("video a", {"name": "a.mp4", "kind": "video"})
        room.answer(2)
        await room.settle()

        assert other is not None
        assert len(other) == 1, "frames of the other source"
        assert room.keeper.results is None

    run(visit())


def test_nothing_is_kept_after_all_was_deleted() -> None:
    async def visit() -> None:
        room = Room()
        room.may_store = False
        room.answer(0)
        await room.settle()

        assert room.keeper.results is None
        assert room.keeper.problem == words.FORGOTTEN

    run(visit())


async def full_room() -> Room:
    """Return a page that has kept a frame, and whose storage is nearly full since."""
    room = Room()
    room.free = ROOM - 1
    room.answer(0)
    await room.settle()
    await room.keeper.flush()
    return room


def test_before_storage_is_full_nothing_more_is_taken_and_that_is_said() -> None:
    async def visit() -> None:
        room = await full_room()
        room.answer(1)

        assert room.keeper.problem == words.FULL
        assert room.keeper.results is not None
        assert len(room.keeper.results) == 1
        assert [each.frames for each in await kept(room.store)] == [1]

    run(visit())


@pytest.mark.parametrize("deleted", [True, False])
def test_once_there_is_room_again_it_goes_on(deleted: bool) -> None:
    async def visit() -> None:
        room = await full_room()
        assert room.keeper.problem == words.FULL
        if deleted:
            assert room.keeper.results is not None
            key = room.keeper.results.key
            await room.keeper.results.delete()
            room.keeper.deleting(key, True)
            room.keeper.deleting(key, False)
        await room.keeper.flush()
        assert room.keeper.problem == words.FULL
        room.free = ROOM
        await room.keeper.flush()
        room.answer(1)
        await room.settle()

        assert room.keeper.problem == ""
        assert room.keeper.results is not None
        assert len(room.keeper.results) == (1 if deleted else 2)

    run(visit())


def test_a_write_that_fails_loses_nothing_and_is_tried_again() -> None:
    async def visit() -> None:
        room = Room()
        room.answer(0)
        await room.settle()
        room.store.error = OSError("QuotaExceededError")
        await room.keeper.flush()
        assert room.keeper.problem == words.FAILED
        room.answer(1)
        room.store.error = None
        await room.keeper.flush()
        room.answer(2)

        assert room.keeper.problem == ""
        assert room.keeper.results is not None
        assert [each["frame"] async for each in room.keeper.results.records()] == [0, 2]
        assert [each.frames for each in await kept(room.store)] == [1]

    run(visit())


def test_results_of_a_later_version_are_not_listed() -> None:
    async def visit() -> None:
        store = Texts()
        store.texts = {("head", "a"): "{}", ("head", "b"): None, ("head", "c"): "[1]"}

        assert await kept(store) == []

    run(visit())


def test_a_store_in_memory_keeps_what_results_write() -> None:
    async def visit() -> None:
        made = results(PART + 5)
        await made.flush()
        again = await Results.opened(made._store, "a")
        assert again is not None
        found = [each async for each in again.records()]
        await again.delete()

        assert found == [record(index) for index in range(PART + 5)]
        assert await Results.opened(made._store, "a") is None

    run(visit())
