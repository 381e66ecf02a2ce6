"""Errors: each says cause, value and remedy, and has a code of its own."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest

from obscura import errors
from obscura.errors import BackendError, LabelsError, ModelError, ObscuraError, OutOfMemory

PACKAGE = Path(__file__).parents[2] / "py" / "obscura"
CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ObscuraError)]


def test_an_error_reads_cause_value_remedy() -> None:
    error = ObscuraError("The picture is damaged", "a.jpg", remedy="Use another.")

    assert str(error) == "The picture is damaged (a.jpg). Use another."


def test_without_a_value_there_are_no_brackets() -> None:
    assert str(ObscuraError("It broke", remedy="Wait.")) == "It broke. Wait."


def test_a_value_that_is_false_is_still_told() -> None:
    assert str(ObscuraError("Too few", 0, remedy="Add one.")) == "Too few (0). Add one."


def test_each_class_has_its_own_remedy_unless_told_otherwise() -> None:
    assert LabelsError("No").remedy == LabelsError.remedy
    assert LabelsError("No", remedy="Ask again.").remedy == "Ask again."
    assert LabelsError.remedy != "Ask again."


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
    assert issubclass(LabelsError, ModelError)
    assert issubclass(OutOfMemory, BackendError)


def test_errors_survive_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(LabelsError("No", "front", remedy="Ask again.")))

    assert isinstance(error, LabelsError)
    assert str(error) == "No (front). Ask again."


def bases() -> dict[str, str]:
    """Return the name of each error class of the package with that of its base.

    Read from the source, because the page's modules can be imported only in a browser.
    """
    classes = {
        node.name: node.bases[0].id
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and node.bases and isinstance(node.bases[0], ast.Name)
    }
    found = {"ObscuraError": ""}
    while more := {n: base for n, base in classes.items() if base in found and n not in found}:
        found |= more
    return found


def test_the_docstring_lists_every_error_below_its_base() -> None:
    assert errors.__doc__ is not None
    lines = errors.__doc__[errors.__doc__.index("\nObscuraError\n") :].splitlines()
    listed: dict[str, str] = {}
    path: list[str] = []
    for line in filter(None, lines):
        name = line.strip()
        path[(len(line) - len(name)) // 4 :] = [name]
        assert name not in listed, f"{name} is listed twice"
        listed[name] = path[-2] if len(path) > 1 else ""

    assert listed == bases()
