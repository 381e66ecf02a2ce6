"""The error card over the picture: what happened, why, and one way on."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from obscura.errors import ObscuraError
from obscura.page.browser.dom import by_id, listen, log_error, run
from obscura.page.browser.late import PartMissing
from obscura.page.words import notices


class NoticeCard:
    """Shows one error at a time; never stops the page."""

    def __init__(
        self, act: Callable[[str], Any], load_sources: Callable[[], Awaitable[None]]
    ) -> None:
        """
        Args:
            act: carries out the card's action, a key of `notices.ACTIONS`.
            load_sources: makes the sources available that tracebacks show; may raise `PartMissing`.
        """
        self._card = by_id("notice")
        self._action = by_id("notice-action")
        self._act, self._load_sources = act, load_sources
        self._key = ""
        self.code: str | None = None
        """The shown error's code; None while no card is up."""
        self.message = ""
        self.on_dismissed: Callable[[], Any] = lambda: None
        """Called when the person has put the card away."""
        listen(self._action, "click", self._press)
        listen(by_id("notice-dismiss"), "click", lambda _event: self.dismiss())
        listen(self._card, "keydown", self._key_pressed)

    def show(self, error: BaseException) -> None:
        """Show an error: our own by their code, any other as unexpected, with its traceback
        folded."""
        if isinstance(error, ObscuraError):
            self.code, details = error.code, str(error)
            words = notices.notice(self.code)
            why = notices.explanation(words, error)
        else:
            self.code = "unexpected"
            details = "".join(traceback.format_exception(error))
            run(self._show_source(error, details))
            words = notices.notice(self.code)
            why = words.why
        self._card.dataset.code = self.code
        self.message = words.title
        self._key = words.action
        by_id("notice-title").textContent = words.title
        by_id("notice-why").textContent = why
        by_id("notice-details").textContent = details
        by_id("notice-more").open = False
        self._action.textContent = notices.ACTIONS[words.action]
        self._card.hidden = False
        self._action.focus()

    async def _show_source(self, error: BaseException, details: str) -> None:
        """Exchange a traceback that names lines for one that shows them."""
        try:
            await self._load_sources()
        except PartMissing:
            full = details
        else:
            full = "".join(traceback.format_exception(error))
        log_error(full)
        shown = by_id("notice-details")
        if shown.textContent == details:
            shown.textContent = full

    def hide(self) -> None:
        """Put the card away."""
        self._card.hidden = True
        self.code = None

    def dismiss(self) -> None:
        """Put the card away, as its button does."""
        self.hide()
        self.on_dismissed()

    def _key_pressed(self, event: Any) -> None:
        if event.key == "Escape":
            self.dismiss()

    def _press(self, _event: Any) -> Any:
        self.hide()
        return self._act(self._key)
