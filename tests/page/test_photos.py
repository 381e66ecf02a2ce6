"""Many pictures: what is in each, which are shown, selection, layout, work in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obscura.boxes import nms
from obscura.detections import Detections
from obscura.errors import BackendError, ObscuraError, PictureError
from obscura.page.features.photos import words
from obscura.page.features.photos.answers import BUCKETS, MOST, MOST_LETTERS, Answers
from obscura.page.features.photos.collection import Choice, Collection, Photo, State
from obscura.page.features.photos.layout import FEWEST, GAP, Layout
from obscura.page.features.photos.selection import Selection
from obscura.page.features.photos.table import MOST_ROWS, Table
from obscura.page.features.photos.thumbs import MOST as MOST_THUMBS
from obscura.page.features.photos.thumbs import Thumbnails
from obscura.page.features.photos.tiles import describe
from obscura.page.features.photos.work import MOST_FAILURES, Work

LABELS = ("cat", "dog", "person")


def found(*rows: tuple[int, float]) -> Detections:
    """Return detections of these classes and scores."""
    boxes = [[10.0 * n, 0.0, 10.0 * n + 8, 8.0] for n in range(len(rows))]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([score for _, score in rows], np.float32),
        np.array([class_id for class_id, _ in rows], np.int32),
    )


def photo(name: str, *, size: int = 100, date: float = 0.0) -> Photo:
    return Photo(object(), name, size, date)


def collection(*contents: Detections | None) -> Collection:
    """Return a collection of p0.jpg, p1.jpg and so on; None is not analysed."""
    made = Collection()
    made.add(photo(f"p{n}.jpg", date=float(-n)) for n in range(len(contents)))
    made.use_model("m", "m", LABELS)
    for number, each in enumerate(contents):
        if each is not None:
            made.found(number, (64, 48), each)
    return made


# ---- the table -----------------------------------------------------------------------------------


def test_rows_come_back_as_they_were_added() -> None:
    table = Table()
    many = found(*[(n % 3, 0.9 - n / 1000) for n in range(90)])

    for number in range(20):
        table.add(number, many[number:])

    assert len(table) == sum(90 - number for number in range(20))
    for number in range(20):
        assert np.array_equal(table.of(number).score, many[number:].score)
        assert np.array_equal(table.of(number).xyxy, many[number:].xyxy)
    assert len(table.of(99)) == 0


def test_of_a_crowd_the_best_rows_are_kept() -> None:
    table = Table()
    table.add(0, found(*[(0, 1 - n / 1000) for n in range(MOST_ROWS + 50)]))

    assert len(table.of(0)) == MOST_ROWS


def test_five_thousand_pictures_take_a_few_megabytes() -> None:
    """As docs/photos.md says: 28 bytes a row."""
    table = Table()
    for number in range(5000):
        table.add(number, found(*[(0, 0.5)] * 20))

    assert len(table) == 100_000
    assert table.nbytes <= 28 * 2 * len(table)


@given(
    st.lists(
        st.tuples(st.floats(0.0625, 1, width=32), st.integers(0, 30), st.integers(0, 30)),
        min_size=1,
        max_size=30,
    ),
    st.floats(0.0625, 1, width=32),
)
def test_a_higher_threshold_after_suppression_is_suppression_at_that_threshold(
    rows: list[tuple[float, int, int]], threshold: float
) -> None:
    """So the slider needs no new inference."""
    score = np.array([row[0] for row in rows], np.float32)
    corner = np.array([row[1:] for row in rows], np.float32)
    xyxy = np.concatenate([corner, corner + 12], axis=1)
    classes = np.zeros(len(rows), np.int32)

    low = nms(xyxy, score, 0.5, classes)
    above = np.flatnonzero(score >= np.float32(threshold))
    high = above[nms(xyxy[above], score[above], 0.5, classes[above])]

    assert [n for n in low.tolist() if score[n] >= np.float32(threshold)] == high.tolist()


# ---- the collection ------------------------------------------------------------------------------


def test_the_same_file_given_twice_is_one_picture_and_one_name_in_two_folders_are_two() -> None:
    made = Collection()

    numbers = made.add([photo("a/x.jpg"), photo("b/x.jpg"), photo("a/x.jpg")])

    assert numbers == [0, 1]
    assert [each.path for each in made.photos] == ["a/x.jpg", "b/x.jpg"]
    assert list(made.waiting) == [0, 1]


PETS = (
    found((0, 0.9), (0, 0.5), (1, 0.3)),
    found((1, 0.8)),
    found(),
    None,
    found((2, 0.95), (1, 0.45)),
)


@pytest.mark.parametrize(
    ("choice", "order"),
    [
        (Choice(), [0, 1, 2, 3, 4]),
        (Choice(wanted=1), [1, 4]),
        (Choice(wanted=1, threshold=0.2), [0, 1, 4]),
        (Choice(wanted=1, threshold=0.85), []),
        (Choice(least=2), [0, 4]),
        (Choice(wanted=0, least=2), [0]),
        (Choice(wanted=0, least=2, threshold=0.6), []),
        (Choice(order="count", backwards=True), [0, 4, 1, 2, 3]),
        (Choice(order="score", backwards=True), [4, 0, 1, 2, 3]),
        (Choice(order="date"), [4, 3, 2, 1, 0]),
        (Choice(order="name", backwards=True), [4, 3, 2, 1, 0]),
        (Choice(classes=frozenset([2]), least=1), [4]),
        (Choice(classes=frozenset(), least=1), []),
    ],
)
def test_pictures_are_filtered_and_sorted(choice: Choice, order: list[int]) -> None:
    assert collection(*PETS).view(choice).order == order


def test_classes_are_offered_with_the_number_of_pictures_that_have_them() -> None:
    assert collection(*PETS).view(Choice()).pictures_with == {0: 1, 1: 2, 2: 1}
    assert collection(*PETS).view(Choice(threshold=0.2)).pictures_with == {0: 1, 1: 3, 2: 1}


def test_a_picture_shows_its_classes_the_most_frequent_first() -> None:
    assert collection(*PETS).chips(0, Choice(threshold=0.2)) == [(0, 2), (1, 1)]
    assert collection(*PETS).chips(0, Choice(classes=frozenset([1]), threshold=0.2)) == [(1, 1)]


def test_an_empty_list_shows_nothing() -> None:
    view = Collection().view(Choice(wanted=3))

    assert (view.order, view.pictures_with) == ([], {})


def test_another_model_begins_again_but_for_what_it_cannot_help() -> None:
    made = collection(found((0, 0.9)), None, found(), None)
    made.failed(1, "It is broken.", unreadable=True)
    made.failed(3, "The detector could not run.", unreadable=False)

    assert made.use_model("other", "other", ("tree",))

    assert list(made.waiting) == [0, 2, 3]
    assert made.photos[1].state is State.FAILED
    assert made.photos[3].error == ""
    assert made.view(Choice(least=1)).order == []
    assert not made.use_model("other", "other", ("tree",)), "it is the same"


def test_only_what_can_be_opened_is_tried_again() -> None:
    made = collection(None, None, found())
    made.failed(0, "It is broken.", unreadable=True)
    made.failed(1, "The detector could not run.", unreadable=False)

    made.try_again()

    assert list(made.waiting) == [1]
    assert [photo.state for photo in made.photos] == [State.FAILED, State.WAITING, State.DONE]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (0, [(0, "2 cat"), (1, "dog")]),
        (1, "Nothing at this confidence"),
        (2, "Nothing recognised"),
        (3, "Not analysed yet"),
        (4, "Can't be opened"),
        (5, "Not analysed"),
    ],
)
def test_a_tile_says_what_is_in_a_picture_or_why_nothing_is(state: int, says: Any) -> None:
    pets = found((0, 0.9), (0, 0.8), (1, 0.7))
    made = collection(pets, found((0, 0.1)), found(), None, None, None)
    made.failed(4, "It is broken.", unreadable=True)
    made.failed(5, "The detector could not run.", unreadable=False)

    tile = describe(made, state, Choice(), url="", chosen=False, shown=False)

    assert (list(tile.chips) or tile.note) == says
    assert tile.why == {4: "It is broken.", 5: "The detector could not run."}.get(state, "")


# ---- selection -----------------------------------------------------------------------------------


def test_a_span_is_marked_as_it_is_shown() -> None:
    selection, order = Selection(), [5, 3, 8, 1, 9]

    selection.toggle(3)
    selection.extend(1, order)

    assert selection.among(order) == [3, 8, 1]
    selection.toggle(8)
    assert selection.among(order) == [3, 1]
    selection.add([7])
    assert selection.among(order) == [3, 1, 7], "also what is not shown"
    selection.clear()
    assert len(selection) == 0


def test_a_span_from_a_picture_that_is_not_shown_any_more_begins_at_this_one() -> None:
    selection = Selection()
    selection.toggle(4)

    selection.extend(2, [1, 2, 3])

    assert selection.among([1, 2, 3]) == [2, 4]


# ---- layout --------------------------------------------------------------------------------------


@given(st.integers(1, 3000), st.integers(0, 6000), st.integers(1, 2000), st.floats(0, 1))
def test_all_that_is_in_sight_is_drawn_and_little_more(
    width: int, count: int, height: int, part: float
) -> None:
    layout = Layout(float(width), count)
    top = part * max(0.0, layout.height - height)

    window = layout.window(top, height)

    seen = [
        n
        for n in range(count)
        if layout.place(n)[1] < top + height and layout.place(n)[1] + layout.row - GAP > top
    ]
    assert set(seen) <= set(window)
    assert len(window) <= (height / layout.row + 4) * layout.columns


def test_a_phone_has_three_columns() -> None:
    assert Layout(366, 9).columns == FEWEST == 3
    assert Layout(1200, 9).columns == 6


@pytest.mark.parametrize(
    ("index", "key", "there"),
    [
        (0, "ArrowRight", 1),
        (0, "ArrowLeft", 0),
        (4, "ArrowUp", 1),
        (1, "ArrowUp", 1),
        (5, "ArrowDown", 8),
        (8, "ArrowDown", 9),
        (9, "ArrowDown", 9),
        (9, "Home", 0),
        (0, "End", 9),
        (7, "PageUp", 1),
        (1, "PageDown", 7),
        (8, "PageDown", 9),
        (3, "x", None),
    ],
)
def test_keys_move_through_the_grid(index: int, key: str, there: int | None) -> None:
    layout = Layout(366, 10)

    assert layout.moved(index, key, 2 * layout.row) == there


@given(st.integers(0, 99), st.floats(0, 5000), st.floats(300, 900))
def test_a_tile_that_is_moved_to_is_in_sight(index: int, top: float, height: float) -> None:
    layout = Layout(366, 100)

    scrolled = layout.scrolled(index, top, height)

    above = layout.place(index)[1]
    assert scrolled <= above + 1e-6
    assert above + layout.row - GAP <= scrolled + height + 1e-6


# ---- work ----------------------------------------------------------------------------------------


class Desk:
    """Pictures to work on, and what became of them."""

    def __init__(self, count: int, faults: dict[int, list[ObscuraError]] | None = None) -> None:
        self.waiting = dict.fromkeys(range(count))
        self.faults = faults or {}
        self.read: list[int] = []
        self.failed: dict[int, str] = {}
        self.sight: list[int] = []
        self.blocked = ""
        self.now_s = 0.0
        self.after: Callable[[], Any] = lambda: None
        self.work = Work(
            waiting=lambda: self.waiting,
            first=lambda: self.sight,
            blocked=lambda: self.blocked,
            read=self._read,
            failed=self._fail,
            changed=lambda: None,
            now_s=lambda: self.now_s,
        )

    async def _read(self, number: int) -> None:
        self.now_s += 2
        if self.faults.get(number):
            raise self.faults[number].pop(0)
        self.read.append(number)
        del self.waiting[number]
        self.after()

    async def _fail(self, number: int, error: ObscuraError) -> None:
        self.failed[number] = str(error)
        del self.waiting[number]


def test_what_is_in_sight_goes_first() -> None:
    desk = Desk(5)
    desk.sight = [3, 9, 4]

    asyncio.run(desk.work.run())

    assert desk.read == [3, 4, 0, 1, 2]


def test_a_picture_that_cannot_be_opened_does_not_end_the_work() -> None:
    desk = Desk(3, {1: [PictureError("It is no picture")]})

    asyncio.run(desk.work.run())

    assert desk.read == [0, 2]
    assert list(desk.failed) == [1]
    assert not desk.work.stopped


def test_a_model_that_fails_once_gets_another_try() -> None:
    desk = Desk(2, {0: [BackendError("lost")]})

    asyncio.run(desk.work.run())

    assert desk.read == [0, 1]
    assert desk.failed == {}


def test_a_model_that_fails_again_and_again_ends_the_work() -> None:
    desk = Desk(3, {0: [BackendError("lost")] * 9})

    asyncio.run(desk.work.run())

    assert desk.work.stopped == "The detector could not run", "and no word of the lab"
    assert len(desk.faults[0]) == 9 - MOST_FAILURES
    assert desk.waiting, "the others are tried when a person asks for it"


def test_work_stops_when_a_person_wants_and_goes_on() -> None:
    desk = Desk(4)
    desk.after = lambda: desk.work.stop("Paused") if len(desk.read) == 2 else None

    asyncio.run(desk.work.run())
    assert desk.read == [0, 1]
    asyncio.run(desk.work.run())
    assert desk.read == [0, 1], "it is paused"
    desk.work.go_on()
    asyncio.run(desk.work.run())

    assert desk.read == [0, 1, 2, 3]


def test_work_waits_for_what_is_in_view() -> None:
    desk = Desk(1)
    desk.blocked = "Waiting"

    async def visit() -> None:
        task = asyncio.ensure_future(desk.work.run())
        await asyncio.sleep(0)
        assert (desk.work.why, desk.read) == ("Waiting", [])
        desk.blocked = ""
        await task

    asyncio.run(visit())
    assert desk.read == [0]


def test_the_time_that_is_left_is_that_of_the_last_pictures() -> None:
    desk = Desk(3)
    assert desk.work.left_s(3) is None

    asyncio.run(desk.work.run())

    assert desk.work.left_s(10) == 20


# ---- small copies --------------------------------------------------------------------------------


class Shelf:
    """Makes small copies, and counts the addresses in use."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.addresses: set[str] = set()
        self.thumbs = Thumbnails(self.make, self.address, self.addresses.remove, lambda: None)

    async def make(self, number: int) -> Any:
        self.made.append(number)
        if number == 13:
            raise PictureError("It is no picture")
        return number

    def address(self, blob: Any) -> str:
        self.addresses.add(f"blob:{blob}")
        return f"blob:{blob}"


