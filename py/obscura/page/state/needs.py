"""Needs: which settings must have which values while a feature is on. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from obscura.page.state.settings import Settings


@dataclass(frozen=True)
class Need:
    """What a feature needs.

    Attributes:
        lacking: returns the settings that must be changed for the feature to work, with the values
            that they must have; {} if there are none.
        words: said when a person changes one of them while the feature is on.
        insists: whether the feature then stays on, and the setting as it was. Others are switched
            off with what they need.
    """

    lacking: Callable[[Settings], Mapping[str, Any]]
    words: str
    insists: bool = False


def tracking(settings: Settings) -> dict[str, Any]:
    """Return what a feature lacks that needs tracks."""
    return {} if settings.track else {"track": True}


def agree(
    needs: Mapping[str, Need], wanted: Settings, changed: Collection[str] = ()
) -> tuple[Settings, dict[str, str]]:
    """Make settings agree with what the features that are on need.

    Args:
        needs: by the setting that switches the feature on.
        wanted: the settings with what a person has changed.
        changed: names of the settings that the person has changed.

    Returns:
        The settings to use, and what is to be said of it, by switch.
    """
    said: dict[str, str] = {}
    # Those that insist come first: what they keep, others need not do without.
    for switch, need in sorted(needs.items(), key=lambda item: not item[1].insists):
        lacking = need.lacking(wanted) if getattr(wanted, switch) else {}
        refused = lacking.keys() & set(changed) and switch not in changed
        if refused:
            said[switch] = need.words
        if lacking:
            yields = refused and not need.insists
            wanted = wanted.replace(**({switch: False} if yields else lacking))
    return wanted, said
