"""Stages of heads: what they ask, what they add, and what happens when they fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from obscura.errors import BackendError, ModelMismatch, ObscuraError, OutOfMemory
from obscura.heads import (
    Budget,
    Every,
    HeadFailed,
    HeadSpec,
    HeadStage,
    OnceThen,
    PipelineError,
    drive,
)
from obscura.heads.added import FRAME_HELD_S
from obscura.pipeline import Answer, Pipeline, Request
from obscura.tracking import Tracker
from obscura.update import Update

from .fakes import (
    LABELS,
    SIZE,
    Card,
    CropAnswer,
    Form,
    Head,
    aged,
    classified,
    crowd,
    found,
    stage,
    update,
)

PERSON = [100.0, 100.0, 200.0, 300.0]
OTHER = [300.0, 100.0, 400.0, 300.0]


def look(head: Head, of: HeadStage, frame: Update) -> Update:
    return drive(of.steps(frame), head.run)


def test_a_head_says_which_frame_it_looked_at_last() -> None:
    head = Head(lambda _: found())
    one = stage("faces", head, cadence=Every(2))
    frames = [update([PERSON], index=index) for index in range(3)]
    looked = []
    for frame in frames:
        look(head, one, frame)
        looked.append(one.looked)

    assert looked == [frames[0].frame, frames[0].frame, frames[2].frame]
    one.update(update([PERSON], index=3))
    assert one.looked == frames[2].frame
    one.fail(frames[2], BackendError("out of luck"))
    assert one.looked is None


# ---- what is asked -------------------------------------------------------------------------------


def test_only_rows_of_the_named_classes_are_asked() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    frame = update([PERSON, OTHER], classes=[1, 0])

    crops = stage("classifier", head).wanted(frame)

    assert crops.rows.tolist() == [1]
    assert crops.xyxy.tolist() == [OTHER]


def test_the_whole_frame_is_row_minus_one() -> None:
    crops = stage("faces", Head(lambda _: found()), ["frame", "person"]).wanted(update([PERSON]))

    assert crops.rows.tolist() == [-1, 0]
    assert crops.xyxy.tolist() == [[0, 0, *SIZE], PERSON]


def test_small_boxes_are_not_asked_and_keep_what_is_known() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head, least=50, cadence=Every(1))
    look(head, one, update([PERSON], tracks=[7]))

    small = look(head, one, update([[100, 100, 140, 300]], tracks=[7], index=1))

    assert len(head.requests) == 1
    assert small.detections.data["look"].tolist() == [1]


@pytest.mark.parametrize(
    "box",
    [[50, 50, 50, 90], [50, 50, 90, 50], [-90, 10, -20, 90], [700, 10, 800, 90],
     [10, 500, 90, 600], [90, 90, 20, 20]],
)  # fmt: skip
def test_boxes_without_area_or_outside_the_frame_are_not_asked(box: list[float]) -> None:
    head = Head(lambda _: classified(0.2, 0.8))

    frame = look(head, stage("classifier", head), update([box]))

    assert head.requests == []
    assert frame.detections.data["look"].tolist() == [-1]


def test_the_request_names_the_head_and_the_size_of_the_source() -> None:
    head = Head(lambda _: classified(0.2, 0.8))

    look(head, stage("classifier", head, name="mask"), update([PERSON]))

    assert (head.requests[0].head, head.requests[0].size) == ("mask", SIZE)


def test_a_frame_without_detections_asks_nothing_and_has_the_arrays() -> None:
    head = Head(lambda _: aged(30))

    frame = look(head, stage("age_gender", head), update())

    assert head.requests == []
    assert frame.detections.data["age"].shape == (0,)


# ---- cadence -------------------------------------------------------------------------------------


def test_every_third_frame() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head, cadence=Every(3))

    asked = []
    for index in range(7):
        frame = look(head, one, update([PERSON], tracks=[1], index=index))
        asked.append(len(head.requests))
        assert frame.detections.data["look"].tolist() == [1], "kept in between"

    assert asked == [1, 1, 1, 2, 2, 2, 3]


def test_once_per_track_and_then_every_two_seconds() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head, cadence=OnceThen(2.0))

    times = []
    for index in range(45):
        before = len(head.requests)
        look(head, one, update([PERSON], tracks=[1], index=index))
        if len(head.requests) > before:
            times.append(index)

    assert times == [0, 20, 40]


def test_a_new_track_is_asked_at_once_even_if_others_are_not_due() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head, cadence=OnceThen(5.0))
    look(head, one, update([PERSON], tracks=[1]))

    look(head, one, update([PERSON, OTHER], tracks=[1, 2], index=1))

    assert head.requests[1].xyxy.tolist() == [OTHER]


def test_an_infinite_time_asks_once() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head, cadence=OnceThen(float("inf")))
    for index in range(100):
        look(head, one, update([PERSON], tracks=[1], index=index))

    assert len(head.requests) == 1


def test_a_hundred_people_each_get_their_turn() -> None:
    # Two of them fit into the budget.
    head = Head(lambda _: classified(0.2, 0.8), ms=4.0)
    budget = Budget(10.0)
    one = stage("classifier", head, cadence=OnceThen(1000.0), budget=budget)
    people, tracks = crowd(100), list(range(100))

    for index in range(55):
        frame = look(head, one, update(people, tracks=tracks, index=index))

    asked = np.concatenate([request.xyxy for request in head.requests])
    assert len({tuple(box) for box in asked.tolist()}) == 100
    assert max(len(request.xyxy) for request in head.requests) <= 2
    assert (frame.detections.data["look"] == 1).all()


def test_people_who_keep_coming_do_not_push_out_who_was_there() -> None:
    head = Head(lambda _: classified(0.2, 0.8), ms=10.0)
    one = stage("classifier", head, cadence=Every(1), budget=Budget(10.0))
    boxes = crowd(6)
    served = []
    for index in range(60):  # one stays, five are new in every second frame
        tracks = [1, *range(100 + index // 2 * 5, 105 + index // 2 * 5)]
        look(head, one, update(boxes, tracks=tracks, index=index))
        served += [index for box in head.requests[-1].xyxy.tolist() if box == boxes[0]]

    assert max(np.diff([0, *served, 60])) <= 7


def test_rows_without_a_track_come_last_and_are_known_for_that_frame_only() -> None:
    head = Head(lambda _: classified(0.2, 0.8), ms=10.0)
    budget = Budget(15.0)  # one crop
    one = stage("classifier", head, cadence=Every(1), budget=budget)
    for index in range(4):
        look(head, one, update([PERSON, OTHER], tracks=[-1, 5], index=index))
    assert all(request.xyxy.tolist() == [OTHER] for request in head.requests)

    alone = look(head, one, update([PERSON], tracks=[-1], index=5))
    after = one.update(update([PERSON], tracks=[-1], index=6))

    assert alone.detections.data["look"].tolist() == [1]
    assert after.detections.data["look"].tolist() == [-1]


def test_single_pictures_have_no_tracks_and_all_rows_are_asked() -> None:
    head = Head(lambda box: classified(*((0.9, 0.1) if box[0] < 200 else (0.1, 0.9))))

    frame = look(head, stage("classifier", head), update([OTHER, PERSON]))

    assert frame.detections.data["look"].tolist() == [1, 0]
    assert_allclose(frame.detections.data["look_score"], 0.9, atol=1e-6)


def test_the_same_picture_again_after_a_reset_is_asked_again() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head)
    for _ in range(3):
        one.reset()
        look(head, one, update([PERSON]))

    assert len(head.requests) == 3


def test_when_time_runs_backwards_everything_is_forgotten() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head, cadence=OnceThen(100.0))
    look(head, one, update([PERSON], tracks=[1], index=50))

    look(head, one, update([PERSON], tracks=[1], index=3))

    assert len(head.requests) == 2


# ---- attributes ----------------------------------------------------------------------------------


def test_numbers_are_nan_where_they_are_unknown() -> None:
    head = Head(lambda _: aged(31.5, 0.75))

    frame = look(head, stage("age_gender", head), update([PERSON, OTHER], classes=[0, 1]))

    assert_array_equal(frame.detections.data["age"], np.array([31.5, np.nan], np.float32))
    assert_array_equal(frame.detections.data["male"], np.array([0.75, np.nan], np.float32))


def test_points_are_in_pixels_of_the_source_and_move_with_the_object() -> None:
    points = np.tile(np.array([[0.5, 0.25, 0.8]], np.float32), (17, 1))[None]
    head = Head(lambda _: CropAnswer(np.array([[0, 0, 1, 1]]), np.ones(1), points))
    one = stage("movenet", head, cadence=Every(10))

    first = look(head, one, update([PERSON, OTHER], tracks=[1, 2], classes=[0, 1]))
    wider = [120.0, 110.0, 320.0, 310.0]
    second = look(head, one, update([wider], tracks=[1], index=1))

    assert_allclose(first.detections.data["look"][0, 3], [150, 150, 0.8])
    assert_array_equal(first.detections.data["look"][1], np.zeros((17, 3)))
    assert_allclose(second.detections.data["look"][0, 3], [220, 160, 0.8])


def test_other_data_and_the_order_of_rows_stay() -> None:
    head = Head(lambda _: aged(20))
    frame = update([PERSON, OTHER], data={"seen_s": np.array([1.0, 2.0])})

    after = look(head, stage("age_gender", head), frame).detections

    assert_array_equal(after.xyxy, frame.detections.xyxy)
    assert after.data["seen_s"].tolist() == [1.0, 2.0]


def test_the_whole_frame_has_attributes_of_its_own() -> None:
    head = Head(lambda _: classified(0.1, 0.9))
    one = stage("classifier", head, ["frame"])

    frame = look(head, one, update([PERSON]))

    assert one.scene is not None
    assert one.scene.class_id == 1
    assert frame.detections.data["look"].tolist() == [-1], "of the rows nothing is known"


def test_memory_is_bounded_by_who_was_in_view_lately() -> None:
    head = Head(lambda _: classified(0.2, 0.8))
    one = stage("classifier", head, cadence=OnceThen(1.0))
    for index in range(600):
        look(head, one, update([PERSON], tracks=[index], index=index))

    assert len(one._results._known) < 60
    assert len(one._turns.known()) < 60


# ---- failures ------------------------------------------------------------------------------------


def failing(error: ObscuraError) -> Head:
    head = Head(lambda _: classified(1.0))
    head.run = lambda _: Answer({}, 0.0, error)  # type: ignore[method-assign]
    return head


@pytest.mark.parametrize("error", [BackendError("The GPU is gone"), OutOfMemory("Out of memory")])
def test_a_head_that_fails_is_off_and_says_so_once(error: ObscuraError) -> None:
    head = failing(error)
    one = stage("classifier", head, name="mask")
    frame = update([PERSON], tracks=[1])

    after = look(head, one, frame)
    later = look(head, one, update([PERSON], tracks=[1], index=1))

    assert_array_equal(after.detections.xyxy, frame.detections.xyxy)
    assert after.events == (HeadFailed(0.0, "mask", error),)
    assert later.events == ()
    assert one.failure is error
    assert one.wanted(update([PERSON], index=2)).rows.tolist() == []


def test_the_other_heads_go_on_when_one_fails() -> None:
    bad, good = failing(BackendError("gone")), Head(lambda _: aged(40))
    one, two = stage("classifier", bad, name="mask"), stage("age_gender", good, name="years")

    def run(request: Request) -> Answer:
        return (bad if request.head == "mask" else good).run(request)

    frame = drive(Pipeline([one, two]).steps(update([PERSON])), run)

    assert frame.detections.data["age"].tolist() == [40]


@pytest.mark.parametrize(
    "read",
    [
        lambda *_: [],
        lambda *_: [classified(float("nan"))],
        lambda *_: (_ for _ in ()).throw(ModelMismatch("wrong shape")),
    ],
)
def test_outputs_of_the_wrong_shape_turn_the_head_off(read: Any) -> None:
    head = Head(lambda _: classified(1.0))
    one = HeadStage(HeadSpec("a", "b", ("person",)), Card("classifier"), LABELS, Budget(), read)

    after = look(head, one, update([PERSON]))

    assert isinstance(one.failure, ObscuraError)
    assert len(after.detections) == 1
    assert len(after.events) == 1


def test_points_of_another_number_are_not_shown() -> None:
    points = np.ones((1, 5, 3), np.float32)
    head = Head(lambda _: CropAnswer(np.array([[0, 0, 1, 1]]), np.ones(1), points))

    frame = look(head, stage("movenet", head), update([PERSON]))

    assert not frame.detections.data["look"].any()


# ---- rows that are added -------------------------------------------------------------------------


def test_faces_become_rows_with_the_class_of_their_label_best_first() -> None:
    head = Head(lambda _: found([0.25, 0, 0.75, 0.25], score=0.97, points=6))

    frame = look(head, stage("faces", head), update([PERSON]))

    rows = frame.detections
    assert rows.class_id.tolist() == [2, 0]
    assert_allclose(rows.xyxy[0], [125, 100, 175, 150])
    assert_allclose(rows.data["keypoints"][0, 5], [150, 125, 0.5])
    assert not rows.data["keypoints"][1].any(), "the person has no points"


def test_the_same_face_in_two_crops_is_one_row_the_better_one() -> None:
    face = np.array([120, 110, 160, 160], np.float32)

    def see(crop: Any) -> CropAnswer:
        sides = np.tile(crop[2:] - crop[:2], 2)
        whole = crop[0] == 0
        return found((face - np.tile(crop[:2], 2)) / sides, score=0.7 if whole else 0.9)

    frame = look(head := Head(see), stage("faces", head, ["frame", "person"]), update([PERSON]))

    faces = frame.detections[frame.detections.class_id == 2]
    assert_allclose(faces.score, [0.9])
    assert_allclose(faces.xyxy, [face], atol=1e-3)


def test_two_faces_in_one_crop_are_two_rows() -> None:
    head = Head(lambda _: found([0, 0, 0.4, 0.2], [0.6, 0, 1, 0.2]))

    assert len(look(head, stage("faces", head), update([PERSON])).detections) == 3


def test_faces_move_with_their_person_between_the_answers() -> None:
    head = Head(lambda _: found([0.25, 0, 0.75, 0.25], score=0.97))
    one = stage("faces", head, cadence=Every(3))
    look(head, one, update([PERSON]))

    near = [110.0, 105.0, 210.0, 305.0]
    frame = look(head, one, update([near], index=1))

    assert len(head.requests) == 1
    assert_allclose(frame.detections.xyxy[0], [135, 105, 185, 155])


def test_faces_go_with_their_person() -> None:
    head = Head(lambda _: found([0.25, 0, 0.75, 0.25]))
    one = stage("faces", head, cadence=Every(3))
    look(head, one, update([PERSON]))

    assert len(look(head, one, update(index=1)).detections) == 0


def test_faces_that_are_not_found_again_are_gone() -> None:
    answers = [found([0, 0, 0.5, 0.5]), found()]
    head = Head(lambda _: answers.pop(0))
    one = stage("faces", head, ["frame"], cadence=Every(1))

    assert len(look(head, one, update()).detections) == 1
    assert len(look(head, one, update(index=1)).detections) == 0


def test_what_is_found_in_the_frame_stays_until_the_frame_is_looked_at_again() -> None:
    """Text is dear: while its turn is late, its boxes must not blink."""
    answers = [found([0, 0, 0.5, 0.5]), found()]
    head = Head(lambda _: answers.pop(0))
    one = stage("dbtext", head, ["frame"], cadence=Every(9))
    look(head, one, update())

    shown = [len(look(head, one, update(index=index)).detections) for index in range(1, 10)]

    assert shown == [1] * 8 + [0]
    assert len(head.requests) == 2


def test_what_is_never_looked_at_again_goes_in_the_end() -> None:
    head = Head(lambda _: found([0, 0, 0.5, 0.5]))
    one = stage("dbtext", head, ["frame"], cadence=Every(3))
    look(head, one, update())

    late = [one.update(update(index=i, time_s=FRAME_HELD_S + i / 10)) for i in range(1, 4)]

    assert len(late[-1].detections) == 0


def test_a_face_of_the_whole_frame_moves_along_with_its_person_and_goes_with_it() -> None:
    face, elsewhere = [0.2, 0.25, 0.25, 0.3], [0.8, 0.8, 0.9, 0.9]
    head = Head(lambda box: found(face, elsewhere) if box[2] == SIZE[0] else found())
    one = stage("faces", head, ["frame", "person"], cadence=Every(9))
    first = look(head, one, update([PERSON])).detections
    at = first.xyxy[first.class_id == 2]

    walked = look(head, one, update([[150, 120, 250, 320]], index=1)).detections
    moved_at = walked.xyxy[walked.class_id == 2]
    gone = look(head, one, update(index=2)).detections

    assert_allclose(sorted((moved_at - at).tolist()), [[0] * 4, [50, 20, 50, 20]], atol=1e-3)
    assert_allclose(gone.xyxy, [[512, 384, 576, 432]], atol=1e-3)


@pytest.mark.parametrize("on", ["frame", "person"])
def test_nothing_blinks_where_frames_and_looks_are_slow(on: str) -> None:
    """Two frames in three seconds, and a budget that is enough for every sixth frame."""
    budget = Budget(10)
    budget.add_detector(700)
    head = Head(lambda _: found([0.25, 0, 0.75, 0.25]), ms=60)
    one = stage("faces", head, [on], cadence=Every(1), budget=budget)
    shown = [
        len(look(head, one, update([PERSON], index=i, time_s=i * 1.5)).detections)
        for i in range(40)
    ]  # fmt: skip

    assert len(head.requests) < 12
    assert shown[20:] == [2] * 20


def test_faces_beyond_the_frame_are_clipped_or_left_out() -> None:
    head = Head(lambda _: found([-0.5, -0.5, 0.5, 0.5], [1.1, 1.1, 1.4, 1.4]))

    frame = look(head, stage("faces", head, ["frame"]), update())

    assert frame.detections.xyxy.tolist() == [[0, 0, 320, 240]]


def test_arrays_that_new_rows_lack_are_filled() -> None:
    head = Head(lambda _: found([0, 0, 0.5, 0.5], score=0.5))
    data = {"seen_s": np.array([2.5]), "count": np.array([3]), "seen": np.array([True])}

    rows = look(head, stage("faces", head), update([PERSON], tracks=[4], data=data)).detections

    assert rows.track_id is not None
    assert rows.track_id.tolist() == [4, -1]
    assert_array_equal(rows.data["seen_s"], [2.5, np.nan])
    assert rows.data["count"].tolist() == [3, -1]
    assert rows.data["seen"].tolist() == [True, False]


def test_key_points_of_detector_and_head_are_padded_to_one_length() -> None:
    head = Head(lambda _: found([0, 0, 0.5, 0.5], score=0.5, points=6))
    data = {"keypoints": np.ones((1, 17, 3), np.float32)}

    rows = look(head, stage("faces", head), update([PERSON], data=data)).detections

    assert rows.data["keypoints"].shape == (2, 17, 3)
    assert (rows.data["keypoints"][0] == 1).all()
    assert (rows.data["keypoints"][1, :, 2] > 0).sum() == 6


def test_the_tracker_numbers_faces_and_emotions_follow_them() -> None:
    faces = Head(lambda _: found([0.25, 0, 0.75, 0.25], score=0.9))
    emotions = Head(lambda _: classified(0.1, 0.9))
    pipeline = Pipeline(
        [
            stage("faces", faces, name="faces", cadence=Every(1)),
            Tracker(),
            stage("classifier", emotions, ["face"], name="emotion"),
        ]
    )

    def run(request: Request) -> Answer:
        return (faces if request.head == "faces" else emotions).run(request)

    for index in range(6):
        box = [100.0 + 5 * index, 100.0, 200.0 + 5 * index, 300.0]
        frame = drive(pipeline.steps(update([box], index=index)), run)

    rows = frame.detections
    assert rows.class_id.tolist() == [0, 2]
    assert rows.data["emotion"].tolist() == [-1, 1]
    assert len(emotions.requests) == 1, "once for the track"
    assert rows.track_id is not None
    assert (rows.track_id > 0).all()


def test_a_head_that_adds_rows_cannot_look_once_per_track() -> None:
    with pytest.raises(PipelineError, match="before they are tracked"):
        stage("faces", Head(lambda _: found()), cadence=OnceThen(2.0))


def test_a_family_that_is_not_known_is_refused() -> None:
    with pytest.raises(PipelineError, match="family"):
        stage("hands", Head(lambda _: found()))


def test_a_card_may_name_other_rows_that_its_head_adds() -> None:
    head = Head(lambda _: found([0, 0, 0.5, 0.5]))
    one = stage("faces", head, card={"labels": ("dog",)})

    assert look(head, one, update([PERSON])).detections.class_id.tolist() == [0, 1]


def test_the_card_says_what_crops_the_head_was_made_for() -> None:
    head = Head(lambda _: classified(1.0))
    one = stage("classifier", head, card={"crop": Form(0.1, "square", 20)})

    crops = one.wanted(update([PERSON, [0, 0, 10, 10]]))

    assert crops.xyxy.tolist() == [[30, 80, 270, 320]]
