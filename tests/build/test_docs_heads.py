"""What docs/models.md says of heads is what the cards and the code have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from obscura.cards import head_card
from obscura.cards.head_card import HeadCheck
from obscura.cards.head_files import load_head, shipped
from obscura.families import heads

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "models.md").read_text("utf-8").partition("\n## Heads\n")[2]


def row(name: str) -> list[str]:
    """The cells of the one row of a table whose first cell starts with this name."""
    lines = TEXT[: TEXT.index("**The card.**")].splitlines()
    (line,) = [line for line in lines if line.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in line.split("|")[1:-1]]


@pytest.mark.parametrize("name", shipped())
def test_every_head_is_told_with_its_size(name: str) -> None:
    card, path = load_head(name)
    lines = TEXT[: TEXT.index("**The card.**")].splitlines()
    (line,) = [line for line in lines if line.startswith(f"| `{name}` |")]

    assert f"| {card.input.width} × {card.input.height} |" in line  # noqa: RUF001  (as people write sizes)
    assert f"| {path.stat().st_size / 1e6:.1f} MB |" in line


@pytest.mark.parametrize("name", shipped())
def test_every_head_is_in_the_table_of_licences_and_in_the_notice(name: str) -> None:
    card, _ = load_head(name)
    package = f"`{card.source['package'].partition(':')[2]}` {card.source['version']}"
    readme = (ROOT / "models" / "README.md").read_text("utf-8")
    (line,) = [line for line in readme.splitlines() if line.startswith(f"| `{name}` |")]
    notice = (ROOT / "NOTICE").read_text("utf-8")
    (entry,) = re.findall(
        rf"^(?:[\w-]+, )*{name}(?:, [\w-]+)*: .*(?:\n  .*)*", notice, re.MULTILINE
    )

    assert package in line
    assert card.license in line
    assert package.replace("`", "") in " ".join(entry.split())
    assert card.license in entry


def test_every_key_of_a_card_is_told() -> None:
    table = TEXT[TEXT.index("**The card.**") : TEXT.index("**Families of heads.**")]
    keys = {
        key for line in table.splitlines() if line.startswith("| `")
        for key in re.findall(r"`\[?(\w+)\]?`", line.split("|")[1])
    }  # fmt: skip

    assert keys == set(head_card._KEYS)
    answer = set(heads.CropAnswer._fields)
    for name in (*head_card.Crop._fields, *(set(HeadCheck._fields) | answer) - {"answer"}):
        assert f"`{name}`" in table


@pytest.mark.parametrize("family", heads.FAMILIES)
def test_every_family_of_heads_is_told_with_its_options(family: str) -> None:
    table = TEXT[TEXT.index("**Families of heads.**") :]
    (line,) = [line for line in table.splitlines() if line.startswith(f"| `{family}` |")]

    for option in heads.module(family).OPTIONS:
        assert f"`{option}`" in line


def test_a_warning_stands_where_one_is_needed() -> None:
    assert "not a feeling" in row("emotion")[-1]
    assert "often wrong" in row("age-gender")[-1]
    assert "not a feeling" in " ".join(load_head("emotion")[0].weak_at.split())
    assert "darker skin" in load_head("age-gender")[0].weak_at
