"""Settings: what a server is started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from obscura.heads.native import AnyDetector

Models = Mapping[str, AnyDetector]
"""Open detectors by the names of their models, the default first."""

LOCAL = ("localhost", "127.0.0.1", "[::1]")
"""Names by which a machine calls itself."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is started with.

    Attributes:
        open_models: opens all models, each on one thread; called once for each worker, in its
            thread. Raises ObscuraError.
        jobs: number of workers.
        most_waiting: requests that wait for a worker; more are told to come again.
        hosts: names that a request's Host may have, in small letters, without a port.
        origins: of other sites whose pages may ask, such as ``https://example.org``.
        token: what requests must carry; None for nothing.
        most_bytes: of one body.
        most_held: bytes of all bodies that are in memory at once.
        most_pixels: of one picture.
        body_s: seconds in which a body has to arrive.
        page: folder of the built site, to be served too; None for none.
    """

    open_models: Callable[[], Models]
    jobs: int = 1
    most_waiting: int = 8
    hosts: frozenset[str] = frozenset(LOCAL)
    origins: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)
    most_bytes: int = 32 << 20
    most_held: int = 256 << 20
    most_pixels: int = 40_000_000
    body_s: float = 30.0
    page: Path | None = None
