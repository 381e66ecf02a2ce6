"""Controls of closer looks: which, what they cost, and which have stopped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from obscura.errors import ObscuraError
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.features.closer import words
from obscura.page.features.closer.own import PREFIX
from obscura.page.features.context import Context
from obscura.page.state.settings import Settings


class CloserPanel:
    """Shows the looks that are chosen; changes the setting."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._looks = by_id("closer-looks")
        self._listed: dict[str, str] = {}
        listen(self._looks, "change", self._tick)

    def show(self, settings: Settings) -> None:
        """Show the settings."""
        by_id("closer-tools").hidden = not settings.closer
        self._list(settings)
        for box in self._looks.querySelectorAll("input"):
            box.checked = box.value in settings.closer_looks

    def report(
        self,
        failures: Mapping[str, ObscuraError],
        unfit: Collection[str],
        shares: Mapping[str, float],
        *,
        loading: bool,
    ) -> None:
        """Show which looks do not run and why, and what each of the others costs.

        Args:
            failures: errors by title.
            unfit: titles of looks that the model in use finds nothing for.
            shares: milliseconds a frame, by title.
            loading: whether others are on their way.
        """
        stopped = [words.failed(title, error) for title, error in failures.items()]
        missing = [words.NOTHING_FOR_IT.format(title=each) for each in unfit]
        _put("closer-note", words.LOADING if loading else "\n".join([*stopped, *missing]))
        _put("closer-costs", "\n".join(words.cost(*each) for each in shares.items()))
        by_id("closer-again").hidden = loading or not failures

    def say_adding(self, sentence: str) -> None:
        """Show what is wrong with what a person wants to add; "" removes it."""
        _put("closer-add-note", sentence)

    def _list(self, settings: Settings) -> None:
        """List a person's own networks."""
        own = {name: title for name, (title, _) in settings.closer_own.items()}
        if own == self._listed:
            return
        self._listed = own
        by_id("closer-own").replaceChildren(*(_row(*each) for each in own.items()))

    def _tick(self, event: Any) -> None:
        look, chosen = str(event.target.value), list(self._preferences.current.closer_looks)
        rest = [each for each in chosen if each != look]
        self._page.change(closer_looks=[*rest, look] if event.target.checked else rest)


def _row(name: str, title: str) -> Any:
    """Return a row of the list of a person's own networks."""
    row, label = make("li", cls="own-head"), make("label", cls="check")
    box = make("input", type="checkbox", value=PREFIX + name)
    label.append(box, make("span", text=title))
    remove = make("button", text=words.REMOVE, cls="link", type="button", data_remove=name)
    remove.setAttribute("aria-label", f"{words.REMOVE} {title}")
    row.append(label, remove)
    return row


def _put(name: str, text: str) -> None:
    """Set an element's text, unless it has that already: equal text would be announced again."""
    element = by_id(name)
    if element.textContent != text:
        element.textContent = text
