"""A person's own networks that look closer: read from files, stored, used again, removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from obscura.cards.head_card import HeadCard
from obscura.errors import LabelsError, ModelCorrupt, ModelMismatch, ModelUnreadable
from obscura.heads import Every, HeadSpec, OnceThen, PipelineError
from obscura.page.features.closer import FEATURE, adding, words
from obscura.page.features.closer.own import (
    OwnHead,
    OwnHeads,
    described,
    from_table,
    to_table,
)
from obscura.page.features.closer.wanted import Wanted, fetch
from obscura.page.models.own import NotKept
from obscura.page.models.shelf import OwnModelGone

from ..heads.test_shelf import classifier
from .fakes import BytesNetwork, MemoryFile, MemoryStore, run
from .test_closer_shelf import TABLE, HeadSite

LABELS = ("person", "dog")
HEADS = Path(__file__).parents[2] / "models" / "heads"
SHIPPED = {
    name: HeadCard.from_toml((HEADS / name / "head.toml").read_text())
    for name in ("faces", "emotion")
}


class Model:
    """What is known of a model."""

    labels = ("bird",)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A classifier of red, green and blue."""
    return classifier(tmp_path_factory.mktemp("heads") / "colours.onnx").read_bytes()


def draft(network: bytes, *beside: MemoryFile, known: Any = (), taken: Any = ()) -> adding.Draft:
    files = [MemoryFile("My colours.onnx", network), *beside]
    return run(adding.read_classifier(files, dict(known), taken))


def pipeline(text: str, *files: MemoryFile) -> adding.Pipeline:
    given = [MemoryFile("look.toml", text.encode()), *files]
    return run(adding.read_pipeline(given, SHIPPED, {"birds": Model}, LABELS))


def head(text: str) -> str:
    return f'[pipeline]\n[[pipeline.head]]\nname = "colour"\nnetwork = "nets/c.onnx"\n{text}'


# ---- from files ----------------------------------------------------------------------------------


def test_a_classifier_with_names_becomes_a_head_on_the_persons_terms(network: bytes) -> None:
    made = draft(network, MemoryFile("names.txt", b"red\ngreen\nblue\n"))

    own = made.own("person", 0.25, Every(5))

    assert own.title == "My colours"
    assert own.card is not None
    assert own.card.labels == ("red", "green", "blue")
    assert (own.spec.name, own.look) == ("My-colours", "own:My-colours")
    assert (own.spec.on, own.spec.margin, own.spec.cadence) == (("person",), 0.25, Every(5))
    assert described([own]) == {"My-colours": ["My colours", len(network)]}


def test_the_same_file_again_replaces_the_head_and_another_one_of_its_name_does_not(
    network: bytes,
) -> None:
    own = draft(network).own("person", 0, Every(1))
    known = {own.spec.name: own}

    assert draft(network, known=known).card.name == "My-colours"
    other = OwnHead(own.spec, SHIPPED["emotion"])
    assert draft(network, known={own.spec.name: other}).card.name == "My-colours-2"
    assert draft(network, taken={"My-colours"}).card.name == "My-colours-2"


def test_what_is_no_classifier_is_refused_in_words() -> None:
    faces = (HEADS / "faces" / "model.onnx").read_bytes()
    with pytest.raises(ModelMismatch, match="not a classifier"):
        draft(faces)
    with pytest.raises(ModelUnreadable):
        draft(b"no network")


def test_as_many_names_as_classes_are_wanted(network: bytes) -> None:
    with pytest.raises(LabelsError, match="2 names, but the network has 3"):
        draft(network, MemoryFile("names.txt", b"a\nb\n"))


def test_a_pipeline_brings_its_networks_and_their_names(network: bytes) -> None:
    made = pipeline(
        '[pipeline]\nbudget_ms = 25\n'
        '[[pipeline.head]]\nname = "faces"\nnetwork = "faces"\nevery = 5\n'
        '[[pipeline.head]]\nname = "colour"\nnetwork = "nets/c.onnx"\non = ["face", "dog"]\n'
        "margin = 0.5\nonce_then_s = 4\n",
        MemoryFile("c.onnx", network),
        MemoryFile("c.txt", b"red\ngreen\nblue"),
        MemoryFile("other.txt", b"1\n2\n3"),
    )  # fmt: skip

    (faces, none), (colour, given) = made.heads
    assert (faces.card, none) == (None, None)
    assert (faces.spec.on, faces.spec.cadence) == (("frame", "person"), Every(5))
    assert colour.card is not None
    assert colour.card.labels == ("red", "green", "blue")
    assert (colour.spec.on, colour.spec.cadence) == (("face", "dog"), OnceThen(4))
    assert given is not None
    assert given.window(0, given.size) == network
    assert colour.budget_ms == 25


