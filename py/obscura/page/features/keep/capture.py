"""Capture: a picture of what is in view, together with what is found in that very picture.

Pure Python. While a camera or video runs, the boxes on the screen belong to an earlier frame; so
the frame that was captured is analysed itself.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from obscura.detections import Detections
from obscura.page.live.analysis import Analysis
from obscura.page.state.scene import Kind
from obscura.page.words.times import stamp
from obscura.update import FrameInfo, Update

TRIES = 2
"""Runs of one frame: the first is lost if another model takes over meanwhile."""


@dataclass(frozen=True)
class Snapshot:
    """A picture and what is found in it."""

    picture: Any
    """Canvas of the picture without boxes, not mirrored."""
    update: Update
    labels: tuple[str, ...]
    """Names of the classes, by class_id."""
    model: str
    """Name of the model; "" if none was ready, and nothing was looked for."""
    source: str
    """Name of the photo, video or camera; "" where unknown."""
    mirrored: bool
    """Whether people saw it as in a mirror."""
    stem: str
    """Name for its files, without an ending."""


async def capture(
    sources: Any,
    sessions: Any,
    analysis: Analysis,
    *,
    mirrored: bool,
    read_pixels: Callable[[Any], Any],
    now: time.struct_time,
) -> Snapshot:
    """Return a snapshot of what is in view.

    Args:
        sources: `live.controller.SourceController`.
        sessions: `models.sessions.Sessions`.
        mirrored: whether the picture is shown as in a mirror.
        read_pixels: returns the `ImageData` of a canvas.
        now: the local time, for the name of the files.

    Raises:
        As `Sessions.run`.
    """
    scene, position_s = sources.scene, sources.position_s
    update, answer = analysis.update, analysis.answer
    redacted = sources.redactor is not None  # it shows the very frame of its update, and no other
    if redacted:
        update = sources.redactor.shown
    moving = scene.kind is Kind.LIVE and not scene.paused
    source, is_video = sources.source_name, sources.is_video
    index = update.frame.index if update else 0
    # The clock of frames goes on when a video begins again; its own does not.
    time_s = position_s if is_video or update is None else update.frame.time_s
    if update is not None:
        update = replace(update, frame=replace(update.frame, time_s=time_s))
    if not redacted and (moving or not sources.answered):
        update = answer = None
    picture = sources.picture()
    if inspect.isawaitable(picture):
        picture = await picture
    frame = FrameInfo(index, time_s, picture.width, picture.height)
    for _ in range(TRIES):
        if redacted or update is not None or sessions.card is None:
            break
        found = await sources.find_in(lambda: read_pixels(picture), frame)
        if found is not None:
            answer, update = found
    card = answer.card if answer else None
    return Snapshot(
        picture,
        update or Update(frame, Detections.empty()),
        (*card.labels, *analysis.more_labels) if card else (),
        card.name if card else "",
        source,
        mirrored,
        stamp(now),
    )
