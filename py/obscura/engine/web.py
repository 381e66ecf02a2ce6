"""Engine in a browser: onnxruntime-web in a worker of its own.

Each session has its own worker: wasm starts once per realm and never shrinks, so ending the worker
is the only way to free its memory and to restart a runtime that crashed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import Object, String, Uint8Array, Worker, performance
from pyodide.ffi import create_proxy, to_js

from obscura.cards.card import ModelCard
from obscura.engine.calls import Answer
from obscura.engine.plans import Plan
from obscura.engine.session import RawOutputs
from obscura.engine.worker_session import WorkerSession


class WebSession(WorkerSession):
    """A model in a worker of the browser's. Implements `obscura.engine.session.AsyncSession`."""

    def __init__(self, engine_url: str, plan: Plan, device: str, worker: Any = None) -> None:
        """
        Args:
            engine_url: address of assets/engine.js.
            device: name of the processor or GPU, for people.
            worker: one that runs that already; see `take_over`.
        """
        super().__init__(BrowserWorker(worker or _started(engine_url, plan)), plan, device)

    async def take_over(self, begun: Any, card: ModelCard) -> RawOutputs:
        """Continue with the worker in which assets/boot/engine.js has opened this model and run it.

        Args:
            begun: `answer`, a promise of what the worker returned for the run; and `calls`, the
                number of messages that were posted to it.
            card: of a sealed model.

        Returns:
            The outputs of that run. Raises as `load` and `run`.
        """
        answer = await begun.answer
        return self.continue_from(answer.to_py(), int(begun.calls), card)


class BrowserWorker:
    """The browser's `Worker`. Implements `obscura.engine.calls.EngineWorker`.

    Boundary: crossings take microseconds each, so messages are reused and an answer is converted at
    once. The two listeners are destroyed by `end`.
    """

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._transfer = to_js([None])  # reused for each message
        self._nothing = to_js([])
        self._listeners: dict[str, Any] = {}

    def message(self, **values: Any) -> Any:
        """Return a JavaScript object with these values; lists and dicts are converted."""
        return to_js(values, dict_converter=Object.fromEntries)

    def buffer(self, data: bytes) -> Any:
        """Copy bytes into an `ArrayBuffer`."""
        return to_js(data).buffer

    def bytes_of(self, buffer: Any) -> bytes:
        """Copy the content of an `ArrayBuffer`."""
        return bytes(Uint8Array.new(buffer).to_bytes())

    def listen(self, on_answer: Callable[[Answer], None], on_crash: Callable[[str], None]) -> None:
        """Call these with each message from the worker, and with the reason when it crashes."""

        def crash(event: Any) -> None:
            event.preventDefault()
            message = str(getattr(event, "message", "") or "")
            on_crash(message or "the engine's worker could not be started")

        self._listeners = {
            "message": create_proxy(lambda event: on_answer(event.data.to_py())),
            "error": create_proxy(crash),
        }
        for kind, listener in self._listeners.items():
            self._worker.addEventListener(kind, listener)

    def post(self, message: Any, transferred: Any = None) -> None:
        """Post a message and transfer this buffer or frame."""
        if transferred is None:
            self._worker.postMessage(message, self._nothing)
            return
        self._transfer[0] = transferred
        self._worker.postMessage(message, self._transfer)

    def end(self) -> None:
        """End the worker and destroy the listeners."""
        self._worker.terminate()
        for listener in self._listeners.values():
            listener.destroy()


def _started(engine_url: str, plan: Plan) -> Any:
    kind = "classic" if plan.backend == "litert" else "module"  # see assets/litert/index.js
    # The page recognises its workers' requests by this name; see assets/engine.js.
    options = to_js(
        {"type": kind, "name": String(performance.timeOrigin)},
        dict_converter=Object.fromEntries,
    )
    return Worker.new(engine_url, options)