def test_memory_of_small_copies_is_bounded() -> None:
    shelf = Shelf()
    for number in range(0, 5000, 50):
        assert shelf.thumbs.want(range(number, number + 50))
        asyncio.run(shelf.thumbs.run())

    assert len(shelf.thumbs) == MOST_THUMBS
    assert len(shelf.addresses) <= MOST_THUMBS
    assert shelf.thumbs.url(4999) == "blob:4999"
    assert shelf.thumbs.url(0) == ""
    shelf.thumbs.clear()
    assert shelf.addresses == set()


def test_a_copy_that_comes_after_the_list_was_replaced_is_of_no_picture_in_the_new_one() -> None:
    shelf = Shelf()

    async def visit() -> None:
        made = shelf.make

        async def make(number: int) -> Any:
            shelf.thumbs.clear()  # meanwhile
            return await made(number)

        shelf.thumbs._make = make
        shelf.thumbs.want([0, 1])
        await shelf.thumbs.run()

    asyncio.run(visit())

    assert shelf.made == [0]
    assert shelf.thumbs.url(0) == ""
    assert shelf.addresses == set()


def test_a_copy_that_cannot_be_made_is_not_tried_again() -> None:
    shelf = Shelf()
    shelf.thumbs.want([13])
    asyncio.run(shelf.thumbs.run())

    assert not shelf.thumbs.want([13])
    assert shelf.thumbs.url(13) == ""


