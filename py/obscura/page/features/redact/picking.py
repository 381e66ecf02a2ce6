"""Picking: who is shown although others are hidden, by a tap or from a list. Pure Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from obscura.page.features.redact import words
from obscura.page.features.redact.choices import Choice, chosen_at
from obscura.page.stage.placement import Placement
from obscura.redaction.spared import SparedTracks
from obscura.update import FrameInfo, Update


class Picking:
    """Knows who is shown, and lets people choose.

    Attributes:
        on: whether somebody is to be chosen.
        spared: who is shown.
    """

    def __init__(
        self,
        panel: Any,
        hide_again: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        """
        Args:
            panel: `panel.RedactPanel`.
            hide_again: covers at once who is not shown any more.
            refresh: shows who is shown from now on.
        """
        self._panel, self._hide_again, self._refresh = panel, hide_again, refresh
        self.on = False
        self.spared = SparedTracks()
        self._find: Callable[[], Sequence[Choice]] = tuple
        self._found: Sequence[Choice] | None = None  # what that returned
        self._frame: FrameInfo | None = None
        self._place: Placement | None = None  # of the picture in the view, as drawn last
        panel.on_toggle = self.toggle

    def reset(self) -> None:
        """Another source or model follows: everybody is hidden."""
        self.spared.clear()
        self._find, self._found, self._frame = tuple, None, None
        self._offer()

    def switch(self) -> None:
        """Have somebody chosen, or not any more."""
        self.on = not self.on
        self._offer()
        self._panel.say(words.PICK if self.on else "")

    def hide_all(self) -> None:
        """Hide everybody again."""
        self.spared.clear()
        self.on = False
        self._offer()
        self._hide_again()
        self._panel.say_for_a_while(words.HIDDEN_AGAIN)

    def toggle(self, track: int) -> None:
        """Show somebody, or hide them again."""
        name = next(
            (words.name(each.label, track) for each in self._choices if each.track == track), ""
        )
        if track in self.spared:
            self.spared.remove(track)
            self._hide_again()
            self._panel.say_for_a_while(words.HIDDEN.format(name=name))
        elif name and self._frame is not None:
            self.spared.add(track, self._frame.time_s)
            self._refresh()
            self._panel.say_for_a_while(words.SHOWN.format(name=name))
        self._offer()

    def follow(self, update: Update) -> None:
        """Take in a frame of a camera or video: who was lost from view is hidden again."""
        gone = self.spared.follow(update)
        if gone:
            names = ", ".join(words.name("person", track) for track in gone)
            self._panel.say_for_a_while(words.GONE.format(names=names))
            self._offer()

    def show(self, find: Callable[[], Sequence[Choice]], frame: FrameInfo) -> None:
        """Take in the frame that is showing.

        Args:
            find: returns who is in it; called only while somebody is to be chosen.
        """
        self._find, self._found, self._frame = find, None, frame
        self._offer()

    @property
    def _choices(self) -> Sequence[Choice]:
        """Who is in the frame that is showing."""
        if self._found is None:
            self._found = self._find()
        return self._found

    def draw(self, context: Any, update: Update, place: Placement) -> None:  # noqa: ARG002
        """Remember where the picture is (a layer), to know who is tapped."""
        if context.canvas.isConnected:
            self._place = place

    def tap(self, event: Any) -> None:
        """Show or hide the person who was tapped, while somebody is to be chosen."""
        if not self.on or self._place is None:
            return
        corner = event.currentTarget.getBoundingClientRect()
        at = self._place.to_source(event.clientX - corner.left, event.clientY - corner.top)
        choice = chosen_at(self._choices, *at)
        if choice is None:
            self._panel.say_for_a_while(words.NOBODY_THERE)
        else:
            self.toggle(choice.track)

    def _offer(self) -> None:
        self._panel.offer(self._choices if self.on else None, self.spared)
