"""Engine in CPython, on a small but real sealed model."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from obscura.cards.card import InputSpec, ModelCard, OpenForm
from obscura.cards.catalogue import read_card
from obscura.engine.native import NativeSession
from obscura.engine.session import HeadForm, Session
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


# ---- heads: second networks, on crops ------------------------------------------------------------


@pytest.fixture
def headed(session: Session, card: ModelCard, colour_network: bytes, scene: Scene) -> Session:
    """A session with a head, which has run a picture of 200 by 100 pixels."""
    session.open_head("colours", colour_network, card)
    picture = scene(200, 100, red=(0, 0, 50, 100), green=(100, 50, 150, 100))
    session.run(opaque(picture))
    return session


def test_a_head_runs_on_each_crop_of_the_picture_run_last(headed: Session) -> None:
    crops = np.float32([[0, 0, 100, 100], [100, 0, 200, 100], [-50, -50, 50, 100]])

    outputs = headed.run_crops("colours", crops)

    assert outputs["boxes"].shape == (3, 1, 3, 4)
    best = outputs["boxes"][:, 0, 0].tolist()
    assert best == [[0, 0, 0.5, 1], [0, 0.5, 0.5, 1], [0, 0, 1, 1]]
    assert outputs["classes"][:, 0, 0].tolist() == [0, 1, 0]


def test_boxes_may_be_measured_in_another_size(headed: Session) -> None:
    outputs = headed.run_crops("colours", np.float32([[0, 0, 1000, 1000]]), (2000, 1000))

    assert outputs["boxes"][0, 0, 0].tolist() == [0, 0, 0.5, 1]


def test_no_crops_return_nothing(headed: Session) -> None:
    assert headed.run_crops("colours", np.zeros((0, 4), np.float32)) == {}


def test_a_picture_need_not_be_kept(headed: Session, scene: Scene) -> None:
    headed.run(opaque(scene(8, 8)), keep=False)

    outputs = headed.run_crops("colours", np.float32([[0, 0, 100, 100]]))

    assert outputs["boxes"][0, 0, 0].tolist() == [0, 0, 0.5, 1]


def test_an_open_head_prepares_its_crops(session: Session, scene: Scene) -> None:
    from onnx import TensorProto, helper

    shape = [1, 3, 2, 2]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["picture"], ["y"])],
        "identity",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    form = HeadForm(InputSpec(2, 2, "stretch"), OpenForm("picture", std=(255.0, 255.0, 255.0)))
    session.open_head("same", model.SerializeToString(), form)
    session.run(opaque(scene(64, 64, red=(0, 0, 32, 64))))

    outputs = session.run_crops("same", np.float32([[0, 0, 32, 64], [40, 0, 64, 64]]))

    assert outputs["y"].shape == (2, *shape)
    assert outputs["y"][:, 0, 0].tolist() == [[[1, 1], [1, 1]], [[0, 0], [0, 0]]]  # red
    assert not outputs["y"][:, 0, 1:].any()


def test_crops_of_nothing_are_refused(
    session: Session, card: ModelCard, colour_network: bytes, scene: Scene
) -> None:
    box = np.zeros((1, 4), np.float32)
    with pytest.raises(BackendError, match="No head of this name"):
        session.run_crops("colours", box)
    session.run(opaque(scene(64, 64)))  # while no head is open, so it is not kept
    session.open_head("colours", colour_network, card)
    with pytest.raises(BackendError, match="No picture has been run"):
        session.run_crops("colours", box)
    session.close_head("colours")
    session.close_head("colours")
    with pytest.raises(BackendError, match="No head of this name"):
        session.run_crops("colours", box)


def test_a_head_that_is_not_a_network_is_refused_by_name(session: Session, card: ModelCard) -> None:
    with pytest.raises(BackendError, match="refuses the model faces"):
        session.open_head("faces", b"abc", card)
