"""What holds of boxes whatever they are, against references that are slow and plain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from obscura import boxes
from obscura.boxes import area, clip, fit, iou, nms

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

coordinate = st.integers(-20, 60)
box = st.tuples(coordinate, coordinate, coordinate, coordinate)
thresholds = st.sampled_from([0.0, 0.301, 0.5003, 0.703])  # none is a ratio of areas this small


@st.composite
def rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes with distinct scores and one of three classes."""
    drawn = draw(st.lists(box, max_size=25))
    score = draw(st.permutations(range(len(drawn))))
    class_id = draw(hnp.arrays(np.int32, len(drawn), elements=st.integers(0, 2)))
    return (
        np.array(drawn, np.float32).reshape(-1, 4),
        np.array(score, np.float32) / 32,
        class_id,
    )


def plain_iou(a: Sequence[float], b: Sequence[float]) -> float:
    def plain_area(box: Sequence[float]) -> float:
        return max(0, box[2] - box[0]) * max(0, box[3] - box[1])

    shared = plain_area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    union = plain_area(a) + plain_area(b) - shared
    return shared / union if union else 0.0


def plain_nms(
    xyxy: np.ndarray, score: np.ndarray, threshold: float, class_id: np.ndarray
) -> list[int]:
    kept: list[int] = []
    for i in sorted(range(len(score)), key=lambda i: -score[i]):
        rivals = [j for j in kept if class_id[j] == class_id[i]]
        if all(plain_iou(xyxy[i].tolist(), xyxy[j].tolist()) <= threshold for j in rivals):
            kept.append(i)
    return kept


@given(rows())
def test_iou_equals_the_plain_one(drawn: tuple[np.ndarray, ...]) -> None:
    xyxy = drawn[0]
    plain = [[plain_iou(a, b) for b in xyxy.tolist()] for a in xyxy.tolist()]

    np.testing.assert_allclose(iou(xyxy, xyxy), np.reshape(plain, (len(xyxy),) * 2), rtol=1e-6)


@given(rows(), thresholds, st.sampled_from([1, 4, boxes.NMS_BLOCK]))
def test_nms_equals_the_plain_one(
    drawn: tuple[np.ndarray, ...], threshold: float, block: int
) -> None:
    xyxy, score, class_id = drawn

    with pytest.MonkeyPatch.context() as patch:  # so that few boxes are several blocks, too
        patch.setattr(boxes, "NMS_BLOCK", block)
        kept = nms(xyxy, score, threshold, class_id)

    assert kept.tolist() == plain_nms(xyxy, score, threshold, class_id)
    assert nms(xyxy, score, threshold).tolist() == plain_nms(xyxy, score, threshold, 0 * class_id)


@given(rows(), thresholds, st.randoms(use_true_random=False))
def test_nms_does_not_depend_on_the_order_of_rows(
    drawn: tuple[np.ndarray, ...], threshold: float, random: st.Random
) -> None:
    xyxy, score, class_id = drawn
    shuffled = np.array(random.sample(range(len(score)), len(score)), np.int64)

    kept = nms(xyxy[shuffled], score[shuffled], threshold, class_id[shuffled])

    assert shuffled[kept].tolist() == nms(xyxy, score, threshold, class_id).tolist()


@given(rows(), thresholds)
def test_nms_of_what_is_kept_keeps_it(drawn: tuple[np.ndarray, ...], threshold: float) -> None:
    xyxy, score, class_id = drawn
    kept = nms(xyxy, score, threshold, class_id)

    again = nms(xyxy[kept], score[kept], threshold, class_id[kept])

    assert again.tolist() == list(range(len(kept)))


@given(rows(), thresholds)
def test_nms_leaves_no_overlap_and_drops_nothing_without_cause(
    drawn: tuple[np.ndarray, ...], threshold: float
) -> None:
    xyxy, score, class_id = drawn
    kept = nms(xyxy, score, threshold, class_id)
    rivals = (iou(xyxy, xyxy) > threshold) & (class_id[:, None] == class_id)
    np.fill_diagonal(rivals, False)

    assert not rivals[np.ix_(kept, kept)].any()
    for dropped in set(range(len(score))) - set(kept.tolist()):
        assert (rivals[dropped, kept] & (score[kept] > score[dropped])).any()


@given(rows(), st.integers(1, 50), st.integers(1, 50))
def test_clip_keeps_boxes_inside_and_is_done_once(
    drawn: tuple[np.ndarray, ...], width: int, height: int
) -> None:
    clipped = clip(drawn[0], width, height)

    assert (clipped >= 0).all()
    assert (clipped <= [width, height, width, height]).all()
    assert (area(clipped) <= area(drawn[0])).all()
    np.testing.assert_array_equal(clip(clipped, width, height), clipped)


sides = st.tuples(st.integers(1, 4000), st.integers(1, 4000))


@given(st.sampled_from(["stretch", "letterbox"]), sides, sides, box)
def test_fit_comes_back_to_where_it_was(
    mode: str, source: tuple[int, int], target: tuple[int, int], drawn: tuple[int, ...]
) -> None:
    assume(max(source) / min(source) < 100)
    assume(max(target) / min(target) < 100)
    placed = fit(mode, source, target)
    xyxy = np.array([drawn], np.float32)

    back = placed.to_source(placed.to_input(xyxy))

    # float32 has 24 bits, spent on whichever is larger, the box or the bars around the picture
    least_scale = min(placed.scale_x, placed.scale_y)
    bound = 1e-6 * (100 + (max(target) + 60 * max(placed.scale_x, placed.scale_y)) / least_scale)
    np.testing.assert_allclose(back, xyxy, atol=bound)


@given(sides, sides)
def test_letterbox_fills_the_input_on_one_axis_and_centres_on_the_other(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    placed = fit("letterbox", source, target)

    ((x1, y1, x2, y2),) = placed.to_input(np.array([[0, 0, *source]], np.float32)).tolist()

    # In whole pixels: shape and middle are kept to half a pixel.
    scale = min(target[0] / source[0], target[1] / source[1])
    assert abs(x2 - x1 - max(1, source[0] * scale)) <= 0.502
    assert abs(y2 - y1 - max(1, source[1] * scale)) <= 0.502
    np.testing.assert_allclose(min(x1, y1), 0, atol=1e-3)
    before, after = np.array([x1, y1]), np.array([target[0] - x2, target[1] - y2])
    assert (after - before <= 1.002).all()
    assert (before - after <= 0.002).all()
