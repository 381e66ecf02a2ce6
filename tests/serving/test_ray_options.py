"""Arguments of the application on Ray Serve: what is refused before anything is deployed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from obscura.cli.errors import UsageError
from obscura.extras import ToolMissing
from obscura.serving.ray_serve import app


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"replicas": "2"}, "There is no such argument"),
        ({"most_replica": "2"}, 'Did you mean "most_replicas"'),
        ({"most_replicas": "0"}, 'most_replicas: "0" is not a whole number above 0'),
        ({"most_replicas": "many"}, '"many" is not a whole number'),
        ({"fewest_replicas": 5}, "fewest_replicas are more than most_replicas"),
        ({"up_after_s": "-1"}, "up_after_s"),
        ({"down_after_s": "nan"}, "down_after_s"),
        ({"options": "--modell cocossd"}, "there is no option --modell"),
        ({"options": "--threshold 2"}, "--threshold"),
        ({"options": "street.jpg"}, "street.jpg"),
        ({"options": '--model "cocossd'}, "The options cannot be read"),
        ({"options": "--openapi api.json"}, "--openapi starts no server"),
        ({"options": "--host 0.0.0.0"}, "Others could use the server without a token"),
        ({"options": "--token-file none"}, "The token cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError) as raised:
        app(arguments)

    assert said in str(raised.value)


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "ray.serve", raising=False)

    with pytest.raises(ToolMissing, match="ray-serve"):
        app({})
