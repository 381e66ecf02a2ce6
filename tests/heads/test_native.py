"""A detector with heads in CPython, on pictures and on frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from obscura.errors import BackendError, LabelUnknown
from obscura.heads import Every, HeadFailed, HeadSpec, PipelineError, PipelineSpec
from obscura.heads.native import PipelineDetector, answered
from obscura.pipeline import Request

Scene = Callable[..., NDArray[np.uint8]]

RED, GREEN = (160, 120, 480, 240), (20, 300, 120, 400)
MASK = HeadSpec("mask", "mask", ("red", "green"))

pytestmark = pytest.mark.usefixtures("fake_shelf")


@pytest.fixture
def spec(colour_models: Path) -> PipelineSpec:
    return PipelineSpec(colour_models / "colours", (MASK,))


def test_a_picture_has_the_attributes_of_its_rows(spec: PipelineSpec, scene: Scene) -> None:
    with PipelineDetector(spec) as detector:
        found = detector.detect(scene(640, 480, red=RED, green=GREEN))
        attributes = detector.attributes(found)

    labels = [detector.labels[i] for i in found.class_id]
    assert sorted(labels) == ["green", "red"]
    for label, known in zip(labels, attributes, strict=True):
        assert known["mask"]["label"] == label
        assert_allclose(known["mask"]["score"], 1.0, atol=0.1)


def test_heads_look_at_what_other_heads_add(spec: PipelineSpec, scene: Scene) -> None:
    faces = HeadSpec("faces", "faces", ("red",))
    chain = PipelineSpec(spec.detector, (faces, HeadSpec("mask", "mask", ("face",))))
    with PipelineDetector(chain) as detector:
        found = detector.detect(scene(640, 480, red=RED))
        known = detector.attributes(found)

    assert detector.labels == ("red", "green", "blue", "face")
    assert found.class_id.tolist() == [0, 3]
    assert_allclose(found.xyxy[1], [160, 120, 480, 180], atol=8)
    assert "mask" not in known[0]
    assert known[1]["mask"]["label"] == "red"


def test_pictures_do_not_know_of_each_other(spec: PipelineSpec, scene: Scene) -> None:
    with PipelineDetector(spec) as detector:
        for colour, box in (("red", RED), ("green", GREEN)):
            found = detector.detect(scene(640, 480, **{colour: box}))
            assert detector.attributes(found)[0]["mask"]["label"] == colour


def test_a_head_may_look_at_the_whole_picture(spec: PipelineSpec, scene: Scene) -> None:
    whole = PipelineSpec(spec.detector, (HeadSpec("mask", "mask", ("frame",)),))
    with PipelineDetector(whole) as detector:
        detector.detect(scene(64, 64, blue=(0, 0, 64, 64)))

        assert detector.scene()["mask"] == {"label": "blue", "score": 1.0}


def test_frames_have_tracks_that_keep_their_attributes(spec: PipelineSpec, scene: Scene) -> None:
    head = HeadSpec("mask", "mask", ("red",), cadence=Every(4))
    with PipelineDetector(PipelineSpec(spec.detector, (head,))) as detector:
        updates = [
            detector.update(scene(640, 480, red=(160 + 4 * i, 120, 480 + 4 * i, 240)), i, i / 10)
            for i in range(6)
        ]

    for update in updates[1:]:
        assert update.detections.track_id is not None
        assert update.detections.track_id.tolist() == [1]
        assert update.detections.data["mask"].tolist() == [0]


def test_live_heads_keep_to_the_budget_of_the_detector(spec: PipelineSpec, scene: Scene) -> None:
    with PipelineDetector(spec, live=True) as detector:
        for i in range(5):
            detector.update(scene(640, 480, red=RED), i, i / 10)

        assert detector.budget.limit <= spec.budget_ms
        assert detector.budget.shares()["mask"] > 0


def test_a_head_that_fails_is_reported_and_the_detector_goes_on(
    spec: PipelineSpec, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PipelineDetector(spec) as detector:
        session = detector._detector.session
        error = BackendError("onnxruntime failed")

        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(session, "run_crops", fail)
        found = detector.detect(scene(640, 480, red=RED))
        update = detector.update(scene(640, 480, red=RED), 0, 0.0)

        assert len(found) == 1
        assert detector.attributes(found) == [{}]
        assert update.events == (HeadFailed(0.0, "mask", error),)
        assert detector.failures() == {"mask": str(error)}


def test_memory_that_runs_out_is_an_answer_too(
    spec: PipelineSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PipelineDetector(spec) as detector:
        session = detector._detector.session

        def fail(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(session, "run_crops", fail)
        answer = answered(session, Request("mask", np.zeros((1, 4), np.float32), (64, 64)))

    assert answer.error is not None
    assert answer.error.code == "out-of-memory"


def test_flipped_pictures_leave_the_crops_as_they_were(spec: PipelineSpec, scene: Scene) -> None:
    picture = scene(640, 480, red=(0, 0, 100, 100), green=(540, 0, 640, 100))
    with PipelineDetector(spec, flip=True) as detector:
        found = detector.detect(picture)
        known = detector.attributes(found)

    for class_id, attributes in zip(found.class_id.tolist(), known, strict=True):
        assert attributes["mask"]["label"] == detector.labels[class_id]


def test_an_impossible_pipeline_is_refused_before_anything_runs(spec: PipelineSpec) -> None:
    with pytest.raises(PipelineError, match='"person"'):
        PipelineDetector(PipelineSpec(spec.detector, (HeadSpec("mask", "mask", ("person",)),)))
    with pytest.raises(LabelUnknown):
        PipelineDetector(spec, classes=["person"])
