"""Assignment: pair rows with columns so that the total similarity is as large as possible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def assign(similarity: Floats, gate: float) -> tuple[Ints, Ints]:
    """Return the pairs of the assignment with the largest total similarity.

    Exact. Only pairs above the gate count, each row and each column is in one pair at most, and
    rows or columns may stay alone. Pairs that compete with no others are taken at once; what is
    left falls into independent parts, each solved by the Hungarian method in its form of shortest
    augmenting paths (Kuhn 1955; Jonker and Volgenant 1987).

    >>> rows, columns = assign(np.array([[0.9, 0.8], [0.8, 0.1]]), 0.05)
    >>> rows.tolist(), columns.tolist()
    ([0, 1], [1, 0])

    Args:
        similarity: ``(m, n)``, any finite values.
        gate: the similarity that a pair has to exceed, 0 or more.

    Returns:
        Indices of the rows and of the columns, as long as each other, in order of the rows.
    """
    rows, columns = (similarity > gate).nonzero()
    if not rows.size:
        return rows, columns
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    if np.logical_and.reduce(alone):
        return rows, columns
    pairs = list(zip(rows[alone].tolist(), columns[alone].tolist(), strict=True))
    for part in _parts(rows[~alone].tolist(), columns[~alone].tolist()):
        pairs += _solved(similarity, *part, gate)
    pairs.sort()
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _parts(rows: list[int], columns: list[int]) -> list[tuple[list[int], list[int]]]:
    """Return the connected parts of a bipartite graph, given by its edges."""
    of_row: dict[int, list[int]] = {}
    of_column: dict[int, list[int]] = {}
    for row, column in zip(rows, columns, strict=True):
        of_row.setdefault(row, []).append(column)
        of_column.setdefault(column, []).append(row)
    parts = []
    while of_row:
        part_rows, part_columns = [], set()
        waiting = [next(iter(of_row))]
        while waiting:
            row = waiting.pop()
            if row not in of_row:
                continue
            part_rows.append(row)
            for column in of_row.pop(row):
                if column not in part_columns:
                    part_columns.add(column)
                    waiting += of_column[column]
        parts.append((sorted(part_rows), sorted(part_columns)))
    return parts


def _solved(
    similarity: Floats, rows: list[int], columns: list[int], gate: float
) -> list[tuple[int, int]]:
    """Return the best pairs of one part."""
    values = similarity[np.ix_(rows, columns)]
    gain = np.where(values > gate, values, 0.0)
    if len(rows) == 1 or len(columns) == 1:
        row, column = np.unravel_index(int(gain.argmax()), gain.shape)
        return [(rows[row], columns[column])]
    turned = len(rows) > len(columns)
    if turned:
        gain = gain.T
    pairs = [(row, column) for column, row in enumerate(_hungarian(-gain)) if row >= 0]
    chosen = [(column, row) if turned else (row, column) for row, column in pairs]
    return [(rows[row], columns[column]) for row, column in chosen if values[row, column] > gate]


def _hungarian(cost: Floats) -> list[int]:
    """Return the row of each column, -1 for none, so that every row has one at the least cost.

    Args:
        cost: ``(m, n)`` with m <= n.
    """
    m, n = cost.shape
    of_row, of_column = np.zeros(m), np.zeros(n)  # potentials
    row_of = [-1] * n
    for start in range(m):
        least, before = np.full(n, np.inf), np.full(n, -1)
        open_ = np.ones(n, bool)
        row, end = start, -1
        reached: list[int] = []
        while True:
            reduced = cost[row] - of_row[row] - of_column
            better = open_ & (reduced < least)
            least[better] = reduced[better]
            before[better] = end
            nearest = np.where(open_, least, np.inf)
            column = int(nearest.argmin())
            delta = nearest[column]
            of_row[start] += delta
            for other in reached:
                of_row[row_of[other]] += delta
                of_column[other] -= delta
            least[open_] -= delta
            open_[column] = False
            end = column
            if row_of[column] < 0:
                break
            reached.append(column)
            row = row_of[column]
        while end >= 0:  # along the path, back to its start
            previous = int(before[end])
            row_of[end] = start if previous < 0 else row_of[previous]
            end = previous
    return row_of
