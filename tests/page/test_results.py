"""Results: frames are kept in parts, survive the page, and are found by their times."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from obscura.export.reading import RecordsError
from obscura.page.live.results import FRAMES, HEAD, LEAST, PART, Head, Key, Results

from .fakes import run

ROOT = Path(__file__).parents[2]


class Texts:
    """The browser's database in memory; with an `error`, it refuses everything."""

    def __init__(self) -> None:
        self.texts: dict[Key, str | None] = {}
        self.error: Exception | None = None
        self.written: list[int] = []  # records of each write

    async def read(self, *prefix: str | float) -> list[tuple[Key, str | None]]:
        if self.error:
            raise self.error
        return [(key, text) for key, text in self.texts.items() if key[: len(prefix)] == prefix]

    async def write(self, records: Mapping[Key, str | None]) -> None:
        if self.error:
            raise self.error
        self.written.append(len(records))
        for key, text in records.items():
            if text is None:
                self.texts.pop(key, None)
            else:
                self.texts[key] = text


def record(index: int) -> dict[str, Any]:
    return {"frame": index, "time_s": index / 10, "detections": []}


def results(store: Texts, frames: int = 0) -> Results:
    made = Results(store, "a", Head("a.mp4", "m", ["person"], 0.05))
    for index in range(frames):
        made.add(record(index))
    return made


async def opened(store: Texts) -> Results:
    found = await Results.opened(store, "a")
    assert found is not None
    return found


async def frames(of: Results) -> list[int]:
    return [each["frame"] async for each in of.records()]


@pytest.mark.parametrize("name", ["a\u2028b", "a\u2029b", "a\x85b", "a\nb", "a\rb", "a\x0bb", "ä"])
def test_names_may_have_any_letters(name: str) -> None:
    store = Texts()

    async def visits() -> None:
        before = results(store)
        before.add({**record(0), "source": name})
        await before.flush()
        (only,) = [each async for each in (await opened(store)).records()]
        assert only["source"] == name

    run(visits())


@pytest.mark.parametrize("count", [0, 1, PART - 1, PART, PART + 1, 3 * PART + 5])
def test_frames_survive_the_page_in_order(count: int) -> None:
    store = Texts()

    async def visits() -> None:
        before = results(store, count)
        before.head.complete = True
        assert await frames(before) == list(range(count)), "also before they are written"
        await before.flush()
        after = await opened(store)
        assert len(after) == count
        assert await frames(after) == list(range(count))
        assert after.head == before.head

    run(visits())


def test_a_visit_goes_on_where_the_last_one_ended() -> None:
    store = Texts()

    async def visits() -> None:
        await results(store, PART + 3).flush()
        again = await opened(store)
        assert again.end_s == (PART + 2) / 10
        for index in range(PART + 3, 2 * PART + 1):
            again.add(record(index))
        await again.flush()
        assert await frames(await opened(store)) == list(range(2 * PART + 1))

    run(visits())


def test_a_write_has_only_what_changed() -> None:
    store = Texts()

    async def visits() -> None:
        kept = results(store, 3 * PART)
        await kept.flush()
        kept.add(record(3 * PART))
        await kept.flush()
        await kept.flush()
        assert store.written == [1 + 3, 1 + 1, 1]

    run(visits())


def test_what_could_not_be_written_is_written_by_the_next_call() -> None:
    store = Texts()

    async def visits() -> None:
        kept = results(store, 2 * PART + 1)
        store.error = OSError("full")
        with pytest.raises(OSError, match="full"):
            await kept.flush()
        store.error = None
        kept.add(record(2 * PART + 1))
        assert await frames(kept) == list(range(2 * PART + 2))
        await kept.flush()
        assert await frames(await opened(store)) == list(range(2 * PART + 2))

    run(visits())


@pytest.mark.parametrize(
    ("time_s", "frame"),
    [(-0.01, None), (0, 0), (0.05, 0), (0.1, 1), ((PART - 1) / 10, PART - 1), (PART / 10, PART),
     (1e6, 2 * PART)],
)  # fmt: skip
def test_the_frame_at_a_time_is_the_latest_until_then(time_s: float, frame: int | None) -> None:
    store = Texts()

    async def visits() -> None:
        await results(store, 2 * PART + 1).flush()
        found = await (await opened(store)).at(time_s)
        assert (found and found["frame"]) == frame

    run(visits())


def test_frames_come_in_the_order_of_their_times() -> None:
    kept = results(Texts(), 2)
    with pytest.raises(ValueError, match="time_s"):
        kept.add(record(1))
    assert len(kept) == 2


def test_deleting_leaves_nothing() -> None:
    store = Texts()

    async def visits() -> None:
        kept = results(store, PART + 1)
        await kept.flush()
        await kept.delete()
        assert store.texts == {}
        assert await Results.opened(store, "a") is None

    run(visits())


def test_what_is_deleted_is_not_stored_again() -> None:
    """Whoever adds to it may still be at it."""

    async def go() -> None:
        store = Texts()
        made = results(store, 3)
        await made.flush()
        await made.delete()
        made.add(record(3))
        await made.flush()

        assert store.texts == {}

    run(go())


@pytest.mark.parametrize("head", [None, "{", "[]", "{}", '{"format": 2}', '{"format": 1, "x": 1}'])
def test_a_damaged_head_is_as_none(head: str | None) -> None:
    store = Texts()
    store.texts = {(HEAD, "a"): head}
    assert run(Results.opened(store, "a")) is None


def test_a_missing_part_is_said() -> None:
    store = Texts()

    async def visits() -> None:
        await results(store, PART + 1).flush()
        del store.texts[FRAMES, "a", 0]
        with pytest.raises(RecordsError, match="missing"):
            await frames(await opened(store))

    run(visits())


def test_without_its_last_part_nothing_is_opened() -> None:
    store = Texts()
    run(results(store, PART + 1).flush())
    head = json.loads(store.texts[HEAD, "a"] or "")
    assert head["frames"] == PART + 1
    del store.texts[FRAMES, "a", 1]
    assert run(Results.opened(store, "a")) is None


def test_what_is_kept_is_all_that_the_slider_can_ask_for() -> None:
    part = (ROOT / "assets" / "parts" / "detect.html").read_text(encoding="utf-8")
    slider = re.search(r'<input id="threshold" type="range" min="([\d.]+)"', part)

    assert slider is not None
    assert float(slider[1]) == LEAST
