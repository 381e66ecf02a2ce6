"""What is found in files, for covering."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.redaction.finder import Finder
from obscura.redaction.heads import head_part
from obscura.update import FrameInfo, Update

from .test_heads import PERSON, STANDING, update


@pytest.mark.parametrize(("threshold", "heads"), [(None, 1), (0.9, 0), (0.6, 1)])
def test_who_has_no_track_yet_has_a_head_from_the_score_that_is_covered_with_certainty(
    monkeypatch: pytest.MonkeyPatch, threshold: float | None, heads: int
) -> None:
    given = update(0, (STANDING[0], PERSON, -1))
    given = Update(given.frame, given.detections.replace(score=np.array([0.7], np.float32)))
    with Finder(["face"], threshold=threshold, threads=1) as finder:
        monkeypatch.setattr(finder, "_analysed", lambda *_: given)
        monkeypatch.setattr(Finder, "labels", ("person", "dog", "face"))
        found = finder.frame(np.zeros((480, 640, 3), np.uint8), 0, 0.0)

    assert found.frame == FrameInfo(0, 0.0, 640, 480)
    assert found.detections.xyxy[1:].tolist() == [[*head_part(STANDING[0])]] * heads
