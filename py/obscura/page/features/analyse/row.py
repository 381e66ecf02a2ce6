"""Row: what is known of the video in view, and what its controls show. Pure Python."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from obscura.page.features.analyse import words
from obscura.page.features.analyse.job import Job
from obscura.page.live.results import Results


class State(Enum):
    """What is known of the video in view."""

    ABSENT = "no video is in view, or no model is in use"
    OFFERED = "nothing is analysed"
    OPENING = "what was found is being read"
    READING = "its file is being opened"
    RUNNING = "frames are being analysed"
    PAUSED = "some frames are analysed"
    DONE = "all frames are analysed"
    CANCELLED = "what was analysed is to be deleted"


BUSY = (State.OPENING, State.READING, State.RUNNING, State.DONE)
"""States in which nothing can be begun."""


class Row(NamedTuple):
    """Texts of the controls; those without one are hidden."""

    shown: bool = True
    all: str = ""
    pause: str = ""
    cancel: str = ""
    words: str = ""
    """How far it is. Changes often, so it is not announced."""
    said: str = ""
    """What is announced."""
    share: float | None = None
    """Of the frames, 0 to 1, while they are being analysed; None while that is not known."""
    busy: bool = False
    """Whether a bar shows how far it is."""


def row(
    state: State, frames: int, total: int | None, *, exact: bool, left_s: float | None, said: str
) -> Row:
    """Return what the controls show.

    Args:
        state: what is known of the video in view.
        frames: how many are analysed.
        total: how many there are; None if not known.
        left_s: for how many seconds it will go on; None if not known.
        said: a sentence about what has happened; "" for none.
    """
    count = words.frames(frames, total, exact=exact)
    if state is State.ABSENT:
        return Row(shown=False)
    if state is State.OFFERED:
        return Row(all=words.OFFER, said=said)
    if state is State.READING:
        return Row(words=words.READING, busy=True)
    if state is State.OPENING:
        return Row(words=words.OPENING, busy=True)
    if state is State.RUNNING:
        share = min(frames / total, 1.0) if total else None
        parts = [count, words.left(left_s)]
        how_far = " · ".join(filter(None, parts))
        return Row(pause="Pause", cancel="Cancel", words=how_far, said=said, share=share, busy=True)
    if state is State.PAUSED:
        return Row(pause=words.CONTINUE, cancel=words.DELETE, words=words.some(frames), said=said)
    if state is State.DONE:
        return Row(cancel=words.DELETE, words=words.done(frames), said=said)
    return Row(all=words.OFFER, pause=words.UNDO if frames else "", said=said)


def row_of(state: State, results: Results | None, job: Job | None, said: str) -> Row:
    """As `row`, of results and of the job that adds to them; None where there are none."""
    source = {} if results is None else results.head.source
    if state is State.DONE and "broken_s" in source:
        said = words.broken(source["broken_s"], source.get("duration_s"))
    return row(
        state,
        0 if results is None else len(results),
        job.total if job else None,
        exact=job is None or job.exact,
        left_s=job.left_s if job else None,
        said=said,
    )
