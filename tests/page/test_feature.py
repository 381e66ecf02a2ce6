"""Features: a row before its code is here, a part once it is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from obscura.errors import ObscuraError
from obscura.page.state.feature import Command, Feature, Features, Part, When
from obscura.page.state.settings import CORE_SETTINGS, SettingTable

from .answers import make_card
from .stand_ins import Camera

SETTINGS = SettingTable(CORE_SETTINGS).settings()


class NotFetched(ObscuraError):
    """A feature's code did not come."""

    code = "part-missing"


class Recording(Part):
    """A part that notes what happens to it."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def run(self, command: str) -> Any:
        if command == "later":
            return self._later()
        if command != "now":
            raise LookupError(command)
        self.events.append("now")
        return None

    async def _later(self) -> None:
        await asyncio.sleep(0)
        self.events.append("later")

    def models_listed(self, cards: Any) -> None:
        self.events.append(("models", [card.name for card in cards]))

    def model_chosen(self, settings: Any, card: Any) -> None:
        self.events.append(("chosen", card.name))

    def model_opened(self, card: Any) -> None:
        self.events.append(("opened", card.name))

    def settings_changed(self, settings: Any) -> None:
        self.events.append(("settings", settings.names))

    def cameras_listed(self, cameras: Any, chosen: str) -> None:
        self.events.append(("cameras", len(cameras), chosen))

    def snapshot(self) -> dict[str, Any]:
        return {"seen": len(self.events)}

    async def forget(self) -> None:
        self.events.append("forgotten")


ROWS = (
    Feature("first", entry="first", when=When.START),
    Feature("second", entry="second", when=When.OPENED, snapshot={"seen": 0}),
    Feature(
        "third",
        entry="third",
        switch="names",
        snapshot={"ready": False},
        commands=(Command("now"),),
    ),
    Feature("page"),  # with a page of its own
)


class Site:
    """Where the features' code is fetched from, and the page that starts them."""

    def __init__(self) -> None:
        self.context = object()
        self.fetched: list[str] = []
        self.broken = False
        self.started: list[Part] = []
        self.features = Features(ROWS, self._load, self.context, self.started.append)

    async def _load(self, feature: Feature) -> Any:
        self.fetched.append(feature.name)
        await asyncio.sleep(0)
        if self.broken:
            raise NotFetched("The code did not come")
        return SimpleNamespace(start=self._start)

    def _start(self, context: Any) -> Part:
        assert context is self.context
        return Recording()

    def part(self, name: str) -> Recording:
        """Return a part that runs."""
        part = self.features.parts[name]
        assert isinstance(part, Recording)
        return part


