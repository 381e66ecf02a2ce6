"""Tracker: one number per object, for as long as it is there, and none for what is not."""

from __future__ import annotations

import numpy as np
import pytest

from obscura.detections import Detections
from obscura.tracking import Tracker, TrackerOptions
from obscura.tracking.tracker import NO_TRACK
from obscura.update import FrameInfo, Update

WIDTH, HEIGHT = 640, 480


def found(*rows: tuple[float, float, float, int]) -> Detections:
    """Return detections of 40 x 100 pixels: centre x, centre y, score and class of each."""
    return Detections(
        np.array([[x - 20, y - 50, x + 20, y + 50] for x, y, _, _ in rows]).reshape(-1, 4),
        np.array([score for *_, score, _ in rows]),
        np.array([class_id for *_, class_id in rows], np.int32),
    )


def see(tracker: Tracker, index: int, *rows: tuple[float, float, float, int]) -> Detections:
    """Pass one of 10 frames per second to a tracker."""
    frame = FrameInfo(index, index / 10, WIDTH, HEIGHT)
    return tracker.update(Update(frame, found(*rows))).detections


def ids(detections: Detections) -> list[int]:
    assert detections.track_id is not None
    return detections.track_id.tolist()


def test_an_object_that_walks_keeps_its_number() -> None:
    tracker = Tracker()

    numbers = [ids(see(tracker, i, (100 + 8 * i, 200, 0.9, 0))) for i in range(30)]

    assert numbers == [[1]] * 30


def test_rows_keep_their_order() -> None:
    tracker = Tracker()
    see(tracker, 0, (100, 200, 0.9, 0), (300, 200, 0.85, 0))

    after = see(tracker, 1, (302, 200, 0.95, 0), (500, 100, 0.3, 0), (102, 200, 0.9, 0))

    assert ids(after) == [2, NO_TRACK, 1]
    assert after.xyxy[:, 0].tolist() == [282, 480, 82]


def test_a_box_of_a_single_frame_is_never_a_track() -> None:
    tracker = Tracker()
    for i in range(5):
        see(tracker, i, (100, 200, 0.9, 0))

    blip = see(tracker, 5, (100, 200, 0.9, 0), (400, 200, 0.95, 0))
    after = see(tracker, 6, (100, 200, 0.9, 0))

    assert ids(blip) == [1, NO_TRACK]
    assert ids(after) == [1]
    assert len(tracker) == 1
    assert tracker.predict(0.6).track_id is not None
    assert ids(tracker.predict(0.6)) == [1]


def test_a_second_detection_confirms() -> None:
    tracker = Tracker()
    for i in range(3):
        see(tracker, i)

    numbers = [ids(see(tracker, 3 + i, (200, 200, 0.9, 0))) for i in range(3)]

    assert numbers == [[NO_TRACK], [1], [1]]


def test_a_weak_score_continues_a_track_but_begins_none() -> None:
    tracker = Tracker()
    for i in range(3):
        see(tracker, i, (100, 200, 0.9, 0))

    weak = [ids(see(tracker, 3 + i, (100, 200, 0.2, 0), (400, 200, 0.2, 0))) for i in range(5)]

    assert weak == [[1, NO_TRACK]] * 5


def test_a_score_below_live_is_ignored() -> None:
    tracker = Tracker(TrackerOptions(live=0.3, strong=0.5))
    see(tracker, 0, (100, 200, 0.9, 0))

    assert ids(see(tracker, 1, (100, 200, 0.29, 0))) == [NO_TRACK]


def test_whoever_returns_within_two_seconds_has_the_number_of_before() -> None:
    tracker = Tracker()
    for i in range(10):
        see(tracker, i, (100 + 5 * i, 200, 0.9, 0))
    for i in range(10, 25):
        see(tracker, i)

    back = [ids(see(tracker, i, (100 + 5 * i, 200, 0.9, 0))) for i in range(25, 28)]

    assert back == [[1]] * 3


