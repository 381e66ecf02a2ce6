"""The heads of the site: fetched once, verified, and again after a failure."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from obscura.errors import ModelCorrupt, ModelMissing
from obscura.page.features.closer.shelf import HeadShelf

from .fakes import BytesNetwork, run

NETWORK = b"a head"
TABLE = json.loads(
    json.dumps(
        {
            "name": "mood", "title": "Mood", "summary": "calm or wild", "family": "classifier",
            "labels": ["calm", "wild"], "license": "MIT", "trained_on": "-", "weak_at": "-",
            "file": {"name": "m.onnx", "bytes": 6, "sha256": sha256(NETWORK).hexdigest()},
            "source": {}, "input": {"width": 8, "height": 8, "resize": "stretch"},
            "url": "heads/mood.onnx",
        }
    )
)  # fmt: skip


LISTED = json.dumps([TABLE])


class HeadSite:
    """A site with heads; what it has can be taken away or damaged."""

    def __init__(self, listed: str | None = LISTED) -> None:
        self.files: dict[str, bytes] = {"heads/mood.onnx": NETWORK}
        self.list = listed
        self.asked: list[tuple[str, bool]] = []
        self.shelf = HeadShelf("heads.json", self._text, self._download, lambda n: bytes(n.handle))

    async def _text(self, _address: str) -> str:
        if self.list is None:
            raise OSError("offline")
        return self.list

    async def _download(self, address: str, fresh: bool) -> BytesNetwork:
        self.asked.append((address, fresh))
        if address not in self.files:
            raise OSError("404")
        return BytesNetwork(self.files[address])


def test_a_network_is_fetched_once_and_copied_for_each_session() -> None:
    async def story() -> None:
        site = HeadSite()
        card = (await site.shelf.cards())["mood"]
        head = await site.shelf.head(card)

        assert await head.load() == NETWORK
        assert await site.shelf.head(card) is head
        assert site.asked == [("heads/mood.onnx", False)]
        site.shelf.keep([])
        assert await site.shelf.head(card) is not head

    run(story())


def test_offline_a_head_that_was_never_fetched_is_missing_until_there_is_a_connection() -> None:
    async def story() -> None:
        site = HeadSite()
        listed, site.list = site.list, None
        with pytest.raises(ModelMissing):
            await site.shelf.cards()
        site.list = listed
        card = (await site.shelf.cards())["mood"]
        site.files.clear()
        with pytest.raises(ModelMissing):
            await site.shelf.head(card)
        site.files["heads/mood.onnx"] = NETWORK
        assert (await site.shelf.head(card)).form is card

    run(story())


def test_a_damaged_network_is_refused_and_not_taken_from_the_cache_again() -> None:
    async def story() -> None:
        site = HeadSite()
        card = (await site.shelf.cards())["mood"]
        site.files["heads/mood.onnx"] = b"another"
        with pytest.raises(ModelCorrupt):
            await site.shelf.head(card)
        site.files["heads/mood.onnx"] = NETWORK

        await site.shelf.head(card)

        assert site.asked == [("heads/mood.onnx", False), ("heads/mood.onnx", True)]

    run(story())
