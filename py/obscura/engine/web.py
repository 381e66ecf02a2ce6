"""The engine in a browser: onnxruntime-web in a worker of its own.

Boundary: pixels are an `ArrayBuffer` that is transferred to the worker (never copied into Python),
or a `VideoFrame` where the picture goes straight to the GPU;
what comes back are the network's outputs, copied once: K rows where the model is sealed. A frame
crosses in few steps, for each takes microseconds: its message is an object that is kept and filled
in, and the answer is made Python's in one go. The worker's two listeners are destroyed by
`close`. Wasm starts once per realm and never shrinks, so each session has its own worker, and
closing the session ends it: so memory is given back and a crashed runtime is restarted.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from js import Object, String, Uint8Array, Worker, performance
from numpy.typing import NDArray
from pyodide.ffi import create_proxy, to_js

from obscura.boxes import fit
from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.engine.prompt import PromptFuture
from obscura.engine.session import SessionInfo
from obscura.errors import (
    BackendError,
    ModelUnreadable,
    ModelUnsupported,
    ObscuraError,
    OutOfMemory,
)
from obscura.families.decode import Outputs, read

if TYPE_CHECKING:
    from obscura.graph.cut import Cut

_TROUBLES: tuple[tuple[type[ObscuraError], str, str], ...] = (
    (
        OutOfMemory,
        "The engine ran out of memory",
        r"out of memory|bad_alloc|allocation failed|could not allocate|\boom\b",
    ),
    (
        ModelUnsupported,
        "The runtime lacks something that the network needs",
        r"could not find an implementation|no op registered|is not a registered function/op"
        r"|unsupported model ir version|is under development and support for this is limited",
    ),
    (
        ModelUnreadable,
        "The runtime cannot read the network",
        r"protobuf parsing failed|this is an invalid model|failed to load model",
    ),
)
"""What the runtime's own words mean: the error, its cause, and the words that give it away."""


PATIENCE_S = 15.0
PATIENCE_RUNS = 10
"""How long an answer may take: so many seconds, and so many times the longest run yet."""


