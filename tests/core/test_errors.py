"""Errors: each gives cause, value and remedy, and has a code of its own."""

from __future__ import annotations

import pickle

import pytest

from obscura import errors
from obscura.errors import BackendError, CardError, ObscuraError, OutOfMemory

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ObscuraError)]


def test_an_error_reads_cause_value_remedy() -> None:
    error = ObscuraError("The picture is damaged", "a.jpg", remedy="Use another.")

    assert str(error) == "The picture is damaged (a.jpg). Use another."


def test_without_a_value_there_are_no_brackets() -> None:
    assert str(ObscuraError("It broke", remedy="Wait.")) == "It broke. Wait."


def test_a_false_value_is_shown_too() -> None:
    assert str(ObscuraError("Too few", 0, remedy="Add one.")) == "Too few (0). Add one."


def test_each_class_has_its_own_remedy_unless_given_another() -> None:
    assert CardError("No").remedy == CardError.remedy
    assert CardError("No", remedy="Ask again.").remedy == "Ask again."
    assert CardError.remedy != "Ask again."


@pytest.mark.parametrize("error", CLASSES)
def test_codes_are_kebab_case_and_remedies_sentences(error: type[ObscuraError]) -> None:
    assert error.code.replace("-", "").isalpha()
    assert error.code == error.code.lower()
    assert error.remedy[0].isupper()
    assert error.remedy.endswith(".")


def test_codes_are_distinct() -> None:
    codes = [error.code for error in CLASSES]

    assert len(codes) > 10
    assert len(set(codes)) == len(codes)


def documented() -> list[tuple[str, str, str]]:
    """Return name, parent and code of each class in the tree of the module's docstring."""
    rows, parents = [], [""] * 8
    for line in (errors.__doc__ or "").splitlines():
        if not line.startswith("    "):
            continue
        depth = (len(line) - len(line.lstrip())) // 4
        name, code = line.split()
        parents[depth] = name
        rows.append((name, parents[depth - 1], code))
    return rows


def test_the_documented_tree_is_that_of_the_classes() -> None:
    actual = [
        (error.__name__, "" if error is ObscuraError else error.__base__.__name__, error.code)
        for error in CLASSES
        if error.__base__
    ]

    assert documented() == actual


def test_failures_can_be_caught_by_kind() -> None:
    assert issubclass(OutOfMemory, BackendError)


def test_errors_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(CardError("No", "front", remedy="Ask again.")))

    assert isinstance(error, CardError)
    assert str(error) == "No (front). Ask again."
