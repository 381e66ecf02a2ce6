"""The models that can be chosen, and what the browser's database makes of the user's own."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from obscura.errors import ModelCorrupt, ModelMissing, ObscuraError
from obscura.identify.guess import to_table
from obscura.page.models.own import NotKept
from obscura.page.models.shelf import OwnModelGone

from .fakes import BytesNetwork, World, network_of, run, sealed_card, url_of

FULL = OSError("QuotaExceededError")


def own(name: str):
    """A model of the user's: its card and its network."""
    return sealed_card(name), BytesNetwork(network_of(name))


async def added(world: World, name: str) -> None:
    card, network = own(name)
    await world.shelf.add(card, to_table(card), network)


def next_visit(world: World) -> World:
    """Another visit of the same browser."""
    return World(store=world.store)


def test_shipped_models_come_first_and_networks_are_verified():
    async def story() -> None:
        world = World()
        await added(world, "own-mine")

        assert list(world.shelf.cards) == ["first", "second", "third", "own-mine"]
        network = await world.shelf.fetch(world.card("second"))
        assert network.handle == network_of("second")

    run(story())


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, ModelMissing), (b"", ModelCorrupt), (network_of("second")[:-1], ModelCorrupt)],
    ids=["missing", "empty", "cut off"],
)
def test_what_is_not_the_file_of_the_card_is_refused(content: bytes | None, error: type[Exception]):
    async def story() -> None:
        world = World()
        del world.site.files[url_of("second")]
        if content is not None:
            world.site.files[url_of("second")] = content

        with pytest.raises(error):
            await world.shelf.fetch(world.card("second"))

    run(story())


def test_a_damaged_file_is_described_by_both_checksums():
    async def story() -> None:
        world = World()
        world.site.files[url_of("second")] = b"an error page"

        with pytest.raises(ModelCorrupt) as caught:
            await world.shelf.fetch(world.card("second"))

        assert sha256(b"an error page").hexdigest() in str(caught.value)
        assert world.card("second").file.sha256 in str(caught.value)

    run(story())


def test_an_added_model_is_there_on_the_next_visit_and_asks_the_site_for_nothing():
    async def story() -> None:
        world = World()
        await added(world, "own-mine")
        assert world.store.persisted

        again = next_visit(world)
        assert "own-mine" not in again.shelf.cards
        await again.shelf.find_own()

        network = await again.shelf.fetch(again.card("own-mine"))
        assert network.handle == network_of("own-mine")
        assert again.site.asked == []

    run(story())


def test_own_models_are_listed_by_title():
    async def story() -> None:
        world = World()
        for name in ("own-zebra", "own-ant", "own-bee"):
            await added(world, name)
        again = next_visit(world)
        await again.shelf.find_own()
        assert list(again.shelf.own) == ["own-ant", "own-bee", "own-zebra"]

    run(story())


def test_a_removed_model_is_gone_for_good():
    async def story() -> None:
        world = World()
        for name in ("own-ant", "own-bee"):
            await added(world, name)

        await world.shelf.remove("own-ant")

        assert list(world.shelf.own) == ["own-bee"]
        assert sorted(world.store.records) == ["own-bee/card", "own-bee/file"]

    run(story())


def test_damaged_records_are_passed_over():
    async def story() -> None:
        world = World()
        await added(world, "own-mine")
        whole = world.store.records["own-mine/card"]
        file = world.store.records["own-mine/file"]
        world.store.records |= {
            "own-no-file/card": whole,
            "own-no-card/file": file,
            "own-cut/card": str(whole)[:-9],
            "own-cut/file": file,
            "own-list/card": "[]",
            "own-list/file": file,
            "own-odd/card": json.dumps({**json.loads(str(whole)), "family": "nonsense"}),
            "own-odd/file": file,
            "own-blob/card": file,
            "own-blob/file": file,
            "elsewhere": "something",
        }
        again = next_visit(world)

        await again.shelf.find_own()

        assert list(again.shelf.own) == ["own-mine"]

    run(story())


def test_a_shipped_model_cannot_be_replaced_by_a_stored_one_of_its_name():
    async def story() -> None:
        world = World()
        await added(world, "first")
        again = next_visit(world)

        await again.shelf.find_own()

        assert again.shelf.own == {}

    run(story())


def test_what_cannot_be_stored_is_there_until_the_page_is_closed():
    async def story() -> None:
        world = World()
        world.store.error = FULL

        with pytest.raises(NotKept):
            await added(world, "own-mine")

        network = await world.shelf.fetch(world.card("own-mine"))
        assert network.handle == network_of("own-mine")
        world.store.error = None
        again = next_visit(world)
        await again.shelf.find_own()
        assert again.shelf.own == {}

    run(story())


def test_a_database_that_is_forbidden_is_reported_and_asked_again():
    async def story() -> None:
        world = World()
        world.store.error = OSError("SecurityError")
        with pytest.raises(NotKept, match="cannot be read"):
            await world.shelf.find_own()
        with pytest.raises(NotKept, match="cannot be changed"):
            await world.shelf.remove("own-mine")

        world.store.error = None
        await world.shelf.find_own()

    run(story())


def test_a_file_that_the_browser_has_deleted_is_missed():
    async def story() -> None:
        world = World()
        await added(world, "own-mine")
        del world.store.records["own-mine/file"]
        with pytest.raises(OwnModelGone, match="no longer"):
            await world.shelf.fetch(world.card("own-mine"))

        world.store.error = OSError("gone")
        with pytest.raises(OwnModelGone, match="cannot be read"):
            await world.shelf.fetch(world.card("own-mine"))

    run(story())


def test_an_open_model_needs_the_deferred_modules_and_a_sealed_one_does_not():
    async def story() -> None:
        world = World()
        world.deferred.error = ObscuraError("The part did not arrive")
        table = to_table(world.card("first"))
        form = {"input": "images", "layout": "nchw", "channels": "rgb"}
        card = type(world.card("first")).from_dict({**table, "name": "own-open", "open": form})
        world.shelf.own[card.name] = card

        await world.shelf.fetch(world.card("first"))
        with pytest.raises(ObscuraError, match="did not arrive"):
            await world.shelf.fetch(card)

    run(story())
