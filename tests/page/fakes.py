"""A platform for the modules about models, without a browser: small, but every part really works.

`Device` simulates engines: how fast each plan is, what it gets wrong and how many sessions fit.
`NativeDevice` runs networks in onnxruntime.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from obscura.cards.card import ModelCard
from obscura.engine.plans import Facts, Plan
from obscura.engine.session import RawOutputs, SessionInfo
from obscura.errors import BackendError, ObscuraError, OutOfMemory
from obscura.page.models.opening import Opener
from obscura.page.models.own import OwnModels
from obscura.page.models.sessions import Sessions
from obscura.page.models.shelf import Shelf
from obscura.page.models.winners import Winners
from obscura.page.state.build import Build

T = TypeVar("T")
PICTURE = (640, 480)
GPU = Facts(gpu=True, suspending=True, isolated=True, cores=2)
CPU = Facts(isolated=True, cores=2)
GPU_PLAN = Plan("webgpu", "jspi", 1, resident=True)
GPU_COPYING = Plan("webgpu", "jspi", 1)
TWO_THREADS, ONE_THREAD = Plan("wasm", "wasm", 2), Plan("wasm", "wasm", 1)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: Playwright leaves an event loop in the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result(timeout=60)


async def turns(count: int = 20) -> None:
    """Let other tasks run until they wait."""
    for _ in range(count):
        await asyncio.sleep(0)


# ---- files ---------------------------------------------------------------------------------------


class BytesNetwork:
    """A network in memory."""

    def __init__(self, handle: bytes) -> None:
        self.handle = handle

    @property
    def size(self) -> int:
        return len(self.handle)

    def window(self, start: int, stop: int) -> bytes:
        return self.handle[start:stop]

    async def sha256(self) -> str:
        return sha256(self.handle).hexdigest()

    async def read(self) -> BytesNetwork:
        return self


class MemoryFile:
    """A file that the user picked; with an `error` for its content, it cannot be read."""

    def __init__(self, name: str, content: bytes | Exception, size: int | None = None) -> None:
        self.name, self._content = name, content
        self.size = size if size is not None else len(content) if isinstance(content, bytes) else 1

    async def read(self) -> BytesNetwork:
        if isinstance(self._content, Exception):
            raise self._content
        return BytesNetwork(self._content)


class MemoryStore:
    """The browser's database in memory; with an `error`, it refuses everything."""

    def __init__(self) -> None:
        self.records: dict[str, str | BytesNetwork] = {}
        self.error: Exception | None = None
        self.persisted = False

    async def texts(self) -> dict[str, str | None]:
        self._refuse()
        return {k: v if isinstance(v, str) else None for k, v in self.records.items()}

    def set_aside(self, network: BytesNetwork) -> BytesNetwork:
        return BytesNetwork(bytes(network.handle))

    async def put(self, name: str, card: str, network: BytesNetwork) -> None:
        self._refuse()
        self.records |= {f"{name}/card": card, f"{name}/file": network}

    async def network(self, name: str) -> BytesNetwork | None:
        self._refuse()
        record = self.records.get(f"{name}/file")
        return record if isinstance(record, BytesNetwork) else None

    async def remove(self, names: Sequence[str]) -> None:
        self._refuse()
        for name in names:
            self.records.pop(f"{name}/card", None)
            self.records.pop(f"{name}/file", None)

    async def persist(self) -> bool:
        self.persisted = True
        return True

    def _refuse(self) -> None:
        if self.error is not None:
            raise self.error


