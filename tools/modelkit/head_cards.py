"""Write head.toml: the card of a head, with its origin and its recorded answer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from PIL import Image

from modelkit.cards import NETWORK, PICTURE
from modelkit.head_recipes import HeadRecipe
from obscura.cards.head_card import CARD, HeadCard, load_head
from obscura.engine.session import RawOutputs
from obscura.families import heads

Box = tuple[float, float, float, float]


def write_head(recipe: HeadRecipe, network: bytes, folder: Path) -> None:
    """Write network and card, with the recorded answer, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NETWORK).write_bytes(network)
    card: dict[str, Any] = {
        "name": recipe.name,
        "title": recipe.title,
        "summary": recipe.summary,
        "family": recipe.family,
        "labels": list(recipe.labels),
        "license": recipe.license,
        "trained_on": recipe.trained_on,
        "weak_at": recipe.weak_at,
        "file": {
            "name": NETWORK,
            "bytes": len(network),
            "sha256": hashlib.sha256(network).hexdigest(),
        },
        "source": {
            "package": f"{recipe.package.registry}:{recipe.package.name}",
            "version": recipe.package.version,
            "path": recipe.path,
            "integrity": recipe.package.integrity,
            "license": recipe.license,
            "origin": recipe.credit,
        },
        "input": recipe.input._asdict(),
        "crop": recipe.crop._asdict(),
    }
    if recipe.options:
        card["options"] = dict(recipe.options)
    _write(folder, card)  # now, because the answer comes from the head as the product reads it
    card["check"] = recorded(load_head(folder)[0], network, recipe.check)
    _write(folder, card)


def run_head(network: bytes, picture: Image.Image, crop: Box) -> RawOutputs:
    """Return what a sealed head's network returns for one part of a picture, as engines do."""
    import onnxruntime as ort

    pixels = np.asarray(picture.crop(crop).convert("RGBA"))
    session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    found = session.run(names, {"image": pixels[None]})
    return {name: array[None] for name, array in zip(names, found, strict=True)}


def recorded(card: HeadCard, network: bytes, crop: tuple[int, int, int, int]) -> dict[str, Any]:
    """Return the table [check]: what a sealed head finds in a part of `PICTURE`."""
    with Image.open(PICTURE) as picture:
        outputs = run_head(network, picture, crop)
        size = list(picture.size)
    sides = (crop[2] - crop[0], crop[3] - crop[1])
    (answer,) = heads.read(outputs, card, [sides])
    table: dict[str, Any] = {"picture": PICTURE.name, "size": size, "crop": list(crop)}
    for name in ("boxes", "scores", "points"):
        found = getattr(answer, name)
        if found.size:
            table[name] = _rounded(found)
    if answer.values:
        table["values"] = {name: _rounded(value) for name, value in answer.values.items()}
    return table


def _rounded(array: Any) -> Any:
    return np.round(array.astype(np.float64), 4).tolist()


def _write(folder: Path, card: dict[str, Any]) -> None:
    (folder / CARD).write_text(tomli_w.dumps(card, indent=2), "utf-8", newline="\n")
