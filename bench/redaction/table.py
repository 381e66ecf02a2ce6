"""Print how much each way to redact leaves open, on clips with people whose places are known.

    python3 build.py run bench/redaction/table.py [--model M] [--clips]

- *open*: share of the object-frames (a person in a frame that is shown) with any uncovered pixel
  inside the person's box. The box is that of their visible pixels, not of any detection.
- *faces*: the same of their faces.
- *needless*: part of the pictures that is covered although nobody is there.

"Frame by frame" is what is usually done: the boxes of each frame at the usual threshold, covered as
they are. "Laid over" is what an overlay does: the newest frame with the boxes of the latest answer,
at `RATE` answers a second that come `DELAY_S` after their frames.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from redaction import simulate
from redaction.scenes import CLIPS, Clip
from redaction.simulate import LABELS, Score, Truth, score

from obscura import Covered, CoverOptions, Detector, FrameInfo, Update
from obscura.redaction.thresholds import tracker_options

RATE, DELAY_S = 10, 0.15
RATES = (5, 10, 15)
BORDER = 0.04
AHEAD_S = (0.5, 1.0)

Way = Callable[[Sequence[Update], int], Iterable[Covered]]
"""From what was found in a clip, and its frames per second."""


def detected(clip: Clip, detector: Detector) -> tuple[list[Update], list[Truth]]:
    """Return what is found in all frames of a clip, and what is right."""
    updates, truths = [], []
    for index, frame in enumerate(clip.frames()):
        height, width = frame.pixels.shape[:2]
        info = FrameInfo(index, index / clip.fps, width, height)
        updates.append(Update(info, detector.detect(frame.pixels)))
        truths.append(Truth(info, frame.people, frame.faces))
    return updates, truths


def ways(detector: Detector) -> dict[str, Way]:
    """Return the ways that are compared, by name."""
    usual = detector.card.threshold
    tracking = tracker_options(detector.card)
    plain = CoverOptions(labels=frozenset(LABELS))
    strict, strip = replace(plain, strict=True), replace(plain, border=BORDER)

    def live(options: CoverOptions, rate: int) -> Way:
        return lambda updates, fps: simulate.live(updates, options, tracking, every(fps, rate))

    def ahead(options: CoverOptions, rate: int, ahead_s: float) -> Way:
        return lambda updates, fps: simulate.held_back(
            updates, options, tracking, every(fps, rate), ahead_s
        )

    found: dict[str, Way] = {
        "frame by frame": lambda updates, _: simulate.frame_by_frame(updates, usual),
        f"laid over, {RATE}/s": lambda updates, fps: simulate.laid_over(
            updates, usual, every(fps, RATE), DELAY_S
        ),
    }
    for rate in RATES:
        found[f"live, {rate}/s"] = live(plain, rate)
    found[f"live, {RATE}/s, border"] = live(strip, RATE)
    found[f"live, {RATE}/s, strict"] = live(strict, RATE)
    found[f"held back {AHEAD_S[0]} s, {RATE}/s"] = ahead(plain, RATE, AHEAD_S[0])
    found[f"held back {AHEAD_S[0]} s, {RATE}/s, border"] = ahead(strip, RATE, AHEAD_S[0])
    for rate in RATES:
        found[f"held back {AHEAD_S[1]} s, {rate}/s"] = ahead(plain, rate, AHEAD_S[1])
    found["files"] = lambda updates, _: simulate.whole(updates, plain, tracking)
    found["files, strict"] = lambda updates, _: simulate.whole(updates, strict, tracking)
    return found


def every(fps: int, rate: int) -> int:
    """Return n if every nth frame makes about this rate."""
    return max(1, round(fps / rate))


def main() -> None:
    """Detect in all clips, and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--model", default="cocossd", help="default: %(default)s")
    parser.add_argument("--clips", action="store_true", help="also print each clip")
    options = parser.parse_args()
    with Detector(options.model, classes=LABELS) as detector:
        compared = ways(detector)
        detector.threshold = tracker_options(detector.card).live
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