def test_after_two_seconds_it_is_somebody_else() -> None:
    tracker = Tracker()
    for i in range(5):
        see(tracker, i, (100, 200, 0.9, 0))
    for i in range(5, 30):
        see(tracker, i)

    assert len(tracker) == 0
    back = [ids(see(tracker, i, (100, 200, 0.9, 0))) for i in range(30, 33)]
    assert back == [[NO_TRACK], [2], [2]]


def test_who_comes_in_where_somebody_left_is_somebody_else() -> None:
    tracker = Tracker()
    places = [560 + 10 * i for i in range(9)]
    for i, x in enumerate(places):
        see(tracker, i, (x, 200, 0.9, 0))
    gone = len(places)
    for i in range(gone, gone + 5):
        see(tracker, i)

    numbers = [ids(see(tracker, gone + 5 + i, (630 - 10 * i, 200, 0.9, 0))) for i in range(2)]

    assert numbers == [[NO_TRACK], [2]]


@pytest.mark.parametrize("score", [0.9, 0.8, 0.3])
def test_a_score_that_is_just_the_threshold_begins_a_track(score: float) -> None:
    """Also where its float32 is a little less."""
    tracker = Tracker(TrackerOptions(birth=score, strong=score))

    assert ids(see(tracker, 0, (100, 200, score, 0))) == [1]


def test_a_new_track_is_found_again_far_away_if_a_frame_took_long() -> None:
    tracker = Tracker()
    for i in range(0, 9, 3):
        see(tracker, i)

    numbers = [ids(see(tracker, 9 + 6 * i, (100 + 80 * i, 200, 0.9, 0))) for i in range(3)]

    assert numbers == [[NO_TRACK], [1], [1]]


def test_numbers_are_not_reused_after_a_reset() -> None:
    tracker = Tracker()
    see(tracker, 0, (100, 200, 0.9, 0))
    tracker.reset()

    assert ids(see(tracker, 0, (100, 200, 0.9, 0))) == [2]


def test_two_that_cross_keep_their_numbers() -> None:
    tracker = Tracker()
    for i in range(31):
        rows = [(100 + 10 * i, 200, 0.9, 0), (400 - 10 * i, 206, 0.9, 0)]
        if 13 <= i <= 17:  # one hides the other
            rows = rows[:1]
        last = see(tracker, i, *rows)

    assert ids(last) == [1, 2]


def test_a_class_that_wavers_is_one_object_of_the_class_it_mostly_had() -> None:
    """Detectors take a van for a car and a truck in turn (supervision #194)."""
    tracker = Tracker()
    classes = [2, 2, 7, 2, 7, 2, 2, 7]

    seen = [see(tracker, i, (200 + 3 * i, 200, 0.9, c)) for i, c in enumerate(classes)]

    assert [ids(each) for each in seen] == [[1]] * 8
    assert [each.class_id.tolist() for each in seen] == [[2]] * 8


def test_one_object_reported_as_two_classes_at_once_is_one_track() -> None:
    tracker = Tracker()

    for i in range(5):
        last = see(tracker, i, (200, 200, 0.9, 2), (201, 200, 0.85, 7))

    assert ids(last) == [1, NO_TRACK]
    assert len(tracker) == 1


def test_objects_of_two_classes_side_by_side_do_not_swap() -> None:
    tracker = Tracker()
    for i in range(10):
        last = see(tracker, i, (200, 200, 0.9, 0), (215, 200, 0.9, 1))

    assert ids(last) == [1, 2]
    assert last.class_id.tolist() == [0, 1]


@pytest.mark.parametrize("every", [1, 3, 5])
def test_frames_may_be_dropped(every: int) -> None:
    """Time counts, not the number of frames (ultralytics #18504)."""
    tracker = Tracker()

    for i in range(0, 60, every):
        last = see(tracker, i, (50 + 8 * i, 200, 0.9, 0))

    assert ids(last) == [1]


def test_prediction_goes_on_with_the_motion() -> None:
    tracker = Tracker()
    for i in range(20):
        see(tracker, i, (100 + 10 * i, 200, 0.9, 0))

    ahead = tracker.predict(1.9 + 0.1)

    assert ahead.anchors("centre")[0] == pytest.approx([300, 200], abs=1.5)
    assert ahead.data["seen_s"].tolist() == pytest.approx([1.9])


