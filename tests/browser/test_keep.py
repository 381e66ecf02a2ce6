"""Keeping what is seen: a snapshot of a photo or the camera, saved, copied, shared; its data."""

from __future__ import annotations

import csv
import io
import json
import re
from operator import sub
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageColor, ImageStat

from obscura.drawing import PALETTE

from .conftest import OpenRoom
from .pictures import encode, on_camera, overlap, sample
from .room import Room

SHARING = """
navigator.canShare = (data) => data.files?.[0].type === "image/png";
navigator.share = async (data) => { globalThis.shared = data.files[0]; };
"""
"""A script for a browser that shares files, as phones' do."""


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom) -> Room:
    room = shared_room(
        cold=True,
        accept_downloads=True,
        permissions=["camera", "clipboard-read", "clipboard-write"],
    ).open()
    room.until_state("ready")
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The page with no dialog open."""
    visit.page.evaluate("() => document.getElementById('keep-dialog').close()")
    visit.home()
    return visit


def take(room: Room, *, key: bool = False) -> None:
    """Take a snapshot, and wait until it is shown."""
    if key:
        room.page.evaluate("() => document.activeElement.blur()")
        room.page.keyboard.press("s")
    else:
        room.at("snapshot").click()
    room.page.wait_for_selector("#keep-dialog[open]")
    room.page.wait_for_function("() => document.getElementById('keep-picture').naturalWidth > 0")


def saved(room: Room, button: str) -> tuple[str, bytes]:
    """Press a button that saves a file; return its name and contents."""
    with room.page.expect_download() as download:
        room.at(button).click()
    name = download.value.suggested_filename
    assert name in room.at("keep-status").inner_text()
    return name, Path(download.value.path()).read_bytes()


def picture(room: Room) -> tuple[str, Image.Image]:
    name, data = saved(room, "keep-save")
    assert data.startswith(b"\x89PNG")
    return name, Image.open(io.BytesIO(data)).convert("RGB")


def choose(room: Room, kind: str) -> None:
    """Choose a type, and wait until the picture is made and shown."""
    before = room.at("keep-picture").get_attribute("src")
    room.at("keep_type").select_option(kind)
    before_or_busy = f"#keep-picture[src='{before}'], #keep-dialog[aria-busy=true]"
    room.page.wait_for_selector(before_or_busy, state="detached")


def record(room: Room) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(saved(room, "keep-json")[1])
    return answer


def box(row: dict[str, Any]) -> list[float]:
    return [float(row[edge]) for edge in ("x1", "y1", "x2", "y2")]


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return how far the pixels of two pictures are apart on average, 0 to 255."""
    return ImageStat.Stat(ImageChops.difference(one, other).convert("L")).mean[0]


def changed(one: Image.Image, other: Image.Image) -> tuple[int, ...]:
    """Return the box of the pixels in which two pictures differ clearly."""
    assert one.size == other.size
    difference = ImageChops.difference(one, other).convert("L").point(lambda value: value > 40)
    box = difference.getbbox()
    assert box is not None
    return box


def test_a_snapshot_of_a_photo_has_its_size_and_its_boxes(room: Room) -> None:
    large = sample().resize((1500, 1500))
    now = room.read(encode(large), "large.png")

    take(room, key=True)
    name, kept = picture(room)

    assert re.fullmatch(r"obscura-\d{4}-\d\d-\d\d-\d{6}\.png", name)
    assert kept.size == (1500, 1500)
    found = now["detections"][0]["box"]
    assert overlap(changed(kept, large), found) > 0.95, "nothing but the box was drawn"
    assert room.at("keep-facts").inner_text().startswith("1500 × 1500 px · 1 object")  # noqa: RUF001


def test_the_data_are_those_of_the_page_in_json_and_csv(room: Room) -> None:
    now = room.read(encode(sample()), "data.png")
    take(room)

    made = record(room)
    name, table = saved(room, "keep-csv")

    (row,) = made["detections"]
    assert {key: made[key] for key in ("source", "model", "width", "height", "time_s")} == {
        "source": "data.png",
        "model": now["model"],
        "width": 512,
        "height": 512,
        "time_s": 0,
    }
    assert (row["label"], row["score"], box(row)) == (
        now["detections"][0]["label"],
        now["detections"][0]["score"],
        now["detections"][0]["box"],
    )
    (line,) = csv.DictReader(io.StringIO(table.decode(), newline=""))
    assert {key: line[key] for key in row} == {key: str(value) for key, value in row.items()}
    assert name.endswith(".csv")


