"""Controls of closer looks: which, what they cost, and which have stopped."""

from __future__ import annotations

from typing import Any

from obscura.heads import Assembly
from obscura.page.browser.dom import by_id, listen
from obscura.page.features.closer import words
from obscura.page.features.context import Context
from obscura.page.state.settings import Settings


class CloserPanel:
    """Shows the looks that are chosen; changes the setting."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._looks = by_id("closer-looks")
        listen(self._looks, "change", self._tick)

    def show(self, settings: Settings) -> None:
        """Show the settings."""
        by_id("closer-tools").hidden = not settings.closer
        for box in self._looks.querySelectorAll("input"):
            box.checked = box.value in settings.closer_looks

    def report(self, assembly: Assembly) -> None:
        """Show what each head costs, and which have failed."""
        failures, shares = assembly.failures(), assembly.budget.shares()
        lines = []
        for stage in assembly.heads:
            title = stage.card.title
            if stage.name in failures:
                lines.append(words.FAILED.format(title=title, cause=failures[stage.name]))
            elif stage.name in shares:
                lines.append(words.COST.format(title=title, ms=shares[stage.name]))
        by_id("closer-again").hidden = not failures
        text = "\n".join(lines)
        if by_id("closer-costs").textContent != text:
            by_id("closer-costs").textContent = text

    def say(self, sentence: str) -> None:
        """Show a sentence; "" removes it."""
        by_id("closer-note").textContent = sentence
        by_id("closer-again").hidden = sentence != words.MISSING

    def _tick(self, event: Any) -> None:
        look, chosen = str(event.target.value), list(self._preferences.current.closer_looks)
        rest = [each for each in chosen if each != look]
        self._page.change(closer_looks=[*rest, look] if event.target.checked else rest)
