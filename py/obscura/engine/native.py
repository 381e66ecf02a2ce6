"""The engine in CPython: onnxruntime on the processor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import ModelCard, verify
from obscura.engine.session import SessionInfo
from obscura.errors import BackendError
from obscura.families.decode import Outputs, read
from obscura.graph.prepare import PICTURE, prepare

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_ERRORS_ONLY = 3  # onnxruntime's severity; its warnings concern the makers of models


class NativeSession:
    """A model in onnxruntime; see :class:`obscura.engine.Session`."""

    def __init__(self, card: ModelCard, model_bytes: bytes, threads: int = 0) -> None:
        """Load a model.

        Args:
            card: the model's card.
            model_bytes: the content of the file that the card names.
            threads: how many to compute with; 0 for as many as there are cores to run on.

        Raises:
            ModelCorrupt: the bytes are not those that the card describes.
            BackendError: onnxruntime is not installed or refuses the model.
        """
        verify(card.file, model_bytes)
        try:
            import onnxruntime as ort  # here, for it is heavy and not everyone needs it
        except ImportError as error:
            raise BackendError(
                "onnxruntime is missing", remedy="Install it: python3 -m pip install onnxruntime"
            ) from error
        threads = threads or _cores()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _ERRORS_ONLY

        def opened(network: bytes) -> InferenceSession:
            return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])

        try:
            self._session: InferenceSession | None = opened(model_bytes)
            self._prepare = opened(prepare(card.input, card.open)) if card.open else None
        except Exception as error:  # onnxruntime's exceptions have no public base
            raise BackendError(
                f"onnxruntime refuses the model {card.name}",
                error,
                remedy="Update onnxruntime or choose another model.",
            ) from error
        self._card = card
        self._names = [output.name for output in self._session.get_outputs()]
        self.info = SessionInfo("native", "CPU", threads, "float32")

    def run(self, image: NDArray[np.uint8]) -> Outputs:
        """Run on one ``(height, width, 4)`` uint8 RGBA picture of any size.

        Raises:
            ValueError: the picture is of another shape or type.
            BackendError: the run failed, or the session is closed.
            ModelMismatch: the network does not return what its card says.
        """
        return read(self.run_raw(image), self._card)

    def run_raw(self, image: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Run, and return the network's outputs as they are, by name. Raises as :meth:`run`."""
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 4 or not image.size:
            raise ValueError(
                f"image: wanted uint8 of shape (height, width, 4), got {image.dtype} {image.shape}"
            )
        if self._session is None:
            raise BackendError("The session is closed", remedy="Load the model again.")
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

    def close(self) -> None:
        """Give up the model's memory. May be called any number of times."""
        self._session = self._prepare = None


def _cores() -> int:
    """Return the number of cores that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
