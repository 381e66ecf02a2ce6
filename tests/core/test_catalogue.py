"""Models on this machine: where they are looked for, and what is said when they are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from obscura.cards import catalogue
from obscura.cards.card import verify
from obscura.errors import CardError, ModelMissing


def test_models_are_known_by_the_names_of_their_folders(colour_models: Path) -> None:
    (colour_models / "notes").mkdir()  # a folder without a card is no model

    assert catalogue.known() == ["colours"]
    assert catalogue.find("colours") == colour_models / "colours"


def test_a_folder_with_a_card_is_found_by_its_path(
    colour_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = colour_models / "colours"
    monkeypatch.setenv("OBSCURA_MODELS", str(colour_models / "elsewhere"))

    assert catalogue.find(folder) == folder
    assert catalogue.find(str(folder)) == folder


@pytest.mark.usefixtures("colour_models")
def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ModelMissing, match=r"sounds.*Choose one of colours"):
        catalogue.find("sounds")


def test_with_no_models_at_all_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSCURA_MODELS", str(tmp_path))

    with pytest.raises(ModelMissing, match="OBSCURA_MODELS") as caught:
        catalogue.find("colours")

    assert str(tmp_path) in caught.value.remedy


def test_a_card_without_its_network_is_a_missing_model(colour_models: Path) -> None:
    folder = colour_models / "colours"
    (folder / "model.onnx").unlink()

    with pytest.raises(ModelMissing, match=r"model\.onnx"):
        catalogue.read_network(folder, catalogue.read_card(folder))


def test_a_broken_card_says_so(colour_models: Path) -> None:
    card = colour_models / "colours" / "model.toml"
    card.write_text(card.read_text().replace("title", "titel"))

    with pytest.raises(CardError, match="titel"):
        catalogue.read_card(card.parent)


def test_a_card_that_is_no_text_says_so(colour_models: Path) -> None:
    card = colour_models / "colours" / "model.toml"
    card.write_bytes(b"title = '\xff'")

    with pytest.raises(CardError, match="not text"):
        catalogue.read_card(card.parent)


def test_a_card_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.toml").mkdir()

    with pytest.raises(CardError, match="cannot be read"):
        catalogue.read_card(tmp_path)


HAND_WRITTEN = """
family = "ssd"
labels = ["red", "green", "blue"]
output = { threshold = 0.25 }

[input]
width = 64
height = 64
resize = "stretch"
"""


@pytest.mark.parametrize("file", ["model.onnx", "Mine v2.onnx"])
def test_a_card_written_by_hand_needs_only_what_nobody_else_knows(
    colour_models: Path, file: str
) -> None:
    folder = colour_models / "colours"
    (folder / "model.onnx").rename(folder / file)
    (folder / "model.toml").write_text(HAND_WRITTEN)

    card = catalogue.read_card(folder)

    assert (card.name, card.title, card.summary) == ("colours", "colours", "3 classes")
    assert (card.license, card.source) == ("NOASSERTION", {})
    assert (card.top, card.threshold, card.iou) == (300, 0.25, 0.5)
    assert card.file.name == file
    verify(card.file, catalogue.read_network(folder, card))


@pytest.mark.parametrize("networks", [(), ("a.onnx", "b.onnx")])
def test_a_card_without_its_file_is_not_guessed_among_several(
    colour_models: Path, networks: tuple[str, ...]
) -> None:
    folder = colour_models / "colours"
    (folder / "model.onnx").unlink()
    for name in networks:
        (folder / name).write_bytes(b"")
    (folder / "model.toml").write_text(HAND_WRITTEN)

    with pytest.raises(CardError, match=r"lacks a key \(file\)"):
        catalogue.read_card(folder)


def test_what_a_card_says_of_its_file_is_never_replaced(colour_models: Path) -> None:
    folder = colour_models / "colours"
    digest = "0" * 64
    (folder / "model.toml").write_text(
        f'{HAND_WRITTEN}\n[file]\nname = "model.onnx"\nsha256 = "{digest}"\n'
    )

    assert catalogue.read_card(folder).file.sha256 == digest