def test_what_is_switched_off_is_not_in_the_snapshot(room: Room) -> None:
    room.read(encode(sample()), "filtered.png")
    room.move("threshold", 0.95)
    try:
        take(room)
        assert record(room)["detections"] == []
        assert "nothing recognised" in room.at("keep-facts").inner_text()
        _, kept = picture(room)
        assert kept.tobytes() == sample().tobytes()
    finally:
        room.page.keyboard.press("Escape")
        room.move("threshold", 0.4)


@pytest.mark.parametrize(
    ("kind", "ending", "form"), [("jpeg", "jpg", "JPEG"), ("webp", "webp", "WEBP")]
)
def test_other_types_are_offered_and_remembered(
    room: Room, kind: str, ending: str, form: str
) -> None:
    room.read(encode(sample()), "typed.png")
    take(room)
    try:
        choose(room, kind)
        name, data = saved(room, "keep-save")

        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size) == (form, (512, 512))
        assert name.endswith(f".{ending}")
        assert re.fullmatch(r"\d+ kB|\d+\.\d MB", room.at("keep-size").inner_text())
        assert distance(image.convert("RGB"), sample()) < 8, "but for the box"
        room.page.keyboard.press("Escape")
        take(room)
        assert room.at("keep_type").input_value() == kind
        assert saved(room, "keep-save")[0].endswith(f".{ending}")
    finally:
        room.at("keep_type").select_option("png")


def test_without_boxes_it_is_the_picture_alone_also_by_keyboard(room: Room) -> None:
    room.read(encode(sample()), "alone.png")
    take(room)
    switch = room.at("keep_boxes")
    try:
        switch.focus()
        room.page.keyboard.press("Space")
        room.page.wait_for_function(
            "() => document.getElementById('keep-picture').alt.includes('without')"
        )
        _, kept = picture(room)
        assert kept.tobytes() == sample().tobytes()
        assert len(record(room)["detections"]) == 1, "what was found is in its data all the same"
        room.at("keep-copy").click()
        room.until_text("keep-status", "copied")
        switch.check()
        room.page.wait_for_function(
            "() => document.getElementById('keep-picture').alt.includes('with its')"
        )
        assert picture(room)[1].tobytes() != sample().tobytes()
    finally:
        switch.check()


def test_a_mirrored_camera_is_mirrored_without_boxes_too(room: Room) -> None:
    wall, _ = on_camera()
    room.at("mirror").check()
    room.start()
    room.until("now.detections.length > 0")
    take(room)
    try:
        room.at("keep_boxes").uncheck()
        room.page.wait_for_function(
            "() => document.getElementById('keep-picture').alt.includes('without')"
        )
        _, kept = picture(room)
    finally:
        room.at("keep_boxes").check()

    mirrored = wall.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert distance(mirrored, kept) < 8 < distance(wall, kept)


def test_what_is_hidden_stays_hidden_with_boxes_and_without(new_room: OpenRoom) -> None:
    room = new_room(cold=True, accept_downloads=True).open("?redact=1&redact_what=person")
    room.until_state("ready")
    room.read(encode(sample()), "hidden.png")
    room.until("now.hidden?.boxes.length > 0 && !now.hidden.whole")
    x1, y1, x2, y2 = map(round, room.snapshot()["hidden"]["boxes"][0])
    middle = (x1 + 40, y1 + 40, x2 - 40, y2 - 40)

    take(room)
    for boxes in (True, False):
        room.at("keep_boxes").set_checked(boxes)
        room.page.wait_for_function(
            "() => document.getElementById('keep-dialog').getAttribute('aria-busy') === 'false'"
        )
        _, kept = picture(room)
        assert distance(kept.crop(middle), sample().crop(middle)) > 10


def test_where_webp_cannot_be_made_it_is_not_offered(new_room: OpenRoom) -> None:
    without = """
      const { toDataURL, toBlob } = HTMLCanvasElement.prototype;
      const other = (kind) => kind === "image/webp" ? "image/png" : kind;
      HTMLCanvasElement.prototype.toDataURL = function (kind, ...rest) {
        return toDataURL.call(this, other(kind), ...rest);
      };
      HTMLCanvasElement.prototype.toBlob = function (call, kind, ...rest) {
        return toBlob.call(this, call, other(kind), ...rest);
      };
    """
    room = new_room(init=without).open()
    room.until_state("ready")
    room.read(encode(sample()), "kept.png")
    take(room)

    assert room.at("keep_type").locator("option").all_inner_texts() == ["PNG", "JPEG"]


