"""Controls of hiding: which kinds, and who is shown all the same."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence, Sized
from typing import Any, Protocol

from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, contains_focus, listen, make
from obscura.page.features.context import Context
from obscura.page.features.redact import words
from obscura.page.features.redact.choices import Choice
from obscura.page.features.redact.costs import Costs
from obscura.page.state.settings import Settings
from obscura.redaction.heads import FACE

WHILE_MS = 4000
"""Milliseconds for which an answer to what a person did stays."""
INSTEAD = ("loading", "failed")
"""Why everything is covered where whole people could be hidden instead."""


class Tracks(Sized, Container[int], Protocol):
    """Numbers of tracks."""


class RedactPanel:
    """Shows the kinds that can be hidden; changes the setting."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._kinds, self._people = by_id("redact-kinds"), by_id("redact-choices")
        self._labels: tuple[str, ...] = ()
        self._buttons: dict[int, Any] = {}  # by track
        self._until_ms = 0.0  # what is said stays
        self.on_toggle: Callable[[int], None] = lambda _track: None
        """Receives the track that a person chose from the list."""
        listen(self._kinds, "change", self._tick)
        listen(self._people, "click", self._choose)

    def show(self, settings: Settings, labels: Sequence[str]) -> None:
        """Show the settings.

        Args:
            labels: names of the classes of the model in use, and of the networks that look closer.
        """
        by_id("redact-tools").hidden = not settings.redact
        if not settings.redact:
            self._show_on_picture("")
        chosen = list(settings.redact_what)
        wanted = tuple(dict.fromkeys([*(k for k in words.KINDS if k in labels), *chosen]))
        others = tuple(label for label in labels if label not in wanted)
        if (*wanted, *others) != self._labels:
            self._labels = (*wanted, *others)
            fold = make("details", cls="fold")
            items = [_row(label) for label in others]
            fold.append(make("summary", text=words.OTHERS), *items)
            self._kinds.replaceChildren(*(_row(label) for label in wanted), fold)
            fold.hidden = not others
        for box in self._kinds.querySelectorAll("input"):
            box.checked = box.value in chosen

    def offer(self, choices: Sequence[Choice] | None, spared: Tracks) -> None:
        """Show who can be chosen, and who is shown.

        Args:
            choices: who is in view; None while nobody is to be chosen.
            spared: who is shown.
        """
        by_id("redact-pick").setAttribute("aria-pressed", "false" if choices is None else "true")
        by_id("redact-all").hidden = not len(spared)
        self._people.hidden = choices is None
        by_id("redact-nobody").hidden = choices is None or bool(choices)
        there = {each.track: each for each in choices or ()}
        for track in [each for each in self._buttons if each not in there]:
            # Somebody who chooses by keyboard does not lose their place.
            if choices is None or not contains_focus(self._buttons[track]):
                self._buttons.pop(track).remove()
        for track, choice in there.items():
            if track not in self._buttons:
                button = make("button", text=words.name(choice.label, track), type="button")
                button.className, button.value = "link", str(track)
                self._buttons[track] = button
                self._people.append(button)
        for track, button in self._buttons.items():
            pressed = "true" if track in spared else "false"
            if button.getAttribute("aria-pressed") != pressed:
                button.setAttribute("aria-pressed", pressed)

    def say(self, sentence: str) -> None:
        """Show a sentence, once."""
        self._until_ms = 0.0
        self._note(sentence)

    def say_for_a_while(self, sentence: str) -> None:
        """Show the answer to what a person did."""
        self._note(sentence)
        self._until_ms = now_ms() + WHILE_MS

    def report(self, why: str, kinds: Sequence[str], *, picking: bool) -> None:
        """Show why everything is covered, if it is.

        Args:
            why: "" if it is not.
            kinds: for which kinds.
            picking: whether somebody is to be chosen.
        """
        by_id("redact-people").hidden = why not in INSTEAD or FACE not in kinds
        sentence = words.why(why, kinds) if why else ""
        self._show_on_picture(sentence)
        if why:
            self.say(sentence)
        elif now_ms() >= self._until_ms:
            self._note(words.PICK if picking else "")

    def show_cost(self, costs: Costs, *, live: bool) -> None:
        """Show how late the picture is, and what hiding costs; from time to time."""
        if not costs.due():
            return
        sentence = words.COST_STILL.format(ms=costs.ms)
        if live and costs.delay_ms is not None:
            sentence = words.COST.format(delay=costs.delay_ms / 1000, ms=costs.ms)
        by_id("redact-cost").textContent = sentence

    def _show_on_picture(self, sentence: str) -> None:
        """Show why everything is covered where people look; on phones the panel is away."""
        hint = by_id("redact-why")
        if hint.textContent != sentence:
            hint.textContent = sentence
        hint.hidden = not sentence

    def _note(self, sentence: str) -> None:
        note = by_id("redact-note")
        if note.textContent != sentence:
            note.textContent = sentence

    def _choose(self, event: Any) -> None:
        button = event.target.closest("button")
        if button:
            self.on_toggle(int(button.value))

    def _tick(self, event: Any) -> None:
        label, chosen = str(event.target.value), list(self._preferences.current.redact_what)
        if event.target.checked:
            chosen = [*(each for each in chosen if each != label), label]
        else:
            chosen = [each for each in chosen if each != label]
        self._page.change(redact_what=chosen)


def _row(label: str) -> Any:
    row = make("label", cls="check")
    row.append(
        make("input", type="checkbox", value=label),
        make("span", text=words.KINDS.get(label, label)),
    )
    return row
