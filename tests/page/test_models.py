"""Commands on models: choose, measure, add, remove, try again; and what the views show then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from obscura.cards.card import ModelCard
from obscura.engine.plans import Facts
from obscura.errors import BackendError, ObscuraError
from obscura.identify.guess import to_table
from obscura.page.models.controller import Models
from obscura.page.models.status import Status

from ..browser import networks
from .fakes import (
    CPU,
    GPU,
    ONE_THREAD,
    TWO_THREADS,
    BytesNetwork,
    MemoryFile,
    MemoryStore,
    NativeDevice,
    Pixels,
    Preferences,
    World,
    network_of,
    run,
    sealed_card,
    turns,
    url_of,
)


class View:
    """The views: the models page and the panel, as far as a test wants to see them."""

    def __init__(self) -> None:
        self.press: dict[str, Callable[..., Any]] = {}
        self.opened = False
        self.rows: list[str] = []
        self.own: list[str] = []
        self.status: list[Status] = []
        self.missing: str | None = None
        self.menu: list[str] = []
        self.shown = ""
        self.answer: Callable[..., Any] | None = None

    def connect(self, **handlers: Callable[..., Any]) -> None:
        self.press = handlers

    def open(self) -> None:
        self.opened = True

    def list(self, cards: Sequence[ModelCard], own: Any) -> None:
        self.rows, self.own = [card.name for card in cards], [*own]

    def reveal(self, name: str) -> None:
        assert name in self.rows

    def render(self, status: Status) -> None:
        self.status.append(status)

    def show_missing(self, name: str | None) -> None:
        self.missing = name

    async def ask(self, *question: Any) -> Any:
        assert self.answer is not None, "nothing here is uncertain"
        return self.answer(*question)

    # As the panel's list of models.

    def list_models(self, cards: Sequence[ModelCard]) -> None:
        self.menu = [card.name for card in cards]

    def show(self, settings: Any, card: ModelCard) -> None:
        self.shown = card.name


class Page:
    """A page as far as models are concerned."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.view = View()
        self.failures: list[BaseException] = []
        self.held: list[bool] = []
        self.openings = 0
        self.mended = 0

        async def opened() -> None:
            self.openings += 1

        async def mend() -> None:
            self.mended += 1

        self.models = Models(
            self.world.shelf,
            self.world.sessions,
            self.world.preferences,
            self.view,
            facts=Facts(cores=2, isolated=True),
            view=self.view,
            opened=opened,
            failed=self.failures.append,
            hold=self.held.append,
            picture=self.world.sample,
            read_pixels=lambda canvas: canvas,
            pick=lambda file: file,
            say=self.world.said.append,
            mend=mend,
        )

    @property
    def settings(self) -> Any:
        return self.world.preferences.current

    @property
    def in_use(self) -> str | None:
        card = self.world.sessions.card
        return card.name if card else None


async def begun(world: World | None = None) -> Page:
    """A page with its first model in use."""
    page = Page(world)
    await page.models.begin()
    return page


async def stored(store: MemoryStore, name: str) -> None:
    """Put a model of the user's into the store, as an earlier visit did."""
    world = World(store=store)
    card = sealed_card(name)
    await world.shelf.add(card, to_table(card), BytesNetwork(network_of(name)))


# ---- the model in use ----------------------------------------------------------------------------


def test_a_visit_begins_with_the_default_model_or_the_chosen_one():
    async def story() -> None:
        assert (await begun()).in_use == "first"
        page = await begun(World(preferences=Preferences(model="second")))
        assert (page.in_use, page.view.shown, page.openings) == ("second", "second", 1)
        assert (await begun(World(preferences=Preferences(model="unheard of")))).in_use == "first"

    run(story())


def test_a_chosen_model_is_stored_shown_and_used():
    async def story() -> None:
        page = await begun()

        await page.view.press["use"]("second")

        assert (page.in_use, page.settings.model, page.openings) == ("second", "second", 2)
        assert page.view.status[-1].in_use == "second"
        assert page.view.status[-1].opening is None
        assert page.world.said[-1] == "", "nothing is going on any more"

    run(story())


def test_what_is_on_its_way_is_shown_until_it_is_there():
    async def story() -> None:
        page = await begun()
        arrived = page.world.site.hold(url_of("second"))
        choosing = asyncio.create_task(page.models.choose("second"))
        await turns()

        assert (page.models.opening, page.view.status[-1].opening) == ("second", "second")
        assert (page.in_use, page.view.shown) == ("first", "second")

        arrived.set()
        await choosing
        assert page.models.opening is None

    run(story())


def test_of_two_choices_the_later_one_counts():
    async def story() -> None:
        page = await begun()
        arrived = page.world.site.hold(url_of("second"))
        first = asyncio.create_task(page.models.choose("second"))
        await turns()
        await page.models.choose("third")
        arrived.set()
        await first

        assert (page.in_use, page.settings.model, page.models.opening) == ("third", "third", None)

    run(story())


def test_choosing_the_model_in_use_opens_nothing():
    async def story() -> None:
        page = await begun()

        await page.models.choose("first")

        assert page.openings == 1
        assert len(page.world.device.sessions) == 1

    run(story())


