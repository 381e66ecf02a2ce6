"""Assignment: exact, within the gate, one partner each."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from obscura.tracking.assignment import assign

Floats = NDArray[np.float64]


def best_total(similarity: Floats, gate: float) -> float:
    """Return the largest total that any assignment has, by trying all."""
    gain = np.where(similarity > gate, similarity, 0.0)
    if gain.shape[0] > gain.shape[1]:
        gain = gain.T
    rows = np.arange(gain.shape[0])
    return max(
        (
            float(gain[rows, list(each)].sum())
            for each in permutations(range(gain.shape[1]), len(rows))
        ),
        default=0.0,
    )


SIMILARITIES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(0, 6), st.integers(0, 6)),
    elements=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 1.0]),
)


@given(SIMILARITIES, st.sampled_from([0.0, 0.2, 0.5]))
def test_the_total_is_the_largest_that_there_is(similarity: Floats, gate: float) -> None:
    rows, columns = assign(similarity, gate)

    assert np.isclose(similarity[rows, columns].sum(), best_total(similarity, gate))


@given(SIMILARITIES, st.sampled_from([0.0, 0.2, 0.5]))
def test_each_row_and_column_has_one_partner_above_the_gate(
    similarity: Floats, gate: float
) -> None:
    rows, columns = assign(similarity, gate)

    assert len(set(rows.tolist())) == len(rows) == len(columns) == len(set(columns.tolist()))
    assert (similarity[rows, columns] > gate).all()
    assert rows.tolist() == sorted(rows.tolist())


def test_a_crowd_of_a_hundred_finds_the_pairs_that_were_hidden_in_it() -> None:
    rng = np.random.default_rng(0)
    partner = rng.permutation(100)
    similarity = rng.random((100, 100)) * 0.5
    similarity[np.arange(100), partner] = 0.9  # no other assignment has a larger total

    rows, columns = assign(similarity, 0.2)

    assert rows.tolist() == list(range(100))
    assert columns.tolist() == partner.tolist()


def test_nothing_above_the_gate_gives_no_pairs() -> None:
    rows, columns = assign(np.full((3, 2), 0.2), 0.2)

    assert rows.size == columns.size == 0