def test_a_snapshot_is_copied_to_the_clipboard(room: Room) -> None:
    room.read(encode(sample().crop((0, 0, 400, 512))), "copied.png")
    take(room)

    room.at("keep-copy").click()
    room.until_text("keep-status", "copied")

    size = room.page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const { width, height } = await createImageBitmap(await item.getType("image/png"));
          return [width, height];
        }"""
    )
    assert size == [400, 512]


def test_a_camera_snapshot_has_the_boxes_of_its_own_frame(room: Room) -> None:
    wall, person = on_camera()
    room.start()
    room.until("now.detections.length > 0")

    take(room)
    made = record(room)
    _, kept = picture(room)

    assert kept.size == wall.size
    (row,) = made["detections"]
    assert overlap(box(row), person) >= 0.5
    assert room.snapshot()["state"] == "running", "the camera goes on"
    mirrored = "mirrored" in room.at("keep-facts").inner_text()
    x1, y1, x2, y2 = box(row)
    shown = [wall.width - x2, y1, wall.width - x1, y2] if mirrored else [x1, y1, x2, y2]
    left, middle = round(shown[0]), round((shown[1] + shown[3]) / 2)
    colours = [kept.getpixel((left + x, middle)) for x in (-1, 0, 1)]
    wanted = ImageColor.getrgb(PALETTE[row["class_id"]])
    assert min(sum(map(abs, map(sub, each, wanted))) for each in colours) < 30, "its left edge"


@pytest.mark.provokes("console error: .*ERR_FILE_NOT_FOUND")
def test_the_memory_of_a_snapshot_is_freed_when_it_is_closed(room: Room) -> None:
    room.read(encode(sample()), "freed.png")
    take(room)
    address = room.page.evaluate("() => document.getElementById('keep-picture').src")
    assert address.startswith("blob:")

    room.page.keyboard.press("Escape")
    room.page.wait_for_function("() => !document.getElementById('keep-picture').src")

    gone = """(address) => new Promise((done) => {
      const image = new Image();
      image.onload = () => done(false);
      image.onerror = () => done(true);
      image.src = address;
    })"""
    assert room.page.evaluate(gone, address)


def test_where_files_can_be_shared_the_picture_is(new_room: OpenRoom) -> None:
    room = new_room(init=SHARING).open()
    room.until_state("ready")
    room.read(encode(sample()), "shared.png")
    take(room)

    room.at("keep-share").click()
    room.page.wait_for_function("() => globalThis.shared")

    name, size = room.page.evaluate("() => [shared.name, shared.size]")
    assert re.fullmatch(r"obscura-[\d-]+\.png", name)
    assert size > 10_000


@pytest.mark.parametrize(
    ("kind", "able", "ending", "begins"),
    [
        ("jpeg", "image/jpeg", "jpg", b"\xff\xd8\xff"),
        ("webp", "image/webp", "webp", b"RIFF"),
        ("webp", "image/png", "png", b"\x89PNG"),  # where WebP cannot be shared
    ],
)
def test_the_type_that_is_chosen_is_shared_where_it_can_be(
    new_room: OpenRoom, kind: str, able: str, ending: str, begins: bytes
) -> None:
    room = new_room(init=SHARING.replace("image/png", able)).open()
    room.until_state("ready")
    room.read(encode(sample()), "shared.png")
    take(room)
    choose(room, kind)

    room.at("keep-share").click()
    room.page.wait_for_function("() => globalThis.shared")

    name, media_type, head = room.page.evaluate(
        """async () => [
          shared.name, shared.type, [...new Uint8Array(await shared.slice(0, 4).arrayBuffer())],
        ]"""
    )
    assert name.endswith(f".{ending}")
    assert media_type == able
    assert bytes(head).startswith(begins)


def test_where_pictures_cannot_be_copied_or_shared_the_page_says_so(new_room: OpenRoom) -> None:
    without = "delete globalThis.ClipboardItem; delete Navigator.prototype.canShare;"
    room = new_room(init=without).open()
    room.until_state("ready")
    room.read(encode(sample()), "kept.png")
    take(room)

    room.at("keep-copy").click()

    room.until_text("keep-status", "can't copy pictures. Save the picture")
    assert not room.at("keep-share").is_visible()


def test_on_a_phone_the_button_is_within_the_thumbs_reach(new_room: OpenRoom) -> None:
    room = new_room(viewport={"width": 360, "height": 740}, has_touch=True).open()
    room.until_state("ready")
    assert not room.at("snapshot").is_visible(), "there is nothing of one's own to keep yet"
    room.read(encode(sample()), "phone.png")

    place = room.at("snapshot").bounding_box()
    assert place is not None
    assert place["y"] > 740 / 2
    assert place["y"] + place["height"] <= 740
    assert min(place["width"], place["height"]) >= 44
    take(room)
    for button in ("keep-save", "keep-copy", "keep-json", "keep-csv"):
        inside = room.at(button).bounding_box()
        assert inside is not None
        assert inside["x"] >= 0
        assert inside["x"] + inside["width"] <= 360
        assert inside["y"] + inside["height"] <= 740
