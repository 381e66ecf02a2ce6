"""Protocols of the platform: what the pure modules about models need of a browser.

`obscura.page.browser` implements them for the page; the tests have implementations for CPython. The
page imports this module for type checkers only, so that a start does not pay for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.engine.session import NetworkForm, RawOutputs, SessionInfo

Frame = Any
"""What a session runs on: pixels or a video frame, which stay outside Python."""

Canvas = Any
"""A canvas of the platform. Only the views look inside."""


class Clock(Protocol):
    """A clock that never runs backwards."""

    def now_ms(self) -> float:
        """Return milliseconds since some moment in the past."""


class Network(Protocol):
    """The bytes of an ONNX file in memory of the platform, so that they need not enter Python."""

    @property
    def handle(self) -> Any:
        """The platform's own object, an `ArrayBuffer` in a browser."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    def window(self, start: int, stop: int) -> bytes:
        """Copy a part of it."""

    async def sha256(self) -> str:
        """Return the hex digest of all of it."""


class StoredNetwork(Protocol):
    """A network that is not in the page's memory."""

    @property
    def handle(self) -> Any:
        """The platform's own object, a `Blob` in a browser."""

    async def read(self) -> Network:
        """Bring it into memory."""


class PickedFile(Protocol):
    """A file that the user chose, dropped or shared."""

    @property
    def name(self) -> str:
        """Its name, with the ending."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    async def read(self) -> Network:
        """Bring its content into memory. Raises whatever the platform raises."""


class Downloader(Protocol):
    """Fetches files of this site."""

    async def __call__(self, url: str, fresh: bool) -> Network:
        """Fetch a file. Raises whatever the platform raises.

        Args:
            fresh: bypass the browser's cache.
        """


class DeferredModules(Protocol):
    """The modules that are not fetched at the start."""

    async def load(self) -> None:
        """Make them importable. Raises an `ObscuraError` if they could not be fetched."""


class ModelStore(Protocol):
    """Database on this device for models that the user added.

    It holds two records for each: `NAME/card`, a text, and `NAME/file`, the network. All methods
    raise whatever the platform raises.
    """

    async def texts(self) -> dict[str, str | None]:
        """Return all records by key: the text, or None if the record is something else."""

    def set_aside(self, network: Network) -> StoredNetwork:
        """Copy a network out of the page's memory, without the database."""

    async def put(self, name: str, card: str, network: StoredNetwork) -> None:
        """Write both records or neither."""

    async def network(self, name: str) -> StoredNetwork | None:
        """Return a network; None if there is none."""

    async def remove(self, names: Sequence[str]) -> None:
        """Remove the records of these models."""

    async def persist(self) -> bool:
        """Ask the browser not to delete the records when storage runs short."""


class EngineSession(Protocol):
    """A session of a model in a browser, see `obscura.engine.web`."""

    info: SessionInfo
    drawn_ms: float

    @property
    def lost(self) -> bool:
        """Whether the worker or its GPU is gone: no call succeeds any more."""

    async def load(
        self,
        runtime: Any,
        model: Any,
        card: ModelCard,
        gpu_url: str = "",
        litert: dict[str, Any] | None = None,
    ) -> None:
        """Load a network, see `WebSession.load`."""

    async def take_over(self, begun: Any, card: ModelCard) -> RawOutputs:
        """Continue with a session that was started before Python ran; return its first outputs."""

    async def feed_as(self, card: ModelCard) -> None:
        """Feed the network as this card says from now on."""

    async def run(self, frame: Frame, /, *, keep: bool = True) -> RawOutputs:
        """Run on a frame, which is given away. `keep` as in `obscura.engine.session.Session`."""

    async def open_head(self, name: str, network: Any, form: NetworkForm) -> None:
        """Load a second network, see `obscura.engine.session.Session`."""

    async def run_crops(
        self, head: str, xyxy: NDArray[np.floating[Any]], size: tuple[int, int] | None = None
    ) -> RawOutputs:
        """Run it on parts of the frame kept last, see `obscura.engine.session.Session`."""

    async def close_head(self, name: str) -> None:
        """Free its memory."""

    def check_progress(self, awake_s: float) -> None:
        """Fail runs that have taken too long. `awake_s` is the time awake since the last check."""

    def close(self) -> None:
        """Free all resources. May be called any number of times."""


class SessionFactory(Protocol):
    """Creates sessions."""

    def take_early(self, network: Network, plan: Plan) -> Any:
        """Return the session that was started before Python ran, if it is for exactly this network
        and plan; else close that and return None. Later calls return None."""

    def create(self, plan: Plan, early: Any = None) -> EngineSession:
        """Return a session without a network. `early` is what `take_early` returned."""

    async def fetch(self, plan: Plan, card: ModelCard) -> bool:
        """Bring the files of a plan into the browser's cache; return whether all have come."""

    async def load(
        self, session: EngineSession, plan: Plan, network: Network, card: ModelCard
    ) -> None:
        """Load a network, which stays whole. Raises as `obscura.engine.web.WebSession.load`."""


class Preferences(Protocol):
    """The settings in force, see `obscura.page.state`."""

    @property
    def current(self) -> Any:
        """The settings by attribute; used here: model, backend, threads, hidden, speeds, winners
        and own."""

    def set(self, **values: Any) -> Any:
        """Change settings and store them."""
