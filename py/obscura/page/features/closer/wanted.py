"""Wanted heads: from the looks that a person has chosen to networks that are here. Pure Python."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from obscura.cards.head_card import HeadCard
from obscura.errors import ObscuraError
from obscura.heads import Every, HeadSpec, PipelineSpec
from obscura.heads.spec import FINDER_NETWORKS, FINDERS
from obscura.page.features.closer import words
from obscura.page.features.closer.looks import fitting
from obscura.page.features.closer.own import PREFIX, OwnHead, OwnHeads
from obscura.page.features.closer.shelf import HeadShelf
from obscura.page.models.heads import Head
from obscura.page.models.shelf import OwnModelGone

NETWORKS = {names[0]: names for names in FINDER_NETWORKS.values() if len(names) > 1}
"""The networks of a look that has several."""


@dataclass
class Wanted:
    """Heads that can be used, and what became of the others."""

    spec: PipelineSpec = field(default_factory=PipelineSpec)
    cards: dict[str, HeadCard] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    failures: dict[str, ObscuraError] = field(default_factory=dict)
    """Of what could not be fetched, by title."""
    unavailable: frozenset[str] = frozenset()
    """Classes whose networks could not be fetched."""
    always: frozenset[str] = frozenset()
    """Names of heads that look at every frame, whatever it takes."""
    unfit: tuple[str, ...] = ()
    """Titles of heads that have nothing to look at, because the model does not find it."""


async def fetch(
    looks: Collection[str],
    labels: Sequence[str],
    shelf: HeadShelf,
    own: OwnHeads,
    always: Collection[str] = (),
) -> Wanted:
    """Fetch the networks of the looks.

    Args:
        looks: names of shipped ones, and of own ones with `PREFIX`.
        labels: the model's.
        always: classes that are to be looked for in every frame.
    """
    finders = [FINDERS[label] for label in always if label in FINDERS]
    wanted = Wanted(always=frozenset(_networks(finders)))
    shipped: dict[str, HeadCard] = {}
    try:
        shipped = await shelf.cards()
    except ObscuraError as error:
        wanted.failures[words.CLOSER] = error
    names = [look.removeprefix(PREFIX) for look in looks if look.startswith(PREFIX)]
    mine = {name: own.known[name] for name in names if name in own.known}
    for name in wanted.always & mine.keys():  # what is hidden is looked for as the site does
        wanted.failures[mine.pop(name).title] = ObscuraError(words.HELD)
        names.remove(name)
    gone = [name for name in names if name not in mine]
    wanted.failures |= {each: OwnModelGone("The browser no longer has it", each) for each in gone}
    specs = [
        replace(each, cadence=Every(1)) if each.name in wanted.always else each
        for each in _specs(looks, labels, mine)
    ]
    spec, unfit = fitting(specs, labels)
    for head in spec.heads:
        added = mine.get(head.name)
        own_card = None if added is None else added.card
        card = own_card or shipped.get(str(head.network))
        if card is None:
            continue
        try:
            opened = await (own.head(added) if added and own_card else shelf.head(card))
        except ObscuraError as error:
            wanted.failures[card.title] = error
        else:
            wanted.cards[head.name], wanted.heads[head.name] = card, opened
    wanted.unavailable = frozenset(
        label
        for label, look in FINDERS.items()
        if look in looks and not wanted.heads.keys() >= {*_networks([look])}
    )
    titles = {name: card.title for name, card in shipped.items()}
    titles |= {name: each.title for name, each in mine.items()}
    wanted.unfit = tuple(titles[head.name] for head in unfit if head.name in titles)
    here = [head for head in spec.heads if head.name in wanted.heads]
    budget = min([spec.budget_ms, *(each.budget_ms for each in mine.values())])
    wanted.spec = replace(fitting(here, labels)[0], budget_ms=budget)
    return wanted


def _specs(
    looks: Collection[str], labels: Sequence[str], mine: dict[str, OwnHead]
) -> list[HeadSpec]:
    """Return how the heads look: a person's own terms go before what is usual."""
    shipped = [look for look in looks if not look.startswith(PREFIX)]
    networks = {str(each.spec.network) for each in mine.values()}
    needed = [on for each in mine.values() for on in each.spec.on if on not in labels]
    shipped += [FINDERS[on] for on in needed if on in FINDERS and FINDERS[on] not in networks]
    specs = {name: HeadSpec(name, name) for name in _networks(shipped)}
    return list((specs | {name: each.spec for name, each in mine.items()}).values())


def _networks(looks: Collection[str]) -> list[str]:
    """Return the names of the networks of looks, each once."""
    return [name for look in dict.fromkeys(looks) for name in NETWORKS.get(look, (look,))]
