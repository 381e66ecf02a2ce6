"""What the README says is what the repository holds."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
CARDS = [
    tomllib.loads(path.read_text("utf-8")) for path in sorted((ROOT / "models").glob("*/*.toml"))
]
# Not the models that somebody added for a page of their own.
SHIPPED = [card for card in CARDS if "package" in card["source"]]


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card["name"])
def test_the_table_of_models_is_that_of_the_cards(card: dict[str, Any]):
    cells = [
        f"`{card['name']}`",
        f"{card['input']['width']} × {card['input']['height']}",  # noqa: RUF001
        f"{card['file']['bytes'] / 1e6:.1f} MB",
        f"{card['accuracy']['ap']}",
        f"{card['accuracy']['ap50']}",
        card["license"],
        f"{card['source']['package'].removeprefix('npm:')} {card['source']['version']}",
    ]

    assert "| " + " | ".join(cells) + " |" in README.splitlines()


@pytest.mark.parametrize("card", SHIPPED, ids=lambda card: card["name"])
def test_the_table_of_accuracy_has_the_cards_figures(card: dict[str, Any]):
    lines = (ROOT / "docs" / "accuracy.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    (native,) = (
        row
        for row in rows
        if row[0] == card["name"] and re.fullmatch(r"native, \d+ threads?", row[1])
    )

    assert native[2].split(" ± ")[0] == f"{card['accuracy']['ap']}"
    assert native[3] == f"{card['accuracy']['ap50']}"


def test_the_example_of_the_library_runs(monkeypatch, capsys):
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    monkeypatch.chdir(ROOT)

    exec(compile(example[1], "README.md", "exec"), {})

    assert capsys.readouterr().out.startswith("person 0.")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", *(
    path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))
)])  # fmt: skip
def test_every_file_that_a_document_links_to_is_there(document: str):
    path = ROOT / document
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []
