"""Controls of hiding: which kinds, and who is shown all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from obscura.page.browser.dom import by_id, listen, make
from obscura.page.features.context import Context
from obscura.page.features.redact import words
from obscura.page.state.settings import Settings


class RedactPanel:
    """Shows the kinds that can be hidden; changes the setting."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._kinds = by_id("redact-kinds")
        self._labels: tuple[str, ...] = ()
        listen(self._kinds, "change", self._tick)

    def show(self, settings: Settings, labels: Sequence[str]) -> None:
        """Show the settings.

        Args:
            labels: names of the classes of the model in use, and of the networks that look closer.
        """
        by_id("redact-tools").hidden = not settings.redact
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

    def offer(self, *, picking: bool, spared: bool) -> None:
        """Show whether a person is to be tapped, and whether anybody is shown."""
        by_id("redact-pick").setAttribute("aria-pressed", "true" if picking else "false")
        by_id("redact-all").hidden = not spared

    def say(self, sentence: str) -> None:
        """Show a sentence, once."""
        note = by_id("redact-note")
        if note.textContent != sentence:
            note.textContent = sentence

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
