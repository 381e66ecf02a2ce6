"""The scene: which picture is in view, and what the page is doing. A pure state machine.

Two counters keep answers and pictures together. `epoch` counts the pictures that were put in view:
an answer is shown only if it carries the epoch of the picture that is in view. `ticket` counts
requests: a source that opens after another was requested is closed again. What is in view stays
until the source that was requested has opened.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What is in view."""

    WELCOME = "welcome"  # the sample picture
    LIVE = "live"  # a camera or a video
    STILL = "still"  # a photo


class State(StrEnum):
    """What the page is doing, as docs/automation.md defines it."""

    LOADING = "loading"
    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STILL = "still"
    ERROR = "error"


class Scene:
    """Which picture is in view, and whether a source is being opened. Each method is one event."""

    def __init__(self, caption: str) -> None:
        """
        Args:
            caption: a few words over the sample picture.
        """
        self._sample_caption = caption
        self.kind = Kind.WELCOME
        self.caption = caption
        self.opening = False
        """Whether a source is being opened."""
        self.paused = False
        self.camera_lost = False
        """Whether the camera was disconnected, so that it starts again once it is back."""
        self.epoch = 0
        self.ticket = 0

    def ask(self) -> int:
        """Record that another source was requested, and return its ticket.

        The source is shown only if `holds(ticket)` is still true once it is open.
        """
        self.opening = True
        self.ticket += 1
        return self.ticket

    def abandon(self) -> None:
        """Keep what is in view: what was requested has failed, or is no longer wanted."""
        self.opening = False
        self.ticket += 1

    def holds(self, ticket: int) -> bool:
        """Whether nothing else was requested since this ticket was returned."""
        return ticket == self.ticket

    def freeze(self, paused: bool) -> None:
        """Pause or resume the camera or video.

        The frame that is frozen is a picture of its own: answers for earlier frames are no longer
        shown.
        """
        self.paused = paused
        self.epoch += paused

    def jump(self) -> None:
        """Another part of the video is shown: answers for the previous one are no longer shown."""
        self.epoch += 1

    def go_live(self) -> None:
        """Show a camera or video."""
        self._show(Kind.LIVE, "")

    def go_still(self, name: str) -> None:
        """Show the photo of this name."""
        self._show(Kind.STILL, name)

    def go_home(self, *, camera_lost: bool = False) -> None:
        """Show the sample picture: the person pressed Stop, or the source failed."""
        self.ticket += 1
        self._show(Kind.WELCOME, self._sample_caption)
        self.camera_lost = camera_lost

    def state(self, *, error: bool, ready: bool, answered: bool) -> State:
        """Return what the page is doing.

        Args:
            error: an error card is in view.
            ready: a model is in use.
            answered: the picture in view has its answer; while paused, the very frame shown.
        """
        if error:
            return State.ERROR
        if self.opening or (self.kind is not Kind.WELCOME and not ready):
            return State.STARTING
        if self.kind is Kind.LIVE:
            return State.PAUSED if self.paused and answered else State.RUNNING
        if self.kind is Kind.STILL:
            return State.STILL if answered else State.STARTING
        return State.READY if ready else State.LOADING

    def _show(self, kind: Kind, caption: str) -> None:
        self.kind, self.caption = kind, caption
        self.opening = self.paused = self.camera_lost = False
        self.epoch += 1