def test_prediction_holds_what_was_just_missed_for_so_long() -> None:
    tracker = Tracker()
    for i in range(10):
        see(tracker, i, (100, 200, 0.9, 0))

    held = []
    for i in range(10, 16):
        see(tracker, i)
        held.append(len(tracker.predict(i / 10)))

    assert held == [1, 1, 1, 1, 0, 0]


def test_prediction_is_limited_when_no_frame_is_analysed() -> None:
    tracker = Tracker()
    for i in range(20):
        see(tracker, i, (100 + 10 * i, 200, 0.9, 0))

    assert tracker.predict(100.0).xyxy.tolist() == tracker.predict(1.9 + 0.4).xyxy.tolist()


def test_boxes_are_moved_to_where_their_tracks_are_predicted() -> None:
    tracker = Tracker()
    for i in range(20):
        seen = look(tracker, i, (100 + 10 * i, 200, 0.9, 0), (500, 300, 0.9, 0))
    other = seen.replace(track_id=[seen.track_id[0], NO_TRACK])

    moved, ahead = tracker.moved(other, 2.0), tracker.predict(2.0)

    assert moved[0].tolist() == ahead.xyxy[0].tolist()
    assert moved[0, 0] > seen.xyxy[0, 0] + 5
    assert moved[1].tolist() == seen.xyxy[1].tolist(), "it has no track"


def test_boxes_of_tracks_that_are_not_shown_any_more_stay_where_they_are() -> None:
    tracker = Tracker()
    for i in range(20):
        seen = look(tracker, i, (100 + 10 * i, 200, 0.9, 0))
    for i in range(20, 26):
        look(tracker, i)

    assert tracker.moved(seen, 2.6).tolist() == seen.xyxy.tolist()


def look(tracker: Tracker, index: int, *rows: tuple[float, float, float, int]) -> Detections:
    """As `see`, but return what people see of it at a threshold of 0.5."""
    frame = FrameInfo(index, index / 10, WIDTH, HEIGHT)
    return tracker.visible(tracker.update(Update(frame, found(*rows))), 0.5).detections


def test_what_is_seen_does_not_blink() -> None:
    tracker = Tracker(TrackerOptions(birth=0.5))
    scores = [0.9] * 10 + [
        0.6,
        0.2,
        0.0,
        0.4,
        0.0,
        0.0,
        0.9,
    ]  # below its threshold, and not detected
    seen = [
        look(tracker, i, *([(100 + 4 * i, 200, score, 0)] if score else []))
        for i, score in enumerate(scores)
    ]

    assert [ids(each) for each in seen] == [[1]] * 17
    middles = [float(each.anchors("centre")[0, 0]) for each in seen]
    assert middles == pytest.approx([100 + 4 * i for i in range(17)], abs=3)
    assert seen[-1].data["seen_s"].tolist() == pytest.approx([1.6])


def test_what_has_left_is_seen_for_a_moment_only() -> None:
    tracker = Tracker(TrackerOptions(birth=0.5))
    for i in range(5):
        look(tracker, i, (100, 200, 0.9, 0))

    assert [len(look(tracker, 5 + i)) for i in range(6)] == [1, 1, 1, 0, 0, 0], "until 0.4 s"


def test_where_answers_are_slow_what_is_detected_is_seen_at_once() -> None:
    tracker = Tracker(TrackerOptions(birth=0.5))
    for i in range(0, 30, 10):
        seen = look(tracker, i, (100, 200, 0.9, 0), *([(400, 200, 0.8, 0)] if i == 20 else []))

    assert ids(seen) == [1, NO_TRACK]
    assert seen.data["seen_s"].tolist() == [2, 0]
    assert ids(look(tracker, 40, (100, 200, 0.9, 0), (405, 200, 0.8, 0))) == [1, 2]
    assert ids(look(tracker, 50, (100, 200, 0.9, 0), (700, 200, 0.3, 0))) == [1], "not sure"