# ---- answers that are kept -----------------------------------------------------------------------


class Store:
    """A database in memory, which can be full."""

    def __init__(self) -> None:
        self.texts: dict[Any, str] = {}
        self.full = False

    async def read(self, *prefix: Any) -> list[Any]:
        return [(key, text) for key, text in self.texts.items() if key[: len(prefix)] == prefix]

    async def write(self, records: Any) -> None:
        if self.full:
            raise OSError("no room")
        self.texts |= records


PHOTO = ("trip/x.jpg", 1234, 5678.0)


def test_an_answer_is_found_on_the_next_visit_by_the_same_model_alone() -> None:
    store, was = Store(), found((2, 0.91234), (0, 0.25))

    async def visit() -> None:
        first = Answers(store)
        await first.add("m", PHOTO, (640, 480), was)
        await first.flush()
        later = Answers(store)
        known = await later.find("m", PHOTO)
        assert known is not None
        assert known[0] == (640, 480)
        assert known[1].class_id.tolist() == [2, 0]
        assert np.allclose(known[1].score, was.score, atol=1e-4)
        assert np.allclose(known[1].xyxy, was.xyxy, atol=1e-2)
        assert await later.find("other", PHOTO) is None
        assert await later.find("m", (PHOTO[0], 1, PHOTO[2])) is None

    asyncio.run(visit())


