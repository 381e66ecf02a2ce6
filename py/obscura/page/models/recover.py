"""Recovery after a failed run: the same model on the next backend that works."""

from __future__ import annotations

from collections.abc import Callable

from obscura.cards.card import ModelCard
from obscura.errors import ObscuraError
from obscura.page.models.opening import AUTOMATIC, Opener
from obscura.page.models.pool import SessionPool
from obscura.page.models.shelf import Shelf
from obscura.page.words import text


class Recovery:
    """Replaces a session that has failed."""

    def __init__(
        self, shelf: Shelf, opener: Opener, pool: SessionPool, set_status: Callable[[str], None]
    ) -> None:
        """
        Args:
            set_status: called with what is going on, in words; "" at the end.
        """
        self._shelf, self._opener, self._pool = shelf, opener, pool
        self._set_status = set_status

    async def run(self, card: ModelCard, error: ObscuraError, *, blameless: bool = False) -> None:
        """Close the failed session and open the model without the plans that failed.

        A model that has been taken into use meanwhile stays in use.

        Args:
            error: what the failed run raised.
            blameless: whether the plan may be used again, because something else was the cause.

        Raises:
            As `Sessions.load`; BackendError when no backend is left.
        """
        async with self._pool.changing:
            failed = next(iter(self._pool.of(card)), None)
            if failed is None:
                return
            self._pool.close(failed)
            if self._pool.current is not None:
                return
            if not blameless:
                self._opener.winners.forget(card)
            try:
                self._set_status(text.FETCHING_MODEL.format(model=card.title))
                opened = await self._opener.open(
                    card,
                    await self._shelf.fetch(card),
                    failed.choice or AUTOMATIC,
                    failed=failed.failed if blameless else failed.failed | {failed.plan},
                    report=self._set_status,
                    wanted=lambda: self._pool.current is None,
                )
            finally:
                self._set_status("")
            if opened is not None:
                opened.why = failed.why if blameless else text.failed(error)
                self._pool.add(opened)
                if self._pool.current is None:
                    self._pool.use(opened)