def test_a_model_that_fails_leaves_the_other_chosen_and_is_tried_again_afresh():
    async def story() -> None:
        page = await begun()
        content = page.world.site.files.pop(url_of("second"))

        await page.models.choose("second")

        (failure,) = page.failures
        assert isinstance(failure, ObscuraError)
        assert failure.code == "model-missing"
        assert (page.in_use, page.settings.model, page.view.shown) == ("first", "first", "first")
        assert page.models.opening is None

        page.world.site.files[url_of("second")] = content
        await page.models.retry()

        assert (page.in_use, page.settings.model, page.mended) == ("second", "second", 1)
        assert page.world.site.asked[-1] == (url_of("second"), True)

    run(story())


def test_where_the_very_first_model_fails_another_can_be_chosen():
    async def story() -> None:
        world = World()
        world.site.files[url_of("first")] = b"an error page"
        page = await begun(world)
        assert (page.in_use, [error.code for error in page.failures]) == (None, ["model-corrupt"])

        await page.models.choose("third")

        assert page.in_use == "third"

    run(story())


def test_the_smallest_model_is_offered_where_memory_is_short():
    async def story() -> None:
        page = await begun()
        await page.models.choose_smallest()
        sizes = {name: card.file.bytes for name, card in page.world.shelf.cards.items()}
        assert sizes[page.in_use] == min(sizes.values())

    run(story())


def test_the_model_that_a_backend_cannot_run_is_opened_on_another():
    async def story() -> None:
        page = await begun(World(GPU))
        page.world.preferences.set(backend="litert")
        await page.models.choose("second")
        assert [error.code for error in page.failures] == ["backend-unusable"]
        assert page.in_use == "first"

        await page.models.choose_automatic()

        assert (page.in_use, page.settings.backend) == ("second", "auto")

    run(story())


def test_a_run_that_failed_goes_on_with_the_next_backend():
    async def story() -> None:
        page = await begun()

        await page.models.recover(BackendError("lost"))

        assert [session.plan for session in page.world.device.loaded] == [ONE_THREAD]
        assert (page.openings, page.failures) == (2, [])

    run(story())


def test_where_no_backend_is_left_the_error_is_shown_and_can_be_retried():
    async def story() -> None:
        page = await begun()
        lost = BackendError("lost")
        for _ in range(2):
            await page.models.recover(lost)
        assert (page.failures, page.in_use) == ([lost], None)
        await page.models.recover(lost)
        assert page.failures == [lost], "without a model there is nothing to recover"

        await page.models.retry()

        assert page.in_use == "first"

    run(story())


def test_a_self_check_that_fails_later_moves_to_the_next_backend():
    async def story() -> None:
        page = await begun(World(GPU))
        backend = page.world.sessions.info.backend
        await page.models.recheck()
        assert page.openings == 1
        plan = page.world.device.loaded[0].plan
        page.world.device.ability(plan).wrong = True

        await page.models.recheck()

        assert backend == "webgpu"
        assert page.world.device.loaded[0].plan != plan
        assert page.openings == 2

    run(story())


def test_a_race_that_cannot_fetch_its_rival_s_network_harms_nothing():
    async def story() -> None:
        world = World(GPU)
        page = Page(world)
        world.site.files = {url_of("first"): network_of("first")}
        begin = asyncio.create_task(page.models.begin())
        while page.in_use is None:
            await asyncio.sleep(0)
        world.site.files.clear()
        await begin

        assert (page.in_use, page.failures) == ("first", [])

    run(story())


# ---- models of the user's own --------------------------------------------------------------------


def test_own_models_are_looked_up_where_an_earlier_visit_had_some():
    async def story() -> None:
        store = MemoryStore()
        await stored(store, "own-mine")
        preferences = Preferences(model="own-mine", own=["own-mine"])

        page = await begun(World(preferences=preferences, store=store))

        assert page.in_use == "own-mine"
        assert page.view.menu[-1] == "own-mine"
        assert page.view.own == ["own-mine"]
        assert [card.name for card in page.models.own()] == ["own-mine"]
        assert page.models.described()[-1] == {
            "name": "own-mine",
            "title": "OWN-MINE",
            "own": True,
            "ms": {},
        }

    run(story())


def test_an_own_model_that_is_gone_is_missed_until_another_is_chosen():
    async def story() -> None:
        page = await begun(World(preferences=Preferences(model="own-mine", own=["own-mine"])))
        assert (page.in_use, page.view.missing) == ("first", "own-mine")

        await page.models.choose("second")

        assert page.view.missing is None

    run(story())


def test_a_forbidden_database_is_no_trouble_until_something_is_to_be_stored():
    async def story() -> None:
        world = World(preferences=Preferences(own=["own-mine"]))
        world.store.error = OSError("SecurityError")

        page = await begun(world)
        await page.models.open()

        assert (page.in_use, page.failures, page.view.opened) == ("first", [], True)

    run(story())


