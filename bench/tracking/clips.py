"""Print how steady boxes are on clips: blinking, blips, boxes of what has left, and trailing.

    python3 build.py run bench/tracking/clips.py CLIP... [--model M]

Needs PyAV (`pip install '.[video]'`). The model reads every frame of a clip once, down to a score
of 0.05; what it finds is kept in build/answers/. Then the frames of 5, 10 and 15 answers per second
are shown as the page shows them, without a tracker ("raw") and with one. A clip with fewer frames
per second is left out of the higher rates.

**Where the objects are** is taken from all frames, and from no tracker. A box whose score reaches
the model's threshold is linked to the one of most overlap in the next frame that has one, if they
overlap by more than half and at most a second lies between them. An object is a chain of such boxes
in a second's worth of frames; it is visible from the first to the last of them, and in between,
where the model was not sure, on a straight line.

- *blinking*: share of the pairs of a visible object and an answer, once the object has been shown,
  in which no box is shown that overlaps it by half.
- *blips*: share of the boxes shown that are there for one or two answers only.
- *held*: the longest time in seconds for which a box stays in view, until the next answer, after
  the last one that found anything at its place, at whatever score.
- *trailing*: the median overlap (IoU) of the drawn box with a visible object, on all frames of the
  clip, also where no box is drawn. An answer comes half an interval after its frame, and is shown
  until the next one; with a tracker, boxes are drawn where they are predicted by then.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tracking.answers import answers as answers_of

from obscura.boxes import iou
from obscura.cards import catalogue
from obscura.detections import Detections
from obscura.tracking import Tracker, TrackerOptions
from obscura.update import FrameInfo, Update

LOWEST = 0.05
"""Score down to which boxes are used."""
RATES = (5, 10, 15)
LINKED, SHOWN = 0.5, 0.5
"""Overlap above which boxes of neighbouring frames are one object, and from which a box is on an
object."""
GAP_S = 1.0
"""Longest time for which an object is taken to be visible although the model is not sure of it."""
SAME = 0.3
"""Overlap from which boxes of successive answers count as one box that stays."""

Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """What a model found in a clip.

    Attributes:
        times: of each frame, in seconds.
        found: in each frame, down to `LOWEST`.
        threshold: of the model.
        options: of a tracker for the model.
    """

    times: list[float]
    found: list[Detections]
    size: tuple[int, int]
    threshold: float
    options: TrackerOptions

    @property
    def rate(self) -> float:
        """Frames per second."""
        return (len(self.times) - 1) / (self.times[-1] - self.times[0])


def read(path: Path, model: str) -> Clip:
    """Return what a model finds in all frames of a clip."""
    card = catalogue.read_card(catalogue.find(model))
    made = answers_of(path, model, inf)
    found = [each[each.score >= LOWEST] for each in made.found]
    return Clip(made.times, found, made.size, card.threshold, TrackerOptions.for_card(card))


# ---- where the objects are -----------------------------------------------------------------------


def objects(clip: Clip) -> list[dict[int, Boxes]]:
    """Return the box of each visible object, by frame; see the module."""
    sure = [found.xyxy[found.score >= clip.threshold] for found in clip.found]
    taken = [np.zeros(len(boxes), bool) for boxes in sure]
    chains = []
    for frame, boxes in enumerate(sure):
        for row in range(len(boxes)):
            if taken[frame][row]:
                continue
            places = {frame: boxes[row]}
            for at in range(frame + 1, len(sure)):
                latest = max(places)
                if clip.times[at] - clip.times[latest] > GAP_S:
                    break
                fit = iou(sure[at], places[latest][None])[:, 0]
                if fit.max(initial=0) > LINKED:
                    places[at] = sure[at][fit.argmax()]
                    taken[at] |= fit > LINKED
            if len(places) >= clip.rate:
                chains.append(_filled(places))
    return chains


def _filled(places: dict[int, Boxes]) -> dict[int, Boxes]:
    """Return the boxes of a chain in all its frames; where the model was not sure, between those
    before and after."""
    frames = sorted(places)
    known = np.array([places[frame] for frame in frames])
    every = np.arange(frames[0], frames[-1] + 1)
    sides = [np.interp(every, frames, side) for side in known.T]
    return dict(zip(every.tolist(), np.stack(sides, axis=1).astype(np.float32), strict=True))


# ---- what is shown -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What is shown from an answer on.

    Attributes:
        frame: that the answer is for.
        boxes: at that frame's time.
        at: returns the boxes at a later time, in seconds.
    """

    frame: int
    boxes: Boxes
    at: Callable[[float], Boxes]


def raw(clip: Clip, step: int) -> list[Answer]:
    """Return what is shown without a tracker."""
    answers = []
    for frame in range(0, len(clip.found), step):
        found = clip.found[frame]
        boxes = found.xyxy[found.score >= clip.threshold]
        answers.append(Answer(frame, boxes, partial(_standing, boxes)))
    return answers