def page(scenario: Callable[[Site], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a test of a coroutine that is given a fresh `Site`."""

    def test() -> None:
        asyncio.run(scenario(Site()))

    return test


@page
async def test_nothing_is_fetched_before_it_is_wanted(site: Site) -> None:
    assert [row.name for row in site.features] == ["first", "second", "third", "page"]
    assert site.fetched == []
    assert site.features.parts == {}


@page
async def test_features_start_with_the_page_with_a_model_or_with_a_command(site: Site) -> None:
    await site.features.start(When.START)
    assert list(site.features.parts) == ["first"]

    await site.features.model_opened(make_card(1))
    assert list(site.features.parts) == ["first", "second"]
    await site.features.run("third", "now")

    assert list(site.features.parts) == ["first", "second", "third"]
    assert site.started == list(site.features.parts.values())


@page
async def test_a_feature_starts_once_its_setting_is_on_and_is_notified_of_changes(
    site: Site,
) -> None:
    await site.features.follow(SETTINGS.replace(names=False))
    assert site.fetched == []

    await site.features.follow(SETTINGS.replace(names=True))
    await site.features.follow(SETTINGS.replace(names=False))

    assert site.fetched == ["third"]
    assert site.part("third").events == [("settings", True), ("settings", False)]


@page
async def test_a_feature_starts_once(site: Site) -> None:
    part = await site.features.part("third")

    assert await site.features.part("third") is part
    assert site.fetched == ["third"]
    assert site.started == [part]


@page
async def test_a_feature_that_is_wanted_twice_at_once_starts_once(site: Site) -> None:
    first, second = await asyncio.gather(site.features.part("third"), site.features.part("third"))

    assert first is second
    assert site.started == [first]


@page
async def test_after_a_failed_load_the_next_call_tries_again(site: Site) -> None:
    site.broken = True
    with pytest.raises(NotFetched):
        await site.features.run("third", "now")
    assert site.features.parts == {}
    assert site.started == []

    site.broken = False
    await site.features.run("third", "now")

    assert site.fetched == ["third", "third"]
    assert site.part("third").events == ["now"]


@page
async def test_a_command_is_carried_out_to_its_end(site: Site) -> None:
    await site.features.run("third", "now")
    await site.features.run("third", "later")

    assert site.part("third").events == ["now", "later"]


@page
async def test_a_command_of_a_feature_that_runs_is_carried_out_at_once(site: Site) -> None:
    """A key that is pressed again and again must not lag behind."""
    await site.features.start(When.START)

    site.features.run("first", "now")

    assert site.part("first").events == ["now"]


@page
async def test_a_command_that_a_feature_does_not_have_is_an_error(site: Site) -> None:
    with pytest.raises(LookupError, match="dance"):
        await site.features.run("third", "dance")


def test_a_part_that_brings_nothing_has_no_commands_no_keys_and_nothing_to_draw() -> None:
    part = Part()

    assert (*part.stages, *part.sinks, *part.layers) == ()
    assert part.snapshot() == {}
    with pytest.raises(LookupError):
        part.run("anything")
    part.models_listed([make_card(1)])
    part.model_chosen(SETTINGS, make_card(1))
    part.model_opened(make_card(1))
    part.cameras_listed([], "")
    asyncio.run(part.forget())


@page
async def test_all_parts_that_run_are_notified(site: Site) -> None:
    card = make_card(1)
    await site.features.start(When.START, When.OPENED)

    site.features.list_models([card, make_card(2)])
    site.features.show(SETTINGS, card)
    await site.features.model_opened(card)
    site.features.list_cameras([Camera("a", "A")], "a")

    for name in ("first", "second"):
        assert site.part(name).events == [
            ("models", ["model-1", "model-2"]),
            ("chosen", "model-1"),
            ("opened", "model-1"),
            ("cameras", 1, "a"),
        ]


@page
async def test_a_feature_that_starts_with_the_model_is_notified_of_that_model(site: Site) -> None:
    await site.features.model_opened(make_card(1))

    assert site.part("second").events == [("opened", "model-1")]


@page
async def test_a_feature_that_starts_late_is_notified_of_the_latest_of_everything(
    site: Site,
) -> None:
    for number in (1, 2):
        site.features.list_models([make_card(number)])
        site.features.show(SETTINGS, make_card(number))
        site.features.list_cameras([Camera("a", "A")] * number, "a")

    await site.features.run("third", "now")

    assert site.part("third").events == [
        ("models", ["model-2"]),
        ("chosen", "model-2"),
        ("cameras", 2, "a"),
        "now",
    ]


@page
async def test_the_snapshot_has_a_features_keys_before_and_after_it_runs(site: Site) -> None:
    assert site.features.snapshot() == {"seen": 0, "ready": False}

    await site.features.start(When.OPENED)
    site.features.list_models([])

    assert site.features.snapshot() == {"seen": 1, "ready": False}


@page
async def test_forgetting_reaches_features_that_did_not_run_too(site: Site) -> None:
    await site.features.start(When.START)

    await site.features.forget()

    for name in ("first", "second", "third"):
        assert site.part(name).events == ["forgotten"]
    assert "page" not in site.fetched


@page
async def test_a_feature_that_cannot_forget_does_not_keep_the_others_from_it(site: Site) -> None:
    await site.features.start(When.START)
    await site.features.part("third")
    site.broken = True  # so the second one cannot start

    with pytest.raises(NotFetched):
        await site.features.forget()

    for name in ("first", "third"):
        assert site.part(name).events == ["forgotten"]
