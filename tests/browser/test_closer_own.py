"""A person's own networks that look closer: added without code, kept, listed, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..heads.test_shelf import classifier
from .conftest import OpenRoom
from .room import Room

PIPELINE = """[pipeline]
[[pipeline.head]]
name = "tint"
network = "colours.onnx"
on = ["person", "frame"]
margin = 0.5
once_then_s = 2
"""

GIVE_ALL = """(files) => {
  const bag = new DataTransfer();
  for (const [name, data] of files) {
    bag.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
  }
  const target = document.getElementById("stage");
  const options = { bubbles: true, cancelable: true };
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: bag }));
  }
}"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return classifier(tmp_path_factory.mktemp("heads") / "colours.onnx").read_bytes()


@pytest.fixture
def room(new_room: OpenRoom) -> Room:
    room = new_room().open()
    room.until_state("ready")
    room.at("closer").check()
    room.until("now.heads?.faces.ms > 0")
    return room


def pick(room: Room, *files: tuple[str, bytes]) -> None:
    room.at("closer-files").set_input_files(
        files=[{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    )


def attributes(now: dict[str, Any], label: str = "person") -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in now["detections"] if row["label"] == label)
    return found.get("attributes", {})


def has(name: str, label: str = "person") -> str:
    return f"now.detections.some((r) => r.label === '{label}' && r.attributes?.{name})"


def test_a_classifier_is_added_in_one_dialog_and_is_there_after_a_reload(
    room: Room, network: bytes
) -> None:
    names = ("colours.txt", b"reddish\ngreenish\nbluish\n")
    pick(room, ("colours.onnx", network), names)
    room.page.wait_for_selector("#head-dialog[open]")
    assert "reddish, greenish, bluish" in room.at("head-dialog").inner_text()
    room.at("head-on").select_option("face")
    room.at("head-cadence").select_option("once")
    assert not room.at("head-frames").is_visible()
    room.at("head-margin").press("Enter")

    now = room.until(has("colours", "face"))
    assert attributes(now, "face")["colours"]["label"] == "reddish"
    assert "reddish" in room.at("seen").inner_text()
    assert "colours" in room.at("closer-own").inner_text()

    room.reload().until_state("ready")
    room.until(has("colours", "face"))

    room.at("promise").click()
    room.page.wait_for_function("() => document.getElementById('kept-list').children.length > 0")
    assert "colours" in (room.at("kept-list").text_content() or "")
    room.page.keyboard.press("Escape")

    room.page.get_by_role("button", name="Remove colours").click()
    now = room.until(f"!({has('colours', 'face')})")
    assert now["heads"].keys() == {"faces", "faces-far"}
    room.reload().until_state("ready")
    room.until("now.heads?.faces.ms > 0")
    assert room.at("closer-own").inner_text() == ""


def test_cancelled_nothing_is_added(room: Room, network: bytes) -> None:
    pick(room, ("colours.onnx", network))
    room.page.wait_for_selector("#head-dialog[open]")
    room.page.keyboard.press("Escape")

    room.page.wait_for_selector("#head-dialog:not([open])", state="attached")
    assert room.at("closer-own").inner_text() == ""


def test_a_pipeline_is_chosen_with_its_network(room: Room, network: bytes) -> None:
    pick(room, ("look.toml", PIPELINE.encode()), ("colours.onnx", network))

    now = room.until(has("tint"))
    assert attributes(now)["tint"]["score"] > 0.3
    assert not room.at("head-dialog").is_visible()


def test_a_pipeline_is_dropped_with_its_network(new_room: OpenRoom, network: bytes) -> None:
    from base64 import b64encode

    room = new_room().open()
    room.until_state("ready")
    files = [["look.toml", PIPELINE.encode()], ["colours.onnx", network]]
    room.page.evaluate(GIVE_ALL, [[name, b64encode(data).decode()] for name, data in files])

    room.until(has("tint"))
    assert room.at("closer").is_checked()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("once_then_s", "once_than_s"), r"once_than_s is not a key of pipelines.*once_then_s"),
        (('"person", "frame"', '"persn"'), r'looks at "persn".*Did you mean "person"'),
        (("colours.onnx", "other.onnx"), r"file of the head .tint. is missing \(other.onnx\)"),
    ],
)
def test_what_is_wrong_with_a_pipeline_is_said_in_the_panel(
    room: Room, network: bytes, change: tuple[str, str], words: str
) -> None:
    pick(room, ("look.toml", PIPELINE.replace(*change).encode()), ("colours.onnx", network))

    room.until_text("closer-add-note", words)
    assert room.snapshot()["error"] is None


def test_what_is_no_classifier_is_refused_in_the_panel(room: Room, dist: Path) -> None:
    (faces,) = (dist / "heads" / "faces").glob("*.onnx")
    pick(room, ("faces.onnx", faces.read_bytes()))

    room.until_text("closer-add-note", "not a classifier")
    assert not room.at("head-dialog").is_visible()
    assert room.snapshot()["error"] is None


def test_everything_deleted_they_are_gone_too(room: Room, network: bytes) -> None:
    pick(room, ("look.toml", PIPELINE.encode()), ("colours.onnx", network))
    room.until(has("tint"))

    room.at("promise").click()
    room.at("forget").click()
    room.until_text("forget-what", "colours")
    with room.page.expect_navigation():
        room.at("forget-now").click()

    room.page.wait_for_function("() => !document.getElementById('promise-dialog').open")
    room.until_state("ready")
    keys = room.page.evaluate(
        """async () => {
          const open = indexedDB.open("obscura-heads");
          const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
          if (!db.objectStoreNames.length) return [];
          const all = db.transaction("models").objectStore("models").getAllKeys();
          return new Promise((done) => { all.onsuccess = () => done(all.result); });
        }"""
    )
    assert keys == []
