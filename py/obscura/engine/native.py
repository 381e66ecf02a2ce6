"""Engine in CPython: onnxruntime on the processor."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import ModelCard, verify
from obscura.engine.placing import regions
from obscura.engine.session import NetworkForm, RawOutputs, SessionInfo, stacked
from obscura.errors import BackendError
from obscura.graph.prepare import PICTURE, prepare

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_ERRORS_ONLY = 3  # onnxruntime's severity; its warnings are for authors of models


class NativeSession:
    """A model in onnxruntime. Implements `obscura.engine.session.Session`."""

    def __init__(self, card: ModelCard, model_bytes: bytes, threads: int = 0) -> None:
        """Load a model.

        Args:
            card: the model's card.
            model_bytes: content of the file that the card names.
            threads: number of threads; 0 for as many as this process may use cores.

        Raises:
            ModelCorrupt: the bytes are not those that the card describes.
            BackendError: onnxruntime is not installed or refuses the model.
        """
        verify(card.file, model_bytes)
        threads = threads or cores()
        self._network: _Network | None = _Network(model_bytes, card, threads, card.name)
        self._heads: dict[str, _Network] = {}
        self._kept: NDArray[np.uint8] | None = None  # picture that crops are cut from
        self.info = SessionInfo("native", "CPU", threads, "float32")

    def run(self, image: NDArray[np.uint8], /, *, keep: bool = True) -> RawOutputs:
        """Run on one ``(height, width, 4)`` uint8 RGBA picture of any size.

        Args:
            keep: whether `run_crops` is to cut from this picture from now on. While a head is open
                the array is kept, not copied: do not write into it before the crops are run.

        Raises:
            ValueError: the picture has another shape or type.
            BackendError: the run failed, or the session is closed.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 4 or not image.size:
            raise ValueError(
                f"image: wanted uint8 of shape (height, width, 4), got {image.dtype} {image.shape}"
            )
        if self._network is None:
            raise BackendError("The session is closed", remedy="Load the model again.")
        outputs = self._network.run(image)
        if keep and self._heads:
            self._kept = image
        return outputs

    def open_head(self, name: str, network: bytes, form: NetworkForm) -> None:
        """Load a second network, which runs on crops. One of the same name is replaced.

        Raises:
            BackendError: onnxruntime refuses the network, or the session is closed.
        """
        if self._network is None:
            raise BackendError("The session is closed", remedy="Load the model again.")
        self._heads[name] = _Network(network, form, self.info.threads, name)

    def run_crops(
        self, head: str, xyxy: NDArray[np.floating[Any]], size: tuple[int, int] | None = None
    ) -> RawOutputs:
        """Run a head on parts of the picture kept last; see `Session.run_crops`."""
        if head not in self._heads:
            raise BackendError("No head of this name is open", head)
        picture = self._kept
        if picture is None:
            raise BackendError("No picture has been run since the head was opened", head)
        height, width = picture.shape[:2]
        crops = [
            picture[top : top + tall, left : left + wide]
            for left, top, wide, tall in regions(xyxy, (width, height), size)
        ]
        return stacked([self._heads[head].run(np.ascontiguousarray(crop)) for crop in crops])

    def close_head(self, name: str) -> None:
        """Free a head's memory. Does nothing if it is not open."""
        self._heads.pop(name, None)
        if not self._heads:
            self._kept = None

    def close(self) -> None:
        """Free the memory of all networks. May be called any number of times."""
        self._network = self._kept = None
        self._heads.clear()


class _Network:
    """One network, and the graph that prepares its pictures if it is open."""

    def __init__(self, network: bytes, form: NetworkForm, threads: int, name: str) -> None:
        try:
            import onnxruntime as ort  # slow to import, and not everyone needs it
        except ImportError as error:
            raise BackendError(
                "onnxruntime is missing", remedy="Install it: python3 -m pip install onnxruntime"
            ) from error
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY

        def opened(graph: bytes) -> InferenceSession:
            return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

        try:
            self._session = opened(network)
            self._prepare = opened(prepare(form.input, form.open)) if form.open else None
        except Exception as error:  # onnxruntime's exceptions have no public base
            raise BackendError(
                f"onnxruntime refuses the model {name}",
                error,
                remedy="Update onnxruntime or choose another model.",
            ) from error
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, image: NDArray[np.uint8]) -> RawOutputs:
        try:
            feeds = {"image": image[None]}
            if self._prepare is not None:
                names = [output.name for output in self._prepare.get_outputs()]
                prepared = self._prepare.run(names, {PICTURE: image[None]})
                feeds = dict(zip(names, prepared, strict=True))
            outputs = self._session.run(self._names, feeds)
        except Exception as error:
            raise BackendError("onnxruntime failed", error) from error
        return dict(zip(self._names, outputs, strict=True))


def run_once(
    network: bytes, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]]
) -> RawOutputs:
    """Run a network of which nothing else is known; {} if it cannot be run.

    Args:
        outputs: names of what is wanted.
        feeds: its inputs by name.
    """
    try:
        import onnxruntime as ort

        session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
        arrays = session.run(list(outputs), dict(feeds))
    except Exception:  # noqa: BLE001  onnxruntime's exceptions have no public base
        return {}
    return dict(zip(outputs, arrays, strict=True))


def cores() -> int:
    """Return the number of cores that this process may use, or else that the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
