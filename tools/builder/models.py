"""The models that go into a site: every folder of ``models/`` with a card."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from builder.errors import BuildError

DEFAULT = "cocossd"


class Model(NamedTuple):
    """A model whose file is the one that its card describes."""

    name: str
    card: dict[str, Any]  # model.toml as it stands
    path: Path


def collect(root: Path) -> list[Model]:
    """Return the verified models of ``root/models``, the default first, the others by name."""
    cards = sorted(
        (root / "models").glob("*/model.toml"), key=lambda path: (path.parent.name != DEFAULT, path)
    )
    if not cards:
        raise BuildError(
            "models/ holds no model (a folder with model.toml): restore it from the repository."
        )
    return [verified(card) for card in cards]


def verified(card: Path) -> Model:
    """Return the model of one card; raise BuildError if its file is not the one described."""
    shown = f"models/{card.parent.name}/{card.name}"
    try:
        facts = tomllib.loads(card.read_text(encoding="utf-8"))
        name, size, wanted = (facts["file"][key] for key in ("name", "bytes", "sha256"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BuildError(f"{shown} is damaged ({error}): restore it from the repository.") from None
    except KeyError as error:
        raise BuildError(
            f"{shown} does not say {error} of its file: restore it from the repository."
        ) from None
    path = card.with_name(name)
    if not path.is_file():
        raise BuildError(
            f"models/{card.parent.name}/{name} is missing: restore it from the repository."
        )
    data = path.read_bytes()
    if len(data) != size or hashlib.sha256(data).hexdigest() != wanted:
        raise BuildError(
            f"models/{card.parent.name}/{name} is not the file that its card describes "
            f"({len(data)} of {size} bytes): restore it from the repository."
        )
    return Model(card.parent.name, facts, path)
