"""Tracking: who is who from frame to frame, with numbers, trails and boxes that glide."""

from __future__ import annotations

from obscura.page.features.track import words
from obscura.page.state.feature import Command, Feature
from obscura.page.state.settings import Setting, is_flag, switch

FEATURE = Feature(
    "track",
    entry="obscura.page.features.track.part",
    switch="track",
    settings=(
        Setting("track", False, is_flag, switch, control="check"),
        Setting("trails", True, is_flag, switch, control="check"),
    ),
    commands=(Command("switch", key="t", help=words.KEY),),
)
