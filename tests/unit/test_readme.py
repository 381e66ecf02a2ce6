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


# Not of models that somebody added for a page of their own.
@pytest.mark.parametrize(
    "card", [card for card in CARDS if "package" in card["source"]], ids=lambda card: card["name"]
)
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
