"""A model that a person brings: taken in by picker or drop, kept here, refused with a reason."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from playwright.sync_api import Locator

from examples.custom import shapes

from . import networks
from .conftest import OpenRoom
from .faults import Faults, faulty
from .pictures import ROOT, encode, overlap, sample
from .room import COUNT_ENGINES, SETTINGS, Room

DROP = """(files) => {
  const bag = new DataTransfer();
  for (const [name, data] of files) {
    bag.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], name));
  }
  for (const kind of ["dragover", "drop"]) {
    document.body.dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: bag }));
  }
}"""
TROUBLE = """
globalThis.trouble = {};
const later = setTimeout;
globalThis.setTimeout = (call, ms, ...args) =>
  later(call, trouble.hurry ? Math.min(ms, 500) : ms, ...args);
const { put } = IDBObjectStore.prototype;
IDBObjectStore.prototype.put = function (...args) {
  if (trouble.full) throw new DOMException("No room.", "QuotaExceededError");
  return put.apply(this, args);
};
const size = Object.getOwnPropertyDescriptor(Blob.prototype, "size").get;
Object.defineProperty(Blob.prototype, "size", {
  get() { return trouble.huge ? 3e9 : size.call(this); },
});
"""
"""What can go wrong around a model, each switched on by a field of `trouble`."""
NAMES = b"crimson\nleaf\nsea\n"
CASES = ROOT / "tests" / "data" / "cases"


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """One visit, with a picture of three rectangles in view."""
    room = shared_room(init=COUNT_ENGINES + TROUBLE).open("?threads=2")
    room.until_state("ready")
    room.read(encode(networks.scene()), "scene.png")
    return room


@pytest.fixture
def room(visit: Room) -> Iterator[Room]:
    """The visit; whatever a test added is gone afterwards, and the first model is back."""
    yield visit
    visit.page.keyboard.press("Escape")  # a test that failed may have left a dialog open
    if visit.at("notice").is_visible():
        visit.at("notice-dismiss").click()
    for model in visit.snapshot()["models"]:
        if model["own"]:
            remove(visit, model["name"])
    visit.page.keyboard.press("Escape")
    visit.page.evaluate("() => { globalThis.trouble = {}; }")
    visit.choose("cocossd")
    visit.until_state("still")


def drop(room: Room, *files: tuple[str, bytes]) -> None:
    """Drop files on the page."""
    room.page.evaluate(DROP, [[name, base64.b64encode(data).decode()] for name, data in files])


def row(room: Room, name: str) -> Locator:
    """A model's row on the models page."""
    return room.page.locator(f"#model-list [data-model='{name}']")


def until_in_use(room: Room, name: str) -> dict[str, Any]:
    """Wait until a model is in use and the picture in view was read by it."""
    now = room.until(
        f"(now.model === '{name}' && now.opening === null && now.state === 'still') || now.error"
    )
    assert now["error"] is None, room.at("notice-details").text_content()
    return now


def remove(room: Room, name: str) -> None:
    if not room.at("models-dialog").is_visible():
        room.page.keyboard.press("m")
    row(room, name).locator("[data-act=ask]").click()
    row(room, name).locator("[data-act=remove]").click()
    room.until(f"!now.models.some((model) => model.name === '{name}')")


def assert_found(now: dict[str, Any], names: tuple[str, str, str], least: float = 0.8) -> None:
    """Hold a snapshot to the three rectangles of the scene, under these names."""
    found = {row["label"]: row["box"] for row in now["detections"]}
    assert set(found) == set(names)
    for name, place in zip(names, networks.PLACES.values(), strict=True):
        assert overlap(found[name], place) >= least, name


# ---- taken in ------------------------------------------------------------------------------------