class WebSession:
    """One model in one worker. Implements `obscura.engine.AsyncSession`."""

    def __init__(self, engine_url: str, plan: Plan, device: str, worker: Any = None) -> None:
        """
        Args:
            worker: one that runs already, see `take_over`.
        """
        self.info = SessionInfo(
            backend=plan.backend,
            device=device,
            threads=plan.threads,
            precision="float16" if plan.half else "float32",
        )
        self._plan = plan
        self._lost = ""  # why the GPU is gone
        self._pad = 0
        self._unbatched: dict[str, str] = {}
        self._pending: dict[int, tuple[PromptFuture[dict[str, Any]], float]] = {}
        self._messages: dict[tuple[bool, int, int], Any] = {}  # of `run`, see `_message`
        self._transfer = to_js([None])
        self._calls = 0
        self._awake_s = 0.0  # since the beginning, as far as the device was awake
        self._longest_s = 0.0  # of all runs that were answered, likewise
        self.drawn_ms = 0.0
        """What the worker took to make pixels of the last frame; 0 for one that came as pixels."""
        self._turn = asyncio.Lock()  # the runtime runs one picture at a time
        # By the name, the page hears what its workers ask for.
        named = _js(type="module", name=String(performance.timeOrigin))
        self._worker = worker or Worker.new(engine_url, named)
        self._on_message = create_proxy(self._receive)
        self._on_error = create_proxy(self._crash)
        self._worker.addEventListener("message", self._on_message)
        self._worker.addEventListener("error", self._on_error)

    async def load(self, runtime: Any, model: Any, card: ModelCard, gpu_url: str = "") -> None:
        """Create the session.

        Args:
            runtime: the addresses `module`, `glue` and `wasm` of an onnxruntime-web build.
            gpu_url: of assets/gpu.js, for plans that stay on the GPU.
            model: `ArrayBuffer` of the ONNX file; transferred, so empty afterwards.
            card: says how to feed and read it.

        Raises:
            BackendError: the runtime or the model was refused; the message is the runtime's own.
            ModelUnsupported, ModelUnreadable: the model is to blame.
            OutOfMemory: there is not enough memory for either.
        """
        gpu = {}
        if self._plan.resident:
            model, blank = self._resident(Uint8Array.new(model).to_bytes(), card)
            gpu = {"gpu": {"module": gpu_url, "blank": blank, "prepared": card.open is not None}}
        await self._call(
            "open",
            [model],
            runtime=runtime,
            backend=self._plan.backend,
            threads=self._plan.threads,
            model=model,
            **gpu,
        )
        await self.read_as(card)

    async def take_over(self, begun: Any, card: ModelCard) -> Outputs:
        """Go on with a worker that assets/boot.js has told to open this model and to run it.

        Args:
            begun: `answer`, a promise of what the worker will say or has said to that; and `calls`,
                the number of messages it was sent.
            card: of a sealed model.

        Returns:
            what the network answered. Errors as in `load` and `run`.
        """
        self._card, self._calls = card, int(begun.calls)
        answer = await begun.answer
        answer = answer.to_py()
        if "error" in answer:
            raise self._error(answer["error"])
        return read(self._arrays(answer), card)

    async def read_as(self, card: ModelCard) -> None:
        """Feed and read the network as another card says from now on. Errors as in `load`."""
        if card.open is not None:
            from obscura.graph.prepare import prepare  # here, for sealed models need none of it

            graph = prepare(card.input, card.open)
            if self._plan.resident:
                graph = self._without_sizing(graph, card).model
            buffer = to_js(graph).buffer
            await self._call("prepare", [buffer], graph=buffer)
        self._card = card
        self._messages.clear()  # it may be fed otherwise

    def _resident(self, network: bytes, card: ModelCard) -> tuple[Any, Any]:
        """The network as the GPU takes it, and the graph that makes room there for what goes in and
        comes out."""
        from obscura.graph.cut import blank  # here, for only GPUs need it
        from obscura.graph.half import halve
        from obscura.graph.inspect import Value, inspect

        pixels = Value("pixels", "float32", (1, card.input.height, card.input.width, 4))
        if card.open is None:
            rest = self._without_sizing(network, card)
            network, values = rest.model, rest.outputs
        else:
            face = inspect(lambda start, stop: network[start:stop], len(network))
            values = (*face.inputs, *face.outputs)
        if self._plan.half:
            network = halve(network) or network
        return to_js(network).buffer, to_js(blank([pixels, *values])).buffer

    def _without_sizing(self, graph: bytes, card: ModelCard) -> Cut:
        """The graph less the nodes that the GPU's shader stands in for."""
        from obscura.graph.cut import cut

        rest = cut(graph, card.input.width, card.input.height)
        if rest is None:
            raise BackendError("The network cannot take its pictures from the GPU", card.title)
        self._pad, self._unbatched = rest.pad, rest.unbatched
        return rest

    async def run(self, image: Any) -> Outputs:
        """Detect on an `ImageData` (RGBA, any size), whose buffer is transferred, or on a
        `sources.Frame`, whose `VideoFrame` is.

        Raises:
            BackendError: the run failed or the worker died. The session is of no more use.
            OutOfMemory: as above, for want of memory.
            ModelMismatch: the network does not return what its card says.
        """
        card = self._card
        return read(await self.run_raw(image), card)

    async def run_raw(self, image: Any) -> dict[str, NDArray[Any]]:
        """Run, and return the network's outputs as they are, by name. Raises as `run`."""
        frame = getattr(image, "frame", None)
        try:
            async with self._turn:
                begun = self._awake_s
                answer = await self._send(self._message(image, frame), self._transfer)
                self._longest_s = max(self._longest_s, self._awake_s - begun)
        finally:
            if frame is not None:
                frame.close()  # the worker's is another; this one never left without a run
        self.drawn_ms = float(answer["drawn"])
        return self._arrays(answer)

    def look(self, passed_s: float) -> None:
        """Give up a call that is not answered in the time that answers take: browsers end workers
        without a word when memory is short, and drivers hang.

        Args:
            passed_s: since the last look, as far as the device was awake.
        """
        self._awake_s += passed_s
        waited_s = max((self._awake_s - begun for _, begun in self._pending.values()), default=0.0)
        if waited_s > PATIENCE_S + PATIENCE_RUNS * self._longest_s:
            self._fail(f"no answer for {waited_s:.0f} seconds")

    def _arrays(self, answer: dict[str, Any]) -> dict[str, NDArray[Any]]:
        """What the network returned, by name."""
        arrays = {output["name"]: _array(output) for output in answer["outputs"]}
        whole = self._unbatched
        return {whole.get(n, n): a[np.newaxis] if n in whole else a for n, a in arrays.items()}

    def _message(self, image: Any, frame: Any) -> Any:
        """The message that a picture goes with, which is kept for the next of its size; what is
        transferred with it is in `_transfer`."""
        size = (image.width, image.height)
        if frame is not None and self._plan.resident:  # the GPU takes it whole
            size = (frame.displayWidth, frame.displayHeight)
        key = (frame is not None, *size)
        message = self._messages.get(key)
        if message is None:
            place = {"place": self._place(size)} if self._plan.resident else {}
            message = _js(call="run", width=size[0], height=size[1], **place)
            self._messages = {key: message}  # one is enough: sizes change when a camera is turned
        if frame is None:
            message.pixels = self._transfer[0] = image.data.buffer
        else:
            message.frame = self._transfer[0] = frame
        return message

    def _place(self, size: tuple[int, int]) -> list[float]:
        """Where a picture lies in the network's input, as assets/gpu.js wants it."""
        wanted = self._card.input
        fitted = fit(wanted.resize, size, (wanted.width, wanted.height))
        shown = [round(size[0] * fitted.scale_x), round(size[1] * fitted.scale_y)]
        left = [round(fitted.offset_x), round(fitted.offset_y)]
        return [wanted.width, wanted.height, *left, *shown, self._pad]

    def close(self) -> None:
        """End the worker and free its memory. Calls still under way raise BackendError."""
        if self._worker is None:
            return
        self._worker.terminate()
        self._worker = None
        self._on_message.destroy()
        self._on_error.destroy()
        self._fail("the engine was closed")

    async def _call(self, call: str, transfer: list[Any], **arguments: Any) -> dict[str, Any]:
        return await self._send(_js(call=call, **arguments), to_js(transfer))

    async def _send(self, message: Any, transfer: Any) -> dict[str, Any]:
        if self._worker is None:
            raise BackendError("The engine is closed", remedy="Load the model again.")
        if self._lost:
            raise self._error(self._lost)
        self._calls += 1
        future: PromptFuture[dict[str, Any]] = PromptFuture(loop=asyncio.get_running_loop())
        self._pending[self._calls] = future, self._awake_s
        message.id = self._calls
        self._worker.postMessage(message, transfer)
        return await future

    def _receive(self, event: Any) -> None:
        answer = event.data.to_py()
        if "lost" in answer:
            self._lost = answer["lost"]
            self._fail(self._lost)
            return
        future, _ = self._pending.pop(answer.get("id"), (None, 0))  # none for bytes received
        if future is None or future.done():
            return
        if "error" in answer:
            future.set_exception(self._error(answer["error"]))
        else:
            future.set_result(answer)

    def _crash(self, event: Any) -> None:
        event.preventDefault()
        self._fail(str(getattr(event, "message", "") or "the engine's worker could not be started"))

    def _fail(self, message: str) -> None:
        pending, self._pending = self._pending, {}
        for future, _ in pending.values():
            if not future.done():
                future.set_exception(self._error(message))

    def _error(self, message: str) -> ObscuraError:
        for kind, cause, words in _TROUBLES:
            if re.search(words, message, re.IGNORECASE):
                return kind(cause, message)
        return BackendError(f"The {self._plan.backend} backend failed", message)


def _js(**values: Any) -> Any:
    return to_js(values, dict_converter=Object.fromEntries)


def _array(output: dict[str, Any]) -> NDArray[Any]:
    """An output as numpy sees it. The runtime's names of types are numpy's."""
    array: NDArray[Any] = np.asarray(output["bytes"]).view(np.dtype(output["type"]))
    return array.reshape([int(size) for size in output["dims"]])
