"""Dispatch of pictures and videos to workers, and what waits in memory of their answers."""

from __future__ import annotations

import pickle
from argparse import Namespace
from collections.abc import Iterator
from itertools import islice

import pytest

from obscura.batch.cluster import Frames
from obscura.batch.dispatch import Dispatcher, Member, Task
from obscura.batch.finders import Alone, Spread, is_file, is_long, is_picture
from obscura.batch.worker import FRAMES, Answer, Part
from obscura.cli.work import Found, Item, Model


class Hands(Member):
    """A worker that answers when it is asked to, and notes what it had at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.had: list[list[str]] = []

    def send(self, task: Task) -> None:
        self.tasks.append(task)
        self.had.append([each.item.where for each in self.tasks])

    def end(self) -> None:
        self.tasks.clear()


class Shop(Dispatcher):
    """Workers in this process: the one that has most answers next."""

    def started(self) -> Member:
        return Hands()

    def listen(self) -> None:
        waking = [each for each in self.members if not each.ready]
        for each in waking:
            self.hear(each, Model("m", "0", ("red",)))
        if not waking:
            member = max(self.members, key=lambda each: len(each.tasks))
            self.hear(member, (Answer([found(member.tasks[0].item.where)], [], None), []))


def found(name: str) -> Found:
    return Found({"source": name, "detections": [{"label": "red", "score": 0.5}]}, [])


def test_who_reads_a_video_has_nothing_else() -> None:
    sources = ["0.png", "1.mp4", "2.png", "3.mp4", "4.mp4", "5.png", "6.png", "7.png"]
    with Shop(2) as shop:
        had = [each.had for each in shop.members if isinstance(each, Hands)]
        spread = Spread(lambda: Alone(Namespace()), shop, is_file, is_long)
        seen = list(spread.found(map(Item, sources), print))

        together = [each for one in had for each in one]
        assert [each.record["source"] for _, frames in seen for each in frames] == sources
        assert sorted({name for each in together for name in each}) == sources
        assert all(len(each) == 1 for each in together if any(map(is_long, each)))
        assert any(len(each) == 2 for each in together)  # pictures are handed out ahead


@pytest.mark.parametrize(
    ("where", "kinds"),
    [
        ("a.png", (True, False, True)),
        ("a.mp4", (True, True, False)),
        ("s3://bucket/a.png", (True, False, True)),
        ("-", (False, False, False)),
        ("camera:0", (False, False, False)),
        ("rtsp://camera/1", (False, False, False)),
    ],
)
def test_kinds_of_sources(where: str, kinds: tuple[bool, bool, bool]) -> None:
    assert (is_file(where), is_long(where), is_picture(where)) == kinds


def frames(number: int) -> Iterator[Found]:
    for index in range(number):
        rows = [{"label": "red", "score": 0.9, "x1": index / 7, "y1": 3.25} for _ in range(3)]
        yield Found({"source": "a.mp4", "frame": index, "detections": rows}, [])


def batched(found: Iterator[Found]) -> Iterator[Part]:
    """Yield frames as a worker says them."""
    while some := list(islice(found, FRAMES)):
        yield Part(some)


@pytest.mark.parametrize("number", [0, 1, FRAMES - 1, FRAMES, 2 * FRAMES + 1])
def test_frames_come_as_they_were_added(number: int) -> None:
    kept = Frames()
    for part in batched(frames(number)):
        kept.add(part)

    arrived = pickle.loads(pickle.dumps(kept))

    assert list(arrived) == list(arrived) == list(frames(number))


def test_frames_that_wait_take_a_fraction_of_the_memory() -> None:
    kept = Frames()
    for part in batched(frames(80 * FRAMES)):
        kept.add(part)

    assert len(pickle.dumps(kept)) < len(pickle.dumps(list(frames(80 * FRAMES)))) / 5
