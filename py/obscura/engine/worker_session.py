"""Session in a worker, without the browser: what is posted, and what the answers mean.

Pixels stay outside Python: a picture is an `ArrayBuffer` that is transferred to the worker, or a
`VideoFrame` where that can go to the GPU directly. The outputs come back, copied once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import ModelCard
from obscura.engine.calls import Answer, Calls, EngineWorker
from obscura.engine.placing import Size, drawn_size, place, regions
from obscura.engine.plans import Plan
from obscura.engine.session import NetworkForm, RawOutputs, SessionInfo, stacked
from obscura.errors import BackendError, ObscuraError

if TYPE_CHECKING:
    from obscura.graph.cut import Cut

DETECTOR = "detector"
"""Name of the session's own network in the worker; assets/engine.js has the same."""


@dataclass(slots=True)
class _Network:
    """How one of the worker's networks is fed and read."""

    form: NetworkForm
    pad: int = 0
    unbatched: dict[str, str] = field(default_factory=dict)  # see `obscura.graph.cut.Cut`


class WorkerSession:
    """A model in a worker of its own. Implements `obscura.engine.session.AsyncSession`."""

    def __init__(self, worker: EngineWorker, plan: Plan, device: str) -> None:
        """
        Args:
            device: name of the processor or GPU, for people.
        """
        self.info = SessionInfo(
            backend=plan.backend,
            device=device,
            threads=plan.threads,
            precision="float16" if plan.half else "float32",
        )
        self.drawn_ms = 0.0
        """Time that the worker took to draw the last frame; 0 for a picture that came as pixels."""
        self._plan = plan
        self._worker = worker
        self._calls = Calls(worker, plan.backend)
        self._gpu_url = ""
        self._networks: dict[str, _Network] = {}
        self._messages: dict[tuple[bool, bool, int, int], Any] = {}  # see `_message`
        self._kept: Size | None = None  # size of the picture that crops are cut from
        self._turn = asyncio.Lock()  # the runtime runs one picture at a time

    async def load(
        self,
        runtime: Any,
        model: Any,
        card: ModelCard,
        gpu_url: str = "",
        litert: dict[str, Any] | None = None,
    ) -> None:
        """Load the model.

        Args:
            runtime: the addresses `module`, `glue` and `wasm` of a build of onnxruntime-web.
            model: `ArrayBuffer` with the ONNX file; transferred, so it is empty afterwards.
            card: how to feed the model.
            gpu_url: address of assets/gpu.js or assets/webgl.js, for plans that compute on a GPU.
            litert: for plans with LiteRT, the addresses `module`, `js`, `wasm` and `core` and the
                number of `threads`. `runtime` is then for heads.

        Raises:
            BackendError: the runtime or the model was refused; has the runtime's message.
            ModelUnsupported, ModelUnreadable: the model is to blame.
            OutOfMemory: there is not enough memory for either.
        """
        self._gpu_url = gpu_url
        plan = self._plan
        await self._open(
            DETECTOR,
            model,
            card,
            half=plan.half,
            runtime=runtime,
            backend=plan.backend,
            threads=plan.threads,
            **({"litert": litert} if litert else {}),
        )

    def continue_from(self, answer: Answer, calls: int, card: ModelCard) -> RawOutputs:
        """Continue with a worker that has opened a sealed model and run it already.

        Args:
            answer: what the worker returned for the run.
            calls: number of messages that were posted to it.

        Raises:
            As `load` and `run`.
        """
        self._networks[DETECTOR] = _Network(card)
        self._calls.continue_after(calls)
        error = self._calls.failure(answer)
        if error is not None:
            raise error
        return self._outputs(DETECTOR, answer["outputs"])

    async def feed_as(self, card: ModelCard) -> None:
        """Feed the model as another card says from now on. Raises as `load`."""
        await self._feed(DETECTOR, card)
        self._messages.clear()  # the picture may lie elsewhere in the input

    async def open_head(self, name: str, network: Any, form: NetworkForm) -> None:
        """Load a second network beside the model; it runs on crops, see `run_crops`.

        A head of the same name is replaced. Heads compute in full precision even where the model
        does not: no recorded answer holds them to what halving may cost.

        Args:
            network: `ArrayBuffer` with the ONNX file; transferred, so it is empty afterwards.
            form: how to feed it.

        Raises:
            As `load`.
        """
        await self.close_head(name)
        try:
            await self._open(name, network, form, half=False)
        except ObscuraError:
            await self._release(name)  # what of it was opened
            raise

    async def close_head(self, name: str) -> None:
        """Free a head's memory. Does nothing if it is not open."""
        if name != DETECTOR and name in self._networks:
            await self._close(name)

    async def run(self, frame: Any, /, *, keep: bool = True) -> RawOutputs:
        """Run on an `ImageData` (RGBA, any size), whose buffer is transferred, or on a
        `live.sources.Frame`, whose `VideoFrame` is.

        Args:
            keep: whether `run_crops` is to cut from this picture from now on. Costs nothing while
                no head is open.

        Raises:
            BackendError: the run failed or the worker died. The session cannot be used any more.
            OutOfMemory: the run failed for want of memory.
        """
        video = getattr(frame, "frame", None)
        keep = keep and self._has_heads
        try:
            async with self._turn:
                kept = _size_of(frame, video) if keep else self._kept
                self._kept = None if keep else kept
                message = self._message(frame, video, keep)
                given = frame.data.buffer if video is None else video
                if video is None:
                    message.pixels = given
                else:
                    message.frame = given
                answer = await self._calls.run(message, given)
                self._kept = kept
        finally:
            if video is not None:
                video.close()  # a transferred one is the worker's; this one may not have left
        self.drawn_ms = float(answer["drawn"])
        return self._outputs(DETECTOR, answer["outputs"])

    async def run_crops(
        self, head: str, xyxy: NDArray[np.floating[Any]], size: Size | None = None
    ) -> RawOutputs:
        """Run a head on parts of the picture kept last; see `Session.run_crops`."""
        async with self._turn:
            network = self._networks.get(head)
            if network is None or head == DETECTOR:
                raise BackendError("No head of this name is open", head)
            if self._kept is None:
                raise BackendError("No picture has been run since the head was opened", head)
            wanted = network.form.input
            crops = [
                {"region": [*each], "place": place(wanted, each.size, network.pad)}
                if self._plan.resident
                else {"region": [*each], "drawn": [*drawn_size(wanted, each.size)]}
                for each in regions(xyxy, self._kept, size)
            ]
            if not crops:
                return {}
            message = self._worker.message(call="crops", name=head, crops=crops)
            answer = await self._calls.run(message)
        return stacked([self._outputs(head, outputs) for outputs in answer["crops"]])

    @property
    def lost(self) -> bool:
        """Whether the worker or its GPU is gone."""
        return self._calls.lost

    def check_progress(self, awake_s: float) -> None:
        """Fail a call that is not answered in the time that answers take; see `Calls`.

        Args:
            awake_s: seconds since the last check during which the device was awake.
        """
        self._calls.check_progress(awake_s)

    def close(self) -> None:
        """End the worker, which frees its memory. Calls without an answer raise BackendError."""
        self._calls.close()

    @property
    def _has_heads(self) -> bool:
        return len(self._networks) > 1

    async def _close(self, name: str) -> None:
        self._networks.pop(name, None)
        if not self._has_heads:
            self._kept = None
        await self._calls.call(self._worker.message(call="close", name=name))

    async def _release(self, name: str) -> None:
        """Close a head after a failure, which matters more than one of this call."""
        with suppress(ObscuraError):
            await self._close(name)

    async def _open(
        self, name: str, model: Any, form: NetworkForm, *, half: bool, **arguments: Any
    ) -> None:
        network = _Network(form)
        if self._plan.resident:
            model, blank = self._for_gpu(self._worker.bytes_of(model), network, half=half)
            prepared = form.open is not None
            gpu = {"module": self._gpu_url, "blank": blank, "prepared": prepared}
            arguments["gpu"] = gpu
        elif self._plan.backend == "webgl" and name == DETECTOR:
            model, arguments["gpu"] = self._for_webgl(self._worker.bytes_of(model))
        message = self._worker.message(call="open", name=name, model=model, **arguments)
        await self._calls.call(message, model)
        self._networks[name] = network
        await self._feed(name, form)

    async def _feed(self, name: str, form: NetworkForm) -> None:
        network = self._networks[name]
        if form.open is not None:
            from obscura.graph.prepare import prepare  # sealed models need none of it

            graph = prepare(form.input, form.open)
            if self._plan.resident:
                graph = _without_sizing(graph, form, network).model
            buffer = self._worker.buffer(graph)
            message = self._worker.message(call="prepare", name=name, graph=buffer)
            await self._calls.call(message, buffer)
        network.form = form

    def _for_gpu(self, data: bytes, network: _Network, *, half: bool) -> tuple[Any, Any]:
        """Return the network without its first nodes, which a shader replaces, and a graph that
        makes empty tensors for all that goes in and comes out."""
        from obscura.graph.cut import blank  # only GPUs need it
        from obscura.graph.half import halve
        from obscura.graph.inspect import Value, inspect

        form = network.form
        pixels = Value("pixels", "float32", (1, form.input.height, form.input.width, 4))
        if form.open is None:
            rest = _without_sizing(data, form, network)
            data, values = rest.model, rest.outputs
        else:
            face = inspect(lambda start, stop: data[start:stop], len(data))
            values = (*face.inputs, *face.outputs)
        if half:
            data = halve(data) or data
        return self._worker.buffer(data), self._worker.buffer(blank([pixels, *values]))

    def _for_webgl(self, data: bytes) -> tuple[Any, dict[str, Any]]:
        """Return the network's middle, and what else assets/webgl.js needs."""
        from obscura.graph.inspect import inspect
        from obscura.graph.middle import middle  # only WebGL needs it

        parts = middle(data)
        buffer = self._worker.buffer
        return buffer(parts.model), {
            "module": self._gpu_url,
            "software": self._plan.software,
            "first": buffer(parts.first),
            "last": buffer(parts.last),
            "outputs": [
                value.name
                for value in inspect(lambda start, stop: data[start:stop], len(data)).outputs
            ],
        }

    def _outputs(self, name: str, outputs: list[dict[str, Any]]) -> RawOutputs:
        arrays = {output["name"]: _array(output) for output in outputs}
        whole = self._networks[name].unbatched
        return {whole.get(n, n): a[np.newaxis] if n in whole else a for n, a in arrays.items()}

    def _message(self, frame: Any, video: Any, keep: bool) -> Any:
        """Return the message for a picture. It is made once and then reused for all of its size,
        because making one takes longer than filling it in."""
        resident = self._plan.resident
        size = _size_of(frame, video if resident else None)
        key = (video is not None, keep, *size)
        message = self._messages.get(key)
        if message is None:
            network = self._networks[DETECTOR]
            values: dict[str, Any] = {"width": size[0], "height": size[1]}
            if resident:
                values["place"] = place(network.form.input, size, network.pad)
            if keep:
                values["keep"] = True
            message = self._worker.message(call="run", **values)
            self._messages = {key: message}  # one is enough: sizes change when a camera is turned
        return message


def _without_sizing(graph: bytes, form: NetworkForm, network: _Network) -> Cut:
    """Return a graph without the nodes that bring a picture to its size."""
    from obscura.graph.cut import cut

    rest = cut(graph, form.input.width, form.input.height)
    if rest is None:
        raise BackendError("The network cannot take its pictures from the GPU")
    network.pad, network.unbatched = rest.pad, rest.unbatched
    return rest


def _size_of(frame: Any, video: Any) -> Size:
    """Return the size of a `VideoFrame`, or else the size at which the picture is to be drawn."""
    if video is not None:
        return video.displayWidth, video.displayHeight
    return frame.width, frame.height


def _array(output: dict[str, Any]) -> NDArray[Any]:
    """Return an output as an array. The runtime's names of types are those of numpy."""
    array: NDArray[Any] = np.asarray(output["bytes"]).view(np.dtype(output["type"]))
    return array.reshape([int(size) for size in output["dims"]])
