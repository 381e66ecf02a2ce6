"""Write model.toml: the card of a model, with its origin and its recorded answer."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
from PIL import Image

from modelkit import coco
from modelkit.recipes import TOP, Recipe
from obscura import Detections, Detector
from obscura.cards.catalogue import CARD

NETWORK = "model.onnx"
MEASURED = ("accuracy", "tracking")
PICTURE = Path(__file__).resolve().parents[2] / "assets" / "sample.jpg"


def write_model(recipe: Recipe, network: bytes, folder: Path) -> None:
    """Write network and card, with the recorded answer, into `folder`.

    What was measured stays on the card if it was measured on the very same network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    old = tomllib.loads((folder / CARD).read_text("utf-8")) if (folder / CARD).exists() else {}
    digest = hashlib.sha256(network).hexdigest()
    (folder / NETWORK).write_bytes(network)
    origin = recipe.origin
    card: dict[str, Any] = {
        "name": recipe.name,
        "title": recipe.title,
        "summary": recipe.summary,
        "family": recipe.family,
        "labels": list(coco.LABELS),
        "license": origin.license,
        "file": {"name": NETWORK, "bytes": len(network), "sha256": digest},
        "source": {
            "package": f"npm:{origin.package.name}",
            "version": origin.package.version,
            "path": origin.path,
            "integrity": origin.package.integrity,
            "license": origin.license,
            "origin": origin.credit,
        },
        "input": {"width": recipe.size[1], "height": recipe.size[0], "resize": "stretch"},
        "output": {"top": TOP, "threshold": recipe.threshold, "iou": recipe.iou},
    }
    write_card(folder, card)  # now, because the answer comes from the model as the product reads it
    with Detector(folder, threads=1) as detector, Image.open(PICTURE) as picture:
        card["check"] = recorded(detector.detect(picture), picture.size)
    if old.get("file", {}).get("sha256") == digest:
        card |= {key: old[key] for key in MEASURED if key in old}
    write_card(folder, card)


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Write `folder`/model.toml."""
    (folder / CARD).write_text(tomli_w.dumps(card, indent=2), "utf-8", newline="\n")


def write_accuracy(folder: Path, accuracy: Mapping[str, str | float]) -> None:
    """Replace the measured accuracy on the card in `folder`."""
    card = tomllib.loads((folder / CARD).read_text("utf-8"))
    write_card(folder, {**card, "accuracy": dict(accuracy)})


def write_tracking(folder: Path, birth: float, live: float) -> None:
    """Replace the scores for tracking on the card in `folder`."""
    card = tomllib.loads((folder / CARD).read_text("utf-8"))
    write_card(folder, {**card, "tracking": {"birth": birth, "live": live}})


def recorded(found: Detections, size: tuple[int, int]) -> dict[str, Any]:
    """Return the table [check]: what a model found in `PICTURE`, of the given width and height."""
    return {"picture": PICTURE.name, "size": list(size), "detections": list(_rows(found))}


def _rows(found: Detections) -> list[dict[str, Any]]:
    return [
        {
            "class_id": int(class_id),
            "score": round(float(score), 4),
            "box": [round(float(edge), 1) for edge in box],
        }
        for box, score, class_id in zip(found.xyxy, found.score, found.class_id, strict=True)
    ]
