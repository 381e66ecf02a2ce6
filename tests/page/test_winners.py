"""The way to run that won a race is remembered, as long as it says something of the present."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from obscura.cards.card import ModelCard
from obscura.engine.plans import Plan
from obscura.page.models.winners import Winners
from obscura.page.state.preferences import Preferences
from obscura.page.state.settings import CORE_SETTINGS, SettingTable

TABLE = SettingTable(CORE_SETTINGS)
WASM = Plan("wasm", "wasm", 2)
MODEL = Path(__file__).resolve().parents[2] / "models" / "cocossd" / "model.toml"


class Store(dict[str, str]):
    """The browser's, in memory."""

    def getItem(self, key: str) -> str | None:  # noqa: N802
        return self.get(key)

    def setItem(self, key: str, value: str) -> None:  # noqa: N802
        self[key] = value

    def removeItem(self, key: str) -> None:  # noqa: N802
        self.pop(key, None)


@pytest.fixture
def card() -> ModelCard:
    return ModelCard.from_toml(MODEL.read_text(encoding="utf-8"))


def visit(store: Store, device: str = "a browser and a GPU") -> Winners:
    return Winners(Preferences(TABLE, store), device)


def test_where_nothing_is_to_be_kept_no_winner_is(card: ModelCard) -> None:
    store = Store()
    Winners(Preferences(SettingTable(CORE_SETTINGS), store), "a browser", remember=False).set(
        card, WASM
    )
    assert store == {}


def test_a_winner_outlives_the_visit(card: ModelCard) -> None:
    store = Store()
    visit(store).set(card, WASM)
    assert visit(store).get(card) == list(WASM)


def test_another_browser_or_gpu_has_no_winner(card: ModelCard) -> None:
    store = Store()
    visit(store).set(card, WASM)
    assert visit(store, "the next version of the browser").get(card) is None


def test_another_file_under_the_same_name_has_no_winner(card: ModelCard) -> None:
    store = Store()
    visit(store).set(card, WASM)
    other = replace(card, file=card.file._replace(sha256="0" * 64))
    assert visit(store).get(other) is None


def test_a_winner_that_failed_is_forgotten(card: ModelCard) -> None:
    store = Store()
    visit(store).set(card, WASM)
    visit(store).forget(card)
    assert visit(store).get(card) is None


@pytest.mark.parametrize("kept", ["[]", '{"winners": 3}', '{"winners": {"cocossd": []}}', "{"])
def test_what_is_damaged_in_the_store_is_no_winner(card: ModelCard, kept: str) -> None:
    assert visit(Store({"obscura.settings": kept})).get(card) is None