class Site:
    """The host's files by address."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, bool]] = []
        self._gates: dict[str, asyncio.Event] = {}

    async def __call__(self, url: str, fresh: bool) -> BytesNetwork:
        self.asked.append((url, fresh))
        if url in self._gates:
            await self._gates[url].wait()
        if url not in self.files:
            raise OSError("404 Not Found")
        return BytesNetwork(self.files[url])

    def hold(self, url: str) -> asyncio.Event:
        """Keep requests for a file waiting until the event is set."""
        return self._gates.setdefault(url, asyncio.Event())


class Deferred:
    """The deferred modules, which are here already; with an `error`, they cannot be fetched."""

    error: ObscuraError | None = None

    async def load(self) -> None:
        if self.error is not None:
            raise self.error


class Preferences:
    """Settings in memory."""

    def __init__(self, **values: Any) -> None:
        defaults = {"model": None, "backend": "auto", "threads": 0, "own": []}
        self.current: Any = SimpleNamespace(
            **{**defaults, "hidden": {}, "speeds": {}, "winners": {}, **values}
        )

    def set(self, **values: Any) -> None:
        self.current = SimpleNamespace(**{**vars(self.current), **values})


# ---- engines -------------------------------------------------------------------------------------


class Clock:
    """A clock that stands still until something takes time."""

    def __init__(self) -> None:
        self.time_ms = 0.0

    def now_ms(self) -> float:
        return self.time_ms


class Pixels(NamedTuple):
    """A picture's pixels, RGBA."""

    array: NDArray[np.uint8]

    @property
    def width(self) -> int:
        return self.array.shape[1]

    @property
    def height(self) -> int:
        return self.array.shape[0]


async def blank() -> Pixels:
    """A picture of the bundled one's size."""
    return Pixels(np.zeros((PICTURE[1], PICTURE[0], 4), np.uint8))


@dataclass
class Ability:
    """How a plan works on a device."""

    ms: float = 10.0
    """Time of a run."""
    refusal: ObscuraError | None = None
    """Raised when a network is loaded."""
    wrong: bool = False
    """Whether the scores are half of what they should be."""
    most_runs: int = 10**9
    """The session fails after so many runs."""


class SimulatedSession:
    """A session that returns what the card records, as its plan's ability allows."""

    def __init__(self, device: Device, plan: Plan) -> None:
        self.info = SessionInfo(plan.backend, "simulated", plan.threads, "float32")
        self.drawn_ms = 0.0
        self.plan, self._device = plan, device
        self.card: ModelCard | None = None
        self.closed = False
        self.kept: Any = None
        self.lost = False
        self.heads: dict[str, Any] = {}
        self._runs = 0
        self._stuck: asyncio.Future[None] | None = None

    async def open_head(self, name: str, network: Any, form: Any) -> None:
        self._fault("open", name)
        self.heads[name] = network

    async def close_head(self, name: str) -> None:
        self.heads.pop(name, None)

    async def run_crops(self, head: str, xyxy: Any, size: Any = None) -> RawOutputs:
        if head not in self.heads:
            raise BackendError("No head of this name is open", head)
        self._device.clock.time_ms += len(xyxy)
        self._fault("run", head)
        return {"xyxy": xyxy}

    def _fault(self, call: str, head: str) -> None:
        """Fail as the device is told to; with the whole worker, if that is to be lost."""
        error, loses = self._device.head_faults.get((call, head), (None, False))
        if error is not None:
            self.lost = self.lost or loses
            raise error

    async def load(self, runtime: Any, model: Any, card: ModelCard, *more: Any) -> None:
        ability = self._device.ability(self.plan)
        await self._device.gate.wait()
        if ability.refusal is not None:
            raise ability.refusal
        if len(self._device.loaded) >= self._device.capacity:
            raise OutOfMemory("The engine ran out of memory")
        self.card = card

    async def take_over(self, begun: Any, card: ModelCard) -> RawOutputs:
        self.card = card
        return self._answer()

    async def feed_as(self, card: ModelCard) -> None:
        self.card = card

    async def run(self, frame: Any, /, *, keep: bool = True) -> RawOutputs:
        if self.closed or self.lost:
            raise BackendError("The engine is closed")
        self._runs += 1
        ability = self._device.ability(self.plan)
        if frame == "stuck":
            self._stuck = asyncio.get_running_loop().create_future()
            await self._stuck
        self._device.clock.time_ms += ability.ms + self.drawn_ms
        await asyncio.sleep(0)
        if self._runs > ability.most_runs:
            raise BackendError("The backend failed", "unreachable")
        self.kept = frame if keep else self.kept
        return self._answer()

    def check_progress(self, awake_s: float) -> None:
        if self._stuck is not None and awake_s > 15:
            self._stuck.set_exception(BackendError("The backend failed", "no answer"))

    def close(self) -> None:
        self.closed = True
        if self._stuck is not None and not self._stuck.done():
            self._stuck.set_exception(BackendError("The backend failed", "the engine was closed"))

    def _answer(self) -> RawOutputs:
        assert self.card is not None
        assert self.card.check is not None
        found = self.card.check.detections
        scale = np.array([*PICTURE, *PICTURE], np.float32)
        share = 0.5 if self._device.ability(self.plan).wrong else 1.0
        return {
            "boxes": (found.xyxy / scale)[None].astype(np.float32),
            "scores": (found.score * share)[None].astype(np.float32),
            "classes": found.class_id[None].astype(np.int32),
        }


