"""Budget of heads: the picture stays live, and each head gets its turn."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, inf

import pytest

from obscura.heads import Budget

hypothesis = pytest.importorskip("hypothesis")
given, strategies = hypothesis.given, hypothesis.strategies


def warmed(limit: float, costs: dict[str, float]) -> Budget:
    """A budget that knows what the crops of these heads cost."""
    budget = Budget(limit)
    for head, ms in costs.items():
        for _ in range(2):
            budget.spent(head, 1, ms)
    return budget


def play(
    budget: Budget, costs: dict[str, float], wants: dict[str, int], frames: int
) -> list[dict[str, int]]:
    """Let all heads ask in each frame, and return what they were granted."""
    granted = []
    for frame in range(frames):
        row = {}
        for head, ms in costs.items():
            row[head] = budget.grant(head, wants[head], frame)
            budget.spent(head, row[head], ms * row[head])
        granted.append(row)
    return granted


def test_without_a_limit_everything_is_granted() -> None:
    budget = Budget()
    budget.add_detector(5.0)

    assert budget.grant("a", 1000, 0) == 1000


def test_the_first_two_runs_are_of_one_crop_because_nobody_knows_what_it_costs() -> None:
    budget = Budget(100.0)
    counts = []
    for frame, ms in enumerate((400.0, 10.0, 10.0)):  # the first run warms the runtime up
        counts.append(budget.grant("a", 50, frame))
        budget.spent("a", counts[-1], ms * counts[-1])

    assert counts == [1, 1, 10]
    assert budget.cost("a") == 10.0


def test_two_heads_of_unknown_cost_do_not_run_in_one_frame() -> None:
    budget = Budget(100.0)

    assert [budget.grant("a", 5, 0), budget.grant("b", 5, 0)] == [1, 0]
    assert [budget.grant("a", 5, 1), budget.grant("b", 5, 1)] == [0, 1]


def test_a_head_of_unknown_cost_has_its_turn_among_others_that_always_want_more() -> None:
    costs = {"cheap": 10.0, "other": 15.0, "new": 30.0}
    budget = warmed(40.0, {"cheap": 10.0, "other": 15.0})

    granted = play(budget, costs, dict.fromkeys(costs, 100), 4)

    runs = [row for row in granted if row["new"]]
    assert runs[:2] == [{"cheap": 0, "other": 0, "new": 1}] * 2, "in frames of its own"
    assert budget.cost("new") == 30.0


def test_each_head_has_the_same_share_of_the_time_however_dear_it_is() -> None:
    costs = {"faces": 10.0, "text": 400.0, "pose": 25.0}
    granted = play(warmed(40.0, costs), costs, dict.fromkeys(costs, 100), 3000)

    for head, ms in costs.items():
        share = sum(row[head] for row in granted) * ms / 3000
        assert share == pytest.approx(40 / 3, rel=0.1), head


def test_a_head_that_asks_now_and_then_is_served_at_once_where_others_leave_room() -> None:
    budget = warmed(40.0, {"faces": 10.0, "emotion": 5.0})
    for frame in range(30):
        due = frame % 3 == 0
        assert budget.grant("faces", 3 if due else 0, frame) == (3 if due else 0)
        budget.grant("emotion", 0, frame)


def test_all_heads_of_a_frame_take_at_most_what_the_detector_takes() -> None:
    budget = warmed(100.0, {"a": 2.0})
    budget.add_detector(9.0)

    assert budget.limit == 9.0
    assert budget.grant("a", 50, 0) == 4


@pytest.mark.parametrize(("overhead", "limit"), [(0.0, 20.0), (3.0, 14.0), (12.0, 5.0)])
def test_what_heads_take_without_running_is_taken_off_but_something_stays(
    overhead: float, limit: float
) -> None:
    budget = Budget(100.0)
    budget.add_detector(20.0)
    for frame in range(5):
        for head in ("a", "b"):
            budget.grant(head, 0, frame)
            budget.add_overhead(overhead)

    assert budget.limit == pytest.approx(limit)


def test_what_is_dearer_than_a_frame_is_saved_up_for() -> None:
    costs = {"a": 30.0}
    granted = play(warmed(10.0, costs), costs, {"a": 5}, 31)

    assert sum(row["a"] for row in granted) == 10
    assert {row["a"] for row in granted} == {0, 1}


def test_a_dear_head_is_not_starved_by_a_cheap_one_nor_the_other_way_round() -> None:
    costs = {"dear": 100.0, "cheap": 3.0}
    granted = play(warmed(10.0, costs), costs, {"dear": 9, "cheap": 100}, 200)

    dear = sum(row["dear"] for row in granted)
    assert dear >= 8
    # Its half of a frame has room for one crop, but where the other runs there is none.
    assert sum(row["cheap"] for row in granted) >= 200 - dear


def test_a_share_that_the_others_do_not_want_is_free() -> None:
    costs = {"a": 1.0, "b": 1.0}
    granted = play(warmed(10.0, costs), costs, {"a": 100, "b": 0}, 20)

    assert [row["a"] for row in granted[2:]] == [10] * 18


def test_shares_are_mean_milliseconds_a_frame() -> None:
    costs = {"a": 2.0}
    budget = warmed(10.0, costs)
    play(budget, costs, {"a": 100}, 20)

    assert budget.shares() == {"a": 10.0}


def test_a_head_that_is_off_leaves_its_share() -> None:
    costs = {"a": 4.0, "b": 4.0}
    budget = warmed(4.0, costs)
    play(budget, costs, {"a": 9, "b": 9}, 5)
    budget.drop("a")

    assert [budget.grant("b", 9, frame) for frame in (11, 12, 13)] == [1, 1, 1]


def test_savings_do_not_outlive_a_reset() -> None:
    costs = {"a": 50.0}
    budget = warmed(10.0, costs)
    play(budget, costs, {"a": 1}, 4)
    budget.reset()

    assert budget.grant("a", 1, 0) == 0


def test_a_budget_is_above_zero() -> None:
    with pytest.raises(ValueError, match="ms_per_frame"):
        Budget(0)
    assert Budget().limit == inf


heads = strategies.lists(strategies.floats(0.5, 80.0), min_size=1, max_size=5)


@given(heads, strategies.floats(1.0, 40.0), strategies.data())
def test_no_frame_exceeds_its_budget_by_more_than_one_crop(
    costs: list[float], limit: float, data: strategies.DataObject
) -> None:
    names = {f"head{i}": cost for i, cost in enumerate(costs)}
    budget = warmed(limit, names)
    total = 0.0
    frames = 40
    for frame in range(frames):
        spent, counts = 0.0, 0
        for head, cost in names.items():
            count = budget.grant(head, data.draw(strategies.integers(0, 20)), frame)
            budget.spent(head, count, cost * count)
            spent, counts = spent + cost * count, counts + count
        assert spent <= limit * (1 + 1e-9) or counts == 1
        total += spent

    assert total <= frames * limit + max(costs), "on average, too"


@given(heads, strategies.floats(1.0, 40.0))
def test_each_head_that_always_wants_more_is_served_again_within_bounded_time(
    costs: list[float], limit: float
) -> None:
    names = {f"head{i}": cost for i, cost in enumerate(costs)}
    bound = len(costs) * (sum(ceil(cost / limit) + 1 for cost in costs) + 1)

    granted = play(warmed(limit, names), names, dict.fromkeys(names, 100), 3 * bound + 3)

    for head in names:
        served = [-1, *(i for i, row in enumerate(granted) if row[head]), len(granted)]
        assert max(b - a for a, b in pairwise(served)) <= bound


def test_there_is_no_limit_while_a_picture_stands_still() -> None:
    budget = Budget(10)
    budget.add_detector(5)
    for frame in range(3):
        budget.grant("pose", 1, frame)
        budget.spent("pose", 1, 8)
    assert budget.grant("pose", 100, 3) < 100

    budget.boundless = True
    assert budget.grant("pose", 100, 4) == 100

    budget.boundless = False
    assert budget.grant("pose", 100, 5) < 100


def test_a_free_head_gets_all_it_asks_for_and_takes_nothing_from_the_others() -> None:
    budget = Budget(10.0)
    budget.free = frozenset({"faces"})
    budget.add_detector(10.0)
    for frame in range(4):
        assert budget.grant("faces", 30, frame) == 30
        budget.spent("faces", 30, 300.0)
        if budget.grant("pose", 2, frame):
            budget.spent("pose", 2, 8.0)

    assert budget.grant("faces", 30, 4) == 30
    assert budget.grant("pose", 2, 4) == 2
    assert budget.shares()["faces"] > 200
