"""Names of files, in the order of people."""

from __future__ import annotations

import itertools

import pytest

from obscura.page.words.names import natural

ORDER = [
    "", "1", "2", "2 a", "007", "07", "7", "9.jpg", "10.jpg", "0123", "123", "1000000000000",
    " 1", "-1", "a", "A1", "a01b", "a1a", "a2", "a10", "a10 2", "a10 12", "aa", "b",
    "IMG_9", "img_10", "x٣", "x4", "ß1", "SS2", "z",
]  # fmt: skip


def parts(name: str) -> list[tuple[int, int, str]]:
    """Return what is compared, part by part: numbers go before text."""
    runs = ["".join(run) for _, run in itertools.groupby(name.casefold(), str.isdecimal)]
    return [(0, int(run), run) if run.isdecimal() else (1, 0, run) for run in runs]


def test_names_sort_by_their_numbers_and_text_part_by_part() -> None:
    assert sorted(ORDER, key=natural) == sorted(ORDER, key=parts)


@pytest.mark.parametrize(
    ("before", "after"),
    [("b2", "b10"), ("B2", "b3"), ("7", " 7"), ("a01", "a1"), ("x٣", "x4"), ("0" * 300 + "1", "2")],
)
def test_one_goes_before_the_other(before: str, after: str) -> None:
    assert natural(before) < natural(after)
