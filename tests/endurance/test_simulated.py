"""Five hours of frames, with an engine that answers at once: what follows and counts stays flat."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from obscura.cards.card import ModelCard
from obscura.counting import Counter, Line, Shapes, Zone
from obscura.engine.plans import Plan
from obscura.engine.worker_session import WorkerSession
from obscura.families.decode import read
from obscura.live.pace import Pace
from obscura.live.timing import Timings
from obscura.page.features.track.trails import Trails
from obscura.page.live.analysis import Analysis, Answer
from obscura.page.live.loop import Loop, Show
from obscura.page.stage.placement import place
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

from ..engine.fake_worker import FakeWorker, output
from ..loops import no_other_loop  # noqa: F401  (a fixture)

FRAMES, EARLY = 200_000, 20_000
"""Of five hours at 11 frames a second, and those after which every cache is full."""
STEP_S = 0.09
WALKERS, CROSSING = 6, 90
"""People in view at once, and the frames in which one crosses the picture."""
WIDTH, HEIGHT = 640, 480
SHAPES = Shapes(
    (Line("door", (0.5, 1.0), (0.5, 0.0)),),
    (Zone("hall", ((0.6, 0.0), (0.9, 0.0), (0.9, 1.0), (0.6, 1.0))),),
)


class Held(NamedTuple):
    """What there is at a moment."""

    frames: int
    blocks: int
    """Memory blocks of Python's."""
    arrays: int
    """Bytes of numpy's arrays that Python's collector knows of, in what follows and counts."""
    tracks: int


def found(index: int) -> dict[str, Any]:
    """Return what the engine says of a frame: people who cross it one after the other, who waver,
    and of whom one in ten is overlooked."""
    turn = index + np.arange(WALKERS) * CROSSING // WALKERS
    left = (turn % CROSSING) / CROSSING
    who = turn // CROSSING + 1000 * np.arange(WALKERS)
    top = 0.1 + 0.1 * np.arange(WALKERS) + 0.002 * np.sin(turn)
    boxes = np.stack([left, top, left + 0.06, top + 0.3], axis=1)
    scores = np.where((turn * 7 + who) % 10 == 0, 0.02, 0.9)
    order = np.argsort(-scores, kind="stable")
    return {
        "outputs": [
            output("boxes", boxes[None, order].astype(np.float32)),
            output("scores", scores[None, order].astype(np.float32)),
            output("classes", (who % 2)[None, order].astype(np.int32)),
        ],
        "drawn": 0.0,
    }


class Room:
    """The page's pipeline from the loop to trails and counts, on a clock of its own."""

    def __init__(self, card: ModelCard) -> None:
        self.card, self.now_ms, self.number = card, 0.0, 0
        self.on_frame: Any = None
        self.asked = self.hidden = False
        worker = FakeWorker()
        worker.posted = SimpleNamespace(append=lambda _message: None)  # type: ignore[assignment]
        worker.on_post = lambda _message: found(self.number)
        self.session = WorkerSession(worker, Plan("wasm", "wasm", 2), "CPU")
        self.session.continue_from({"id": 1, **found(0)}, 1, card)
        timings = Timings()
        self.analysis = Analysis(timings, lambda: self.now_ms, in_view=lambda _answer: True)
        self.tracker, self.counter = Tracker(), Counter(SHAPES)
        self.trails = Trails(str)
        self.analysis.track(self.tracker)
        self.analysis.add_stages([self.counter])
        self.analysis.add([self.trails, self])
        self.loop = Loop(
            self, self._analyse, timings, Pace(), now_ms=lambda: self.now_ms, start=self._start
        )
        self.crossings = 0

    def ask(self) -> None:
        self.asked = True

    def cancel(self) -> None:
        self.asked = False

    def total(self) -> int:
        return self.number

    def sought(self, seconds: float) -> None:
        """Another part of the video is sought."""

    def stepped(self, position_s: float, frames: int) -> float:
        return position_s + frames * STEP_S

    def take(self, update: Update) -> None:
        """A sink: draw, and count what crosses."""
        self.crossings += len(update.events)
        self.trails.draw(PEN, update, place((WIDTH, HEIGHT), (WIDTH, HEIGHT)))

    def close(self) -> None:
        return

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        with pytest.raises(StopIteration):  # nothing waits: the engine answers at once
            coroutine.send(None)

    async def _analyse(self, _only_new: bool) -> Show:
        picture = SimpleNamespace(width=WIDTH, height=HEIGHT, data=SimpleNamespace(buffer=b""))
        outputs = read(await self.session.run(picture), self.card)
        frame = FrameInfo(self.number, self.number * STEP_S, WIDTH, HEIGHT)
        answer = Answer(0, self.card, frame, outputs, captured_ms=self.now_ms)

        def show() -> None:
            self.analysis.receive(answer)

        return show

    async def live(self) -> list[Held]:
        """Show all frames; return what there is early and in the end."""
        self.loop.start()
        held = []
        for self.number in range(1, FRAMES + 1):
            self.now_ms = self.number * STEP_S * 1000
            self.on_frame(self.number)
            if self.number in (EARLY, FRAMES):
                held.append(self.held())
        return held

    def held(self) -> Held:
        """Return what there is now."""
        gc.collect()
        arrays = sum(each.nbytes for each in _arrays(self.tracker))
        return Held(self.loop.analysed_frames, sys.getallocatedblocks(), arrays, len(self.tracker))


class Pen:
    """Stands in for the context of a canvas."""

    def stroke(self, _path: str) -> None:
        return


PEN = Pen()


def _arrays(tracker: Tracker) -> Iterator[np.ndarray[Any, Any]]:
    for part in (tracker, tracker._motion, tracker._course):
        yield from (each for each in vars(part).values() if isinstance(each, np.ndarray))


def test_two_hundred_thousand_frames_with_tracks_and_counts_leave_nothing(
    card_table: dict[str, Any],
) -> None:
    card_table["output"]["top"] = WALKERS
    room = Room(ModelCard.from_dict(card_table))

    before, after = asyncio.run(room.live())

    assert (before.frames, after.frames) == (EARLY, FRAMES)
    walkers = WALKERS * FRAMES / CROSSING
    assert room.crossings > 2 * walkers, "each goes through the door and through the hall"
    assert after.tracks <= 3 * WALKERS
    assert after.arrays <= 2 * before.arrays
    assert after.blocks < before.blocks * 1.01
