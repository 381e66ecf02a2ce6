"""How fast models are here: what is printed, not how fast."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obscura.cli import main


@pytest.mark.usefixtures("colour_models")
def test_each_model_has_a_time_with_one_thread_and_with_all(capsys: Any) -> None:
    assert main(["bench", "--rounds", "2", "--json"]) == 0

    about = json.loads(capsys.readouterr().out)
    (row,) = about["models"]
    assert row["model"] == "colours"
    assert row["one_thread_ms"] > 0
    assert row["all_threads_ms"] > 0
    assert about["rounds"] == 2


@pytest.mark.usefixtures("colour_models")
def test_people_get_a_table(capsys: Any) -> None:
    assert main(["bench", "--rounds", "1", "--model", "colours"]) == 0

    *_, head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["model", "one", "thread"]
    assert row.split()[0] == "colours"


def test_a_model_that_there_is_not_is_named(capsys: Any) -> None:
    assert main(["bench", "--model", "nothing"]) == 3
    assert "nothing" in capsys.readouterr().err
