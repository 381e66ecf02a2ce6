"""Models of a site: every folder of ``models/`` with a card; heads: those of ``models/heads/``."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from builder.errors import BuildError
from builder.sources import read, read_toml

DEFAULT = "models/default"
"""A text file: the name of the model that the page loads first."""


class Model(NamedTuple):
    """A model whose file matches its card."""

    name: str
    card: dict[str, Any]  # the contents of model.toml
    path: Path


def collect(root: Path) -> list[Model]:
    """Return the verified models of ``root/models``, the default first, then by name."""
    names = sorted(card.parent.name for card in (root / "models").glob("*/model.toml"))
    if not names:
        raise BuildError(
            "models/ holds no model (a folder with model.toml): restore it from the repository."
        )
    first = default(root)
    if first not in names:
        raise BuildError(
            f"{DEFAULT} names {first!r}, which does not exist: write one of {', '.join(names)}."
        )
    return [verified(root, name) for name in (first, *(name for name in names if name != first))]


def default(root: Path) -> str:
    """Return the name of the model that the page loads first."""
    return read(root, DEFAULT).decode("utf-8", "replace").strip()


def collect_heads(root: Path) -> list[Model]:
    """Return the verified heads of ``root/models/heads``, by name."""
    folders = sorted(card.parent for card in (root / "models" / "heads").glob("*/head.toml"))
    heads = []
    for folder in folders:
        shown = f"models/heads/{folder.name}/head.toml"
        card = read_toml(root, shown)
        heads.append(Model(folder.name, card, checked_file(root, folder, card, shown)))
    return heads


def verified(root: Path, model: str) -> Model:
    """Return one model; raise BuildError if its file does not match its card."""
    shown = f"models/{model}/model.toml"
    from obscura.cards.complete import ESSENTIAL, complete_in  # the library has been checked

    folder = root / "models" / model
    card = complete_in(folder, read_toml(root, shown))
    missing = [key for key in ESSENTIAL if key not in card]
    if missing:
        raise BuildError(f"{shown} lacks {', '.join(missing)}: see docs/models.md.")
    return Model(model, card, checked_file(root, folder, card, shown))


def checked_file(root: Path, folder: Path, card: dict[str, Any], shown: str) -> Path:
    """Return the file of a card; raise BuildError if it is not the one that the card describes."""
    try:
        name, size, wanted = (card["file"][key] for key in ("name", "bytes", "sha256"))
    except KeyError as error:
        raise BuildError(f"{shown} lacks {error} of its file: restore it.") from None
    path: Path = folder / name
    file = path.relative_to(root).as_posix()
    data = read(root, file)
    if len(data) != size or hashlib.sha256(data).hexdigest() != wanted:
        raise BuildError(
            f"{file} is not the file that its card describes "
            f"({len(data)} of {size} bytes): restore it from the repository."
        )
    return path
