"""The public face: nothing of it changes by accident."""

from __future__ import annotations

from pathlib import Path

from .public_face import face

STORED = Path(__file__).with_name("public_face.txt")


def test_names_signatures_and_fields_are_those_that_are_stored() -> None:
    """Renew the file if the change is meant; see public_face.py."""
    stored = STORED.read_text("utf-8").splitlines()
    now = face().splitlines()

    assert sorted({*now} - {*stored}) == []
    assert sorted({*stored} - {*now}) == []


def test_the_file_is_as_it_is_written() -> None:
    assert STORED.read_text("utf-8") == face()
