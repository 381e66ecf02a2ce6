"""Races between the plans for a model: once per model and device, the fastest one is found.

The model in use goes on during a race, except while two sessions run side by side.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan, wins
from obscura.errors import ObscuraError
from obscura.live.timing import Timings
from obscura.page.models import memory
from obscura.page.models.measure import time_run
from obscura.page.models.opening import AUTOMATIC, Opener, OpenModel
from obscura.page.models.pool import SessionPool
from obscura.page.models.shelf import Shelf
from obscura.page.words import text

if TYPE_CHECKING:
    from obscura.page.state.protocols import Clock, Network

WARM_UP = 3
RUNS = 7
HOPELESS = 4
"""End a heat early once one plan takes this many times as long as the other."""


class HeatResult(NamedTuple):
    """Outcome of a heat between the plan in use and a challenger."""

    current_ms: float
    challenger_ms: float

    @property
    def challenger_won(self) -> bool:
        """Whether the challenger is to take over."""
        return wins(self.challenger_ms, self.current_ms)


async def run_heat(
    time_current: Callable[[], Awaitable[float]], time_challenger: Callable[[], Awaitable[float]]
) -> HeatResult:
    """Run two sessions in turn and compare their medians.

    Args:
        time_current, time_challenger: run once and return the milliseconds that took. Their errors
            are passed on.
    """
    times = Timings()
    for number in range(WARM_UP + RUNS):
        lap = (await time_current(), await time_challenger())
        # In the first lap, one may still compile shaders.
        hopeless = number > 0 and max(lap) > HOPELESS * min(lap)
        if number >= WARM_UP or hopeless:
            times.add("current", lap[0])
            times.add("challenger", lap[1])
        if hopeless:
            break
    medians = times.medians()
    return HeatResult(medians["current"], medians["challenger"])


class Race:
    """Races the model in use against its rivals."""

    def __init__(
        self,
        shelf: Shelf,
        opener: Opener,
        pool: SessionPool,
        clock: Clock,
        set_status: Callable[[str], None],
    ) -> None:
        """
        Args:
            set_status: called with what is going on, in words; "" at the end.
        """
        self._shelf, self._opener, self._pool = shelf, opener, pool
        self._clock, self._set_status = clock, set_status

    async def run(self, hold: Callable[[bool], None]) -> None:
        """Find the fastest plan, put it to use and remember it; see `Sessions.race`."""
        winners = self._opener.winners
        current = self._pool.current
        if current is None or current.choice != AUTOMATIC or self._opener.saves_data:
            return
        card = current.card
        if self._opener.winner(card) is not None:
            await self._take_over(current)
            return
        if self._opener.gave_up(card):
            return  # the next visit finds out whether that was a passing failure
        raced = {current.plan}
        while (best := self._pool.current) is not None and best.card is card:
            plan = next((plan for plan in self._opener.rivals(best) if plan not in raced), None)
            if plan is None:
                winners.set(card, best.plan)
                return
            raced.add(plan)
            if not await self._heat(best, plan, hold):
                return

    async def _take_over(self, current: OpenModel) -> None:
        """Put an earlier winner to use that opens too slowly to show the first boxes."""
        winner, card = self._opener.late_winner(current), current.card
        network = None if winner is None else await self._fetch(card, winner)
        if winner is None or network is None:
            return
        self._set_status(text.TAKING_OVER.format(way=text.way(winner), model=card.title))
        try:
            opened = await self._open(current, winner, network)
        except ObscuraError:
            if self._pool.current is current:
                self._opener.winners.forget(card)
            return
        finally:
            self._set_status("")
        if opened is not None and self._pool.current is current:
            self._pool.use(opened)
            self._pool.close(current)

    async def _heat(self, current: OpenModel, plan: Plan, hold: Callable[[bool], None]) -> bool:
        """Race the session in use against one other plan; return whether that was decided."""
        network = await self._fetch(current.card, plan)
        if network is None:
            return False
        self._set_status(text.COMPARING)
        challenger = None
        try:
            challenger = await self._open(current, plan, network)
            if challenger is None:
                return False
            hold(True)
            result = await run_heat(partial(self._time, current), partial(self._time, challenger))
            self._decide(current, challenger, result)
            return True
        except ObscuraError:  # the challenger cannot run, or was closed for another model's sake
            if challenger is None:
                return True
            interrupted = challenger not in self._pool.idle
            self._pool.close(challenger)
            return not interrupted
        finally:
            hold(False)
            self._set_status("")

    async def _fetch(self, card: ModelCard, plan: Plan) -> Network | None:
        """Fetch what a plan needs; None if its engine has not come. Before anything is locked: a
        download that hangs must not keep other models from opening."""
        if not await self._opener.fetch(card, plan):
            return None
        return await self._shelf.fetch(card)

    async def _open(self, current: OpenModel, plan: Plan, network: Network) -> OpenModel | None:
        async with self._pool.changing:
            self._pool.make_room(memory.estimate(current.card, plan))
            opened = await self._opener.open(
                current.card,
                network,
                AUTOMATIC,
                plans=[plan],
                report=lambda _words: None,
                wanted=lambda: self._pool.current is current,
            )
            if opened is not None:
                self._pool.add(opened)
            return opened

    async def _time(self, opened: OpenModel) -> float:
        frame = await self._opener.sample_image()
        return await time_run(opened.session, frame, self._clock)

    def _decide(self, current: OpenModel, challenger: OpenModel, result: HeatResult) -> None:
        """Keep the faster one, and close the other if the model is still in use."""
        sides = [(current, result.current_ms), (challenger, result.challenger_ms)]
        (loser, loser_ms), (winner, winner_ms) = sides if result.challenger_won else sides[::-1]
        winner.why = text.RACED.format(
            winner=text.way(winner.plan),
            ms=winner_ms,
            loser=text.way(loser.plan),
            other_ms=loser_ms,
        )
        if self._pool.current is current:
            self._pool.use(winner)
            self._pool.close(loser)
