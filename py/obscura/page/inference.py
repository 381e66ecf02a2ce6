"""The model in use: fetched, verified, opened on the best backend that tells the truth.

A backend counts only after it has reproduced the card's recorded answer on the bundled picture, so
a driver that computes nonsense is found here and never shows a box.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from js import URL, Uint8Array, crypto, document, performance

from obscura.card import ModelCard
from obscura.check import verify
from obscura.engine import Facts, Plan, SessionInfo, candidates
from obscura.engine.ort_web import WebSession
from obscura.errors import BackendError, ModelCorrupt, ModelMissing, ObscuraError
from obscura.families import Outputs
from obscura.page import text
from obscura.page.build import Build
from obscura.timing import Timings


class Inference:
    """Owns the session. One model at a time, one run at a time."""

    def __init__(
        self,
        build: Build,
        facts: Facts,
        gpu_name: str,
        take: Callable[[str, bool], Any],
        sample_image: Callable[[], Awaitable[Any]],
        say: Callable[[str], None],
    ) -> None:
        """
        Args:
            take: `(url, fresh) -> Promise<ArrayBuffer>`, the page's downloader.
            sample_image: makes a new `ImageData` of the bundled picture.
            say: shows what is happening now.
        """
        self._build = build
        self._facts = facts
        self._gpu_name = gpu_name
        self._take = take
        self._sample_image = sample_image
        self._say = say
        self.timings = Timings()
        self._session: WebSession | None = None
        self._backend, self._threads = "auto", 0
        self._refused: set[Plan] = set()
        self._wishes = 0
        self._changing = asyncio.Lock()
        self.stage = ""
        """What is being done to open a model, in words; "" when nothing is."""
        self.card: ModelCard | None = None
        self.sample: Outputs | None = None
        self.why = ""
        """Why this backend, in a sentence for the meter."""

    @property
    def info(self) -> SessionInfo | None:
        """The running session's backend, device and threads; None while there is none."""
        return self._session.info if self._session else None

    @property
    def ready(self) -> bool:
        """Whether `run` can be called."""
        return self._session is not None

    async def load(
        self, name: str, *, backend: str = "auto", threads: int = 0, fresh: bool = False
    ) -> bool:
        """Make this model the one in use. The former one is closed first, for its memory.

        Args:
            fresh: fetch the model anew, past the browser's cache.

        Returns:
            False if another model was asked for meanwhile, which is then on its way.

        Raises:
            ModelMissing, ModelCorrupt: the file did not come, or is not the one that the card
            names. BackendError, OutOfMemory: no backend could run it.
        """
        self._wishes += 1
        wish = self._wishes
        self.close()
        async with self._changing:
            if wish != self._wishes:
                return False
            card = self._build.cards[name]
            self._backend, self._threads = backend, threads
            self._refused.clear()
            await self._bring_up(card, fresh=fresh)
            if wish != self._wishes:
                self.close()
                return False
            return True

    async def recover(self) -> None:
        """After a failed run: open the same model on the next backend that works.

        Raises:
            As `load`; BackendError when no backend is left.
        """
        async with self._changing:
            if self._session is None or self.card is None:
                return  # another model is on its way
            card = self.card
            self._refused.add(self._plan)
            self.close()
            await self._bring_up(card, fresh=False)

    async def run(self, capture: Callable[[], Any]) -> Outputs:
        """Outputs for the `ImageData` that `capture()` makes; errors as in `WebSession.run`."""
        if self._session is None:
            raise BackendError("No model is loaded", remedy="Choose a model.")
        begun = performance.now()
        image = capture()
        captured = performance.now()
        outputs = await self._session.run(image)
        self.timings.add("capture", captured - begun)
        self.timings.add("inference", performance.now() - captured)
        return outputs

    def close(self) -> None:
        """End the session and free its memory."""
        if self._session is not None:
            self._session.close()
        self._session = None
        self.card = None
        self.sample = None

    async def _bring_up(self, card: ModelCard, *, fresh: bool) -> None:
        try:
            await self._open(card, await self._fetch(card, fresh))
        finally:
            self.stage = ""

    def _tell(self, words: str) -> None:
        self.stage = words
        self._say(words)

    async def _fetch(self, card: ModelCard, fresh: bool) -> Any:
        self._tell(text.FETCHING_MODEL.format(model=card.title))
        try:
            model = await self._take(self._build.model_urls[card.name], fresh)
        except Exception as error:
            raise ModelMissing(
                f"The model {card.title} did not arrive",
                error,
                remedy="Check the connection and try again.",
            ) from error
        found = await _sha256(model)
        if found != card.file.sha256:
            raise ModelCorrupt(
                f"The model {card.title} arrived damaged",
                f"{model.byteLength} bytes, sha256 {found}; its card says {card.file.bytes} bytes, "
                f"sha256 {card.file.sha256}",
            )
        return model

    async def _open(self, card: ModelCard, model: Any) -> None:
        """Try the candidates in order; keep the first that reproduces the recorded answer."""
        failures: list[ObscuraError] = []
        for plan in candidates(self._facts, self._backend, self._threads):
            if plan in self._refused:
                continue
            self._tell(
                text.OPENING_MODEL.format(model=card.title, backend=text.BACKENDS[plan.backend])
            )
            device = self._gpu_name if plan.backend == "webgpu" else "CPU"
            session = WebSession(_absolute(self._build.engine_url), plan, device)
            try:
                runtime = self._build.runtimes[plan.runtime]
                urls = {name: _absolute(url) for name, url in runtime.items()}
                await session.load(urls, model.slice(0))
                sample = await session.run(await self._sample_image())
                if card.check is not None:
                    verify(sample, card)
            except ObscuraError as error:
                session.close()
                self._refused.add(plan)
                failures.append(error)
                continue
            self._session, self._plan, self.card, self.sample = (
                session,
                plan,
                card,
                sample,
            )
            self.why = " ".join(str(error) for error in failures) or text.FIRST_CHOICE
            return
        if failures:
            raise failures[-1]
        raise BackendError(
            f"No backend is left for {card.title}",
            remedy="Load the page again or choose another model.",
        )


async def _sha256(buffer: Any) -> str:
    """Hex digest of an `ArrayBuffer`; by the browser where it may (secure contexts), else in "
    "Python."""
    subtle = getattr(crypto, "subtle", None)
    if subtle is None:
        return hashlib.sha256(Uint8Array.new(buffer).to_bytes()).hexdigest()
    return bytes(Uint8Array.new(await subtle.digest("SHA-256", buffer)).to_bytes()).hex()


def _absolute(url: str) -> str:
    """Workers resolve addresses against themselves, so they are given whole ones."""
    return str(URL.new(url, document.baseURI).href)
