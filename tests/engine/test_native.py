"""Engine in CPython, on a small but real sealed model."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.cards.card import ModelCard
from obscura.cards.catalogue import read_card
from obscura.engine.native import NativeSession
from obscura.engine.session import Session
from obscura.errors import BackendError, ModelCorrupt
from obscura.pictures import opaque

Scene = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def card(colour_models: Path) -> ModelCard:
    return read_card(colour_models / "colours")


@pytest.fixture
def session(card: ModelCard, colour_network: bytes) -> Iterator[Session]:
    session = NativeSession(card, colour_network, threads=1)
    yield session
    session.close()


def test_outputs_are_the_networks_own_by_name(session: Session, scene: Scene) -> None:
    outputs = session.run(opaque(scene(64, 64, red=(16, 16, 48, 32))))

    assert [(name, array.shape, array.dtype) for name, array in outputs.items()] == [
        ("boxes", (1, 3, 4), np.float32),
        ("scores", (1, 3), np.float32),
        ("classes", (1, 3), np.int32),
    ]
    assert outputs["boxes"][0, 0].tolist() == [0.25, 0.25, 0.75, 0.5]


def test_pictures_of_any_size_and_layout_run(session: Session, scene: Scene) -> None:
    wide = opaque(scene(640, 320, blue=(320, 0, 640, 320)))
    turned = wide.transpose(1, 0, 2)  # not contiguous

    assert session.run(wide)["boxes"][0, 0].tolist() == [0.5, 0, 1, 1]
    assert session.run(turned)["boxes"][0, 0].tolist() == [0, 0.5, 1, 1]


def test_info_describes_what_it_runs_on(session: Session) -> None:
    assert session.info._asdict() == {
        "backend": "native", "device": "CPU", "threads": 1, "precision": "float32",
    }  # fmt: skip


def test_threads_are_chosen_when_none_are_asked_for(card: ModelCard, colour_network: bytes) -> None:
    assert NativeSession(card, colour_network).info.threads >= 1


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.uint8),  # no alpha
        np.zeros((4, 4), np.uint8),  # grey
        np.zeros((1, 4, 4, 4), np.uint8),  # a batch
        np.zeros((4, 4, 4), np.float32),  # not bytes
        np.zeros((0, 4, 4), np.uint8),  # no pixels
    ],
)
def test_other_arrays_are_refused(session: Session, image: Any) -> None:
    with pytest.raises(ValueError, match="wanted uint8"):
        session.run(image)


def test_a_closed_session_may_be_closed_again_but_not_run(session: Session, scene: Scene) -> None:
    session.close()
    session.close()

    with pytest.raises(BackendError, match="closed"):
        session.run(opaque(scene(64, 64)))


def test_a_file_that_is_not_the_cards_is_never_loaded(
    card: ModelCard, colour_network: bytes
) -> None:
    tampered = bytes([*colour_network[:-1], colour_network[-1] ^ 1])

    with pytest.raises(ModelCorrupt):
        NativeSession(card, tampered)


def test_a_file_that_is_no_network_is_refused_by_name(card_table: dict[str, Any]) -> None:
    from hashlib import sha256

    card_table["file"]["sha256"] = sha256(b"abc").hexdigest()

    with pytest.raises(BackendError, match="refuses the model colours"):
        NativeSession(ModelCard.from_dict(card_table), b"abc")


def test_without_onnxruntime_the_remedy_is_to_install_it(
    card: ModelCard, colour_network: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(BackendError, match="pip install onnxruntime"):
        NativeSession(card, colour_network)
