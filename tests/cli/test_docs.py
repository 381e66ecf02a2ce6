"""docs/command-line.md: the commands and exit codes are those that there are."""

from __future__ import annotations

import re
from pathlib import Path

from obscura.cli import COMMANDS, EXIT_CODES, exits

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_listed() -> None:
    for text in (PAGE, README):
        assert set(re.findall(r"\bobscura ([a-z][a-z-]+)", text)) >= set(COMMANDS)


def test_every_command_has_its_module_and_help() -> None:
    for command in COMMANDS.values():
        module = command.load()
        assert callable(module.add_arguments)
        assert callable(module.run)
        assert command.help.endswith(".")


def test_the_exit_codes_are_those_of_help_and_of_the_code() -> None:
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", PAGE.split("## Exit codes")[1], re.MULTILINE))
    shown = dict(re.findall(r"^  (\d+) +(.+)$", EXIT_CODES, re.MULTILINE))

    assert set(table) == set(shown) == {str(v) for k, v in vars(exits).items() if k.isupper()}
    assert all(table[code].startswith(words[:20]) for code, words in shown.items())


def test_the_examples_of_the_page_are_what_is_printed(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from obscura.cli import main

    monkeypatch.chdir(ROOT)
    (block,) = re.findall(r"```\n\$ obscura (inspect [^\n]+)\n(.*?)```", PAGE, re.DOTALL)

    assert main(block[0].split()) == 0

    assert capsys.readouterr().out == block[1]
