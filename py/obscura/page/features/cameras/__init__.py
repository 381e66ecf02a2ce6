"""Several cameras: further ones beside the first, each with its own tracks and counts."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature

FEATURE = Feature(
    "cameras",
    entry="obscura.page.features.cameras.part",
    commands=(Command("add", button="add-camera"),),
    snapshot={"cameras": []},
)
