"""Assignment: exact, within the gate, one partner each."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import linear_sum_assignment

from obscura.tracking.assignment import assign

SIMILARITIES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
    elements=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 1.0]),
)


@given(SIMILARITIES, st.sampled_from([0.0, 0.2, 0.5]))
def test_the_total_is_that_of_scipys_solver(similarity: np.ndarray, gate: float) -> None:
    rows, columns = assign(similarity, gate)

    gain = np.where(similarity > gate, similarity, 0.0)
    best = gain[linear_sum_assignment(-gain)].sum()
    assert np.isclose(similarity[rows, columns].sum(), best)


@given(SIMILARITIES, st.sampled_from([0.0, 0.2, 0.5]))
def test_each_row_and_column_has_one_partner_above_the_gate(
    similarity: np.ndarray, gate: float
) -> None:
    rows, columns = assign(similarity, gate)

    assert len(set(rows.tolist())) == len(rows) == len(columns) == len(set(columns.tolist()))
    assert (similarity[rows, columns] > gate).all()
    assert rows.tolist() == sorted(rows.tolist())


def test_a_crowd_of_a_hundred_is_solved_exactly() -> None:
    similarity = np.random.default_rng(0).random((100, 90))

    rows, columns = assign(similarity, 0.2)

    gain = np.where(similarity > 0.2, similarity, 0.0)
    best = gain[linear_sum_assignment(-gain)].sum()
    assert np.isclose(similarity[rows, columns].sum(), best)


def test_nothing_above_the_gate_gives_no_pairs() -> None:
    rows, columns = assign(np.full((3, 2), 0.2), 0.2)

    assert rows.size == columns.size == 0
