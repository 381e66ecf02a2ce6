"""Errors: each says cause, value and remedy, and has a code of its own."""

from __future__ import annotations

import pickle

import pytest

from obscura import errors
from obscura.errors import BackendError, CameraDenied, CameraError, ObscuraError, OutOfMemory

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ObscuraError)]


def test_an_error_reads_cause_value_remedy() -> None:
    error = ObscuraError("The picture is damaged", "a.jpg", remedy="Use another.")

    assert str(error) == "The picture is damaged (a.jpg). Use another."


def test_without_a_value_there_are_no_brackets() -> None:
    assert str(ObscuraError("It broke", remedy="Wait.")) == "It broke. Wait."


def test_a_value_that_is_false_is_still_told() -> None:
    assert str(ObscuraError("Too few", 0, remedy="Add one.")) == "Too few (0). Add one."


def test_each_class_has_its_own_remedy_unless_told_otherwise() -> None:
    assert CameraDenied("No").remedy == CameraDenied.remedy
    assert CameraDenied("No", remedy="Ask again.").remedy == "Ask again."
    assert CameraDenied.remedy != "Ask again."


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


def test_failures_can_be_caught_by_kind() -> None:
    assert issubclass(CameraDenied, CameraError)
    assert issubclass(OutOfMemory, BackendError)


def test_errors_survive_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(CameraDenied("No", "front", remedy="Ask again.")))

    assert isinstance(error, CameraDenied)
    assert str(error) == "No (front). Ask again."
