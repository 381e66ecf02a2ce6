"""Opening a model: the first backend that passes the self-check.

A backend has to reproduce the card's recorded answer on the bundled picture, so that a driver that
computes wrongly is found here and never draws a box.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from obscura.cards.card import ModelCard
from obscura.engine.plans import Facts, Plan, candidates, preferred, rivals
from obscura.engine.selfcheck import verify
from obscura.errors import BackendError, BackendUnusable, ObscuraError, OutOfMemory
from obscura.families.decode import Outputs, read
from obscura.page.models import memory
from obscura.page.models.winners import Winners
from obscura.page.words import text

if TYPE_CHECKING:
    from obscura.engine.session import RawOutputs
    from obscura.page.state.protocols import EngineSession, Frame, Network, SessionFactory


class EngineChoice(NamedTuple):
    """The backend and the number of threads that were asked for."""

    backend: str = "auto"
    threads: int = 0  # 0 to leave it to the page


AUTOMATIC = EngineChoice()
"""Leaves both to the page."""

PATIENCE_S = 30
"""How long an engine that is only there for speed may take to start."""


@dataclass(eq=False)
class OpenModel:
    """A model in a session that passed the self-check."""

    card: ModelCard
    session: EngineSession
    plan: Plan
    choice: EngineChoice | None
    """What it was opened for; None for a trial that answers no choice."""
    sample: Outputs | None
    """Its rows for the bundled picture."""
    why: str = text.FIRST_CHOICE
    """Why this backend, in a sentence for the meter."""
    failed: frozenset[Plan] = frozenset()
    """Plans that were tried before this one and failed."""

    @property
    def memory_bytes(self) -> int:
        """Estimate of the memory that its session takes."""
        return memory.estimate(self.card, self.plan)


class Opener:
    """Opens models in sessions."""

    def __init__(
        self,
        facts: Facts,
        factory: SessionFactory,
        sample_image: Callable[[], Awaitable[Frame]],
        winners: Winners,
        graphs: Collection[str] | None = None,
    ) -> None:
        """
        Args:
            sample_image: makes new pixels of the bundled picture.
            winners: the plans that won races on this device.
            graphs: names of the models that this site has in a form for LiteRT; None if it was
                built without that.
        """
        self._facts, self._factory, self._graphs = facts, factory, graphs
        self.sample_image = sample_image
        self.winners = winners
        self._gave_up = set[str]()  # models whose winner failed to open in this visit

    async def open(
        self,
        card: ModelCard,
        network: Network,
        choice: EngineChoice,
        *,
        failed: Collection[Plan] = (),
        plans: Sequence[Plan] | None = None,
        report: Callable[[str], None],
        wanted: Callable[[], bool],
    ) -> OpenModel | None:
        """Try the plans in order; return the first that reproduces the recorded answer.

        Args:
            network: stays whole.
            choice: backend and threads, as in `obscura.engine.plans.candidates`.
            failed: plans not to try again.
            plans: the plans to try, in this order (default: all, a winner of earlier races first).
            report: called with what is being tried, in words.
            wanted: asked before each try; once it returns False, the result is None.

        Raises:
            BackendError, OutOfMemory: no backend could run it, or none is left.
            BackendUnusable: a GPU or LiteRT was insisted on, and is missing or fails.
        """
        failures: list[ObscuraError] = []
        tried = set(failed)
        plans = self._plans(card, choice) if plans is None else plans
        insisted = choice.backend not in ("auto", "wasm")
        if insisted and not plans:
            raise BackendUnusable(self._lack(card, choice.backend))
        for plan in plans:
            if plan in tried:
                continue
            if not wanted():
                return None
            report(text.OPENING_MODEL.format(model=card.title))
            try:
                session, sample = await self._start(plan, network, card)
            except ObscuraError as error:
                tried.add(plan)
                failures.append(error)
                if plan == self.winners.get(card):
                    self.winners.forget(card)
                    self._gave_up.add(card.name)
                continue
            why = text.failed(*failures) if failures else self._reason(card, plan)
            return OpenModel(card, session, plan, choice, sample, why, frozenset(tried))
        if failures:
            last = failures[-1]
            if insisted and type(last) is BackendError:
                value = "" if last.value is None else f" ({last.value})"
                raise BackendUnusable(f"{last.cause}{value}") from last
            raise last
        raise BackendError(
            f"No backend is left for {card.title}",
            remedy="Load the page again or choose another model.",
        )

    async def trial(self, card: ModelCard, network: Network, choice: EngineChoice) -> OpenModel:
        """Open a model without a recorded answer on wasm, whose answer is to be recorded.

        Returns:
            without `sample`. Its `choice` is None, unless that would lead to the same plan.

        Raises:
            ModelUnsupported, ModelUnreadable, OutOfMemory, BackendError: it cannot be opened.
        """
        first = next(iter(self._candidates(card, choice)), None)
        failure: ObscuraError | None = None
        for plan in candidates(self._facts, "wasm", choice.threads):
            session = self._factory.create(plan)
            try:
                await self._factory.load(session, plan, network, card)
            except BaseException as error:
                session.close()
                if not isinstance(error, BackendError) or isinstance(error, OutOfMemory):
                    raise
                failure = error
                continue
            return OpenModel(card, session, plan, choice if plan == first else None, None)
        assert failure is not None
        raise failure

    @property
    def saves_data(self) -> bool:
        """Whether the browser asks for few downloads."""
        return self._facts.save_data

    def winner(self, card: ModelCard) -> Plan | None:
        """Return the plan that won an earlier race, if it is one that can be tried here."""
        winner = self.winners.get(card)
        return winner if winner in self._candidates(card) else None

    def gave_up(self, card: ModelCard) -> bool:
        """Whether the winner of an earlier race failed to open in this visit."""
        return card.name in self._gave_up

    async def fetch(self, card: ModelCard, plan: Plan) -> bool:
        """Bring the files of a plan into the browser's cache; return whether all have come."""
        return await self._factory.fetch(plan, card)

    def late_winner(self, opened: OpenModel) -> Plan | None:
        """Return the winner of an earlier race that is to take over from this session, because it
        opens too slowly to show the first boxes; None if there is none."""
        winner = self.winner(opened.card)
        if winner is None or not winner.opens_late or self.saves_data:
            return None
        return None if winner in (opened.plan, *opened.failed) else winner

    def plans_of_visits(self, opened: OpenModel) -> list[Plan]:
        """Return the plans that visits like this one use: that of the session, the one that shows
        the first boxes before it, and the one that takes over from it."""
        if opened.choice != AUTOMATIC:
            return [opened.plan]
        late = self.late_winner(opened)
        first = self._plans(opened.card, AUTOMATIC)[:1] if opened.plan.opens_late else []
        return [*first, opened.plan, *([late] if late else [])]

    def rivals(self, opened: OpenModel) -> list[Plan]:
        """Return the plans that might be faster than that of a session and have not failed."""
        plans = self._candidates(opened.card, opened.choice or AUTOMATIC)
        return rivals([plan for plan in plans if plan not in opened.failed], opened.plan)

    def memory_bytes(self, card: ModelCard, choice: EngineChoice) -> int:
        """Return an estimate of the memory that a session for this choice may take."""
        return memory.largest(card, self._candidates(card, choice))

    def memory_budget(self, cards: Collection[ModelCard]) -> int:
        """Return how many bytes all sessions may take, see `memory.budget`."""
        return memory.budget(self._facts.memory_gb, cards, candidates(self._facts))

    async def _start(
        self, plan: Plan, network: Network, card: ModelCard
    ) -> tuple[EngineSession, Outputs]:
        """Start a session and hold it to the recorded answer; close it if it fails."""
        # Only the first session of all can have been started early.
        early = self._factory.take_early(network, plan)
        session = self._factory.create(plan, early)
        try:
            begun = self._begin(session, early, plan, network, card)
            # Where another engine could go on, one that does not come is not waited for.
            patience = PATIENCE_S if plan.backend == "litert" else None
            try:
                raw = await asyncio.wait_for(begun, patience)
            except TimeoutError:
                message = f"no answer for {PATIENCE_S} seconds"
                raise BackendError("The engine did not start", message) from None
            sample = read(raw, card)
            if card.check is not None:
                verify(sample, card)
        except BaseException:
            session.close()
            raise
        return session, sample

    async def _begin(
        self,
        session: EngineSession,
        early: Any,
        plan: Plan,
        network: Network,
        card: ModelCard,
    ) -> RawOutputs:
        """Return what a session answers first."""
        if early:
            return await session.take_over(early, card)
        await self._factory.load(session, plan, network, card)
        return await session.run(await self.sample_image())

    def has_litert(self, card: ModelCard) -> bool:
        """Whether this site has a model in a form for LiteRT."""
        return card.name in (self._graphs or ())

    def _candidates(self, card: ModelCard, choice: EngineChoice = AUTOMATIC) -> list[Plan]:
        return candidates(self._facts, *choice, litert=self.has_litert(card))

    def _lack(self, card: ModelCard, backend: str) -> str:
        """Return why there is no plan with a backend."""
        if backend == "webgpu":
            return "This browser gives no WebGPU here"
        if backend == "webgl":
            return "This browser gives no WebGL 2 here"
        if self._graphs is None:
            return "This site was built without LiteRT"
        if not self._facts.relaxed_simd:
            return "This browser lacks relaxed SIMD, which LiteRT needs"
        return f"This site has no LiteRT version of {card.title}"

    def _plans(self, card: ModelCard, choice: EngineChoice) -> list[Plan]:
        plans = self._candidates(card, choice)
        winner = self.winner(card)
        if choice != AUTOMATIC or winner is None or winner.opens_late:
            return plans
        return preferred(plans, winner)

    def _reason(self, card: ModelCard, plan: Plan) -> str:
        return text.WON_BEFORE if plan == self.winners.get(card) else text.FIRST_CHOICE