def test_what_is_stored_is_bounded_and_the_oldest_go_first() -> None:
    store, answers = Store(), None

    async def visit() -> None:
        nonlocal answers
        answers = Answers(store)
        for number in range(BUCKETS * MOST + 500):
            await answers.add("m", (f"{number}.jpg", 1, 0.0), (8, 8), found())
        await answers.flush()
        last = BUCKETS * MOST + 499
        assert await answers.find("m", (f"{last}.jpg", 1, 0.0)) is not None

    asyncio.run(visit())
    lines = sum(text.count("\n") for text in store.texts.values())
    assert lines <= BUCKETS * MOST


def test_crowded_pictures_are_bounded_too() -> None:
    """docs/photos.md states these bytes."""
    crowd = found(*[(79, 0.98765) for _ in range(MOST_ROWS)])
    crowd = crowd.replace(xyxy=np.full((MOST_ROWS, 4), 4095.67, np.float32))
    store, table = Store(), Table()

    async def visit() -> None:
        answers = Answers(store)
        for number in range(4000):
            await answers.add("m", (f"図😀{number}.jpg", 1, 0.0), (4096, 4096), crowd)
            table.add(number, crowd)
        await answers.flush()
        assert await answers.find("m", ("図😀3999.jpg", 1, 0.0)) is not None

    asyncio.run(visit())
    assert all(text.isascii() for text in store.texts.values()), "other letters take up to 4 bytes"
    assert MOST_LETTERS - 8_000 < max(map(len, store.texts.values())) <= MOST_LETTERS
    assert table.nbytes <= 1.5 * (28 * MOST_ROWS + 8) * 4000


