"""Whether all that is to be hidden was looked for in a frame. Pure Python."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from obscura.page.features.redact import LOOKS
from obscura.update import FrameInfo


class Reason(NamedTuple):
    """Why the whole of a frame is to be covered.

    Attributes:
        code: "" for no reason; "nothing" if nothing is chosen; "unknown" if neither the model nor a
            closer look finds a kind; "failed" if a closer look does not come, "loading" if it is
            not there yet or has not seen the frame.
        kinds: the kinds for which that holds.
    """

    code: str
    kinds: tuple[str, ...] = ()


def why_whole(
    kinds: Sequence[str],
    labels: Sequence[str],
    finders: Sequence[Any],
    frame: FrameInfo,
    unavailable: Collection[str] = (),
) -> Reason:
    """Return why the whole of a frame is to be covered, if it is.

    Args:
        kinds: what is to be hidden.
        labels: names of the classes of the model that answered.
        finders: stages that add rows, as `obscura.heads.HeadStage`.
        frame: the frame.
        unavailable: kinds whose closer look could not be loaded.
    """
    if not kinds:
        return Reason("nothing")
    others = [kind for kind in kinds if kind not in labels]
    lacks: dict[str, list[str]] = {"unknown": [], "failed": [], "loading": []}
    for kind in others:
        looking = [each for each in finders if each.gives.adds == kind]
        if kind not in LOOKS:
            lacks["unknown"].append(kind)
        elif kind in unavailable or any(each.failure is not None for each in looking):
            lacks["failed"].append(kind)
        elif not looking or any(each.looked != frame for each in looking):
            lacks["loading"].append(kind)
    return next((Reason(code, tuple(found)) for code, found in lacks.items() if found), Reason(""))
