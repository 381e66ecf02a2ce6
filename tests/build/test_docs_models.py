"""What docs/models.md says of flags, families, options and cards is what the code has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from builder.own_models import STORAGES, arguments
from obscura import families
from obscura.cards import card
from obscura.cards.complete import OUTPUT, complete

TEXT = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in TEXT.splitlines()
    if line.startswith("| ")
]


def test_every_flag_of_add_model_is_told() -> None:
    flags = {row[0].strip("`").split()[0] for row in ROWS if row[0].startswith("`--")}

    known = {flag for action in arguments()._actions for flag in action.option_strings}
    assert flags == known
    assert "\\|".join(sorted(STORAGES, key=["none", "fp16", "int8-storage"].index)) in TEXT


def test_every_family_is_told() -> None:
    start = TEXT.index("**Families.**")
    table = TEXT[start : TEXT.index("**The guess.**")]

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(families.FAMILIES)


@pytest.mark.parametrize("family", families.FAMILIES)
def test_every_option_of_a_family_is_told(family: str) -> None:
    table = TEXT[TEXT.index("The families' options:") :]
    (row,) = [line for line in table.splitlines() if re.match(rf"\|.*`{family}`.* \|", line)]
    told = set(re.findall(r"`(\w+)`", row.split("|")[2]))

    options = families.module(family).OPTIONS
    values = {str(value) for option in options.values() for value in option.choices}
    assert told - values == set(options) - values
    assert set(options) <= told


def test_the_card_that_is_shown_holds_every_key_of_an_open_form() -> None:
    example = "\n".join(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL))
    shown = tomllib.loads(example)

    assert set(shown["open"]) == set(card.OpenForm._fields)
    for value in (*card.LAYOUTS, *card.CHANNELS, *card.INPUT_TYPES, *card.FEED_VALUES):
        assert f'"{value}"' in example
    for value in card.RESIZES:
        assert f'"{value}"' in example


def test_the_card_that_is_shown_is_all_that_a_card_needs() -> None:
    example, _feeds, tracking = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    file = {"name": "model.onnx", "bytes": 3, "sha256": "0" * 64}

    given = {**tomllib.loads(example), **tomllib.loads(tracking), "file": file}
    made = card.ModelCard.from_dict(complete(given, "shapes"))

    assert (made.name, made.title, made.family) == ("shapes", "shapes", "centernet")
    assert made.tracking == card.TrackingScores(birth=0.5, live=0.2)
    for key, value in OUTPUT.items():
        assert getattr(made, key) == value
        assert f"`{key} = {value}`" in TEXT or f"`{key} = {value}` rows" in TEXT
