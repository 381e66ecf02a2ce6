"""Catalogue of the models on this machine, each a folder with a card and a network."""

from __future__ import annotations

import os
from pathlib import Path

from obscura import places
from obscura.cards.card import ModelCard, toml_table
from obscura.cards.complete import complete_in
from obscura.errors import CardError, ModelMissing
from obscura.suggest import suggestion

CARD = "model.toml"


def home() -> Path:
    """Return the folder of models: ``$OBSCURA_MODELS``, or that of the package or repository."""
    if "OBSCURA_MODELS" in os.environ:
        return Path(os.environ["OBSCURA_MODELS"])
    package = Path(__file__).resolve().parents[1]
    installed = package / "models"
    return installed if places.is_dir(installed) else package.parents[1] / "models"


def known() -> list[str]:
    """Return the names of the models in :func:`home`, sorted."""
    return sorted(card.parent.name for card in home().glob(f"*/{CARD}"))


def find(model: str | Path) -> Path:
    """Return the folder of a model.

    Args:
        model: a name from :func:`known`, or the path of any folder with a card.

    Raises:
        ModelMissing: there is no such model; the message suggests one, or lists those there are.
    """
    for folder in (home() / model, Path(model)):
        if places.is_file(folder / CARD):
            return folder
    names = known()
    choice = f"Choose one of {', '.join(names)}, or a folder that holds a {CARD}."
    raise ModelMissing(
        "There is no such model",
        model,
        remedy=suggestion(str(model), names, otherwise=choice)
        if names
        else f"There are none in {home()}: set OBSCURA_MODELS to the folder that holds them.",
    )


def read_card(folder: Path) -> ModelCard:
    """Read the card in a model's folder; one written by hand is completed.

    Raises:
        CardError: the card cannot be read or is invalid.
    """
    path = folder / CARD
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CardError(f"The card cannot be read: {error.strerror}", path) from error
    except UnicodeDecodeError as error:
        raise CardError("The card is not text", path, remedy="Save it in UTF-8.") from error
    return ModelCard.from_dict(complete_in(folder, toml_table(text)))


def read_network(folder: Path, card: ModelCard) -> bytes:
    """Read the network that a card names. The engine verifies its hash.

    Raises:
        ModelMissing: the file cannot be read.
    """
    path = folder / card.file.name
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMissing(
            f"The network of {card.name} cannot be read: {error.strerror}",
            path,
            remedy="Download the model again.",
        ) from error
