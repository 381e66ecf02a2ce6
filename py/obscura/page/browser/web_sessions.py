"""Creates the page's sessions: workers that run onnxruntime-web or LiteRT."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from js import URL, document

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.engine.web import WebSession
from obscura.page.browser import files
from obscura.page.browser.dom import js_object
from obscura.page.state.build import Build

if TYPE_CHECKING:
    from obscura.page.state.protocols import DeferredModules, EngineSession, Network


class WebSessionFactory:
    """Implements `SessionFactory` of `page.state.protocols`."""

    def __init__(
        self,
        build: Build,
        gpu_name: str,
        deferred: DeferredModules,
        take_early: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        """
        Args:
            deferred: the modules that split networks for WebGL.
            take_early: `takeEngine` of assets/boot/engine.js; None if nothing was started early.
        """
        self._build, self._gpu_name, self._deferred = build, gpu_name, deferred
        self._take_early = take_early

    def take_early(self, network: Network, plan: Plan) -> Any:
        """Return the session that was started before Python ran, if it is for exactly this network
        and plan; else close that and return None. Later calls return None."""
        if self._take_early is None:
            return None
        return self._take_early(network.handle, js_object(**plan.as_names()))

    def create(self, plan: Plan, early: Any = None) -> WebSession:
        """Return a session without a network. `early` is what `take_early` returned."""
        device = {"webgpu": self._gpu_name, "webgl": "GPU"}.get(plan.backend, "CPU")
        worker = early.worker if early else None
        return WebSession(_absolute(self._build.engine_url), plan, device, worker)

    async def fetch(self, plan: Plan, card: ModelCard) -> bool:
        """Bring the files of a plan into the browser's cache; return whether all have come."""
        litert = self._litert(plan, card)
        urls = litert or self._runtime(plan)
        # That of WebGL is fetched once the worker has seen that the device has it.
        wanted = {name: url for name, url in urls.items() if name != "webgl"}
        return await files.bring([url for url in wanted.values() if isinstance(url, str)])

    async def load(
        self, session: EngineSession, plan: Plan, network: Network, card: ModelCard
    ) -> None:
        """Load a network, which stays whole: the worker gets a copy of its own."""
        build, runtime = self._build, self._runtime(plan)
        copy = network.handle.slice(0)
        if plan.backend == "webgl":
            await self._deferred.load()
        module = build.webgl_url if plan.backend == "webgl" else build.gpu_url
        await session.load(runtime, copy, card, _absolute(module), self._litert(plan, card))

    def _runtime(self, plan: Plan) -> dict[str, str]:
        """Return the addresses of onnxruntime-web's build; LiteRT needs it for heads alone."""
        ort = "wasm" if plan.backend == "litert" else plan.runtime
        return {name: _absolute(url) for name, url in self._build.runtimes[ort].items()}

    def _litert(self, plan: Plan, card: ModelCard) -> dict[str, Any] | None:
        """Return what a plan with LiteRT needs, see `WorkerSession.load`; None for other plans."""
        found = self._build.litert
        if plan.backend != "litert" or found is None:
            return None
        urls = {
            **found.builds[plan.runtime],
            "module": found.module,
            "core": found.cores[card.name],
        }
        return {**{name: _absolute(url) for name, url in urls.items()}, "threads": plan.threads}


def _absolute(url: str) -> str:
    """Return a complete address: workers resolve others against their own."""
    return str(URL.new(url, document.baseURI).href)
