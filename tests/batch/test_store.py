"""The store, with stand-in records: killed at every step, and with very many files."""

from __future__ import annotations

import json
import os
import sys
import tracemalloc
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from obscura.batch import shards, store
from obscura.batch.index import Index, Key
from obscura.batch.run import OPTIONS, run
from obscura.batch.store import Store
from obscura.cli.errors import UsageError
from obscura.cli.work import Found, Item, Model
from obscura.errors import PictureError

OPTIONS_OF_RUN = {"format": "jsonl"}
FILES = 7


class Killed(BaseException):
    """The process has gone; nothing else of it runs."""


def key(number: int) -> Key:
    return Key(b"%d" % number, 1, 2)


def record(number: int) -> dict[str, Any]:
    return {"source": str(number), "detections": []}


def numbers(folder: Path) -> list[int]:
    """Return what the whole shards hold."""
    lines = [
        text for each in sorted(folder.glob("*.jsonl")) for text in each.read_text().splitlines()
    ]
    return [int(json.loads(text)["source"]) for text in lines]


def kill_at(step: int, patch: pytest.MonkeyPatch, after: bool) -> None:
    """Have the process die at the nth step that changes the disk, before or after it."""
    left = step

    def dying(work: Any) -> Any:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and not after:
                raise Killed
            result = work(*arguments, **options)
            if left == 0:
                raise Killed
            return result

        return wrapped

    patch.setattr(os, "fsync", dying(os.fsync))
    patch.setattr(os, "truncate", dying(os.truncate))
    patch.setattr(Path, "replace", dying(Path.replace))
    patch.setattr(Index, "enter", dying(Index.enter))


def add_missing(store: Store, files: int = FILES) -> None:
    for number in range(files):
        if not store.has(key(number)):
            store.add(key(number), [record(number)])
            store.enter()


def run_until_killed(folder: Path) -> None:
    store = Store(folder, OPTIONS_OF_RUN, records=3)
    try:
        add_missing(store)
        store.__exit__(None)
    except Killed:
        # As the system does it: what was written is there, and nobody tidies up.
        store._shards.abandon()
        store.index.close()
        raise


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_step(after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in range(1, 200):
        folder = tmp_path / f"{step}"
        with monkeypatch.context() as patch:
            kill_at(step, patch, after)
            try:
                run_until_killed(folder)
            except Killed:
                killed = True
            else:
                killed = False

        with Store(folder, OPTIONS_OF_RUN, records=3) as store:
            add_missing(store)

        assert numbers(folder) == list(range(FILES)), f"killed at step {step}"
        assert not list(folder.glob("shard-*.part"))
        if not killed:
            assert step > 20
            return
    pytest.fail("it has more steps than the test has")


def interrupt_at(line: int) -> None:
    """Have Ctrl-C arrive before the nth line that shards and their store run."""
    left = line

    def look(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in {shards.__file__, store.__file__}:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return look

    sys.settrace(look)


def test_interrupted_at_every_line(tmp_path: Path) -> None:
    """What is done counts, what is not is done again, and nothing is there twice."""
    for line in range(1, 1000):
        folder = tmp_path / f"{line}"
        before = sys.gettrace()
        try:
            with Store(folder, OPTIONS_OF_RUN, records=2) as begun:
                interrupt_at(line)
                try:
                    add_missing(begun, 3)
                finally:
                    sys.settrace(before)
        except KeyboardInterrupt:
            interrupted = True
        else:
            interrupted = False

        with Store(folder, OPTIONS_OF_RUN, records=2) as again:
            add_missing(again, 3)

        assert numbers(folder) == [0, 1, 2], f"interrupted at line {line}"
        if not interrupted:
            assert line > 100
            return
    pytest.fail("it has more lines than the test has")


def test_bytes_that_do_not_count_are_cut_off(tmp_path: Path) -> None:
    store = Store(tmp_path, OPTIONS_OF_RUN)
    store.add(key(0), [record(0)])
    store.enter()
    store._shards.add(record(1))
    store._shards.abandon()
    store.index.close()
    part = tmp_path / "shard-000001.jsonl.part"
    assert len(part.read_text().splitlines()) == 2

    with Store(tmp_path, OPTIONS_OF_RUN) as store:
        assert store.has(key(0))
        assert not store.has(key(1))
        store.add(key(2), [record(2)])

    assert numbers(tmp_path) == [0, 2]


def test_a_file_with_an_error_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield record(1)
        raise PictureError("It ends here")

    with Store(tmp_path, OPTIONS_OF_RUN) as store:
        store.add(key(0), [record(0)])
        with pytest.raises(PictureError):
            store.add(key(1), broken())
        store.add(key(2), [record(2), record(3)])
        assert not store.has(key(1))

    assert numbers(tmp_path) == [0, 2, 3]


def test_a_file_without_records_is_done(tmp_path: Path) -> None:
    with Store(tmp_path, OPTIONS_OF_RUN) as store:
        store.add(key(0), [])
    with Store(tmp_path, OPTIONS_OF_RUN) as store:
        assert store.has(key(0))
        store.add(key(1), [record(1)])

    assert numbers(tmp_path) == [1]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        Store(tmp_path, OPTIONS_OF_RUN),
        pytest.raises(UsageError, match="Another run"),
    ):
        Store(tmp_path, OPTIONS_OF_RUN)


class StandIn:
    """Finds nothing, in no time."""

    model = Model("none", "0" * 64, ())

    def found(self, items: Iterable[Item], _: Any) -> Iterator[tuple[Item, Iterator[Found]]]:
        for item in items:
            yield item, iter([Found({"source": item.where, "detections": []}, [])])

    def failures(self) -> list[str]:
        return []


def peak(out: Path, files: int) -> int:
    """Return the most memory that Python had at a time, in bytes."""
    arguments = Namespace(
        **dict.fromkeys((*OPTIONS, "heads", "pipeline", "save", "crops")),
        track=False,
        format="jsonl",
        out=str(out),
    )
    tracemalloc.start()
    try:
        summary = run(
            map(str, range(files)),
            out,
            arguments,
            StandIn(),
            complain=lambda _: None,
            key_of=lambda where: Key(where.encode(), 1, 1),
        )
        assert summary.found + summary.known == files
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow here, and not what this is about
    peak(tmp_path / "first", 2_000)  # what is imported and cached once
    few = peak(tmp_path / "few", 10_000)
    many = peak(tmp_path / "many", 100_000)
    again = peak(tmp_path / "many", 100_000)

    assert len(list((tmp_path / "many").glob("*.jsonl"))) == 100_000 / shards.RECORDS
    assert many < 1.5 * few
    assert again < 1.5 * few