class Device:
    """Creates simulated sessions, and knows which are alive."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.abilities: dict[Plan, Ability] = {}
        self.head_faults: dict[tuple[str, str], tuple[ObscuraError, bool]] = {}
        """What opening or running a head raises, and whether the engine is lost by it."""
        self.capacity = 10**9
        """How many sessions fit into its memory."""
        self.sessions: list[SimulatedSession] = []
        self.gate = asyncio.Event()
        """While it is not set, loading takes for ever."""
        self.gate.set()
        self.fetching = asyncio.Event()
        """While it is not set, the files of rivals are on their way."""
        self.fetching.set()
        self.hanging = set[Plan]()
        """The plans whose sessions never answer."""
        self.absent = set[Plan]()
        """The plans whose files cannot be fetched."""
        self.early: Plan | None = None
        """The plan of a session that was started before Python ran."""

    def ability(self, plan: Plan) -> Ability:
        return self.abilities.setdefault(plan, Ability())

    @property
    def loaded(self) -> list[SimulatedSession]:
        """The sessions that are alive and have a network."""
        return [each for each in self.sessions if each.card is not None and not each.closed]

    @property
    def names(self) -> list[str]:
        """The models of these sessions, by name."""
        return sorted(each.card.name for each in self.loaded if each.card is not None)

    @property
    def tried(self) -> list[Plan]:
        """The plans of all sessions that there ever were."""
        return [each.plan for each in self.sessions]

    def take_early(self, network: Any, plan: Plan) -> Any:
        early, self.early = self.early, None
        return "early" if early == plan else None

    def create(self, plan: Plan, early: Any = None) -> SimulatedSession:
        session = SimulatedSession(self, plan)
        self.sessions.append(session)
        return session

    async def fetch(self, plan: Plan, card: ModelCard) -> bool:
        await self.fetching.wait()
        return plan not in self.absent

    async def load(
        self, session: SimulatedSession, plan: Plan, network: BytesNetwork, card: ModelCard
    ) -> None:
        if plan in self.hanging:
            await asyncio.Event().wait()
        await session.load({}, network.handle, card)


class NativeDevice:
    """Runs networks in onnxruntime. With `stuck`, its sessions never return from a run."""

    def __init__(self) -> None:
        self.stuck = False
        self.alive: list[NativeEngine] = []

    def take_early(self, network: Any, plan: Plan) -> Any:
        return None

    def create(self, plan: Plan, early: Any = None) -> NativeEngine:
        self.alive.append(NativeEngine(self, plan))
        return self.alive[-1]

    async def fetch(self, plan: Plan, card: ModelCard) -> bool:
        return True

    async def load(
        self, session: NativeEngine, plan: Plan, network: BytesNetwork, card: ModelCard
    ) -> None:
        await session.load({}, network.handle, card)


class NativeEngine:
    """A `NativeSession` with a browser's calls."""

    def __init__(self, device: NativeDevice, plan: Plan) -> None:
        self.info = SessionInfo(plan.backend, "CPU", plan.threads, "float32")
        self.drawn_ms = 0.0
        self._device = device
        self._network = b""
        self._session: Any = None

    async def load(self, runtime: Any, model: Any, card: ModelCard, *more: Any) -> None:
        self._network = model
        await self.feed_as(card)

    async def take_over(self, begun: Any, card: ModelCard) -> RawOutputs:
        raise NotImplementedError("nothing is started early here")

    async def feed_as(self, card: ModelCard) -> None:
        from obscura.engine.native import NativeSession

        self._session = NativeSession(card, self._network, threads=1)

    async def run(self, frame: Pixels, /, *, keep: bool = True) -> RawOutputs:
        if self._device.stuck:
            await asyncio.Event().wait()
        return self._session.run(frame.array)

    def check_progress(self, awake_s: float) -> None:
        pass

    def close(self) -> None:
        if self in self._device.alive:
            self._device.alive.remove(self)


