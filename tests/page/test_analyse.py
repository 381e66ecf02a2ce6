"""Thorough analysis without a browser: frames, failures, results that are kept, and marks."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.errors import BackendError
from obscura.page.features.analyse import words
from obscura.page.features.analyse.desk import Desk
from obscura.page.features.analyse.marks import Finds, Mark, beside
from obscura.page.features.analyse.recall import Recall
from obscura.page.features.analyse.row import Row
from obscura.page.live.analysis import DecodeOptions
from obscura.page.live.identity import END_BYTES, READ_BYTES, identity, sha256
from obscura.page.live.protocols import Later
from obscura.page.live.results import Head, Results
from obscura.update import FrameInfo, Update

from .answers import make_card
from .fakes import run
from .test_results import Texts

RATE = 10


class Picture:
    """A decoded frame, which must be closed."""

    def __init__(self, index: int, open_now: set[int], first_s: float) -> None:
        self.index, self._open = index, open_now
        self.time_s, self.duration_s, self.size = first_s + index / RATE, 1 / RATE, (64, 48)
        open_now.add(index)

    def draw(self) -> int:
        assert self.index in self._open, "it is closed"
        return self.index

    def close(self) -> None:
        self._open.remove(self.index)


class Reader:
    """A file of numbered frames.

    Args:
        broken: the first frame that cannot be read.
        first_s: the time of the first frame on the clock of the file.
    """

    def __init__(
        self, count: int, broken: int | None = None, *, cut: bool = False, first_s: float = 0.0
    ) -> None:
        self._first_s = first_s
        self._count = count if broken is None else broken
        self._broken = broken is not None
        self.total, self.duration_s = count, first_s + count / RATE
        self.exact, self.sure, self.cut, self.closed = True, True, cut, False
        self.open_now: set[int] = set()

    async def frames(self, start_s: float) -> AsyncIterator[Picture]:
        for index in range(max(0, round((start_s - self._first_s) * RATE)), self._count):
            yield Picture(index, self.open_now, self._first_s)
        if self._broken:
            raise OSError("damaged")

    def close(self) -> None:
        self.closed = True


class Place:
    """A page with one video, in whose even frames there is an object of class 0."""

    def __init__(self, store: Texts, reader: Reader) -> None:
        self.card = make_card(1)
        self.file = SimpleNamespace(name="a.mp4", size=1234)
        self.reader, self.read = reader, list[int]()
        self.before: dict[int, Callable[[], Any]] = {}  # what happens when a frame is run
        self.failures: dict[int, int] = {}  # by frame: how often the engine fails on it
        self.recovered = self.sought = 0.0
        self.rows: list[Row] = []
        self.now_ms = 0.0
        self.stores = True
        self.awake: list[bool] = []
        self.marks: list[Mark] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.sources = SimpleNamespace(
            given=self.file,
            is_video=True,
            source_name="a.mp4",
            scene=SimpleNamespace(paused=False),
            duration_s=reader.duration_s,
            position_s=0.0,
            kept=None,
            find_in=self._find_in,
            playback=SimpleNamespace(seek=lambda seconds: setattr(self, "sought", seconds)),
        )
        self.sessions = SimpleNamespace(card=self.card)
        self.models = SimpleNamespace(recover=self._recover)
        self.analysis = SimpleNamespace(
            options=lambda _card: DecodeOptions(threshold=0.5),
            finding=[],
            looks_closer=False,
            more_labels=(),
            least={},
            aside=None,
        )
        settings = SimpleNamespace(track=False, hidden={})
        self.context = SimpleNamespace(
            page=self,
            analysis=self.analysis,
            preferences=SimpleNamespace(current=settings),
            spawn=lambda coroutine: self.tasks.append(asyncio.ensure_future(coroutine)),
            results=None,
        )
        self.desk = Desk(
            self.context,  # type: ignore[arg-type]
            store,
            self,
            open_file=self._open,
            identify=self._identify,
            room=self._room,
            may_store=lambda: self.stores,
            awake=self.awake.append,
            now_ms=lambda: self.now_ms,
        )

    # ---- as a panel ------------------------------------------------------------------------------

    def show(self, row: Row) -> None:
        self.rows.append(row)

    def show_marks(self, marks: Any, *_rest: Any) -> None:
        self.marks = [*marks]

    # ---- as the page -----------------------------------------------------------------------------

    async def _open(self, _file: Any) -> Reader:
        return self.reader

    async def _identify(self, file: Any) -> str:
        return str(file.name)

    async def _room(self) -> None:
        return None

    async def _recover(self, _error: Any) -> None:
        self.recovered += 1

    async def _find_in(self, capture: Callable[[], int], frame: FrameInfo, _steps: Any) -> Any:
        index = capture()
        happens = self.before.pop(index, lambda: None)()
        if happens is not None:
            await happens
        if self.failures.get(index):
            self.failures[index] -= 1
            raise BackendError("lost")
        self.read.append(index)
        found = Detections.empty()
        if index % 2 == 0:
            found = Detections(xyxy=[[1, 2, 30, 40]], score=[0.9], class_id=[0])
        return SimpleNamespace(card=self.sessions.card), Update(frame, found)

    # ---- what a person does ----------------------------------------------------------------------

    async def press(self, command: str) -> Row:
        """Carry out a command and all that follows; return what is shown then."""
        self.desk.check()
        done = self.desk.run(command)
        if isinstance(done, Coroutine):
            await done
        return await self.settled()

    async def settled(self) -> Row:
        self.desk.check()
        while self.tasks:
            await self.tasks.pop()
        return self.rows[-1]


def place(count: int = 6, store: Texts | None = None, **how: Any) -> Place:
    return Place(store or Texts(), Reader(count, **how))


async def frames(results: Any) -> list[int]:
    return [record["frame"] async for record in results.records()]


def test_all_frames_are_read_in_order_and_closed() -> None:
    async def go() -> None:
        page = place(6)
        await page.settled()
        shown = await page.press("all")

        assert page.read == [0, 1, 2, 3, 4, 5]
        assert not page.reader.open_now
        assert page.reader.closed
        assert shown == Row(cancel=words.DELETE, words="All 6 frames analysed")
        assert await frames(page.context.results) == page.read
        assert page.desk.snapshot() == {"frames": 6, "total": 6, "done": True, "paused": False}

    run(go())


def test_a_pause_and_a_reload_lose_nothing_and_repeat_nothing() -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store)
        page.before[2] = lambda: page.desk.run("pause")
        await page.settled()
        shown = await page.press("all")
        assert (page.read, shown.pause) == ([0, 1, 2], words.CONTINUE)

        again = place(6, store)
        shown = await again.settled()
        assert (shown.pause, shown.words) == (words.CONTINUE, "3 frames analysed")
        await again.press("pause")

        assert again.read == [3, 4, 5]
        assert await frames(again.context.results) == [0, 1, 2, 3, 4, 5]
        numbers = [
            row["track_id"]
            async for record in again.context.results.records()
            for row in record["detections"]
        ]
        assert numbers == [1, 1, 1], "it is the same object"

    run(go())


def test_times_are_counted_from_the_first_frame_also_after_a_reload() -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store, first_s=1.4)
        await page.settled()
        page.before[2] = page.desk.pause
        await page.press("all")
        assert page.read == [0, 1, 2]

        again = place(6, store, first_s=1.4)
        await again.settled()
        await again.press("pause")

        assert again.read == [3, 4, 5]
        results = again.context.results
        times = [record["time_s"] async for record in results.records()]
        assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
        assert results.head.source["duration_s"] == pytest.approx(0.6)
        assert "broken_s" not in results.head.source

    run(go())


def test_what_is_cancelled_is_not_shown_and_can_be_undone() -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store)
        page.before[3] = lambda: page.desk.run("cancel")
        await page.settled()
        shown = await page.press("all")
        assert (shown.all, shown.pause, shown.said) == (words.OFFER, words.UNDO, words.CANCELLED)
        assert page.sources.kept is None
        assert page.context.results is None

        shown = await page.press("pause")
        assert (shown.pause, shown.words) == (words.CONTINUE, "4 frames analysed")
        await page.press("cancel")
        page.sources.given = None
        await page.settled()

        assert store.texts == {}

    run(go())


@pytest.mark.parametrize("undone", [True, False])
def test_what_is_deleted_elsewhere_is_not_shown_until_it_is_back(undone: bool) -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store)
        await page.press("all")
        results = page.context.results
        page.desk.deleting("of another video", True)
        assert page.context.results is results
        page.desk.deleting(results.key, True)
        assert page.rows[-1].all == words.OFFER
        assert (page.sources.kept, page.context.results) == (None, None)

        if not undone:
            await results.delete()
        page.desk.deleting(results.key, False)
        shown = await page.settled()

        assert shown.all == ("" if undone else words.OFFER)
        if undone:
            assert await frames(page.context.results) == [0, 1, 2, 3, 4, 5]

    run(go())


def test_what_is_deleted_while_it_is_analysed_stays_deleted() -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store)
        made: list[Results] = []

        async def delete() -> None:
            made.append(page.context.results)
            await made[0].flush()
            page.desk.deleting(made[0].key, True)
            await made[0].delete()
            page.desk.deleting(made[0].key, False)

        page.before[3] = delete
        shown = await page.press("all")

        assert shown.all == words.OFFER
        assert page.desk.snapshot() is None
        assert store.texts == {}

    run(go())


def test_results_say_when_they_began_and_by_which_model() -> None:
    async def go() -> None:
        page = place(2)
        await page.press("all")
        source = page.context.results.head.source

        assert source["title"] == page.card.title
        assert source["began_s"] > 1.7e9
        assert source["bytes"] == 1234, "by which another file of this name is told apart"

    run(go())


@pytest.mark.parametrize(("how", "read"), [({"broken": 4}, 4), ({"cut": True}, 6)])
def test_where_a_video_breaks_off_is_said_and_all_before_is_kept(
    how: dict[str, Any], read: int
) -> None:
    async def go() -> None:
        page = place(6, **how)
        await page.settled()
        shown = await page.press("all")

        assert len(page.read) == read
        assert "damaged after 0:00" in shown.said
        assert page.desk.snapshot() == {
            "frames": read,
            "total": read,
            "done": True,
            "paused": False,
        }

    run(go())


@pytest.mark.parametrize(("failures", "done"), [(1, True), (5, False)])
def test_a_frame_on_which_the_engine_fails_is_tried_again(failures: int, done: bool) -> None:
    async def go() -> None:
        page = place(6)
        page.failures = {3: failures}
        await page.settled()
        shown = await page.press("all")

        assert page.recovered
        assert not page.reader.open_now
        assert (page.read == [0, 1, 2, 3, 4, 5]) is done
        assert (shown.said == words.FAILED) is not done
        if not done:
            page.failures = {}
            await page.press("pause")
            assert page.read == [0, 1, 2, 3, 4, 5]

    run(go())


def test_another_model_gets_results_of_its_own() -> None:
    async def go() -> None:
        page = place(6)
        other = make_card(2)
        page.before[3] = lambda: setattr(page.sessions, "card", other)
        await page.settled()
        await page.press("all")
        first = [*page.read]
        shown = await page.settled()
        assert (shown.all, page.sources.kept) == (words.OFFER, None)

        await page.press("all")
        assert page.read[len(first) :] == [0, 1, 2, 3, 4, 5]
        assert page.context.results.head.model == other.name
        page.sessions.card = page.card
        assert (await page.settled()).words == "3 frames analysed"

    run(go())


def test_a_model_that_takes_the_place_of_another_gets_results_of_its_own() -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store)
        await page.settled()
        await page.press("all")

        for labels, weights in ((page.card.labels, "1" * 64), (("circle",), "0" * 64)):
            again = place(6, store)
            file = page.card.file._replace(sha256=weights)
            again.sessions.card = replace(page.card, labels=labels, file=file)
            assert (await again.settled()).all == words.OFFER
            assert again.desk.snapshot() is None

    run(go())


def test_the_screen_is_kept_on_while_frames_are_analysed() -> None:
    async def go() -> None:
        page = place(6)
        await page.settled()
        page.before[2] = lambda: seen.append(page.awake[-1])
        seen: list[bool] = []
        await page.press("all")

        assert seen == [True]
        assert page.awake[-1] is False

    run(go())


def test_a_full_disk_is_said_and_the_results_last_as_long_as_the_page() -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store)
        await page.settled()
        page.before[2] = lambda: setattr(store, "error", OSError("full"))
        shown = await page.press("all")

        assert shown.said == words.NOT_STORED
        assert await frames(page.context.results) == [0, 1, 2, 3, 4, 5]

    run(go())


def test_nothing_is_stored_once_all_was_deleted() -> None:
    async def go() -> None:
        store = Texts()
        page = place(6, store)
        page.before[3] = lambda: setattr(page, "stores", False)
        await page.settled()
        await page.press("all")

        assert store.texts == {}

    run(go())


def test_results_that_are_damaged_do_not_keep_the_video_from_being_analysed() -> None:
    async def go() -> None:
        store = Texts()
        page = place(450, store)
        await page.settled()
        await page.press("all")
        del store.texts[next(key for key in store.texts if key[0] == "frames" and key[2] == 1)]

        again = place(450, store)
        assert (await again.settled()).all == words.OFFER
        await again.press("all")
        assert len(await frames(again.context.results)) == 450

    run(go())


def test_a_video_without_frames_and_one_that_cannot_be_read_are_said() -> None:
    async def go() -> None:
        page = place(0)
        await page.settled()
        assert (await page.press("all")).said == words.EMPTY

        page = place(3)

        async def fail(_file: Any) -> Reader:
            raise OSError("no")

        page.desk._open_file = fail
        await page.settled()
        shown = await page.press("all")
        assert (shown.said, shown.all) == (words.UNREAD, words.OFFER)

    run(go())


def test_marks_are_where_something_is_shown() -> None:
    async def go() -> None:
        page = place(60)
        await page.settled()
        await page.press("all")
        assert [(mark.start_s, mark.end_s) for mark in page.marks] == [(0.0, 5.8)]

        page.context.preferences.current.hidden = {page.card.name: [page.card.labels[0]]}
        page.desk.show_marks()
        assert page.marks == []

    run(go())


# ---- finds and marks -----------------------------------------------------------------------------


def found(time_s: float, *rows: tuple[str, float], track_id: int | None = None) -> dict[str, Any]:
    return {
        "time_s": time_s,
        "detections": [
            {"label": label, "score": score, "track_id": track_id} for label, score in rows
        ],
    }


@pytest.fixture
def finds() -> Finds:
    made = Finds()
    for index in range(100):
        cat = [("cat", 0.9)] if 10 <= index < 20 or index == 70 else []
        dog = [("dog", 0.3)] if 15 <= index < 40 else []
        made.add(found(index / 10, *cat, *dog))
    return made


def test_a_mark_spans_all_frames_until_a_gap(finds: Finds) -> None:
    marks = finds.marks(["cat", "dog"], 0.2, 1.0)

    assert marks == [Mark(1.0, 3.9, ("dog", "cat")), Mark(7.0, 7.0, ("cat",))]
    assert finds.marks(["cat"], 0.2, 1.0)[0] == Mark(1.0, 1.9, ("cat",))
    assert finds.marks(["cat", "dog"], 0.2, 9.0) == [Mark(1.0, 7.0, ("dog", "cat"))]
    assert finds.marks(["dog"], 0.5, 1.0) == []
    assert Finds().marks(["dog"], 0.5, 1.0) == []


def test_classes_are_listed_that_reach_the_score_and_are_not_hidden(finds: Finds) -> None:
    assert finds.found(0.2) == ["cat", "dog"]
    assert finds.found(0.5) == ["cat"]
    assert finds.found(0.2, ["cat"]) == ["dog"]
    assert Finds().found(0.2) == []


def test_marks_follow_one_another(finds: Finds) -> None:
    first, last = marks = finds.marks(["cat"], 0.5, 1.0)

    assert beside(marks, 0.0, 1) is first
    assert beside(marks, 1.001, 1) is last
    assert beside(marks, 7.001, 1) is None
    assert beside(marks, 7.001, -1) is first
    assert beside(marks, 5.0, -1) is first
    assert beside(marks, 0.9, -1) is None


# ---- recall --------------------------------------------------------------------------------------


def row(score: float, track_id: int | None) -> dict[str, Any]:
    box = {"x1": 0, "y1": 0, "x2": 9, "y2": 9}
    return {"label": "cat", "class_id": 0, "score": score, "track_id": track_id, **box}


def kept(complete: bool) -> tuple[Results, Finds]:
    """Results of two frames."""
    results, finds = Results(Texts(), "a", Head("a", "m", ["cat"], 0.1)), Finds()
    for index, rows in enumerate([[row(0.9, 7)], [row(0.2, 7), row(0.3, None)]]):
        frame = {"frame": index, "time_s": index * 0.0667, "width": 9, "height": 9}
        record = {"source": "a", "model": "m", **frame, "detections": rows}
        results.add(record)
        finds.add(record)
    results.head.complete = complete
    return results, finds


@pytest.mark.parametrize(
    ("time_s", "complete", "rows"),
    [(0.0, False, 1), (0.066666, False, 2), (0.2, False, None), (0.2, True, 2), (-1, True, None)],
)
def test_the_frame_of_a_time_is_recalled_where_it_is_known(
    time_s: float, complete: bool, rows: int | None
) -> None:
    recall = Recall(*kept(complete), lambda: False)

    update = run(recall.at(time_s, FrameInfo(40, 5.0, 9, 9)))

    assert update is not Later.LATER
    assert (None if update is None else len(update.detections)) == rows
    if update is not None:
        assert update.frame.index == 40, "it is a frame of what plays now"
        assert update.detections.track_id is None


def test_objects_that_are_tracked_have_their_best_score_and_how_long_they_are_seen() -> None:
    recall = Recall(*kept(True), lambda: True)

    update = run(recall.at(0.0667, FrameInfo(1, 0.1, 9, 9)))

    assert isinstance(update, Update)
    detections = update.detections
    assert detections.track_id is not None
    assert detections.track_id.tolist() == [7, -1]
    assert detections.data["best"].tolist() == pytest.approx([0.9, -1.0])
    assert detections.data["seen_s"].tolist() == pytest.approx([0.0667, 0.0])
    assert np.all(detections.data["missed_s"] == 0)


def test_while_all_is_analysed_the_live_picture_leaves_the_model_alone() -> None:
    async def go() -> None:
        page, seen = place(6), list[Any]()
        later = FrameInfo(0, 0.0, 9, 9)

        async def look() -> None:
            seen.extend(
                [await page.sources.kept.at(0.5, later), await page.sources.kept.at(0.5, later)]
            )
            page.now_ms += 10_000
            seen.append(await page.sources.kept.at(0.5, later))
            page.sources.scene.paused = True
            seen.append(await page.sources.kept.at(0.5, later))

        page.before[2] = look
        page.now_ms = 5_000.0
        await page.settled()
        await page.press("all")

        assert seen == [None, Later.LATER, None, None]

    run(go())


# ---- files ---------------------------------------------------------------------------------------


def test_files_differ_by_name_length_and_both_ends() -> None:
    large = bytes(2 * END_BYTES + 5)

    async def of(name: str, content: bytes) -> dict[str, Any]:
        async def read(_file: Any, start: int, stop: int) -> bytes:
            return content[start:stop]

        return await identity(SimpleNamespace(name=name, size=len(content)), read)

    first = run(of("a", large))
    assert run(of("a", large)) == first
    others = [("b", large), ("a", large + b"\0"), ("a", b"x" + large[1:]), ("a", large[:-1] + b"x")]
    assert all(run(of(*other)) != first for other in others)
    assert run(of("a", b"short")) != run(of("a", b"shirt"))


def test_a_whole_file_has_its_digest_and_progress() -> None:
    content = bytes(range(256)) * (READ_BYTES // 128)  # two reads

    async def read(_file: Any, start: int, stop: int) -> bytes:
        return content[start:stop]

    progress: list[float] = []
    made = run(sha256(SimpleNamespace(size=len(content)), read, progress.append))
    assert made == hashlib.sha256(content).hexdigest()
    assert progress == [0.5, 1.0]
    nothing = run(sha256(SimpleNamespace(size=0), read, progress.append))
    assert nothing == hashlib.sha256(b"").hexdigest()
