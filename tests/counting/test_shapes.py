"""Lines and zones: their JSON form, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obscura.counting import Line, Shapes, ShapesError, Zone, from_json, to_json

SHAPES = Shapes(
    (Line("Tür", (0.1, 0.9), (0.2, 0.1), anchor="centre", colour="#ff8800", band=0.2),),
    (Zone("till", ((0, 0), (1, 0), (0.5, 1)), enter_s=1.0, leave_s=2.5),),
)


def test_shapes_survive_their_json_form() -> None:
    assert from_json(to_json(SHAPES)) == SHAPES


def test_a_file_needs_no_more_than_names_and_points() -> None:
    text = '{"format": 1, "lines": [{"name": "door", "start": [0, 0], "end": [1, 1]}]}'

    assert from_json(text) == Shapes((Line("door", (0, 0), (1, 1)),))


def changed(**values: Any) -> str:
    table = json.loads(to_json(SHAPES))
    table["lines"][0] |= values
    return json.dumps(table)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a file of lines"),
        ('{"format": 2}', "not a file of lines"),
        ('{"format": 1, "lines": {}}', "not a list"),
        ('{"format": 1, "lines": [{"name": "x"}]}', 'has no "start"'),
        (changed(end=[0.1, 0.9]), "no length"),
        (changed(end=[0.1]), "not a pair"),
        (changed(end=[0.1, "0.9"]), "not a pair"),
        (changed(end=[0.1, 1e9]), "point of 'Tür' is not valid"),
        (changed(anchor="head"), "anchor of 'Tür'"),
        (changed(colour="red"), "#rrggbb"),
        (changed(name=""), "no proper name"),
        (changed(name="till"), "same name"),
        (changed(band=True), "is not a number"),
        (changed(band=2), "from 0 to 1"),
        (changed(band=10**400), "from 0 to 1"),
        (changed(start=[10**400, 0]), "not valid"),
        (changed(colour=7), "is not text"),
        (changed(speed=1), "unknown key"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_wrong_is_named(text: str, cause: str) -> None:
    with pytest.raises(ShapesError, match=cause):
        from_json(text)


def test_a_zone_has_three_corners_at_least() -> None:
    with pytest.raises(ShapesError, match="2 corners"):
        Zone("zone", ((0, 0), (1, 1)))


def test_an_error_names_the_line_and_says_how_to_mend_it() -> None:
    with pytest.raises(ShapesError) as refused:
        from_json('{"format": 1, "lines": [{"name": "door", "start": [0, 0]}]}')

    assert str(refused.value) == """'door' has no "end". Add it."""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_as_editors_write_them(encoding: str) -> None:
    assert from_json(to_json(SHAPES).encode(encoding)) == SHAPES


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ShapesError, match="not valid JSON"):
        from_json(b'{"format": 1, "name": "\xff"}')


def test_a_key_that_is_not_known_is_refused_and_not_left_out() -> None:
    with pytest.raises(ShapesError, match="'zone'"):
        from_json('{"format": 1, "zone": []}')


@pytest.mark.parametrize("number", ["true", "1.0", '"1"'])
def test_the_format_is_a_whole_number(number: str) -> None:
    with pytest.raises(ShapesError, match="format"):
        from_json(f'{{"format": {number}}}')


@pytest.mark.parametrize("corners", [[[0, 0]] * 3, [[0, 0], [0.5, 0.5], [1, 1]]])
def test_a_zone_has_an_area(corners: list[list[float]]) -> None:
    with pytest.raises(ShapesError, match="no area"):
        Zone("till", tuple((x, y) for x, y in corners))


def test_a_line_that_is_too_short_to_have_a_direction_is_refused() -> None:
    with pytest.raises(ShapesError, match="no length"):
        Line("door", (0.5, 0.5), (0.5, 0.5 + 1e-10))
