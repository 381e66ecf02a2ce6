"""What a model finds in the frames of a clip, computed once and kept in build/.

Needs PyAV (`pip install '.[video]'`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from obscura.cards import catalogue
from obscura.counting.sources import Frames, Options, open_source
from obscura.detections import Detections
from obscura.engine.native import NativeSession
from obscura.errors import ObscuraError
from obscura.families.decode import decode, read
from obscura.pictures import opaque
from obscura.sources.source import Pixels
from obscura.update import Update

KEPT = Path(__file__).resolve().parents[2] / "build" / "answers"
LOWEST = 0.03
"""Score down to which boxes are kept."""


@dataclass(frozen=True)
class Answers:
    """What a model found in a clip.

    Attributes:
        times: of each frame that was read, in seconds.
        found: in each of these, down to `LOWEST`.
        last: score of the last row that the model returned for each of these, before overlapping
            boxes were removed: below it there is nothing, whatever the threshold.
        size: width and height of the frames.
    """

    times: list[float]
    found: list[Detections]
    last: list[float]
    size: tuple[int, int]


def answers(clip: Path, model: str, rate: float) -> Answers:
    """Return what a model finds in about so many frames of each second of a clip.

    Raises:
        ObscuraError: the clip or the model cannot be read.
    """
    every = _every(clip, rate)
    kept = KEPT / f"{clip.stem}-{model}-{every}.npz"
    if not kept.exists():
        print(f"{clip.name}: {model} reads it ...", file=sys.stderr, flush=True)
        _compute(clip, model, every, kept)
    with np.load(kept) as held:
        ends = held["counts"].cumsum()
        found = [
            Detections(held["xyxy"][a:b], held["score"][a:b], held["class_id"][a:b])
            for a, b in zip(ends - held["counts"], ends, strict=True)
        ]
        width, height = held["size"].tolist()
        return Answers(held["times"].tolist(), found, held["last"].tolist(), (width, height))


def _every(clip: Path, rate: float) -> int:
    """Return n if every nth frame of a clip makes this rate."""
    import av

    with av.open(str(clip)) as container:
        return max(1, round(float(container.streams.video[0].average_rate or rate) / rate))


def _compute(clip: Path, model: str, every: int, kept: Path) -> None:
    folder = catalogue.find(model)
    card = catalogue.read_card(folder)
    session = NativeSession(card, catalogue.read_network(folder, card))
    last = []

    def detect(pixels: Pixels) -> Detections:
        height, width = pixels.shape[:2]
        rows = read(session.run(opaque(pixels), keep=False), card)
        last.append(float(rows.scores.min(initial=1.0)))
        return decode(rows, card, (width, height), threshold=LOWEST)

    source = open_source(clip, Options(every, None, None, _refuse))
    if not isinstance(source, Frames):
        raise SystemExit(f"{clip} is not a video.")
    updates = list(source.updates(lambda each: Update(each.info, detect(each.pixels))))
    session.close()
    KEPT.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        kept,
        times=[update.frame.time_s for update in updates],
        counts=[len(update.detections) for update in updates],
        xyxy=np.concatenate([update.detections.xyxy for update in updates]),
        score=np.concatenate([update.detections.score for update in updates]),
        class_id=np.concatenate([update.detections.class_id for update in updates]),
        last=last,
        size=(updates[0].frame.width, updates[0].frame.height),
    )


def _refuse(error: ObscuraError) -> None:
    raise error
