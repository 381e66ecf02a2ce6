"""Print how much each way to redact leaves open, on clips with people whose places are known.

    python3 build.py run bench/redaction/table.py [--model M] [--what person|face] [--clips]

- *open*: share of the object-frames (a person in a frame that is shown) with any uncovered pixel
  inside the person's box. The box is that of their visible pixels, not of any detection.
- *faces*: the same of their faces. With ``--what face`` only faces are covered, and heads of people
  without one; what is open of people then says nothing, and of the drawn walkers' heads no network
  finds a face.
- *needless*: part of the pictures that is covered although nobody is there.

"Frame by frame" is what is usually done: the boxes of each frame at the usual threshold, covered as
they are. "Laid over" is what an overlay does: the newest frame with the boxes of the latest answer,
at `RATE` answers a second that come `DELAY_S` after their frames.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from redaction import simulate
from redaction.scenes import CLIPS, Clip
from redaction.simulate import FACE_LABELS, LABELS, Score, Truth, score

from obscura import Covered, CoverOptions, Detections, FrameInfo, Update
from obscura.cards import catalogue
from obscura.cards.card import ModelCard
from obscura.heads import HeadSpec, PipelineSpec
from obscura.heads.native import PipelineDetector
from obscura.heads.spec import FINDER_NETWORKS
from obscura.page.features.redact import redactor
from obscura.redaction.thresholds import tracker_options
from obscura.tracking import TrackerOptions

RATE, DELAY_S = 10, 0.15
RATES = (5, 10, 15)
SLOW = (1, 2, 3)
"""Rates at which the page shows pictures on slow devices."""
AHEAD_S = (0.5, 1.0)

Way = Callable[[Sequence[Update], int], Iterable[Covered]]
"""From what was found in a clip, and its frames per second."""


def detected(clip: Clip, detector: PipelineDetector) -> tuple[list[Update], list[Truth]]:
    """Return what is found in all frames of a clip, and what is right. People are class 0, faces
    class 1."""
    own = len(detector.card.labels)
    updates, truths = [], []
    for index, frame in enumerate(clip.frames()):
        height, width = frame.pixels.shape[:2]
        info = FrameInfo(index, index / clip.fps, width, height)
        found = detector.detect(frame.pixels)
        found = Detections(found.xyxy, found.score, (found.class_id >= own).astype(np.int32))
        updates.append(Update(info, found))
        truths.append(Truth(info, frame.people, frame.faces))
    return updates, truths


def ways(card: ModelCard, what: str) -> dict[str, Way]:
    """Return the ways that are compared, by name."""
    usual = card.threshold
    tracking = tracker_options(card)
    labels = FACE_LABELS if what == "face" else LABELS
    class_id = labels.index(what)
    plain = CoverOptions(labels=frozenset({what}))
    strict, strip = replace(plain, strict=True), replace(plain, border=redactor.BORDER)

    def live(options: CoverOptions, rate: int) -> Way:
        return lambda updates, fps: simulate.live(
            updates, options, tracking, every(fps, rate), labels
        )

    def ahead(
        options: CoverOptions, rate: int, ahead_s: float, by: TrackerOptions, frames: int = 0
    ) -> Way:
        return lambda updates, fps: simulate.held_back(
            updates, options, by, every(fps, rate), ahead_s, labels, frames
        )

    found: dict[str, Way] = {
        "frame by frame": lambda updates, _: simulate.frame_by_frame(updates, usual, class_id),
        f"laid over, {RATE}/s": lambda updates, fps: simulate.laid_over(
            updates, usual, every(fps, RATE), DELAY_S, class_id
        ),
    }
    for rate in RATES:
        found[f"live, {rate}/s"] = live(plain, rate)
    found[f"live, {RATE}/s, border"] = live(strip, RATE)
    found[f"live, {RATE}/s, strict"] = live(strict, RATE)
    found[f"held back {AHEAD_S[0]} s, {RATE}/s"] = ahead(plain, RATE, AHEAD_S[0], tracking)
    found[f"held back {AHEAD_S[0]} s, {RATE}/s, border"] = ahead(strip, RATE, AHEAD_S[0], tracking)
    for rate in RATES:
        found[f"held back {AHEAD_S[1]} s, {rate}/s"] = ahead(plain, rate, AHEAD_S[1], tracking)
    # There, tracks begin at the usual score; what is found below it is covered without one.
    page = replace(TrackerOptions.for_card(card), live=tracking.live)
    for rate in (*SLOW, *RATES):
        found[f"in the page, {rate}/s"] = ahead(
            strip, rate, redactor.AHEAD_S, page, redactor.AHEAD_FRAMES
        )
    found["files"] = lambda updates, _: simulate.whole(updates, plain, tracking, labels)
    found["files, strict"] = lambda updates, _: simulate.whole(updates, strict, tracking, labels)
    return found


def every(fps: int, rate: int) -> int:
    """Return n if every nth frame makes about this rate."""
    return max(1, round(fps / rate))


def main() -> None:
    """Detect in all clips, and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--model", default="cocossd", help="default: %(default)s")
    parser.add_argument(
        "--what", choices=FACE_LABELS, default="person", help="default: %(default)s"
    )
    parser.add_argument("--clips", action="store_true", help="also print each clip")
    options = parser.parse_args()
    least = tracker_options(catalogue.read_card(catalogue.find(options.model))).live
    networks = FINDER_NETWORKS["face"] if options.what == "face" else ()
    spec = PipelineSpec(options.model, tuple(HeadSpec(each, each) for each in networks))
    with PipelineDetector(spec, classes=LABELS, threshold=least) as detector:
        compared = ways(detector.card, options.what)
        found = [(clip, *detected(clip, detector)) for clip in CLIPS]
    print(f"{'':34}{'object-frames':>14}{'open':>9}{'faces':>9}{'needless':>10}")
    for name, way in compared.items():
        scores = [score(way(updates, clip.fps), truths) for clip, updates, truths in found]
        _print(name, sum(scores, Score()))
        if options.clips:
            for (clip, *_), each in zip(found, scores, strict=True):
                _print(f"  {clip.name}", each)


def _print(name: str, each: Score) -> None:
    shares = each.people_open / max(each.people, 1), each.faces_open / max(each.faces, 1)
    print(f"{name:34}{each.people:14}{shares[0]:9.2%}{shares[1]:9.2%}{each.needless:10.1%}")


if __name__ == "__main__":
    main()
