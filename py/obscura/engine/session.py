"""Protocols of a session, which runs one model and the networks that look closer at its picture.

Engines run and families read: a session returns what its network returns, and
`obscura.families.decode.read` makes rows of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import InputSpec, OpenForm
from obscura.errors import BackendError

RawOutputs = dict[str, NDArray[Any]]
"""Outputs of a network by name, in the order of its graph."""


class SessionInfo(NamedTuple):
    """What a session runs on, for people to read."""

    backend: str  # "native", "webgpu", "webgl", "wasm" or "litert"
    device: str  # name of the processor or graphics adapter, as far as the platform reveals it
    threads: int
    precision: str  # of the arithmetic: "float32" or "float16"


class NetworkForm(Protocol):
    """How a network takes pictures. A `ModelCard` is one, and so is a `HeadForm`."""

    @property
    def input(self) -> InputSpec:
        """Size of the network's own input, and how a picture of another shape fills it."""

    @property
    def open(self) -> OpenForm | None:
        """Preparation of the picture; None if the network takes uint8 RGBA of any size."""


class HeadForm(NamedTuple):
    """How a second network takes its crops."""

    input: InputSpec
    open: OpenForm | None = None


class Session(Protocol):
    """A loaded model. It runs one picture at a time and is not safe to share between threads."""

    @property
    def info(self) -> SessionInfo:
        """What it runs on."""

    def run(self, frame: NDArray[np.uint8], /, *, keep: bool = True) -> RawOutputs:
        """Run on one ``(height, width, 4)`` uint8 RGBA picture of any size.

        Args:
            keep: whether `run_crops` is to cut from this picture from now on. Nothing is kept
                while no head is open.

        Raises:
            BackendError: the run failed, or the session is closed.
        """

    def open_head(self, name: str, network: bytes, form: NetworkForm) -> None:
        """Load a second network, which runs on crops. One of the same name is replaced.

        Raises:
            BackendError: the runtime refuses the network, or the session is closed.
        """

    def run_crops(
        self, head: str, xyxy: NDArray[np.floating[Any]], size: tuple[int, int] | None = None
    ) -> RawOutputs:
        """Run a head on parts of the picture kept last, one part after another.

        Args:
            head: its name, see `open_head`.
            xyxy: ``(n, 4)`` boxes. Each is extended to whole pixels and cut at the picture's edges;
                one that lies outside becomes the nearest pixel.
            size: width and height of the picture that the boxes are measured in; None if they are
                pixels of the picture that was run.

        Returns:
            each output with a new first axis: ``outputs[name][i]`` is what the head returns for
            crop ``i``. Empty if there are no boxes.

        Raises:
            ValueError: the boxes have another shape, or are not numbers.
            BackendError: the run failed, no such head is open, or no picture has been run since.
        """

    def close_head(self, name: str) -> None:
        """Free a head's memory. Does nothing if it is not open."""

    def close(self) -> None:
        """Free all resources. May be called any number of times."""


class AsyncSession(Protocol):
    """A `Session` with awaited calls, for frames of the platform: pixels stay outside Python."""

    @property
    def info(self) -> SessionInfo:
        """What it runs on."""

    async def run(self, frame: Any, /, *, keep: bool = True) -> RawOutputs:
        """Run on one frame; see `Session.run`."""

    async def open_head(self, name: str, network: Any, form: NetworkForm) -> None:
        """Load a second network; see `Session.open_head`."""

    async def run_crops(
        self, head: str, xyxy: NDArray[np.floating[Any]], size: tuple[int, int] | None = None
    ) -> RawOutputs:
        """Run a head on parts of the picture kept last; see `Session.run_crops`."""

    async def close_head(self, name: str) -> None:
        """Free a head's memory; see `Session.close_head`."""

    def close(self) -> None:
        """Free all resources. May be called any number of times."""


def stacked(answers: Sequence[RawOutputs]) -> RawOutputs:
    """Return a head's answers for several crops as one, along a new first axis.

    Raises:
        BackendError: the sizes of an output vary from crop to crop.
    """
    if not answers:
        return {}
    try:
        return {name: np.stack([each[name] for each in answers]) for name in answers[0]}
    except ValueError as error:
        raise BackendError("The head's outputs vary in size from crop to crop", error) from error
