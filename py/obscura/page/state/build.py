"""What the build wrote into the page: models, engine files, addresses (see build.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from obscura.cards.card import ModelCard


@dataclass(frozen=True)
class LiteRT:
    """What the site has of LiteRT."""

    module: str
    """Address of the engine's module for it."""
    builds: dict[str, dict[str, str]]
    """Per build of a plan: the addresses `js` and `wasm`."""
    cores: dict[str, str]
    """Addresses of the networks' graphs, by the names of the models that have one."""


@dataclass(frozen=True)
class Build:
    """The page's own parts list. Addresses are relative to the page."""

    version: str
    default_model: str
    cards: dict[str, ModelCard]
    model_urls: dict[str, str]
    engine_url: str
    gpu_url: str
    """The engine's module for GPUs."""
    webgl_url: str
    """The engine's module for WebGL."""
    media_url: str
    """The module that reads and writes video files."""
    disk_url: str
    """The worker that writes files on the device."""
    store_url: str
    """The module that keeps models in the browser's database."""
    chart_url: str
    """The module that draws charts, and its style sheet."""
    chart_style_url: str
    rest_url: str
    """The rest of the page's Python."""
    heads_url: str
    """The cards of the networks that look closer."""
    clip_url: str
    """The sample clip (`page.features.sample`)."""
    feature_urls: dict[str, str]
    """Archives of the features that start later, by name."""
    litert: LiteRT | None
    """None if the site was built without it."""
    wishes: dict[str, str]
    """Parameters with which this site opens, as if its address had them."""
    runtimes: dict[str, dict[str, str]]
    """Per onnxruntime-web build ("wasm", "jspi", "asyncify"): `module`, `glue` and `wasm`; "webgl"
    has those of "wasm", and its own module as `webgl`."""
    added: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What features that only some sites have need to know, by their modules."""


def read(text: str) -> Build:
    """The parts list from the JSON block of index.html."""
    data: dict[str, Any] = json.loads(text)
    urls = {model["name"]: model.pop("url") for model in data["models"]}
    cards = [ModelCard.from_dict(model) for model in data["models"]]
    return Build(
        version=data["version"],
        default_model=data["default_model"],
        cards={card.name: card for card in cards},
        model_urls=urls,
        engine_url=data["engine"],
        gpu_url=data["gpu"],
        webgl_url=data["webgl"],
        media_url=data["media"],
        disk_url=data["disk"],
        store_url=data["store"],
        chart_url=data["chart"]["module"],
        chart_style_url=data["chart"]["style"],
        rest_url=data["rest"],
        heads_url=data["heads"],
        clip_url=data["clip"],
        feature_urls=data["features"],
        litert=LiteRT(**data["litert"]) if data["litert"] else None,
        wishes=data["wishes"],
        runtimes=data["ort"],
        added=data.get("added", {}),
    )
