"""Detection controls: model, confidence, overlap, classes, camera."""

from __future__ import annotations

from typing import Any

from obscura.page.state.feature import Command, Feature, When
from obscura.page.state.settings import Setting, are_strings, is_fraction


def _are_hidden(value: Any) -> bool:
    return isinstance(value, dict) and all(map(are_strings, value.values()))


FEATURE = Feature(
    "detect",
    entry="obscura.page.features.detect.controls",
    when=When.START,
    settings=(
        Setting("threshold", None, is_fraction, float, control="slider"),
        Setting("iou", None, is_fraction, control="slider"),
        # Per model name, the labels that are switched off.
        Setting("hidden", {}, _are_hidden),
    ),
    commands=(
        Command("lower", key="arrowleft", help=("← →", "confidence down, up")),
        Command("raise", key="arrowright"),
        Command("classes", key="c", help=("C", "search the classes")),
    ),
)
