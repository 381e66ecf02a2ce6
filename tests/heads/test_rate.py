"""The live picture with heads, in computed time: at least half of its rate without them."""

from __future__ import annotations

from collections import Counter

import pytest

from obscura.heads import Budget, Every, HeadStage, OnceThen
from obscura.pipeline import Pipeline, Request

from .fakes import Head, classified, crowd, stage, update

DETECTOR_MS = 75.0
FRAMES = 400
COSTS = {
    "faces": (Every(3), 6.0),
    "faces-far": (Every(3), 15.0),
    "text": (Every(3), 420.0),
    "emotion": (OnceThen(2.0), 5.0),
    "age-gender": (OnceThen(2.0), 45.0),
    "pose": (Every(3), 25.0),
}
"""How often each shipped head looks at an object, and about how long at a crop, on two cores."""
LOOKS = {
    "faces": ("faces", "faces-far"),
    "faces, expressions": ("faces", "faces-far", "emotion"),
    "all five": tuple(COSTS),
}


def shown(names: tuple[str, ...], people: int) -> tuple[float, Counter[str]]:
    """Return the rate of the live picture, in rates without heads, and the crops of each head."""
    budget = Budget(40.0)
    heads = {name: Head(lambda _: classified(0.1, 0.9), ms=COSTS[name][1]) for name in names}
    pipeline = Pipeline([made(name, heads[name], budget) for name in names])
    now_ms = 0.0
    for index in range(FRAMES):
        now_ms += DETECTOR_MS
        budget.add_detector(DETECTOR_MS)
        seen = update(crowd(people), tracks=range(people), index=index, time_s=now_ms / 1000)
        steps = pipeline.steps(seen)
        try:
            request: Request = next(steps)
            while True:
                told = heads[request.head].run(request)
                now_ms += told.ms
                request = steps.send(told)
        except StopIteration:
            pass
    crops = {name: sum(len(each.xyxy) for each in head.requests) for name, head in heads.items()}
    return FRAMES * DETECTOR_MS / now_ms, Counter(crops)


def made(name: str, head: Head, budget: Budget) -> HeadStage:
    return stage("classifier", head, name=name, cadence=COSTS[name][0], budget=budget)


@pytest.mark.parametrize("people", [1, 2, 100])
@pytest.mark.parametrize("looks", LOOKS)
def test_the_live_picture_keeps_half_of_its_rate(looks: str, people: int) -> None:
    rate, crops = shown(LOOKS[looks], people)

    assert rate >= 0.6
    for name in LOOKS[looks]:
        assert crops[name] >= min(people, 3), f"{name} has its turn"


def test_in_a_crowd_each_person_has_a_turn() -> None:
    _, crops = shown(LOOKS["faces, expressions"], 100)

    assert crops["emotion"] >= 100
