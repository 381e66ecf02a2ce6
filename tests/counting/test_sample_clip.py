"""The sample clip: what the default model, the tracker and the counter make of it is what happens
in it (tools/clip/story.py)."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from obscura import Detector
from obscura.counting import Counter
from obscura.detections import Detections
from obscura.page.features.sample import words
from obscura.page.features.sample.example import SHAPES
from obscura.pipeline import Pipeline
from obscura.tracking import Tracker
from obscura.update import FrameInfo, Update

CLIP = Path(__file__).resolve().parents[2] / "assets" / "clip" / "people.webm"
FPS = 15
Found = list[tuple[FrameInfo, Detections]]


@pytest.fixture(scope="module")
def found() -> Found:
    """What is detected in every other frame, weak detections included."""
    with Detector(threshold=Tracker().options.live) as detector, av.open(str(CLIP)) as video:
        pictures = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        return [
            (FrameInfo(index, index / FPS, each.shape[1], each.shape[0]), detector.detect(each))
            for index, each in enumerate(pictures)
            if index % 2 == 0
        ]


# As a fast and a slow device analyse frames: 7.5 and 3.75 times a second.
@pytest.mark.parametrize("every", [1, 2])
def test_three_come_in_one_goes_out_and_one_waits(found: Found, every: int) -> None:
    for first in range(every):
        counter = Counter(SHAPES)
        pipeline = Pipeline([Tracker(), counter])
        for frame, detections in found[first::every]:
            pipeline.update(Update(frame, detections))

        assert counter.lines[words.LINE].counts == {(0, "in"): 3, (0, "out"): 1}
        field = counter.zones[words.ZONE]
        assert (field.entries, field.exits, field.inside) == ({0: 1}, {0: 1}, {})


def test_the_clip_begins_and_ends_with_nobody_so_that_it_can_begin_again(found: Found) -> None:
    strong = Tracker().options.strong
    for _, detections in (found[0], found[-1]):
        assert not any(detections.score >= strong)
