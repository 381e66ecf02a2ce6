"""HeadStage: a second network that looks closer at what was found. Sans I/O: it says which crops it
wants, and is given the network's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from obscura.boxes import Floats
from obscura.errors import ObscuraError
from obscura.heads.added import AddedRows
from obscura.heads.attributes import Attributes, Known
from obscura.heads.budget import Budget
from obscura.heads.contract import Card, RawOutputs, Read, checked, gives
from obscura.heads.crops import Crops, crop_boxes
from obscura.heads.spec import FRAME, Every, HeadSpec, OnceThen, PipelineError
from obscura.heads.turns import NAMELESS, WHOLE_FRAME, Places, Turns
from obscura.pipeline import Request, Steps
from obscura.update import Event, FrameInfo, Update

USUAL_EVERY = Every(3)
"""Cadence of heads that add rows or points, which move."""
USUAL_ONCE = OnceThen(2.0)
"""Cadence of heads that give what does not change quickly."""
MAX_GAP_S = 10.0
"""After a longer time without a frame, nobody knows who is in view."""


@dataclass(frozen=True, slots=True)
class HeadFailed(Event):
    """A head failed and is off; the detector goes on.

    Attributes:
        head: its name.
        error: what happened.
    """

    head: str
    error: ObscuraError


class _Frame(NamedTuple):
    """What a head can look at in one frame."""

    update: Update
    rows: NDArray[np.int64]  # (m,) of the detections; -1 for the whole frame
    keys: list[int]  # of these
    boxes: Floats  # (m, 4) of these, in pixels of the source
    large: NDArray[np.bool_]  # (m,) whether they are large enough to look at
    now: tuple[int, float]  # number of the analysed frame, and its time


class HeadStage:
    """A `Stage` that asks a second network about parts of the frame.

    Heads that find objects ("face", "text") add rows, in front of the tracker. Others add arrays to
    `Detections.data`: NAME ``(n,)`` int32, index of the class or -1, and NAME_score ``(n,)``
    float32; quantities such as "age" ``(n,)`` float32, NaN where unknown; points as NAME
    ``(n, P, 3)`` float32: x, y in pixels of the source, score, all 0 where unknown. These are kept
    for each track between the answers; of a row without a track, only for its frame.

    Attributes:
        spec: what it looks at, and how often.
        card: the head's card.
        failure: why it is off; None while it is on.
        looked: the frame that it looked at last; None after `reset` and while it is off.
    """

    def __init__(
        self, spec: HeadSpec, card: Card, labels: Sequence[str], budget: Budget, read: Read
    ) -> None:
        """
        Args:
            spec: its ``on`` says what it looks at.
            card: the head's card.
            labels: of the whole pipeline, as `obscura.heads.spec.chain` returns them.
            budget: shared by all heads of the pipeline.
            read: makes answers of outputs: `obscura.families.heads.read`.

        Raises:
            PipelineError: the head's family is not known, or it cannot look once per track,
                because what it finds is tracked only afterwards.
        """
        self.spec = spec
        self.card = card
        self.failure: ObscuraError | None = None
        self.looked: FrameInfo | None = None
        self._budget = budget
        self._read = read
        self.gives = gives(card)
        cadence = spec.cadence
        if self.gives.adds and isinstance(cadence, OnceThen):
            raise PipelineError(
                f'The head "{spec.name}" adds rows before they are tracked, so it cannot look once '
                "per track",
                "once_then_s",
                remedy="Give it every = 3, say.",
            )
        if cadence is None:
            moves = self.gives.adds or self.gives.points
            cadence = USUAL_EVERY if moves else USUAL_ONCE
        self._classes = np.array([labels.index(on) for on in spec.on if on != FRAME], np.int32)
        self._turns = Turns(cadence)
        self._places = Places()
        self._results: AddedRows | Attributes
        if self.gives.adds:
            frames = cadence.frames if isinstance(cadence, Every) else 1
            self._results = AddedRows(labels.index(self.gives.adds), frames)
        else:
            self._results = Attributes(spec.name, self.gives)
        self._count = 0
        self._frame: _Frame | None = None

    @property
    def name(self) -> str:
        """Name of the head in its pipeline, by which its crops are asked for."""
        return self.spec.name

    @property
    def scene(self) -> Known | None:
        """What is known of the whole frame, of a head that looks at that."""
        return self._results.of(WHOLE_FRAME) if isinstance(self._results, Attributes) else None

    def reset(self) -> None:
        """Forget all objects, because another source or model follows. A failure stays."""
        self._turns.reset()
        self._places.reset()
        self._results.reset()
        self._budget.reset()
        self._count, self._frame, self.looked = 0, None, None

    # ---- once per frame --------------------------------------------------------------------------

    def wanted(self, update: Update) -> Crops:
        """Return what the head wants to look at in this frame: what is due, as the budget allows.

        Call it once per frame, and run the head on all of it.
        """
        frame = self._enter(update)
        nothing = Crops(self.name, np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
        if self.failure is not None:
            return nothing
        size = (update.frame.width, update.frame.height)
        form = self.card.crop
        shape = form.shape if self.spec.shape is None else self.spec.shape
        margin = form.margin if self.spec.margin is None else self.spec.margin
        crops = crop_boxes(frame.boxes, shape, margin, size)
        crops[frame.rows < 0] = (0, 0, *size)
        usable = np.flatnonzero(frame.large & (crops[:, 2:] > crops[:, :2]).all(axis=1))
        due = self._turns.due([frame.keys[place] for place in usable], *frame.now)
        count = self._budget.grant(self.name, len(due), update.frame.index)
        chosen = usable[due[:count]]
        return Crops(self.name, frame.rows[chosen], crops[chosen])

    def absorb(self, update: Update, crops: Crops, outputs: RawOutputs) -> Update:
        """Return the update with what the head found in the crops, and what is known from before.

        Outputs that make no sense turn the head off, see `fail`.

        Args:
            update: as it was given to `wanted`.
            crops: as `wanted` returned them.
            outputs: as `Session.run_crops` returned them.
        """
        frame = self._enter(update)
        keys = dict(zip(frame.rows.tolist(), range(len(frame.rows)), strict=True))
        sizes = crops.xyxy[:, 2:] - crops.xyxy[:, :2]
        try:
            answers = checked(self._read(outputs, self.card, sizes), len(crops.rows))
        except ObscuraError as error:
            return self.fail(update, error)
        places = [keys[row] for row in crops.rows.tolist()]
        for place, crop, answer in zip(places, crops.xyxy, answers, strict=True):
            key, box = frame.keys[place], frame.boxes[place]
            self._results.take(key, box, crop, answer, frame.now)
        self._turns.answered([frame.keys[place] for place in places], *frame.now)
        self.looked = update.frame
        return self._apply(frame)

    def update(self, update: Update) -> Update:
        """Return the update with what is known from before, and ask nothing."""
        return update if self.failure is not None else self._apply(self._enter(update))

    def fail(self, update: Update, error: ObscuraError) -> Update:
        """Turn the head off, and return the update with a `HeadFailed`."""
        self.failure, self.looked = error, None
        self._budget.drop(self.name)
        self._results.reset()
        event = HeadFailed(update.frame.time_s, self.name, error)
        return replace(update, events=(*update.events, event))

    def steps(self, update: Update) -> Steps:
        """Ask for what is wanted, and return the update; see `obscura.pipeline.AskingStage`."""
        began = perf_counter()
        crops = self.wanted(update)
        if not len(crops.rows):
            update = self.update(update)
            self._budget.add_overhead(1000 * (perf_counter() - began))
            return update
        size = (update.frame.width, update.frame.height)
        self._budget.add_overhead(1000 * (perf_counter() - began))
        answer = yield Request(self.name, crops.xyxy, size)
        if answer.error is not None:
            return self.fail(update, answer.error)
        began = perf_counter()
        update = self.absorb(update, crops, answer.outputs)
        reading_ms = 1000 * (perf_counter() - began)  # the picture waits for that, too
        self._budget.spent(self.name, len(crops.rows), answer.ms + reading_ms)
        return update

    # ---- parts of it -----------------------------------------------------------------------------

    def _enter(self, update: Update) -> _Frame:
        """Return what can be looked at in a frame; begin it, unless it is the latest one."""
        latest = self._frame
        if latest is not None and latest.update is update:
            return latest
        time_s = update.frame.time_s
        if latest is not None and not 0 <= time_s - latest.now[1] <= MAX_GAP_S:
            self._turns.reset()
            self._places.reset()
            self._results.reset()
        self._count += 1
        found = update.detections
        # Not np.isin, which needs a part of numpy that the page does not have.
        among = (found.class_id[:, None] == self._classes).any(axis=1)
        rows = np.flatnonzero(among).astype(np.int64)
        keys = self._keys(update, rows)
        boxes = found.xyxy[rows]
        least = self.card.crop.least if self.spec.least is None else self.spec.least
        large = np.all(boxes[:, 2:] - boxes[:, :2] >= least, axis=1)
        if FRAME in self.spec.on:
            whole = np.array([[0, 0, update.frame.width, update.frame.height]], np.float32)
            rows = np.concatenate([np.array([-1], np.int64), rows])
            boxes = np.concatenate([whole, boxes])
            large = np.concatenate([np.ones(1, bool), large])
            keys = [WHOLE_FRAME, *keys]
        self._frame = _Frame(update, rows, keys, boxes, large, (self._count, time_s))
        self._results.begin({*keys, *self._turns.known()})
        return self._frame

    def _keys(self, update: Update, rows: NDArray[np.int64]) -> list[int]:
        found = update.detections
        if self.gives.adds:
            return self._places.match(found.xyxy[rows], update.frame.time_s)
        if found.track_id is None:
            return [NAMELESS - row for row in rows.tolist()]
        tracks = found.track_id[rows].tolist()
        return [
            track if track >= 0 else NAMELESS - row
            for track, row in zip(tracks, rows.tolist(), strict=True)
        ]

    def _apply(self, frame: _Frame) -> Update:
        """Return the update with all that is known."""
        update = frame.update
        found = update.detections
        if isinstance(self._results, AddedRows):
            size = (update.frame.width, update.frame.height)
            places = list(zip(frame.keys, frame.boxes, strict=True))
            return replace(update, detections=self._results.join(found, places, size, frame.now))
        keys = [WHOLE_FRAME] * len(found)
        for row, key in zip(frame.rows.tolist(), frame.keys, strict=True):
            if row >= 0:
                keys[row] = key
        arrays = self._results.arrays(keys, found.xyxy)
        return replace(update, detections=found.replace(data={**found.data, **arrays}))
