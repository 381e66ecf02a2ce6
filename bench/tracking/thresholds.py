"""Print from which score a model's tracks should begin, and down to which they should live.

    python3 build.py run bench/tracking/thresholds.py CLIP... [--model M ...] [--write]

The figures go onto the models' cards, as [tracking]; `--write` puts them there. About ten frames
per second of each clip are read, once (see `answers`). There is no ground truth: what is true is
told by time, and by a second model, which was trained by somebody else.

- **birth**. In each second, the boxes that are linked from frame to frame are one place. Its score
  is the highest at which a track would begin there and be confirmed in the next frame. It is real
  if the model finds it, with at least half the score, in most frames of the half second before or
  after. `birth` is the lowest score from which at most 5 % of the places are not real, and not
  below the card's threshold, below which nothing is shown. What is mistaken in every frame counts
  as real, because no tracker can know better.
- **live**. From each box that reaches the card's threshold, and where the second model finds
  something, too, the place is followed for as long as the boxes there stay below the threshold, at
  most for a second. These weak boxes are right if the threshold is reached again within that
  second, or if the second model finds something where they are. `live` is the lowest score from
  which at most 5 % of them are not.

A model returns a fixed number of rows. *cut off* is the share of frames in which the last of them
has a higher score than `live`, so that tracks might miss rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tracking.answers import LOWEST, Answers, answers

from modelkit.cards import write_tracking
from obscura.boxes import iou
from obscura.cards import catalogue
from obscura.detections import Detections

MODELS = ("cocossd", "centernet-320", "centernet-416", "centernet-512")
JUDGES = {"cocossd": "centernet-416"}
"""The second model; for all others it is the first of `MODELS`."""
RATE = 10
LINKED = 0.5
"""Overlap above which boxes of neighbouring frames are at the same place, as of the tracker's
second association."""
MOST_WRONG = 0.05
"""Share of places that are not real, and of weak boxes that are wrong."""
PLACES_FROM = 0.15
"""Places with lower scores are not looked at; no track should begin there."""
FEWEST = 20
"""Shares of fewer places or boxes than this say nothing."""
STEP = 0.01

Scored = list[tuple[float, bool]]
"""Score of each place or box, and whether it is real or right."""


class Evidence(NamedTuple):
    """What a clip says of a model."""

    births: Scored
    weak: Scored


def evidence(seen: Answers, judge: Answers, threshold: float, judged_from: float) -> Evidence:
    """Return what a clip says.

    Args:
        seen: what the model found.
        judge: what the second model found in the same frames.
        threshold: the model's.
        judged_from: the second model's.
    """
    return Evidence(
        list(_places(seen, threshold)), list(_weak(seen, judge, threshold, judged_from))
    )


def lowest(scored: Scored, share: float, at_most: float) -> float:
    """Return the lowest score from which at most a share of what is there is false.

    Without enough to say so it is ``at_most``.
    """
    scores = np.array([score for score, _ in scored])
    false = np.array([not good for _, good in scored], bool)
    for candidate in np.arange(at_most, LOWEST, -STEP)[::-1].tolist():
        above = scores >= candidate
        if above.sum() >= FEWEST and false[above].mean() <= share:
            return round(float(candidate), 2)
    return at_most


# ---- births --------------------------------------------------------------------------------------


def _places(seen: Answers, threshold: float) -> Iterator[tuple[float, bool]]:
    """Yield the places of each second."""
    seconds = np.floor(np.array(seen.times) - seen.times[0]).astype(int)
    for second in range(seconds[-1] + 1):
        frames = np.flatnonzero(seconds == second).tolist()
        taken = {frame: np.zeros(len(seen.found[frame]), bool) for frame in frames}
        rows = [
            (frame, row)
            for frame in frames
            for row in np.flatnonzero(seen.found[frame].score >= PLACES_FROM).tolist()
        ]
        rows.sort(key=lambda at: -seen.found[at[0]].score[at[1]])
        for frame, row in rows:
            if taken[frame][row]:
                continue
            hits = {}
            for at, place, hit in _linked(seen, frame, row, frames):
                taken[at] |= iou(place[None], seen.found[at].xyxy)[0] > LINKED
                if hit is not None:
                    hits[at] = hit
            score, born = max(_confirmed(seen, hits, threshold), default=(0.0, -1))
            if score >= PLACES_FROM:
                yield score, _persists(seen, born, hits[born], score / 2)


def _confirmed(
    seen: Answers, hits: dict[int, int], threshold: float
) -> Iterator[tuple[float, int]]:
    """Yield up to which birth a track would begin in each frame and be confirmed in the next."""
    for frame, row in hits.items():
        if frame + 1 in hits:
            first = float(seen.found[frame].score[row])
            second = float(seen.found[frame + 1].score[hits[frame + 1]])
            yield (first if second >= threshold else min(first, second)), frame


def _linked(
    seen: Answers, frame: int, row: int, frames: Sequence[int]
) -> Iterator[tuple[int, NDArray[np.float32], int | None]]:
    """Yield where a box is in some frames, which are successive, and its row where it is found."""
    start = seen.found[frame].xyxy[row]
    for path in (range(frame, frames[-1] + 1), range(frame - 1, frames[0] - 1, -1)):
        place = start
        for at in path:
            place, hit = _next(place, seen.found[at], 0)
            yield at, place, hit


def _persists(seen: Answers, frame: int, row: int, least: float) -> bool:
    """Return whether a box of at least a score is at a place in most frames of the half second
    before or after."""
    now, found = seen.times[frame], seen.found[frame]
    for step in (1, -1):
        place, hits, at = found.xyxy[row], [], frame + step
        while 0 <= at < len(seen.found) and abs(seen.times[at] - now) <= 0.5:
            place, hit = _next(place, seen.found[at], least)
            hits.append(hit is not None)
            at += step
        if hits and np.mean(hits) > 0.5:
            return True
    return False


def _next(
    place: NDArray[np.float32], found: Detections, score: float
) -> tuple[NDArray[np.float32], int | None]:
    """Return where a place is in the next frame, and the row; if none fits it stays."""
    fit = iou(place[None], found.xyxy)[0] * (found.score >= score)
    if not fit.size or fit.max() <= LINKED:
        return place, None
    row = int(fit.argmax())
    return found.xyxy[row], row


# ---- weak boxes ----------------------------------------------------------------------------------


def _weak(
    seen: Answers, judge: Answers, threshold: float, judged_from: float
) -> Iterator[tuple[float, bool]]:
    """Yield the weak boxes at the places of sure ones."""
    for frame, found in enumerate(seen.found[:-1]):
        for row in np.flatnonzero(found.score >= threshold).tolist():
            place = found.xyxy[row]
            if not _agrees(judge, frame, place, judged_from):
                continue
            boxes: list[tuple[int, float, NDArray[np.float32]]] = []
            again = False
            for at in range(frame + 1, len(seen.found)):
                if again or seen.times[at] - seen.times[frame] > 1:
                    break
                place, hit = _next(place, seen.found[at], 0)
                if hit is not None:
                    score = float(seen.found[at].score[hit])
                    again = score >= threshold
                    boxes.append((at, score, place))
            for at, score, place in boxes:
                if score < threshold:
                    yield score, again or _agrees(judge, at, place, judged_from)


def _agrees(judge: Answers, frame: int, place: NDArray[np.float32], judged_from: float) -> bool:
    """Return whether the second model finds something at a place."""
    found = judge.found[frame]
    return bool((iou(place[None], found.xyxy[found.score >= judged_from]) > LINKED).any())


# ---- the command ---------------------------------------------------------------------------------


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--model", nargs="+", default=MODELS, metavar="M", help="default: all")
    parser.add_argument("--write", action="store_true", help="write the figures to the cards")
    args = parser.parse_args()
    for model in args.model:
        _measure(model, args.clips, write=args.write)
    return 0


def _measure(model: str, clips: Sequence[Path], *, write: bool) -> None:
    other = JUDGES.get(model, MODELS[0])
    card, judge = (catalogue.read_card(catalogue.find(name)) for name in (model, other))
    births: Scored = []
    weak: Scored = []
    last: list[float] = []
    for clip in clips:
        seen, judged = answers(clip, model, RATE), answers(clip, other, RATE)
        found = evidence(seen, judged, card.threshold, judge.threshold)
        births += found.births
        weak += found.weak
        last += seen.last
    birth = max(lowest(births, MOST_WRONG, 0.95), card.threshold)
    live = lowest(weak, MOST_WRONG, card.threshold)
    cut = np.mean(np.array(last) > live)
    print(f"\n{model}: birth {birth:.2f}, live {live:.2f}, threshold {card.threshold:g}, ", end="")
    print(f"cut off {100 * cut:.1f} % of {len(last)} frames")
    print("score from    places  not real    weak boxes   wrong")
    for score in np.arange(0.05, 0.75, 0.05):
        print(f"{score:10.2f}{_share(births, score)}    {_share(weak, score)}")
    sys.stdout.flush()
    if write:
        write_tracking(catalogue.find(model), birth, live)


def _share(scored: Scored, score: float) -> str:
    """Return how many there are from a score on, and the share of what is false."""
    above = [good for each, good in scored if each >= score]
    return f"{len(above):10}{100 * (1 - np.mean(above)):8.1f} %" if above else " " * 20


if __name__ == "__main__":
    sys.exit(main())
