"""Keeping what is seen: a snapshot with its boxes, to save, copy or share, and its data."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature
from obscura.page.state.settings import Setting, is_flag

MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
"""Of pictures that can be saved, by the setting `keep_type`."""

KEY = ("S", "snapshot: save, copy or share what is seen")
"""Not among the feature's words, which are fetched with its code."""

FEATURE = Feature(
    "keep",
    entry="obscura.page.features.keep.dialog",
    settings=(
        Setting("keep_type", "png", tuple(MEDIA_TYPES).__contains__, control="select"),
        # Whether boxes and all else that lies over the picture are drawn into it.
        Setting("keep_boxes", True, is_flag, control="check"),
    ),
    commands=(
        Command("take", key="s", button="snapshot", help=KEY),
        Command("save", button="keep-save"),
        Command("copy", button="keep-copy"),
        Command("share", button="keep-share"),
        Command("json", button="keep-json"),
        Command("csv", button="keep-csv"),
    ),
)