def test_a_head_that_looks_at_faces_needs_no_head_that_finds_them(network: bytes) -> None:
    made = pipeline(head('on = ["face"]'), MemoryFile("c.onnx", network))

    assert [own.spec.on for own, _ in made.heads] == [("face",)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (head('colours = "yes"'), "colours is not a key of pipelines"),
        ('family = "classifier"', "The page does not read the cards of heads (look.toml)"),
        (head('on = ["peron"]'), 'Did you mean "person"?'),
        (head("on = [1]"), "on is not valid"),
        (head(""), 'The head "colour" does not say what it looks at'),
        (head('on = "dog"').replace("nets/c.onnx", "d.onnx"), "Choose it together with"),
        (head('on = "dog"').replace("nets/c.onnx", "face"), 'Did you mean "faces"?'),
        (head('on = "dog"').replace("[pipeline]", '[pipeline]\ndetector = "bird"'), '"birds"?'),
        (head('on = "dog"').replace("[pipeline]", '[pipeline]\ndetector = "birds"'), '"dog"'),
        ("[pipeline", "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_pipeline_is_said_as_on_the_command_line(
    network: bytes, text: str, words: str
) -> None:
    with pytest.raises(PipelineError) as refused:
        pipeline(text, MemoryFile("c.onnx", network))

    assert words in str(refused.value)


def test_pipelines_are_told_from_cards_by_how_they_begin() -> None:
    assert FEATURE.claims is not None
    assert FEATURE.claims(b"# mine\n[pipeline]\n")
    assert FEATURE.claims(b"[[pipeline.head]]\n")
    assert not FEATURE.claims(b'family = "yolox"\n')
    assert not FEATURE.claims(b'{"a": "[pipeline]"}')


# ---- stored --------------------------------------------------------------------------------------


def heads(store: MemoryStore) -> OwnHeads:
    return OwnHeads(store, lambda network: bytes(network.handle), lambda: BytesNetwork(b""))


@pytest.mark.parametrize("cadence", [Every(7), OnceThen(2.5), OnceThen(float("inf")), None])
def test_a_head_reads_back_as_it_was_stored(network: bytes, cadence: Any) -> None:
    card = draft(network).card
    spec = HeadSpec("colour", "c.onnx", ("dog", "face"), 20, 0.5, "top", cadence)
    for own in (OwnHead(spec, card, 12.5), OwnHead(HeadSpec("faces", "faces"), None)):
        back = from_table(json.loads(json.dumps(to_table(own))))

        assert (back.spec, back.budget_ms) == (own.spec, own.budget_ms)
        if back.card is not None:
            assert {**vars(back.card), "options": 0} == {**vars(card), "options": 0}
            assert dict(back.card.options) == dict(card.options)


def test_a_head_is_there_on_the_next_visit_and_gone_once_it_is_removed(network: bytes) -> None:
    async def story() -> None:
        store = MemoryStore()
        own = OwnHead(HeadSpec("colour", "c.onnx", ("dog",)), draft_card)
        await heads(store).add(own, BytesNetwork(network))

        later = heads(store)
        await later.find()
        opened = await later.head(later.known["colour"])
        assert await opened.load() == network
        assert await later.head(later.known["colour"]) is opened
        assert store.persisted

        await later.remove("colour")
        assert later.known == {}
        assert store.records == {}

    draft_card = draft(network).card
    run(story())


def test_damaged_records_and_lost_files_are_not_used(network: bytes) -> None:
    draft_card = draft(network).card

    async def story() -> None:
        store = MemoryStore()
        own = OwnHead(HeadSpec("colour", "c.onnx", ("dog",)), draft_card)
        await heads(store).add(own, BytesNetwork(network))
        store.records["broken/card"] = '{"look": {}}'
        del store.records["colour/file"]

        later = heads(store)
        await later.find()
        assert list(later.known) == ["colour"]
        with pytest.raises(OwnModelGone):
            await later.head(later.known["colour"])

    run(story())


def test_what_cannot_be_stored_works_until_the_page_is_closed(network: bytes) -> None:
    draft_card = draft(network).card

    async def story() -> None:
        store = MemoryStore()
        store.error = OSError("full")
        made = heads(store)
        own = OwnHead(HeadSpec("colour", "c.onnx", ("dog",)), draft_card)
        with pytest.raises(NotKept):
            await made.add(own, BytesNetwork(network))
        assert await (await made.head(own)).load() == network

    run(story())


# ---- used ----------------------------------------------------------------------------------------


def wanted(network: bytes, *looks: str, on: str = "dog", site: HeadSite | None = None) -> Wanted:
    card = draft(network).card

    async def story() -> Wanted:
        own = heads(MemoryStore())
        await own.add(OwnHead(HeadSpec("colour", "c.onnx", (on,)), card, 30), BytesNetwork(network))
        return await fetch(looks, LABELS, (site or HeadSite()).shelf, own)

    return run(story())


def test_own_heads_are_looks_like_the_others(network: bytes) -> None:
    made = wanted(network, "own:colour", "own:gone")

    assert [head.name for head in made.spec.heads] == ["colour"]
    assert made.cards["colour"].labels == ("class 1", "class 2", "class 3")
    assert made.spec.budget_ms == 30
    assert made.unfit == ()
    assert [words.failed(*each) for each in made.failures.items()] == [
        "gone is no longer on this device. Add its file again."
    ]


def test_an_own_head_whose_class_the_model_does_not_know_is_named(network: bytes) -> None:
    made = wanted(network, "own:colour", on="bird")

    assert made.spec.heads == ()
    assert made.unfit == ("My colours",)


def test_what_cannot_be_fetched_takes_nothing_else_along(network: bytes) -> None:
    site = HeadSite()
    site.list = json.dumps([TABLE | {"name": "emotion"}])
    site.files["heads/mood.onnx"] = b"damaged"
    made = wanted(network, "emotion", "own:colour", site=site)
    assert [head.name for head in made.spec.heads] == ["colour"]
    assert {title: type(error) for title, error in made.failures.items()} == {"Mood": ModelCorrupt}

    made = wanted(network, "emotion", "own:colour", site=HeadSite(None))
    assert list(made.heads) == ["colour"]
    assert list(made.failures) == [words.CLOSER]