def test_what_is_detected_once_is_not_seen() -> None:
    tracker = Tracker(TrackerOptions(birth=0.5))
    for i in range(5):
        look(tracker, i, (100, 200, 0.9, 0))

    assert ids(look(tracker, 5, (100, 200, 0.9, 0), (400, 200, 0.95, 0))) == [1]


def test_a_track_is_seen_once_it_has_reached_the_threshold() -> None:
    tracker = Tracker(TrackerOptions(birth=0.3, strong=0.3))

    scores = [0.4, 0.4, 0.45, 0.6, 0.2]
    seen = [look(tracker, i, (100, 200, score, 0)) for i, score in enumerate(scores)]

    assert [len(each) for each in seen] == [0, 0, 0, 1, 1]


def test_only_the_classes_asked_for_are_seen() -> None:
    tracker = Tracker()
    frame = FrameInfo(0, 0.0, WIDTH, HEIGHT)
    update = tracker.update(Update(frame, found((100, 200, 0.9, 0), (400, 200, 0.9, 3))))

    assert tracker.visible(update, 0.5, [3]).detections.class_id.tolist() == [3]


def test_other_data_of_a_row_stays_and_is_zero_where_it_is_predicted() -> None:
    tracker = Tracker()
    for i, rows in enumerate([((100, 200, 0.9, 0),)] * 3 + [()]):
        detections = found(*rows)
        points = np.ones((len(detections), 5, 3), np.float32)
        update = Update(
            FrameInfo(i, i / 10, WIDTH, HEIGHT), detections.replace(data={"keypoints": points})
        )
        seen = tracker.visible(tracker.update(update), 0.5).detections
        assert seen.data["keypoints"].shape == (1, 5, 3)
        assert (seen.data["keypoints"] == (1 if rows else 0)).all()


def test_memory_is_bounded_over_days() -> None:
    tracker = Tracker()
    rng = np.random.default_rng(0)

    for i in range(3000):
        see(tracker, i, *((*rng.uniform(50, 430, 2), 0.9, int(rng.integers(3))) for _ in range(4)))

    assert len(tracker) < 4 * 21 + 4


def test_without_detections_there_are_no_tracks() -> None:
    tracker = Tracker()

    assert ids(see(tracker, 0)) == []
    assert len(tracker.predict(0.0)) == 0


@pytest.mark.parametrize(
    "options",
    [{"live": 0.6}, {"strong": 0.9}, {"birth": 1.5}, {"lost_s": -1.0}, {"hold_s": float("nan")}],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="tracker: wanted"):
        TrackerOptions(**options)


def test_after_a_long_gap_whoever_is_there_is_somebody_new() -> None:
    tracker = Tracker()
    for i in range(20):
        see(tracker, i, (270, 200, 0.9, 0))

    after = see(tracker, 10 * 3600 * 10, (275, 200, 0.9, 0))

    assert 1 not in ids(after)


def test_a_camera_of_one_frame_in_five_seconds_is_followed() -> None:
    tracker = Tracker()
    found = [ids(see(tracker, 50 * i, (270, 200, 0.9, 0))) for i in range(6)]

    assert len({each for row in found[2:] for each in row}) == 1


def test_where_time_runs_backwards_all_tracks_are_gone_and_nothing_overflows() -> None:
    tracker = Tracker()
    for i in range(100):
        see(tracker, i, (270, 200, 0.9, 0))

    for i in range(5):
        again = see(tracker, i, (400, 200, 0.9, 0))

    assert ids(again) == [2]
    assert len(tracker.predict(0.4)) == 1
    assert np.isfinite(tracker.predict(0.6).xyxy).all()


def test_with_all_classes_hidden_nothing_is_seen() -> None:
    tracker = Tracker(TrackerOptions(birth=0.5))
    for i in range(3):
        frame = FrameInfo(i, i / 10, WIDTH, HEIGHT)
        update = tracker.update(Update(frame, found((100, 200, 0.9, 0), (400, 200, 0.9, 1))))

    assert len(tracker.visible(update, 0.5, []).detections) == 0
    assert tracker.visible(update, 0.5, {1}).detections.class_id.tolist() == [1]