# ---- put together --------------------------------------------------------------------------------


def sealed_card(name: str, **changes: Any) -> ModelCard:
    """A card of a sealed model that has found one thing in the bundled picture."""
    network = network_of(name)
    table: dict[str, Any] = {
        "name": name,
        "title": name.upper(),
        "summary": "for tests",
        "family": "ssd",
        "labels": ["person", "dog"],
        "license": "Apache-2.0",
        "file": {
            "name": "model.onnx",
            "bytes": len(network),
            "sha256": sha256(network).hexdigest(),
        },
        "source": {"package": "none", "version": "1"},
        "input": {"width": 64, "height": 64, "resize": "stretch"},
        "output": {"top": 3, "threshold": 0.5, "iou": 0.5},
        "check": {
            "picture": "sample.jpg",
            "size": list(PICTURE),
            "detections": [{"class_id": 0, "score": 0.9, "box": [10, 20, 110, 220]}],
        },
        "accuracy": {"dataset": "none", "ap": 1.0, "ap50": 1.0},
    }
    return ModelCard.from_dict(table | changes)


def network_of(name: str) -> bytes:
    """What stands for the network of a sealed card."""
    return f"the network of {name}".encode()


def url_of(name: str) -> str:
    """The address of a model's file."""
    return f"models/{name}.onnx"


@dataclass
class World:
    """A page's models, and the platform under them."""

    facts: Facts = CPU
    names: tuple[str, ...] = ("first", "second", "third")
    preferences: Preferences = field(default_factory=Preferences)
    device: Any = field(default_factory=Device)
    sample: Any = blank
    store: MemoryStore = field(default_factory=MemoryStore)
    graphs: tuple[str, ...] | None = None  # of models in a form for LiteRT

    def __post_init__(self) -> None:
        self.site, self.deferred = Site(), Deferred()
        self.site.files = {url_of(name): network_of(name) for name in self.names}
        self.said: list[str] = []
        build = Build(
            version="1",
            default_model=self.names[0],
            cards={name: sealed_card(name) for name in self.names},
            model_urls={name: url_of(name) for name in self.names},
            engine_url="",
            gpu_url="",
            webgl_url="",
            media_url="",
            disk_url="",
            litert=None,
            store_url="",
            chart_url="",
            chart_style_url="",
            rest_url="",
            heads_url="",
            clip_url="",
            feature_urls={},
            wishes={},
            runtimes={},
        )
        self.shelf = Shelf(build, self.site, OwnModels(self.store), self.deferred)
        self.winners = Winners(self.preferences, "a device")
        self.opener = Opener(self.facts, self.device, self.sample, self.winners, self.graphs)
        clock = getattr(self.device, "clock", Clock())
        self.sessions = Sessions(self.shelf, self.opener, self.said.append, clock)

    def card(self, name: str) -> ModelCard:
        """A model's card."""
        return self.shelf.cards[name]