FORMS: dict[str, Callable[[], bytes]] = {
    "float32": networks.yolox,
    "float16": lambda: networks.yolox(dtype=TensorProto.FLOAT16),
    "of any size": lambda: networks.yolox(128, dynamic=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_model_is_taken_in_and_used(room: Room, form: str) -> None:
    room.pick(("My Colours.onnx", FORMS[form]()), ("names.txt", NAMES))

    now = until_in_use(room, "own-my-colours")

    assert_found(now, ("crimson", "leaf", "sea"))
    assert now["models"][-1]["title"] == "My Colours"
    assert room.at("model").input_value() == "own-my-colours"


def test_a_model_that_names_its_classes_needs_no_file_of_them(room: Room) -> None:
    network = networks.yolov8(metadata=networks.named("crimson", "leaf", "sea"))

    drop(room, ("colours.onnx", network))

    assert_found(until_in_use(room, "own-colours"), ("crimson", "leaf", "sea"))


def test_key_points_arrive_beside_their_boxes(room: Room) -> None:
    metadata = networks.named("crimson", "leaf", "sea", task="pose") | {"kpt_shape": "[1, 3]"}

    drop(room, ("poses.onnx", networks.pose(metadata=metadata)))

    now = until_in_use(room, "own-poses")
    assert_found(now, ("crimson", "leaf", "sea"))
    for row in now["detections"]:
        x1, y1, x2, y2 = row["box"]
        ((x, y, score),) = row["keypoints"]
        assert abs(x - (x1 + x2) / 2) < 0.1
        assert abs(y - (y1 + y2) / 2) < 0.1
        assert abs(score - row["score"]) < 0.001


def test_outputs_of_which_the_file_tells_nothing_are_known_from_a_run(room: Room) -> None:
    model = onnx.load_from_string(networks.yolox())
    model.graph.output[0].type.tensor_type.ClearField("shape")

    drop(room, ("colours.onnx", model.SerializeToString()))

    assert_found(until_in_use(room, "own-colours"), ("class 1", "class 2", "class 3"))


CARD = """
title = "Colours with a card"
family = "yolox"
labels = ["crimson", "leaf", "sea"]
input = { width = 64, height = 64, resize = "stretch" }
output = { top = 3, threshold = 0.6, iou = 0.4 }
open = { input = "images", channels = "bgr" }
"""


def test_a_card_beside_the_model_leaves_nothing_to_guess(room: Room) -> None:
    room.pick(("colours.onnx", networks.yolox()), ("model.toml", CARD.encode()))

    now = until_in_use(room, "own-colours")

    assert_found(now, ("crimson", "leaf", "sea"))
    assert now["models"][-1]["title"] == "Colours with a card"
    assert room.at("threshold-value").inner_text() == "60 %"


def test_a_model_may_be_dropped_anywhere_and_classes_without_names_are_numbered(
    room: Room,
) -> None:
    drop(room, ("colours.onnx", networks.yolox()))

    now = until_in_use(room, "own-colours")

    assert_found(now, ("class 1", "class 2", "class 3"))


def test_it_is_there_on_the_next_visit_whatever_the_site_has_until_it_is_removed(
    room: Room, artefacts: Any
) -> None:
    drop(room, ("colours.onnx", networks.yolox()), ("names.json", b'["crimson", "leaf", "sea"]'))
    until_in_use(room, "own-colours")
    fetched: list[str] = []
    room.page.on("request", lambda request: fetched.append(request.url))

    room.open("?threads=2&model=own-colours")
    now = room.until_state("ready")
    assert now["model"] == "own-colours"
    room.at("promise").click()
    room.until_text("fact-kept", r"^your settings, 1 model \(")
    room.page.keyboard.press("Escape")
    assert not any("colours" in address.partition("?")[0] for address in fetched)
    assert not any("/models/" in address for address in fetched), "no other model is fetched"
    room.choose("cocossd")
    room.choose("centernet-416")
    fetched.clear()
    room.choose("own-colours")
    assert_found(room.read(encode(networks.scene()), "scene.png"), ("crimson", "leaf", "sea"))
    of_engine = re.compile(r"/(ort-|assets/engine)|^blob:")
    assert [address for address in fetched if not of_engine.search(address)] == []

    room.page.keyboard.press("m")
    of_model = row(room, "own-colours")
    of_model.locator("[data-act=ask]").click()
    room.page.screenshot(path=artefacts / "own-model-remove.png")
    of_model.locator("[data-act=keep]").click()
    assert of_model.is_visible()
    remove(room, "own-colours")
    of_model.wait_for(state="hidden")
    room.until_model("cocossd")
    room.reload()
    now = room.until_state("ready")
    assert [model["name"] for model in now["models"] if model["own"]] == []
    room.read(encode(networks.scene()), "scene.png")


KEPT = """async () => [
  (await caches.keys()).length,
  (await navigator.serviceWorker.getRegistrations()).length,
  localStorage.length,
]"""
"""How many caches, workers and settings there are."""


def test_forgetting_everything_forgets_the_models_too_and_one_that_is_gone_is_missed(
    new_room: OpenRoom,
) -> None:
    """And the files for working offline, and the worker; what is in their place comes later."""
    room = new_room(service_workers="allow").open()
    room.until_state("ready")
    drop(room, ("colours.onnx", networks.yolox()))
    room.until_model("own-colours")
    room.until_text("fact-offline", "^Yes")
    assert room.page.evaluate(KEPT) != [0, 0, 0]
    left = room.page.evaluate(f"() => localStorage.getItem('{SETTINGS}')")

    room.at("promise").click()
    room.at("forget").click()
    with room.page.expect_navigation():
        room.at("forget-now").click()
    now = room.until_state("ready")
    assert [model["name"] for model in now["models"] if model["own"]] == []
    room.until_text("fact-offline", "^No: .*deleted")
    assert room.page.evaluate(KEPT) == [0, 0, 0]
    room.page.keyboard.press("m")
    assert room.page.locator("[data-model=own-colours]").count() == 0
    # Before the page's own scripts run: from a page that is left, its last words might come later.
    room.page.add_init_script(f"localStorage.setItem('{SETTINGS}', {json.dumps(left)})")
    room.open()

    assert room.until_state("ready")["model"] == "cocossd"
    room.until_text("model-gone", "own-colours")
    assert room.at("model").input_value() == "cocossd"


def test_the_example_that_is_trained_on_shapes_sees_shapes(room: Room) -> None:
    scene = shapes.draw(np.random.default_rng(5), 480, 360)
    room.pick(("shapes.onnx", (ROOT / "examples" / "custom" / "shapes.onnx").read_bytes()))
    until_in_use(room, "own-shapes")

    found = room.read(encode(scene.image), "shapes.png")["detections"]

    assert len(found) == len(scene.boxes) > 2
    for box, class_id in zip(scene.boxes.tolist(), scene.classes.tolist(), strict=True):
        best = max(found, key=lambda row: overlap(row["box"], box))
        assert best["label"] == shapes.LABELS[class_id]
        assert overlap(best["box"], box) >= 0.6
    room.read(encode(networks.scene()), "scene.png")


REAL = {"yolox_nano_kazuhito": "person", "yunet_n_dynamic": "face"}


@pytest.mark.parametrize("name", REAL)
def test_real_models_need_no_word_about_themselves(room: Room, name: str) -> None:
    file = ROOT.parent / "shared" / "data" / "models" / f"{name}.onnx"
    if not file.is_file():
        pytest.skip(f"{file.name} is not in shared/data/models")
    room.pick((file.name, file.read_bytes()))
    until_in_use(room, f"own-{name.replace('_', '-')}")

    found = room.read(encode(sample()), "astronaut.png")["detections"]

    assert [row["label"] for row in found] == [REAL[name]]
    room.read(encode(networks.scene()), "scene.png")


# ---- asked for ----------------------------------------------------------------------------------


def ask(room: Room, *files: tuple[str, bytes]) -> Locator:
    """Give the page a model that it is not certain of; return the ways to read it that it shows."""
    room.pick(*files)
    room.at("ask-dialog").wait_for()
    return room.at("ask-list").locator("label")


def test_of_several_readings_a_person_chooses_by_what_they_see_on_the_picture(
    room: Room,
) -> None:
    readings = ask(room, ("colours.onnx", networks.ssd()))
    words = readings.all_inner_texts()
    right = next(i for i, text in enumerate(words) if "xyxy" in text and "no background" in text)
    assert len(words) > 1
    assert all("64 × 64" in text for text in words)  # noqa: RUF001
    assert "3 found" in words[right]
    previews = room.page.evaluate(
        """() => [...document.querySelectorAll("#ask-list .preview")].map((preview) =>
          [...preview.children].map((canvas) => canvas.toDataURL()).join())"""
    )
    assert len(set(previews)) == len(words), "each shows boxes of its own"
    before = room.snapshot()["detections"]

    readings.nth(right).click()
    room.at("ask-names").fill("crimson\nleaf")
    room.at("ask-use").click()
    assert "3 classes" in room.at("ask-wrong").inner_text()
    assert room.snapshot()["detections"] == before
    room.at("ask-file").set_input_files(
        files=[{"name": "names.txt", "mimeType": "text/plain", "buffer": NAMES}]
    )
    room.page.wait_for_function("() => document.getElementById('ask-names').value.includes('sea')")
    room.at("ask-use").click()

    assert_found(until_in_use(room, "own-colours"), ("crimson", "leaf", "sea"))


def test_nothing_is_kept_of_a_model_that_is_given_up_when_asked(room: Room) -> None:
    before = room.snapshot()
    ask(room, ("colours.onnx", networks.ssd()))

    room.page.keyboard.press("Escape")
    room.page.wait_for_function("() => !document.getElementById('adding').textContent")

    assert not room.at("ask-dialog").is_visible()
    now = room.snapshot()
    assert (now["model"], now["models"]) == (before["model"], before["models"])
    room.choose("centernet-416")
    assert room.page.evaluate("() => [engines, mostEngines]") == [2, 2], "its engine is ended"


def test_labels_do_not_cover_the_previews_and_what_is_found_stands_beside_them(
    room: Room, artefacts: Any
) -> None:
    readings = ask(room, ("colours.onnx", networks.ssd()))

    words = readings.all_inner_texts()
    assert any("3 found: class 1, class 2, class 3" in text for text in words)
    assert room.at("ask-doubt").inner_text() == ""
    assert not room.at("ask-sizes").is_visible(), "the network has one size"
    # Boxes are lines: most of the picture stays as it is, chips with names would hide it.
    covered = room.page.evaluate(
        """() => Math.max(...[...document.querySelectorAll("#ask-list .overlay")].map((canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let opaque = 0;
          for (let i = 3; i < data.length; i += 4) opaque += data[i] > 0;
          return opaque / (canvas.width * canvas.height);
        }))"""
    )
    assert 0 < covered < 0.12
    room.page.screenshot(path=artefacts / "own-model-ask.png")
    room.page.keyboard.press("Escape")
    room.page.wait_for_function("() => !document.getElementById('adding').textContent")


def test_where_no_reading_may_be_right_the_dialog_says_so(room: Room, artefacts: Any) -> None:
    """Here the file names other classes than the network can have under any reading."""
    ask(room, ("colours.onnx", networks.yolov8(metadata=networks.named(*"abcde"))))

    doubt = room.at("ask-doubt")
    assert doubt.inner_text().startswith("None of these may be right.")
    inside = doubt.evaluate(
        """(element) => element.getBoundingClientRect().top
          >= element.closest(".sheet-body").getBoundingClientRect().top"""
    )
    assert inside, "it is in view"
    room.page.screenshot(path=artefacts / "own-model-doubt.png")
    room.page.keyboard.press("Escape")
    room.page.wait_for_function("() => !document.getElementById('adding').textContent")


def test_of_a_model_of_any_size_a_person_chooses_the_size(room: Room, artefacts: Any) -> None:
    """As MMDetection exports it, blue first."""
    readings = ask(room, ("colours.onnx", networks.mmdetection()), ("names.txt", NAMES))
    assert room.at("ask-size").input_value() == "640"
    room.page.screenshot(path=artefacts / "own-model-size.png")

    room.at("ask-size").select_option("320")
    room.page.wait_for_function(
        """() => document.getElementById("ask-list").textContent.includes("320 × 320")"""  # noqa: RUF001
    )
    words = readings.all_inner_texts()
    right = next(i for i, text in enumerate(words) if "blue first, values 0 to 255" in text)
    assert any("blue first, values -1" in text for text in words), "RTMDet's colours"
    readings.nth(right).click()
    room.at("ask-use").click()

    assert_found(until_in_use(room, "own-colours"), ("crimson", "leaf", "sea"))
    room.page.keyboard.press("m")
    assert "320 × 320" in row(room, "own-colours").inner_text()  # noqa: RUF001


# ---- cases that were misread once ----------------------------------------------------------------


def case(name: str) -> tuple[str, bytes]:
    return name, (CASES / name).read_bytes()


def classes_of(room: Room, name: str) -> list[str]:
    """The classes on a model's row."""
    room.page.keyboard.press("m")
    items = row(room, name).locator("[data-part=classes] li")
    classes = items.evaluate_all("(items) => items.map((item) => item.textContent)")
    room.page.keyboard.press("Escape")
    return list(classes)


NAMED: dict[str, tuple[list[str], list[str]]] = {
    "names-dup80": (["names-dup80.onnx"], [*(f"k{i}" for i in range(79)), "k0 (2)"]),
    "names-nbsp": (["names-nbsp.onnx"], ["traffic\xa0light", "zero\u200bwidth", "b"]),
    "names-none": (["names-none.onnx", "abc.names"], ["crimson", "leaf", "sea"]),
    "dynamic-channels": (["dynamic-channels.onnx"], ["class 1", "class 2", "class 3"]),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_model_has_the_names_of_its_file_and_no_others(room: Room, name: str) -> None:
    files, names = NAMED[name]

    room.pick(*map(case, files))

    until_in_use(room, f"own-{name}")
    assert classes_of(room, f"own-{name}") == names


def test_turned_rows_of_an_unusual_number_of_classes_are_asked_about(room: Room) -> None:
    readings = ask(room, case("three-class-turned.onnx"))

    assert any("YOLOv8" in text for text in readings.all_inner_texts())
    room.page.keyboard.press("Escape")
    room.page.wait_for_function("() => !document.getElementById('adding').textContent")


def test_a_model_that_also_segments_says_that_masks_are_left_out(room: Room) -> None:
    network = networks.yolov8(metadata=networks.named("a", "b", "c", task="segment"))

    drop(room, ("colours.onnx", network))

    until_in_use(room, "own-colours")
    room.page.keyboard.press("m")
    assert "masks are left out" in row(room, "own-colours").inner_text()


# ---- refused -------------------------------------------------------------------------------------


def classifier() -> bytes:
    """A network that takes a picture and tells one of 1000 classes."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "weights"], ["scores"]),
        ],
        "classifier",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 224, 224])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1000])],
        [helper.make_tensor("weights", TensorProto.FLOAT, [1, 1000], [0.0] * 1000)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def external() -> bytes:
    """A network whose weights are in another file."""
    model = onnx.load_from_string(networks.yolox())
    onnx.external_data_helper.convert_model_to_external_data(
        model, location="weights.bin", size_threshold=0
    )
    return bytes(model.SerializeToString())


BROKEN_CARD = CARD.replace('"bgr"', '"infrared"').encode()
REFUSED: dict[str, tuple[Callable[[], list[tuple[str, bytes]]], str, str]] = {
    "no ONNX at all": (
        lambda: [("picture.onnx", encode(networks.scene()))],
        "model-unreadable",
        "ONNX",
    ),
    "nothing": (lambda: [("empty.onnx", b"")], "model-unreadable", "ONNX"),
    "cut off": (
        lambda: [("half.onnx", networks.yolox()[:-100])],
        "model-unreadable",
        "cut off",
    ),
    "weights elsewhere": (lambda: [("colours.onnx", external())], "model-external", "weights.bin"),
    "a classifier": (lambda: [("cats.onnx", classifier())], "model-no-detector", ""),
    "a network that turns boxes": (
        lambda: [
            ("turned.onnx", networks.yolov8(metadata=networks.named("a", "b", "c", task="obb")))
        ],
        "model-no-detector",
        "rotated boxes",
    ),
    "an unknown operator": (
        lambda: [("colours.onnx", networks.yolox(operator="Frobnicate"))],
        "model-unsupported",
        "Frobnicate",
    ),
    "an input that nothing can fill": (
        lambda: [case("extra-input.onnx")],
        "model-no-detector",
        "This model needs an input that Obscura has no value for: conf_threshold",
    ),
    "a shell that cannot run": (
        lambda: [case("optimum-yolos.onnx")],
        "model",
        "runtime cannot open the model",
    ),
    "YAML that is not understood": (
        lambda: [("colours.onnx", networks.yolox()), ("data.yaml", b"names: &n [a, b, c]")],
        "labels-invalid",
        "not understood here (line 1)",
    ),
    "too few names": (
        lambda: [("colours.onnx", networks.yolox()), ("names.txt", b"crimson\nleaf\n")],
        "labels-invalid",
        "3",
    ),
    "a card that makes no sense": (
        lambda: [("colours.onnx", networks.yolox()), ("model.toml", BROKEN_CARD)],
        "card-invalid",
        "infrared",
    ),
}


TROUBLES: dict[str, tuple[str, Faults | None, str]] = {
    "larger than a browser can hold": ("trouble.huge = true", None, "model-too-large"),
    "slower than anyone would wait": (
        "trouble.hurry = true",
        {"silent": True},
        "model-slow",
    ),
    "more than the memory holds": (
        "",
        {"refusal": "std::bad_alloc"},
        "out-of-memory",
    ),
}


@pytest.mark.parametrize("case", TROUBLES)
def test_what_is_too_much_for_this_device_is_stopped_and_harms_nothing(
    room: Room, case: str
) -> None:
    trouble, faults, code = TROUBLES[case]
    room.use_others("cocossd")
    room.choose("cocossd")
    before = room.until_state("still")
    room.page.evaluate(f"() => {{ {trouble} }}")
    if faults:
        room.before_engine(faulty(faults))

    room.pick(("colours.onnx", networks.yolox()))
    room.until_error(code)

    room.page.unroute_all()
    room.at("notice-dismiss").click()
    now = room.snapshot()
    assert (now["model"], now["models"]) == (before["model"], before["models"])
    room.choose("centernet-416")
    assert room.page.evaluate("() => [engines, mostEngines]") == [2, 2], "its engine is ended"


def test_without_room_to_keep_it_a_model_works_for_this_visit(room: Room) -> None:
    room.page.evaluate("() => { trouble.full = true; }")

    room.pick(("colours.onnx", networks.yolox()))
    card = room.until_error("model-not-kept")

    assert "until you close the page" in card
    room.at("notice-dismiss").click()
    assert_found(until_in_use(room, "own-colours"), ("class 1", "class 2", "class 3"))
    room.choose("centernet-416")
    room.choose("centernet-512")
    room.choose("own-colours")
    until_in_use(room, "own-colours")


def test_names_of_files_and_classes_are_text_whatever_they_hold(room: Room) -> None:
    hostile = '<img src=x onerror="alert(1)">'
    room.pick(
        (f"{hostile}.onnx", networks.yolox()),
        ("n.json", json.dumps([hostile, "2", "3"]).encode()),
    )
    name = "own-img-src-x-onerror-alert-1"

    until_in_use(room, name)

    room.page.keyboard.press("m")
    assert row(room, name).locator("h3").inner_text() == hostile
    assert hostile in [seen["label"] for seen in room.snapshot()["detections"]]
    assert room.page.locator("img[src=x]").count() == 0


@pytest.mark.provokes("requires 'Trusted")
def test_no_string_can_become_markup_or_a_foreign_script(room: Room) -> None:
    """Trusted Types: should a slip in the page or in a package try, the browser refuses."""
    refused = room.page.evaluate(
        """() => [
          () => { document.getElementById("caption").innerHTML = "<b>markup</b>"; },
          () => document.createRange().createContextualFragment("<b>markup</b>"),
          () => new Worker("https://example.org/worker.js"),
          () => { document.createElement("script").src = "//example.org/script.js"; },
          () => { document.createElement("script").text = "alert(1)"; },
        ].map((attempt) => {
          try { attempt(); return "done"; } catch (error) { return error.name; }
        })"""
    )

    assert refused == ["TypeError"] * 5


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_a_reason_and_harms_nothing(
    room: Room, case: str, artefacts: Any
) -> None:
    files, code, told = REFUSED[case]
    before = room.until_state("ready", "still")

    room.pick(*files())
    room.until_error(code)

    # The reason is on the card itself: nobody has to open the details.
    where = "notice-details" if code == "model-external" else "notice-why"
    room.page.screenshot(path=artefacts / "own-model-refused.png")
    assert told in (room.at(where).text_content() or "")
    with room.page.expect_file_chooser():
        room.at("notice-action").click()
    now = room.snapshot()
    assert (now["model"], now["detections"]) == (before["model"], before["detections"])
    assert now["models"] == before["models"]


# ---- the part of the page that reads them --------------------------------------------------------


@pytest.mark.provokes("ERR_FAILED")
def test_what_reads_own_models_comes_when_it_is_needed(new_room: OpenRoom) -> None:
    room = new_room()
    rest = "**/py/obscura-rest.*.zip"
    asked: list[str] = []
    room.page.on("request", lambda request: asked.append(request.url))
    room.page.route(rest, lambda route: route.abort())
    room.open().until_state("ready")
    assert not [url for url in asked if "obscura-rest" in url]

    room.pick(("My Colours.onnx", networks.yolox()), ("names.txt", NAMES))

    room.until_error("part-missing")
    room.at("notice-dismiss").click()
    room.page.unroute(rest)
    room.read(encode(networks.scene()), "scene.png")
    room.pick(("My Colours.onnx", networks.yolox()), ("names.txt", NAMES))
    assert_found(until_in_use(room, "own-my-colours"), ("crimson", "leaf", "sea"))
