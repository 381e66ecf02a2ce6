"""Opening a model: the first backend that tells the truth.

A backend counts only after it has reproduced the card's recorded answer on the bundled picture, so
a driver that computes nonsense is found here and never shows a box.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from js import URL, document

from obscura.cards.card import ModelCard
from obscura.engine.plans import Facts, Plan, candidates, preferred, rivals
from obscura.engine.selfcheck import verify
from obscura.engine.web import WebSession
from obscura.errors import BackendError, ObscuraError, OutOfMemory
from obscura.families.decode import Outputs
from obscura.page.browser.dom import js_object
from obscura.page.models.winners import Winners
from obscura.page.state.build import Build
from obscura.page.words import text

FREE = ("auto", 0)
"""The wish of those who leave the choice to the page."""


@dataclass(eq=False)
class Opened:
    """A model in a session that has proved itself."""

    card: ModelCard
    session: WebSession
    plan: Plan
    wish: tuple[str, int]
    """The backend and the number of threads that were asked for."""
    sample: Outputs | None
    """Its answer on the bundled picture."""
    why: str = text.FIRST_CHOICE
    """Why this backend, in a sentence for the meter."""
    refused: frozenset[Plan] = frozenset()
    """Ways to run that were tried before this one, in vain."""


class Opener:
    """Creates sessions."""

    def __init__(
        self,
        build: Build,
        facts: Facts,
        gpu_name: str,
        sample_image: Callable[[], Awaitable[Any]],
        winners: Winners,
        begun: Callable[[Any, Any], Any],
    ) -> None:
        """
        Args:
            sample_image: makes a new `ImageData` of the bundled picture.
            winners: which way to run won here before.
            begun: `(network, plan)`: what assets/boot/engine.js has begun, if it was just that.
        """
        self._build = build
        self._facts = facts
        self._gpu_name = gpu_name
        self.sample_image = sample_image
        self.winners = winners
        self._begun = begun

    async def open(
        self,
        card: ModelCard,
        model: Any,
        wish: tuple[str, int],
        *,
        refused: Collection[Plan] = (),
        plans: Sequence[Plan] | None = None,
        tell: Callable[[str], None],
        wanted: Callable[[], bool],
    ) -> Opened | None:
        """Try the ways to run in order; return the first that reproduces the recorded answer.

        Args:
            model: `ArrayBuffer` of the network, which stays whole.
            wish: the backend and the number of threads, as in `obscura.engine.candidates`.
            refused: ways not to try again.
            plans: the ways to try, in this order (default: all, what won here before first).
            tell: told what is being tried.
            wanted: asked before each try; once it says no, so does the answer: None.

        Raises:
            BackendError, OutOfMemory: no backend could run it, or none is left.
        """
        failures: list[ObscuraError] = []
        vain = set(refused)
        for plan in self._plans(card, wish) if plans is None else plans:
            if plan in vain:
                continue
            if not wanted():
                return None
            tell(text.OPENING_MODEL.format(model=card.title, backend=text.BACKENDS[plan.backend]))
            # Which is for the first to be opened only, and worth nothing if that is another.
            begun = self._begun(model, js_object(**plan._asdict()))
            session = self._session(plan, begun)
            try:
                if begun:
                    sample = await session.take_over(begun, card)
                else:
                    await self._load(session, plan, model, card)
                    sample = await session.run(await self.sample_image())
                if card.check is not None:
                    verify(sample, card)
            except ObscuraError as error:
                session.close()
                vain.add(plan)
                failures.append(error)
                continue
            why = text.failed(*failures) if failures else self._reason(card, plan)
            return Opened(card, session, plan, wish, sample, why, frozenset(vain))
        if failures:
            raise failures[-1]
        raise BackendError(
            f"No backend is left for {card.title}",
            remedy="Load the page again or choose another model.",
        )

    @property
    def thrifty(self) -> bool:
        """Whether the browser asks to save data."""
        return self._facts.save_data

    def rivals(self, opened: Opened) -> list[Plan]:
        """The ways to run that might be faster than that of a session, and were not tried yet."""
        plans = candidates(self._facts, *opened.wish)
        return rivals([plan for plan in plans if plan not in opened.refused], opened.plan)

    def _plans(self, card: ModelCard, wish: tuple[str, int]) -> list[Plan]:
        plans = candidates(self._facts, *wish)
        return preferred(plans, self.winners.get(card)) if wish == FREE else plans

    def _reason(self, card: ModelCard, plan: Plan) -> str:
        return text.WON_BEFORE if [*plan] == self.winners.get(card) else text.FIRST_CHOICE

    async def trial(self, card: ModelCard, model: Any, wish: tuple[str, int]) -> Opened:
        """Open a model of which no answer is recorded yet, on wasm, whose answer is to be that.

        Returns:
            without `sample`; with a `wish` that nobody has, unless that would end in the same plan.

        Raises:
            ModelUnsupported, ModelUnreadable, OutOfMemory, BackendError: it cannot be opened.
        """
        first, *_ = [*candidates(self._facts, *wish), None]
        failure: ObscuraError | None = None
        for plan in candidates(self._facts, "wasm", wish[1]):
            session = self._session(plan)
            try:
                await self._load(session, plan, model, card)
            except BaseException as error:
                session.close()
                if not isinstance(error, BackendError) or isinstance(error, OutOfMemory):
                    raise
                failure = error
                continue
            return Opened(card, session, plan, wish if plan == first else ("trial", 0), None)
        assert failure is not None
        raise failure

    async def _load(self, session: WebSession, plan: Plan, model: Any, card: ModelCard) -> None:
        runtime = self._runtime(plan)
        await session.load(runtime, model.slice(0), card, _absolute(self._build.gpu_url))

    def _runtime(self, plan: Plan) -> dict[str, str]:
        runtime = self._build.runtimes[plan.runtime]
        return {name: _absolute(url) for name, url in runtime.items()}

    def _session(self, plan: Plan, begun: Any = None) -> WebSession:
        device = self._gpu_name if plan.backend == "webgpu" else "CPU"
        worker = begun.worker if begun else None
        return WebSession(_absolute(self._build.engine_url), plan, device, worker)


def _absolute(url: str) -> str:
    """Workers resolve addresses against themselves, so they are given whole ones."""
    return str(URL.new(url, document.baseURI).href)
