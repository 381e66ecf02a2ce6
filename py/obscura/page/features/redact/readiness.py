"""Whether all that is to be hidden was looked for in a frame. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obscura.page.features.redact import LOOKS
from obscura.update import FrameInfo


def why_whole(
    kinds: Sequence[str], labels: Sequence[str], finders: Sequence[Any], frame: FrameInfo
) -> str:
    """Return why the whole of a frame is to be covered; "" if everything was looked for in it.

    Args:
        kinds: what is to be hidden.
        labels: names of the classes of the model that answered.
        finders: stages that add rows, as `obscura.heads.HeadStage`.
        frame: the frame.

    Returns:
        "nothing" if nothing is chosen; "unknown" if neither the model nor a closer look finds a
        kind; "loading" if a closer look is not there yet or has not seen the frame; "failed" if it
        does not come.
    """
    if not kinds:
        return "nothing"
    others = [kind for kind in kinds if kind not in labels]
    if any(kind not in LOOKS for kind in others):
        return "unknown"
    for kind in others:
        looking = [each for each in finders if each.gives.adds == kind]
        if any(each.failure is not None for each in looking):
            return "failed"
        if not looking or any(each.looked != frame for each in looking):
            return "loading"
    return ""
