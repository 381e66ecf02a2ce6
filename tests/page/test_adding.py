"""Adding a model from a file: read, tested in onnxruntime, stored; or refused with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from obscura.detections import Detections
from obscura.errors import (
    CardError,
    LabelsError,
    ModelExternal,
    ModelMismatch,
    ModelTooLarge,
    ModelUnreadable,
    NotADetector,
    OutOfMemory,
)
from obscura.page.models.adding import (
    Choice,
    ModelAdder,
    ModelSlow,
    ModelUnrunnable,
    Proposal,
    Question,
    doubtful,
)
from obscura.page.models.own import NotKept
from obscura.page.models.picked import MOST_COMPANION_BYTES, MOST_NETWORK_BYTES

from ..browser import networks
from .fakes import MemoryFile, NativeDevice, Pixels, World, run

CASES = Path(__file__).parents[1] / "data" / "cases"
NAMES = b"crimson\nleaf\nsea\n"
CARD = """
title = "Colours with a card"
family = "yolox"
labels = ["crimson", "leaf", "sea"]
input = { width = 64, height = 64, resize = "stretch" }
output = { top = 3, threshold = 0.6, iou = 0.4 }
open = { input = "images", channels = "bgr" }
"""


def scene() -> Pixels:
    return Pixels(np.asarray(networks.scene().convert("RGBA")))


async def sample() -> Pixels:
    return scene()


@dataclass
class User:
    """Answers the question how a network is to be read."""

    answer: Any = None
    """Chooses among proposals; None cancels."""
    side: int = 0
    """Side of the input that they choose, in pixels; 0 for the one that is proposed."""
    asked: list[Question] = field(default_factory=list)

    async def __call__(self, question: Question) -> Choice | None:
        self.asked.append(question)
        proposals = question.proposals
        if self.side:
            assert question.resize is not None
            proposals = await question.resize(self.side)
        return self.answer(proposals) if self.answer else None


def page() -> World:
    """A page that runs networks in onnxruntime, on a bundled picture of three rectangles."""
    return World(device=NativeDevice(), sample=sample)


def add(world: World, *files: MemoryFile, user: User | None = None, limit_s: float = 30.0) -> Any:
    """Add the picked files."""

    async def picture() -> Pixels:
        return scene()

    adder = ModelAdder(
        world.shelf,
        world.sessions,
        world.preferences,
        ask=user or User(),
        picture=picture,
        read_pixels=lambda canvas: canvas,
        say=world.said.append,
        time_limit_s=limit_s,
    )
    return run(adder.add(files))


def onnx_file(content: bytes, name: str = "My Colours.onnx") -> MemoryFile:
    return MemoryFile(name, content)


# ---- taken in ------------------------------------------------------------------------------------


def test_a_model_with_a_file_of_names_is_added():
    world = page()

    added = add(world, MemoryFile("names.txt", NAMES), onnx_file(networks.yolox()))

    assert added.not_kept is None
    assert (added.card.name, added.card.title) == ("own-my-colours", "My Colours")
    assert added.card.labels == ("crimson", "leaf", "sea")
    assert world.shelf.own == {"own-my-colours": added.card}
    assert sorted(world.store.records) == ["own-my-colours/card", "own-my-colours/file"]
    assert world.said == ["Inspecting My Colours…", "Testing My Colours…"]


def test_what_it_finds_in_the_bundled_picture_is_recorded_for_other_backends():
    card = add(page(), onnx_file(networks.yolox())).card

    assert card.check.size == networks.SCENE
    assert finds_the_scene(card.check.detections)


def finds_the_scene(found: Detections) -> bool:
    """Whether the detections are the three rectangles, each of its own class."""
    places = [networks.PLACES[colour] for colour in networks.COLOURS]
    order = np.argsort(found.class_id)
    return found.class_id[order].tolist() == [0, 1, 2] and bool(
        np.abs(found.xyxy[order] - places).max() < 12  # pixels, of cells of ten
    )


def test_its_session_is_there_for_whoever_uses_it_next():
    world = page()
    name = add(world, onnx_file(networks.yolox())).card.name
    alive = list(world.device.alive)

    assert run(world.sessions.load(name))

    assert world.device.alive == alive, "no second session was opened"
    assert world.sessions.card.name == name


@pytest.mark.parametrize(
    ("network", "labels"),
    [
        (networks.yolov8(metadata=networks.named("a", "b", "c")), ("a", "b", "c")),
        (networks.yolox(), ("class 1", "class 2", "class 3")),
        (networks.yolox(128, dynamic=True), ("class 1", "class 2", "class 3")),
    ],
    ids=["named in the file", "numbered", "of any size"],
)
def test_classes_are_those_of_the_file_or_numbered(network: bytes, labels: tuple[str, ...]):
    assert add(page(), onnx_file(network)).card.labels == labels


def test_a_card_leaves_nothing_to_guess():
    card = add(page(), onnx_file(networks.yolox()), MemoryFile("model.toml", CARD.encode())).card

    assert (card.title, card.threshold) == ("Colours with a card", 0.6)
    assert card.open.channels == "bgr"


def test_outputs_that_the_file_does_not_describe_are_known_from_a_run():
    model = onnx.load_from_string(networks.yolox())
    model.graph.output[0].type.tensor_type.ClearField("shape")

    card = add(page(), onnx_file(model.SerializeToString())).card

    assert card.family == "yolox"
    assert len(card.check.detections) == 3


def test_the_same_file_again_takes_its_own_place_and_another_a_new_one():
    world = page()
    first = add(world, onnx_file(networks.yolox())).card
    again = add(world, onnx_file(networks.yolox(), "renamed.onnx")).card
    other = add(world, onnx_file(networks.yolov8())).card

    assert [card.name for card in (first, again, other)] == [
        "own-my-colours",
        "own-my-colours",
        "own-my-colours-2",
    ]
    assert list(world.shelf.own) == ["own-my-colours", "own-my-colours-2"]


@pytest.mark.parametrize(
    ("file", "title", "name"),
    [
        ("<img src=x>.onnx", "<img src=x>", "own-img-src-x"),
        ("a\u202eb\n.ONNX", "ab", "own-ab"),
        (".onnx", "My model", "own-my-model"),
        ("模型.onnx", "模型", "own-model"),
        (f"{'x' * 99}.onnx", "x" * 60, f"own-{'x' * 40}"),
    ],
)
def test_titles_and_names_are_harmless(file: str, title: str, name: str):
    card = add(page(), onnx_file(networks.yolox(), file)).card
    assert (card.title, card.name) == (title, name)


def test_without_room_in_the_database_it_is_there_for_this_visit():
    world = page()
    world.store.error = OSError("QuotaExceededError")

    added = add(world, onnx_file(networks.yolox()))

    assert isinstance(added.not_kept, NotKept)
    assert run(world.sessions.load(added.card.name))


# ---- asked for -----------------------------------------------------------------------------------


def test_of_several_readings_the_user_chooses_and_names_the_classes():
    world = page()

    def look(proposals: Sequence[Proposal]) -> Choice:
        (right,) = [each for each in proposals if finds_the_scene(each.detections)]
        return Choice(right, ("crimson", "leaf", "sea"))

    user = User(look)

    card = add(world, onnx_file(networks.ssd()), user=user).card

    (question,) = user.asked
    assert len(question.proposals) > 1
    assert question.resize is None, "the network has one size"
    assert not doubtful(question.proposals)
    assert card.labels == ("crimson", "leaf", "sea")
    assert finds_the_scene(card.check.detections)


def test_nothing_stays_of_a_model_that_is_cancelled():
    world = page()
    user = User()

    assert add(world, onnx_file(networks.ssd()), user=user) is None

    assert len(user.asked) == 1
    assert_untouched(world)


def test_no_user_is_asked_about_what_is_certain():
    user = User()
    add(page(), onnx_file(networks.yolox()), user=user)
    assert user.asked == []


@pytest.mark.parametrize("side", [0, 320])
def test_of_a_network_of_any_size_the_user_chooses_the_size(side: int):
    world = page()

    def look(proposals: Sequence[Proposal]) -> Choice:
        (right,) = [
            each
            for each in proposals
            if each.card.open.channels == "bgr" and each.card.open.mean == (0, 0, 0)
        ]
        return Choice(right, ("crimson", "leaf", "sea"))

    user = User(look, side)

    card = add(world, onnx_file(networks.mmdetection()), user=user).card

    assert card.input[:2] == ((side or 640),) * 2
    assert card.family == "end2end"
    assert finds_the_scene(card.check.detections)


def test_a_size_that_the_network_does_not_run_with_has_no_proposals():
    model = onnx.load_from_string(networks.mmdetection())
    shape = onnx.numpy_helper.from_array(np.array([1, 3, 640, 640]), "only")
    model.graph.initializer.append(shape)
    model.graph.node[0].input[0] = "sized"
    model.graph.node.insert(0, onnx.helper.make_node("Reshape", ["images", "only"], ["sized"]))
    user = User(side=320)
    offered: list[Any] = []
    user.answer = offered.append

    assert add(page(), onnx_file(model.SerializeToString()), user=user) is None

    assert len(user.asked[0].proposals) > 1, "it runs with 640 pixels"
    assert offered == [()]


# ---- cases that were misread once ----------------------------------------------------------------


def case(name: str) -> MemoryFile:
    return onnx_file((CASES / name).read_bytes(), name)


def test_a_repeated_name_leaves_the_files_own_names():
    card = add(page(), case("names-dup80.onnx")).card

    assert card.labels == (*(f"k{i}" for i in range(79)), "k0 (2)")


def test_escaped_names_are_decoded():
    card = add(page(), case("names-nbsp.onnx")).card

    assert card.labels == ("traffic\xa0light", "zero\u200bwidth", "b")


@pytest.mark.parametrize("ending", [".names", ".labels", ".txt"])
def test_a_file_of_names_beside_the_network_is_read_whatever_its_ending(ending: str):
    names = MemoryFile(f"abc{ending}", (CASES / "abc.names").read_bytes())

    card = add(page(), case("names-none.onnx"), names).card

    assert card.labels == ("crimson", "leaf", "sea")


def test_a_symbolic_number_of_channels_is_three():
    user = User(lambda proposals: Choice(proposals[0], ()))

    card = add(page(), case("dynamic-channels.onnx"), user=user).card

    assert (card.family, card.open.layout, card.input[:2]) == ("yolov8", "nchw", (64, 64))


def test_a_network_that_cannot_run_is_refused_however_well_it_looks():
    with pytest.raises(ModelMismatch, match="outputs are not what"):
        add(page(), case("optimum-yolos.onnx"))


def test_turned_rows_of_an_unusual_number_of_classes_are_asked_about():
    user = User()

    add(page(), case("three-class-turned.onnx"), user=user)

    (question,) = user.asked
    assert "yolov8" in {proposal.card.family for proposal in question.proposals}


@pytest.mark.parametrize(
    ("confidence", "found", "doubt"),
    [(0.9, 3, False), (0.4, 3, True), (0.9, 0, True), (0.9, 101, True)],
)
def test_proposals_that_are_all_poor_are_doubtful(confidence: float, found: int, doubt: bool):
    user = User()
    add(page(), onnx_file(networks.ssd()), user=user)
    some = user.asked[0].proposals[0]
    boxes = Detections(
        np.zeros((found, 4), np.float32), np.ones(found, np.float32), np.zeros(found, np.int32)
    )
    proposal = some._replace(reading=some.reading._replace(confidence=confidence), detections=boxes)

    assert doubtful([proposal] * 2) == doubt


def test_a_model_that_also_segments_says_that_masks_are_left_out():
    network = networks.yolov8(metadata=networks.named("a", "b", "c", task="segment"))

    card = add(page(), onnx_file(network)).card

    assert card.summary == "Format: YOLOv8, YOLOv9 and YOLO11; masks are left out"


@pytest.mark.parametrize("left_out", ["title", "output", "labels"])
def test_a_card_needs_only_what_the_docs_name(left_out: str):
    lines = [line for line in CARD.splitlines() if not line.startswith(left_out)]
    files = onnx_file(networks.yolox()), MemoryFile("model.toml", "\n".join(lines).encode())

    if left_out == "labels":
        with pytest.raises(CardError, match=r"lacks a key \(labels\)"):
            add(page(), *files)
    else:
        assert add(page(), *files).card.labels == ("crimson", "leaf", "sea")


# ---- refused -------------------------------------------------------------------------------------


def external() -> bytes:
    """A network whose weights are in another file."""
    model = onnx.load_from_string(networks.yolox())
    onnx.external_data_helper.convert_model_to_external_data(
        model, location="weights.bin", size_threshold=0
    )
    return bytes(model.SerializeToString())


GOOD = networks.yolox()
TURNED = networks.yolov8(metadata=networks.named("a", "b", "c", task="obb"))
REFUSED: dict[str, tuple[list[MemoryFile], type[Exception], str]] = {
    "no model": ([MemoryFile("a.png", b"")], ModelUnreadable, r"\(a\.png\)"),
    "not ONNX": ([onnx_file(b"\x89PNG" * 99)], ModelUnreadable, "ONNX"),
    "empty": ([onnx_file(b"")], ModelUnreadable, "ONNX"),
    "cut off": ([onnx_file(GOOD[:-100])], ModelUnreadable, "cut off"),
    "gone": ([MemoryFile("a.onnx", OSError("gone"))], ModelUnreadable, "cannot be read"),
    "too large": (
        [MemoryFile("a.onnx", b"", MOST_NETWORK_BYTES + 1)],
        ModelTooLarge,
        "a is larger than 536.9 MB",
    ),
    "weights elsewhere": ([onnx_file(external())], ModelExternal, "weights.bin"),
    "weights elsewhere, with a card": (
        [onnx_file(external()), MemoryFile("model.toml", CARD.encode())],
        ModelExternal,
        "weights.bin",
    ),
    "rotated boxes": ([onnx_file(TURNED)], NotADetector, "rotated boxes"),
    "an unknown operator": (
        [onnx_file(networks.yolox(operator="Frobnicate"))],
        ModelUnrunnable,
        "Frobnicate",
    ),
    "an input that nothing can fill": (
        [case("extra-input.onnx")],
        NotADetector,
        "no value for: conf_threshold",
    ),
    "YAML that is not understood": (
        [onnx_file(GOOD), MemoryFile("data.yaml", b"names: &n [a, b, c]")],
        LabelsError,
        "not understood here .line 1",
    ),
    "too few names": (
        [onnx_file(GOOD), MemoryFile("names.txt", b"crimson\nleaf\n")],
        LabelsError,
        "2 names",
    ),
    "names that cannot be read": (
        [onnx_file(GOOD), MemoryFile("names.txt", OSError("gone"))],
        LabelsError,
        "cannot be read",
    ),
    "names without end": (
        [onnx_file(GOOD), MemoryFile("names.txt", b"", MOST_COMPANION_BYTES + 1)],
        LabelsError,
        "too large",
    ),
    "a card that makes no sense": (
        [onnx_file(GOOD), MemoryFile("model.toml", CARD.replace("bgr", "infrared").encode())],
        CardError,
        "infrared",
    ),
    "a card of another network": (
        [onnx_file(GOOD), MemoryFile("model.toml", CARD.replace("images", "image").encode())],
        ModelMismatch,
        "Required inputs",
    ),
    "a toml that is neither card nor names": (
        [onnx_file(GOOD), MemoryFile("model.toml", b"[")],
        LabelsError,
        "TOML",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_a_reason_and_leaves_nothing(case: str):
    files, error, told = REFUSED[case]
    world = page()

    with pytest.raises(error, match=told):
        add(world, *files)

    assert_untouched(world)


def test_a_network_that_takes_too_long_is_stopped():
    world = page()
    world.device.stuck = True

    with pytest.raises(ModelSlow, match=r"over 0\.05 s"):
        add(world, onnx_file(networks.yolox()), limit_s=0.05)

    assert_untouched(world)


def test_what_memory_does_not_hold_is_said_to_be_that():
    class Small(NativeDevice):
        async def load(self, *_: Any) -> None:
            raise OutOfMemory("The engine ran out of memory")

    world = World(device=Small(), sample=sample)

    with pytest.raises(OutOfMemory):
        add(world, onnx_file(networks.yolox()))

    assert_untouched(world)


def test_a_page_that_gives_up_while_it_tests_a_model_ends_its_session():
    world = page()
    world.device.stuck = True

    async def story() -> None:
        adder = ModelAdder(
            world.shelf,
            world.sessions,
            world.preferences,
            ask=User(),
            picture=sample,
            read_pixels=lambda canvas: canvas,
            say=world.said.append,
        )
        adding = asyncio.create_task(adder.add([onnx_file(networks.yolox())]))
        while not world.device.alive:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding

    run(story())

    assert_untouched(world)


def assert_untouched(world: World) -> None:
    """No model was added, and no session is left."""
    assert world.shelf.own == {}
    assert world.store.records == {}
    assert world.device.alive == []