def test_a_removed_model_gives_way_to_the_default_and_takes_its_settings_along():
    async def story() -> None:
        store = MemoryStore()
        await stored(store, "own-mine")
        preferences = Preferences(
            model="own-mine",
            own=["own-mine"],
            hidden={"own-mine": ["dog"], "first": ["dog"]},
            speeds={"own-mine": {"wasm": 5.0}, "first": {"wasm": 7.0}},
        )
        page = await begun(World(preferences=preferences, store=store))

        await page.view.press["remove"]("own-mine")

        assert (page.in_use, store.records) == ("first", {})
        assert page.settings.own == []
        assert (page.settings.hidden, page.settings.speeds) == (
            {"first": ["dog"]},
            {"first": {"wasm": 7.0}},
        )
        assert page.world.device.names == ["first"], "its session is closed"
        assert "own-mine" not in page.view.rows

    run(story())


def test_a_model_that_cannot_be_removed_from_the_database_is_reported():
    async def story() -> None:
        store = MemoryStore()
        await stored(store, "own-mine")
        page = await begun(World(preferences=Preferences(own=["own-mine"]), store=store))
        store.error = OSError("SecurityError")

        await page.models.remove("own-mine")

        assert [error.code for error in page.failures] == ["model-not-kept"]

    run(story())


def test_all_own_models_can_be_forgotten_at_once():
    async def story() -> None:
        store = MemoryStore()
        for name in ("own-ant", "own-bee"):
            await stored(store, name)
        page = await begun(World(store=store))

        await page.models.forget_own()

        assert store.records == {}

    run(story())


@pytest.mark.parametrize("trouble", [None, OSError("QuotaExceededError")], ids=["stored", "full"])
def test_an_added_model_is_listed_and_used_whether_or_not_it_can_be_stored(trouble):
    async def picture() -> Pixels:
        return Pixels(np.asarray(networks.scene().convert("RGBA")))

    async def story() -> None:
        page = Page(World(device=NativeDevice(), sample=picture))
        page.world.store.error = trouble

        await page.models.add([MemoryFile("Colours.onnx", networks.yolox())])

        assert (page.in_use, page.settings.model) == ("own-colours", "own-colours")
        assert page.view.rows[-1] == page.view.menu[-1] == "own-colours"
        assert page.settings.own == ["own-colours"]
        assert [error.code for error in page.failures] == (["model-not-kept"] if trouble else [])

    run(story())


def test_a_model_that_the_user_gives_up_changes_nothing():
    async def picture() -> Pixels:
        return Pixels(np.asarray(networks.scene().convert("RGBA")))

    async def story() -> None:
        page = Page(World(device=NativeDevice(), sample=picture))
        page.view.answer = lambda *_: None

        await page.models.add([MemoryFile("Colours.onnx", networks.ssd())])

        assert (page.in_use, page.settings.model, page.failures) == (None, None, [])
        assert page.world.said[-1] == ""

    run(story())


def test_a_file_that_is_no_model_is_reported_and_changes_nothing():
    async def story() -> None:
        page = await begun()

        await page.models.add([MemoryFile("a.onnx", b"a picture")])

        assert [error.code for error in page.failures] == ["model-unreadable"]
        assert (page.in_use, page.settings.model) == ("first", None)
        assert "Inspecting a…" in [status.words for status in page.view.status]
        assert page.view.status[-1].words == ""

    run(story())


def test_without_the_part_that_reads_own_models_none_is_added():
    async def story() -> None:
        page = await begun()
        page.world.deferred.error = ObscuraError("did not arrive")

        await page.models.add([MemoryFile("a.onnx", b"")])

        assert page.failures == [page.world.deferred.error]

    run(story())


# ---- measured speeds -----------------------------------------------------------------------------


def test_a_measured_speed_is_stored_and_the_model_in_use_stays():
    async def story() -> None:
        page = await begun()
        page.world.device.ability(TWO_THREADS).ms = 12.34

        await page.view.press["measure"]("second")

        assert page.settings.speeds == {"second": {"wasm": 12.3}}
        assert page.in_use == "first"
        assert page.held[-2:] == [True, False]
        shares = [each.progress for each in page.view.status if each.measuring == "second"]
        assert shares == sorted(shares)
        assert shares[-1] > 0.9
        assert page.view.status[-1].measuring is None

    run(story())


def test_measuring_can_be_cancelled():
    async def story() -> None:
        page = await begun()
        measuring = asyncio.create_task(page.models.measure("first"))
        await turns(5)

        page.view.press["cancel"]()
        await measuring

        assert page.settings.speeds == {}
        assert page.held[-1] is False
        assert page.view.status[-1].measuring is None

    run(story())


def test_a_measurement_that_fails_is_reported():
    async def story() -> None:
        page = await begun()
        del page.world.site.files[url_of("second")]

        await page.models.measure("second")

        assert [error.code for error in page.failures] == ["model-missing"]
        assert page.held[-1] is False

    run(story())


def test_choosing_a_model_ends_the_measurement_of_another():
    async def story() -> None:
        page = await begun(World(CPU))
        measuring = asyncio.create_task(page.models.measure("second"))
        await turns(5)

        await page.models.choose("third")
        await measuring

        assert page.in_use == "third"
        assert page.settings.speeds == {}
        assert page.held[-1] is False

    run(story())
