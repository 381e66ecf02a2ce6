"""The account of what a page asks for: every request once, other sites before all."""

from __future__ import annotations

import pytest

from obscura.page.features.privacy.account import Account, Asked, Row

PAGE = "https://example.org/a/b/index.html?model=x#y"
HERE = "https://example.org/a/b/"


def test_requests_are_counted_by_where_they_go() -> None:
    account = Account(PAGE)

    account.add([Asked(f"{HERE}boot.js", 1.5, 10), Asked("https://example.com/x", 2.0, 0)])

    assert (account.here, account.foreign) == (1, 1)


def test_one_that_is_told_twice_counts_once_and_a_repeated_one_twice() -> None:
    """A worker tells all when a page begins to listen, whatever it told before."""
    account = Account(PAGE)
    first, again = Asked(f"{HERE}m.onnx", 1.0, 10), Asked(f"{HERE}m.onnx", 9.0, 12)

    account.add([first])
    account.add([first, again])

    assert account.here == 2
    assert account.rows() == [Row("m.onnx", 2, 12, foreign=False)]


def test_what_never_leaves_the_browser_is_no_request() -> None:
    account = Account(PAGE)

    account.add([Asked("blob:https://example.org/1", 1.0, 5), Asked("data:,x", 2.0, 1)])

    assert account.rows() == []


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org.evil.example/a/b/",  # begins as this one does
        "http://example.org/a/b/",
        "https://example.org:8443/a/b/",
        "//example.com/",
    ],
)
def test_another_origin_is_another_site_and_stands_first_in_full(address: str) -> None:
    account = Account(PAGE)

    account.add([Asked(f"{HERE}x", 1.0, 1), Asked(address, 2.0, 0)])

    assert account.rows()[0] == Row(address, 1, 0, foreign=True)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (HERE, "./"),
        (f"{HERE}index.html", "index.html"),
        (f"{HERE}models/x.onnx?fresh", "models/x.onnx?fresh"),
        ("https://example.org/elsewhere/x", "/elsewhere/x"),
    ],
)
def test_names_are_as_short_as_the_folder_allows(address: str, name: str) -> None:
    account = Account(PAGE)

    account.add([Asked(address, 1.0, 1)])

    assert [row.name for row in account.rows()] == [name]
