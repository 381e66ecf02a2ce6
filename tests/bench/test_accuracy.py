"""What the accuracy bench compares: fusion against the papers' loops, thresholds by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments import fusion, thresholds
from obscura import Detections
from obscura.boxes import iou
from obscura.evaluation.score import Decisions


def found(*rows: tuple[float, int, tuple[float, float, float, float]]) -> Detections:
    """Detections of score, class and box each."""
    scores, classes, boxes = zip(*rows, strict=True)
    return Detections(
        np.array(boxes, np.float32), np.array(scores, np.float32), np.array(classes, np.int32)
    )


def crowd(seed: int) -> Detections:
    """Many boxes of two classes around few places."""
    random = np.random.default_rng(seed)
    corner = random.choice([0, 20, 50], (15, 2)) + random.uniform(0, 12, (15, 2))
    boxes = np.hstack([corner, corner + random.uniform(20, 30, (15, 2))])
    return Detections(
        boxes.astype(np.float32),
        random.random(15).astype(np.float32),
        random.integers(0, 2, 15).astype(np.int32),
    ).sorted()


def soft_nms_by_the_paper(rows: Detections, sigma: float | None, above: float) -> list[float]:
    """Bodla et al. 2017, figure 2, row by row; the scores that stay, best first."""
    left = [(float(rows.score[i]), i) for i in range(len(rows))]
    kept = []
    while left:
        best = max(left)
        left.remove(best)
        kept.append(best[0])
        for place, (score, i) in enumerate(left):
            if rows.class_id[i] == rows.class_id[best[1]]:
                overlap = float(iou(rows.xyxy[[i]], rows.xyxy[[best[1]]])[0, 0])
                linear = 1 - overlap if overlap > above else 1
                left[place] = (score * (math.exp(-(overlap**2) / sigma) if sigma else linear), i)
    return sorted((score for score in kept if score >= 0.01), reverse=True)


@pytest.mark.parametrize("sigma", [None, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_soft_nms_lowers_scores_as_the_papers_loop_does(sigma: float | None, seed: int) -> None:
    rows = crowd(seed)

    merged = fusion.soft_nms(rows, sigma=sigma, above=0.3)

    expected = soft_nms_by_the_paper(rows, sigma, 0.3)
    assert merged.score == pytest.approx(np.array(expected), abs=1e-5)
    assert (merged.score[-1] < rows.score).any(), "the case has something to lower"


def test_fused_boxes_lie_between_by_score_and_classes_stay_apart() -> None:
    rows = found(
        (0.9, 0, (0, 0, 100, 100)),
        (0.8, 1, (0, 0, 100, 100)),
        (0.3, 0, (0, 0, 120, 100)),
        (0.2, 0, (500, 0, 600, 100)),
    )

    merged = fusion.weighted_fusion([rows])

    assert merged.class_id.tolist() == [1, 0, 0]
    assert merged.score == pytest.approx(np.array([0.8, 0.6, 0.2]))
    assert merged.xyxy[1].tolist() == pytest.approx([0, 0, 105, 100])


def test_a_box_that_one_of_two_views_lacks_loses_half_its_score() -> None:
    views = [found((0.8, 0, (0, 0, 10, 10)), (0.6, 0, (50, 0, 60, 10)))]
    views.append(found((0.4, 0, (0, 0, 10, 10))))

    assert fusion.weighted_fusion(views).score == pytest.approx(np.array([0.6, 0.3]))
    best = fusion.weighted_fusion(views, best_score=True)
    assert best.score == pytest.approx(np.array([0.8, 0.6]))


def test_nothing_fuses_to_nothing() -> None:
    assert len(fusion.weighted_fusion([Detections.empty(), Detections.empty()])) == 0


@pytest.fixture
def decisions() -> Decisions:
    """Two pictures, two classes. Class 0 is right from 0.6 up; class 1 from 0.3 up."""
    rows = [
        (0, 0, 0.70, True), (0, 0, 0.40, False), (0, 1, 0.35, True), (0, 1, 0.20, False),
        (1, 0, 0.60, True), (1, 0, 0.50, False), (1, 1, 0.30, True), (1, 1, 0.15, False),
    ]  # fmt: skip
    picture, category, score, right = (np.array(column) for column in zip(*rows, strict=True))
    return Decisions(picture, category, score, right, np.ones((2, 2), np.int64))


def test_f1_is_the_balance_of_precision_and_recall(decisions: Decisions) -> None:
    # At 0.5: two right, one wrong, of four objects: precision 2/3, recall 2/4.
    assert thresholds.f1(decisions, 0.5) == pytest.approx(100 * 4 / 7)
    assert thresholds.precision_recall(decisions, 0.5) == pytest.approx((200 / 3, 50))
    assert thresholds.f1(decisions, 0.5, np.array([0])) == pytest.approx(100 * 2 / 3)
    assert thresholds.f1(decisions, np.array([0.55, 0.25])) == 100
    assert thresholds.f1_per_class(decisions, 0.25).tolist() == pytest.approx([200 / 3, 100])


def test_thresholds_are_chosen_where_f1_is_best(decisions: Decisions) -> None:
    everywhere = np.array([0, 1])

    per_class = thresholds.best_per_class(decisions, everywhere, enough=2)

    assert thresholds.f1(decisions, per_class) == 100
    few = thresholds.best_per_class(decisions, everywhere, enough=3)
    assert (few == thresholds.best(decisions, everywhere)).all()


def test_choosing_and_judging_on_the_same_pictures_flatters(decisions: Decisions) -> None:
    scores = thresholds.compare(decisions, 0.5)

    assert scores[thresholds.FLATTERED].mean() == 100
    assert scores["per class"].mean() < 100
    assert all(len(found) == 2 * thresholds.SPLITS for found in scores.values())
