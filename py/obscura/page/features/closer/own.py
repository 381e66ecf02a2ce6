"""Heads that a person added: their networks and how they look, stored by this browser. Pure Python.

A pipeline's file may also set how a shipped head looks; that is stored without a network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from obscura.cards.head_card import HeadCard
from obscura.errors import ObscuraError
from obscura.heads import Every, HeadSpec, OnceThen
from obscura.heads.file import pipeline_from
from obscura.heads.spec import USUAL_BUDGET_MS
from obscura.page.models.heads import Head
from obscura.page.models.own import NotKept
from obscura.page.models.shelf import OwnModelGone

PREFIX = "own:"
"""What the names of such heads begin with in the setting of looks."""


@dataclass(frozen=True)
class OwnHead:
    """A head that a person added."""

    spec: HeadSpec
    card: HeadCard | None
    """None for a shipped head."""
    budget_ms: float = USUAL_BUDGET_MS
    """Of the pipeline that it came with."""

    @property
    def title(self) -> str:
        """Name shown to people."""
        return self.spec.name if self.card is None else self.card.title

    @property
    def look(self) -> str:
        """Its name in the setting of looks."""
        return PREFIX + self.spec.name

    @property
    def size(self) -> int:
        """Bytes of its network."""
        return 0 if self.card is None else self.card.file.bytes


class OwnHeads:
    """Stores heads. One that cannot be stored is available until the page is closed."""

    def __init__(self, store: Any, copy: Callable[[Any], Any], empty: Callable[[], Any]) -> None:
        """
        Args:
            store: a `ModelStore` of `page.state.protocols`.
            copy: returns a new `ArrayBuffer` of a `Network`.
            empty: returns a `Network` without bytes.
        """
        self._store, self._copy, self._empty = store, copy, empty
        self._unstored: dict[str, Any] = {}
        self._heads: dict[str, Head] = {}  # those in use
        self.known: dict[str, OwnHead] = {}
        """All heads by name."""

    async def find(self) -> None:
        """Look up what the browser stores. Damaged records are passed over.

        Raises:
            NotKept: the browser forbids its database.
        """
        try:
            records = await self._store.texts()
        except Exception as error:
            raise NotKept("The browser's database cannot be read", error) from error
        found = {}
        for key, value in records.items():
            name, _, part = key.rpartition("/")
            if part == "card":
                try:
                    found[name] = from_table(json.loads(str(value)))
                except (ObscuraError, ValueError, TypeError, LookupError):
                    continue
        self.known = {**found, **{name: self.known[name] for name in self._unstored}}

    async def add(self, own: OwnHead, network: Any = None) -> None:
        """Store a head, in place of one with the same name.

        Args:
            network: a `Network`, which stays whole; None for a shipped head.

        Raises:
            NotKept: there is no space or no database. It is available until the page is closed.
        """
        name = own.spec.name
        file = self._store.set_aside(self._empty() if network is None else network)
        self._forget(name)
        self.known[name], self._unstored[name] = own, file
        try:
            await self._store.put(name, json.dumps(to_table(own)), file)
        except Exception as error:
            raise NotKept(f"{own.title} could not be stored", error) from error
        del self._unstored[name]
        await self._store.persist()

    async def remove(self, *names: str) -> None:
        """Remove heads for good.

        Raises:
            NotKept: the browser forbids its database.
        """
        for name in names:
            self._forget(name)
            self.known.pop(name, None)
            self._unstored.pop(name, None)
        try:
            await self._store.remove(names)
        except Exception as error:
            raise NotKept("The browser's database cannot be changed", error) from error

    async def head(self, own: OwnHead) -> Head:
        """Return what opens a head, once its network is in memory.

        Raises:
            OwnModelGone: the browser no longer has it, or it is damaged.
        """
        name, card = own.spec.name, own.card
        assert card is not None
        if name not in self._heads:
            try:
                file = self._unstored.get(name) or await self._store.network(name)
                network = None if file is None else await file.read()
            except Exception as error:
                raise OwnModelGone(f"The file of {own.title} cannot be read", error) from error
            if network is None:
                raise OwnModelGone("The browser no longer has the file", own.title)
            if await network.sha256() != card.file.sha256:
                raise OwnModelGone(f"The file of {own.title} is damaged", f"{network.size} bytes")

            async def load() -> Any:
                return self._copy(network)

            self._heads[name] = Head(card, load)
        return self._heads[name]

    def keep(self, names: Collection[str]) -> None:
        """Free the memory of all networks but these."""
        self._heads = {name: head for name, head in self._heads.items() if name in names}

    def _forget(self, name: str) -> None:
        self._heads.pop(name, None)


def to_table(own: OwnHead) -> dict[str, Any]:
    """Return a head as plain values, which `from_table` reads."""
    spec, card = own.spec, own.card
    look: dict[str, Any] = {"name": spec.name, "network": str(spec.network), "on": list(spec.on)}
    look |= {key: getattr(spec, key) for key in ("least", "margin", "shape")}
    if isinstance(spec.cadence, Every):
        look["every"] = spec.cadence.frames
    elif isinstance(spec.cadence, OnceThen):
        look["once_then_s"] = spec.cadence.seconds
    look = {key: value for key, value in look.items() if value not in (None, [])}
    table = None if card is None else _card_table(card)
    return {"look": look, "card": table, "budget_ms": own.budget_ms}


def from_table(table: dict[str, Any]) -> OwnHead:
    """Return the head of a table.

    Raises:
        PipelineError, CardError: a value is not valid.
    """
    pipeline = {"head": [table["look"]], "budget_ms": table["budget_ms"]}
    spec = pipeline_from({"pipeline": pipeline})
    card = None if table["card"] is None else HeadCard.from_dict(table["card"])
    return OwnHead(spec.heads[0], card, spec.budget_ms)


def _card_table(card: HeadCard) -> dict[str, Any]:
    table: dict[str, Any] = {
        key: getattr(card, key)
        for key in ("name", "title", "summary", "family", "license", "trained_on", "weak_at")
    }
    table |= {
        "labels": list(card.labels),
        "file": card.file._asdict(),
        "source": dict(card.source),
        "input": card.input._asdict(),
        "options": dict(card.options),
        "crop": card.crop._asdict(),
    }
    if card.open is not None:
        form = card.open._asdict() | {"mean": list(card.open.mean), "std": list(card.open.std)}
        table["open"] = {
            key: value for key, value in form.items() if key not in ("feeds", "options")
        }
    return table


def described(heads: Sequence[OwnHead]) -> dict[str, list[Any]]:
    """Return titles and sizes of heads by name, as the setting holds them for the list of what is
    stored."""
    return {head.spec.name: [head.title, head.size] for head in heads}