def _standing(boxes: Boxes, _time_s: float) -> Boxes:
    return boxes


def tracked(clip: Clip, step: int) -> list[Answer]:
    """Return what is shown with one, as `page.live.analysis` does it."""
    tracker = Tracker(clip.options)
    answers = []
    for frame in range(0, len(clip.found), step):
        found = clip.found[frame]
        info = FrameInfo(frame, clip.times[frame], *clip.size)
        deep = found[found.score >= tracker.options.live]
        update = tracker.visible(tracker.update(Update(info, deep)), clip.threshold)
        shown = update.detections
        # The tracker goes on, so places for display are taken now.
        times = clip.times[frame : frame + 3 * step]
        places = {time: tracker.moved(shown, time) for time in times}
        answers.append(Answer(frame, shown.xyxy, places.__getitem__))
    return answers


# ---- figures -------------------------------------------------------------------------------------


def blinking(answers: list[Answer], chains: list[dict[int, Boxes]]) -> float:
    """Return the share of visible objects without a box; see the module."""
    missing = total = 0
    for chain in chains:
        begun = False
        for answer in answers:
            if answer.frame not in chain:
                continue
            shown = _best(answer.boxes, chain[answer.frame]) >= SHOWN
            begun |= shown
            total += begun
            missing += begun and not shown
    return missing / max(total, 1)


def blips(answers: list[Answer]) -> float:
    """Return the share of boxes that are shown for one or two answers."""
    lengths: list[int] = []  # of the runs that have ended, one per box of each run
    runs = np.zeros(0, int)
    before = np.zeros((0, 4), np.float32)
    for number, answer in enumerate(answers):
        fit = iou(answer.boxes, before)
        length = np.ones(len(answer.boxes), int)
        gone = np.ones(len(before), bool)
        for row in range(len(answer.boxes)):
            if fit.shape[1] and fit[row].max() >= SAME:
                length[row] += runs[fit[row].argmax()]
                gone[fit[row].argmax()] = False
        if number:
            lengths += [length for length in runs[gone].tolist() for _ in range(length)]
        runs, before = length, answer.boxes
    lengths += [length for length in runs.tolist() for _ in range(max(length, 3))]
    return sum(length <= 2 for length in lengths) / max(len(lengths), 1)


def held_s(answers: list[Answer], clip: Clip, interval_s: float) -> float:
    """Return the longest time for which a box is shown where nothing is found; see the module."""
    longest = 0.0
    spans: list[tuple[Boxes, float]] = []  # boxes without anything found, and since when
    for answer in answers:
        now, found = clip.times[answer.frame], clip.found[answer.frame]
        current = []
        for box in answer.boxes:
            if _best(found.xyxy, box) >= SAME:
                continue
            since = [begun for other, begun in spans if _best(other[None], box) >= SAME]
            begun = min(since, default=now - interval_s)
            current.append((box, begun))
            longest = max(longest, now - begun + interval_s)
        spans = current
    return longest


def trailing(
    answers: list[Answer], chains: list[dict[int, Boxes]], clip: Clip, interval_s: float
) -> float:
    """Return the median overlap of the drawn boxes with the objects."""
    overlaps = []
    latest = -1
    for frame, time_s in enumerate(clip.times):
        while latest + 1 < len(answers) and (
            clip.times[answers[latest + 1].frame] + interval_s / 2 <= time_s + 1e-6
        ):
            latest += 1
        if latest < 0:
            continue
        drawn = answers[latest].at(time_s)
        overlaps += [_best(drawn, chain[frame]) for chain in chains if frame in chain]
    return float(np.median(overlaps)) if overlaps else 0.0


def _best(boxes: Boxes, box: Boxes) -> float:
    """Return the largest overlap of any box with one."""
    return float(iou(boxes, box[None]).max(initial=0.0))


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--model", default="cocossd", help="default: %(default)s")
    args = parser.parse_args()
    print(f"{'clip':34}{'answers/s':>10}{'':>9}  blinking    blips     held  trailing")
    for path in args.clips:
        clip = read(path, args.model)
        chains = objects(clip)
        for rate in RATES:
            step = round(clip.rate / rate)
            if step < 1 or abs(clip.rate / step - rate) > 0.5:
                continue
            interval_s = step / clip.rate
            for name, show in (("raw", raw), ("tracked", tracked)):
                answers = show(clip, step)
                print(
                    f"{path.name:34}{rate:>10}{name:>9}"
                    f"{100 * blinking(answers, chains):8.2f} %"
                    f"{100 * blips(answers):7.2f} %"
                    f"{held_s(answers, clip, interval_s):7.2f} s"
                    f"{trailing(answers, chains, clip, interval_s):10.3f}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