@pytest.mark.parametrize("damage", ["", "x", '[1, 2, [["a"]]]', "[0, 5, []]", "[5, 5, [[1, 2]]]"])
def test_a_damaged_answer_counts_as_none(damage: str) -> None:
    store = Store()

    async def visit() -> None:
        answers = Answers(store)
        await answers.add("m", PHOTO, (8, 8), found())
        await answers.flush()
        ((key, text),) = store.texts.items()
        store.texts[key] = text.partition("\t")[0] + "\t" + damage + "\n"
        assert await Answers(store).find("m", PHOTO) is None

    asyncio.run(visit())


@pytest.mark.parametrize("stored", ["", "x", "x\n", "other\t[8,8,[]]"])
def test_an_answer_given_again_replaces_the_one_before(stored: str) -> None:
    store = Store()

    async def visit() -> None:
        answers = Answers(store)
        await answers.add("m", PHOTO, (8, 8), found((1, 0.9)))
        await answers.flush()
        ((key, text),) = store.texts.items()
        store.texts[key] = f"{text}{stored}"
        answers = Answers(store)
        await answers.add("m", PHOTO, (9, 9), found((2, 0.8)))
        await answers.flush()
        known = await Answers(store).find("m", PHOTO)
        assert known is not None
        assert (known[0], known[1].class_id.tolist()) == ((9, 9), [2])
        assert store.texts[key].count("\n") == 1 + bool(stored)

    asyncio.run(visit())


def test_what_could_not_be_written_is_written_later() -> None:
    store = Store()

    async def visit() -> None:
        answers = Answers(store)
        await answers.add("m", PHOTO, (8, 8), found())
        store.full = True
        with pytest.raises(OSError, match="no room"):
            await answers.flush()
        store.full = False
        await answers.flush()
        assert await Answers(store).find("m", PHOTO) is not None

    asyncio.run(visit())


# ---- words ---------------------------------------------------------------------------------------


def test_progress_is_said_with_the_time_that_is_left() -> None:
    assert words.progress(12, 5000, None) == "Analysed 12 of 5,000"
    assert words.progress(12, 5000, 59) == "Analysed 12 of 5,000 · about 59 s left"
    assert words.progress(12, 5000, 620) == "Analysed 12 of 5,000 · about 10 min left"


def test_a_picture_that_cannot_be_opened_says_what_to_do() -> None:
    class Heic(PictureError):
        code = "picture-heic"

    assert words.failure(Heic("x cannot be decoded")).startswith("This browser can't open HEIC")
    assert "Share the photo as JPEG" in words.failure(Heic("x"))
