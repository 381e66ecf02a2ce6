"""Many pictures: what is saved of them, and what may happen meanwhile."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .conftest import OpenRoom
from .pictures import encode, sample
from .room import Room
from .test_photos_grid import file, give, tile, until_analysed

COUNT = 4
PICTURES = [file(f"p{n}.png", encode(sample().resize((200, 200 + n)))) for n in range(COUNT)]


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    """One visit with a few pictures, one of which cannot be opened."""
    room = shared_room().open()
    room.until_state("ready")
    give(room, *PICTURES, file("text.jpg", b"no picture at all", "image/jpeg"))
    until_analysed(room, COUNT)
    return room


def saved(room: Room, form: str) -> bytes:
    """Save in a form, and return the file."""
    room.at("photos-format").select_option(form)
    with room.page.expect_download() as download:
        room.at("photos-save").click()
    return Path(download.value.path()).read_bytes()


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_yolo_and_the_pictures_are_one_archive_of_the_files_that_were_given(visit: Room) -> None:
    found = members(saved(visit, "yolo-pictures"))

    for each in PICTURES:
        assert found[f"images/{each['name']}"] == each["buffer"]
        label = found[f"labels/{Path(each['name']).stem}.txt"].decode()
        class_id, *box = label.split()
        assert (class_id, len(box)) == ("0", 4)
    visit.until_text("photos-note", r"yolo\.zip: 4 pictures\. Without 1 not analysed\.")


def test_marked_pictures_are_copied_out_even_those_that_cannot_be_opened(visit: Room) -> None:
    visit.at("photos-select").click()
    tile(visit, "p1.png").locator(".photo-mark").click()

    found = members(saved(visit, "pictures"))

    assert sorted(found) == ["p0.png", "p2.png", "p3.png", "text.jpg"]
    assert found["text.jpg"] == b"no picture at all"
    visit.at("photos-unselect").click()


def test_coco_and_the_pictures_fit(visit: Room) -> None:
    found = members(saved(visit, "coco-pictures"))

    made = json.loads(found["annotations.json"])
    assert [f"images/{image['file_name']}" in found for image in made["images"]] == [True] * COUNT
    assert len(made["annotations"]) == COUNT


def test_saving_can_be_cancelled_and_the_page_goes_on_meanwhile(new_room: OpenRoom) -> None:
    init = """
    globalThis.hold = null;
    const { arrayBuffer } = Blob.prototype;
    Blob.prototype.arrayBuffer = async function () {
      await globalThis.hold;
      return arrayBuffer.call(this);
    };
    """
    room = new_room(init=init).open()
    room.until_state("ready")
    give(room, *PICTURES)
    until_analysed(room, COUNT)
    room.page.evaluate("() => { hold = new Promise((go) => { globalThis.go = go; }); }")
    room.at("photos-format").select_option("pictures")
    room.at("photos-save").click()
    room.page.wait_for_selector("#photos-saving", state="visible")
    assert room.at("photos-save").is_disabled()
    assert room.at("photos-note").inner_text() == "Preparing the pictures…"

    assert room.page.evaluate("() => document.activeElement.id") == "photos-save-cancel"

    room.move("photos-threshold", 0.95)  # the page goes on
    room.until_text("photos-threshold-value", "^95 %$")
    room.at("photos-save-cancel").press("Enter")
    room.page.evaluate("() => { hold = null; go(); }")

    room.until_text("photos-note", r"^Cancelled\. Nothing was saved\.$")
    assert not room.at("photos-saving").is_visible()
    assert room.page.evaluate("() => document.activeElement.id") == "photos-save"
    assert saved(room, "csv").startswith(b"source,")


def test_no_picture_is_saved_while_parts_are_hidden(new_room: OpenRoom) -> None:
    room = new_room().open("?backend=wasm")
    room.until_state("ready")
    give(room, *PICTURES)
    until_analysed(room, COUNT)
    room.at("photos-format").select_option("yolo-pictures")

    room.page.keyboard.press("Escape")
    room.page.keyboard.press("h")
    room.until("now.hidden !== null")
    room.page.keyboard.press("g")

    room.page.wait_for_function("() => document.getElementById('photos-format').value === 'csv'")
    assert room.page.evaluate("() => document.getElementById('photos-with-pictures').disabled")
    assert set(members(saved(room, "yolo"))) >= {"labels/p0.txt", "data.yaml"}


def test_export_leads_to_the_pictures(visit: Room) -> None:
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_selector("#photos-dialog", state="hidden")
    visit.at("export-open").click()

    visit.at("export-photos").click()

    visit.page.wait_for_selector("#photos-dialog[open]")
    assert not visit.at("export-dialog").is_visible()


PASTE = """(files) => {
  const bag = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    bag.items.add(new File([bytes], name, { type: "image/png" }));
  }
  const options = { bubbles: true, cancelable: true, clipboardData: bag };
  document.getElementById("stage").dispatchEvent(new ClipboardEvent("paste", options));
}"""


def test_several_pictures_are_pasted_at_once(new_room: OpenRoom) -> None:
    """Browsers call each picture of the clipboard image.png."""
    room = new_room().open()
    room.until_state("ready")

    data = [base64.b64encode(each["buffer"]).decode() for each in PICTURES]
    room.page.evaluate(PASTE, [["image.png", each] for each in data])

    room.page.wait_for_selector("#photos-dialog[open]")
    now: dict[str, Any] = until_analysed(room, COUNT)
    assert now["count"] == COUNT
    assert len(members(saved(room, "pictures"))) == COUNT


@pytest.mark.provokes(perhaps=[".*"])
def test_what_fails_after_the_list_was_replaced_fails_in_the_old_one(new_room: OpenRoom) -> None:
    init = """
    globalThis.hold = null;
    const decode = globalThis.createImageBitmap;
    globalThis.createImageBitmap = async (source, ...rest) => {
      if (source instanceof Blob && source.size === 4) {
        globalThis.reached = true;
        await globalThis.hold;
      }
      return decode(source, ...rest);
    };
    """
    room = new_room(init=init).open()
    room.until_state("ready")
    room.page.evaluate("() => { hold = new Promise((go) => { globalThis.go = go; }); }")
    give(room, *PICTURES, file("text.jpg", b"text", "image/jpeg"))
    room.page.wait_for_function("() => globalThis.reached")

    room.at("photos-clear").click()
    room.until("now.photos === null")
    room.page.evaluate("() => { hold = null; go(); }")
    room.ticks(5)
    assert not room.at("notice").is_visible()
    room.at("photos-undo").click()

    now = until_analysed(room, COUNT)
    assert (now["analysed"], now["failed"]) == (COUNT, 1)
    said = room.page.get_by_role("option", name="text.jpg Can't be opened", exact=True)
    assert "Use a JPEG" in (said.get_attribute("aria-description") or "")
