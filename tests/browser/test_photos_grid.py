"""Many pictures: a grid with what is in each, filters, selection, saving, and one by one."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from .conftest import OpenRoom
from .pictures import PERSON, ROOT, encode, overlap, sample
from .room import Room

CASES = ROOT / "tests" / "data" / "cases"
WITHOUT = Image.new("RGB", (320, 240), (90, 120, 90))
SIDE = 300
COUNT = 30


def file(name: str, data: bytes, kind: str = "image/png") -> dict[str, Any]:
    return {"name": name, "mimeType": kind, "buffer": data}


def give(room: Room, *files: dict[str, Any]) -> None:
    """Pick several pictures at once, and wait for the grid."""
    room.at("photo").set_input_files(files=list(files))
    room.page.wait_for_selector("#photos-dialog[open]")


def until_analysed(room: Room, count: int = 1) -> dict[str, Any]:
    """Wait until no picture waits any more, and so many are analysed."""
    done, seen = f"!now.photos.waiting && now.photos.analysed >= {count}", 0
    while True:  # however long it takes as long as it goes on
        now = room.until(f"now.photos && ({done} || now.photos.analysed >= {seen + 5})")
        seen = now["photos"]["analysed"]
        if not now["photos"]["waiting"] and seen >= count:
            break
    room.page.wait_for_selector("#photos-work", state="hidden")
    photos: dict[str, Any] = now["photos"]
    return photos


def tile(room: Room, name: str) -> Any:
    """Return the tile of a picture."""
    return room.page.locator(f"#photos-grid [role=option][title='{name}']")


def titles(room: Room) -> list[str]:
    """Return the names of the tiles, in the order of the grid."""
    script = """(tiles) => tiles.sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
      .map((tile) => tile.title)"""
    found: list[str] = room.page.locator("#photos-grid [role=option]").evaluate_all(script)
    return found


def until_count(room: Room, key: str, count: int) -> None:
    """Wait until the snapshot says that so many pictures are in a state."""
    room.until(f"now.photos && now.photos.{key} === {count}")


def until_shown(room: Room, name: str) -> None:
    """Wait until a picture of this name is in view, and read."""
    caption = f"document.getElementById('caption').textContent === {json.dumps(name)}"
    room.until(f"now.state === 'still' && {caption}")


@pytest.fixture(scope="module")
def pictures() -> list[dict[str, Any]]:
    """Every third has a person, the others nothing."""
    person, nothing = encode(sample().resize((SIDE, SIDE))), encode(WITHOUT)
    return [file(f"img{n}.png", nothing if n % 3 else person) for n in range(COUNT)]


@pytest.fixture(scope="module")
def visit(shared_room: OpenRoom, pictures: list[dict[str, Any]]) -> Room:
    """One visit in which all pictures are analysed."""
    room = shared_room().open()
    room.until_state("ready")
    give(room, *pictures)
    until_analysed(room, COUNT)
    return room


@pytest.fixture
def room(visit: Room) -> Room:
    """The grid, with all pictures in it, in the order given."""
    if not visit.at("photos-dialog").is_visible():
        visit.page.evaluate("() => document.activeElement.blur()")
        visit.page.keyboard.press("g")
    for name, value in (("with", ""), ("least", "0"), ("order", "given")):
        visit.at(f"photos-{name}").select_option(value)
    visit.move("photos-threshold", 0.4)
    if visit.at("photos-unselect").is_visible():
        visit.at("photos-unselect").click()
    until_count(visit, "shown", COUNT)
    until_count(visit, "selected", 0)
    visit.page.evaluate("() => { document.getElementById('photos-scroll').scrollTop = 0; }")
    return visit


def test_each_picture_shows_what_is_in_it(room: Room) -> None:
    assert tile(room, "img0.png").locator(".photo-chip").all_inner_texts() == ["person"]
    assert tile(room, "img1.png").inner_text().endswith("Nothing recognised")
    read = room.page.get_by_role("option", name="img0.png person", exact=True)
    assert read.count() == 1, "as screen readers say it"
    room.page.wait_for_selector("[title='img0.png'] img")
    assert room.at("photos-shown").inner_text() == "30 pictures"


def test_all_pictures_with_a_person(room: Room) -> None:
    room.at("photos-with").select_option(label="person (10)")

    until_count(room, "shown", 10)
    assert titles(room)[:3] == ["img0.png", "img3.png", "img6.png"]
    assert room.at("photos-shown").inner_text() == "10 of 30 pictures"


def test_the_slider_applies_to_all_pictures_without_running_the_model(room: Room) -> None:
    room.at("photos-least").select_option("1")
    until_count(room, "shown", 10)
    before = room.snapshot()["photos"]["analysed"]

    room.move("photos-threshold", 0.95)
    until_count(room, "shown", 0)
    assert "No picture matches" in room.at("photos-empty").inner_text()
    room.move("photos-threshold", 0.05)

    room.until("now.photos.shown >= 10")
    assert room.snapshot()["photos"]["analysed"] == before
    assert room.at("threshold-value").text_content() == "5 %", "it is the slider of the page"


def test_pictures_are_sorted_by_name_and_by_how_sure_the_model_is(room: Room) -> None:
    room.at("photos-order").select_option("name")
    assert titles(room)[:12][-2:] == ["img10.png", "img11.png"], "numbers as people count"

    room.at("photos-order").select_option("count:desc")
    room.page.wait_for_selector("[title='img3.png'][aria-posinset='2']")


def test_a_picture_is_opened_gone_through_and_left_by_the_keyboard(room: Room) -> None:
    room.at("photos-with").select_option(label="person (10)")
    until_count(room, "shown", 10)
    tile(room, "img0.png").focus()

    room.page.keyboard.press("ArrowRight")
    assert room.page.evaluate("() => document.activeElement.title") == "img3.png"
    room.page.keyboard.press("Enter")
    until_shown(room, "img3.png")
    place = [edge * SIDE / 512 for edge in PERSON]
    assert overlap(room.snapshot()["detections"][0]["box"], place) >= 0.5
    room.until_text("picture-position", "2 of 10")

    room.page.keyboard.press("ArrowRight")
    until_shown(room, "img6.png")
    room.page.keyboard.press("Escape")
    room.page.wait_for_selector("#photos-dialog[open]")
    assert room.page.evaluate("() => document.activeElement.title") == "img6.png"


def test_pictures_are_marked_and_what_was_found_in_them_is_saved(room: Room) -> None:
    tile(room, "img0.png").locator(".photo-mark").click()
    tile(room, "img4.png").click(modifiers=["Shift"])
    assert room.at("photos-selected").inner_text() == "5 selected"
    tile(room, "img2.png").focus()
    room.page.keyboard.press(" ")
    until_count(room, "selected", 4)

    with room.page.expect_download() as download:
        room.at("photos-save").click()

    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    assert [(row["source"], row["label"]) for row in rows] == [
        ("img0.png", "person"),
        ("img3.png", "person"),
    ]


@pytest.mark.parametrize("form", ["jsonl", "json", "coco"])
def test_what_was_found_is_saved_in_each_format(room: Room, form: str) -> None:
    room.at("photos-format").select_option(form)

    with room.page.expect_download() as download:
        room.at("photos-save").click()

    text = Path(download.value.path()).read_text("utf-8")
    lines = form == "jsonl"
    made = [json.loads(each) for each in text.splitlines()] if lines else json.loads(text)
    if form == "coco":
        assert [len(made["images"]), len(made["annotations"])] == [COUNT, COUNT // 3]
    else:
        assert len(made) == COUNT
        assert sum(len(record["detections"]) for record in made) == COUNT // 3


def test_the_list_is_cleared_and_brought_back(room: Room) -> None:
    room.at("photos-clear").click()
    room.until("now.photos === null")
    assert "untouched" in room.at("photos-note").inner_text()
    assert room.page.evaluate("() => document.activeElement.id") == "photos-undo"

    room.page.keyboard.press("Enter")

    until_count(room, "analysed", COUNT)
    assert tile(room, "img0.png").locator(".photo-chip").all_inner_texts() == ["person"]


DROP = """(files) => {
  const entry = (name, path, content) => ({
    isDirectory: false, fullPath: path,
    file: (done) => done(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name,
      { type: name.endsWith("txt") ? "text/plain" : "image/png", lastModified: 1 })),
  });
  const folder = (path, entries) => ({
    isDirectory: true, fullPath: path,
    createReader: () => ({
      left: [...entries],  // as browsers do, a few at a time
      readEntries(done) { done(this.left.splice(0, 2)); },
    }),
  });
  const inner = files.map(([name, content]) => entry(name, `/trip/inner/${name}`, content));
  const outer = files.map(([name, content]) => entry(name, `/trip/${name}`, content));
  const trip = folder("/trip", [...outer, folder("/trip/inner", inner)]);
  const event = new DragEvent("drop", { bubbles: true, cancelable: true });
  const items = [{ webkitGetAsEntry: () => trip }];
  Object.defineProperty(event, "dataTransfer", { value: { items, files: [], types: ["Files"] } });
  document.getElementById("stage").dispatchEvent(event);
}"""


def drop_folder(room: Room) -> None:
    """Drop a folder with a folder in it, each with the same files, one of them no picture."""
    person = base64.b64encode(encode(sample().resize((200, 200)))).decode()
    files = [["b10.png", person], ["b2.png", person], ["readme.txt", "aGVsbG8="]]
    room.page.evaluate(DROP, files)


def test_a_folder_that_is_dropped_is_gone_through_to_its_depth(new_room: OpenRoom) -> None:
    room = new_room().open()
    room.until_state("ready")

    drop_folder(room)

    room.page.wait_for_selector("#photos-dialog[open]")
    until_analysed(room, 4)
    assert titles(room) == [
        "trip/b2.png",
        "trip/b10.png",
        "trip/inner/b2.png",
        "trip/inner/b10.png",
    ]
    assert not room.at("notice").is_visible()


def test_a_folder_that_is_picked_keeps_its_paths(new_room: OpenRoom, tmp_path: Path) -> None:
    room = new_room().open()
    room.until_state("ready")
    inner = tmp_path / "album" / "inner"
    inner.mkdir(parents=True)
    for place in (inner, inner.parent):
        (place / "same.png").write_bytes(encode(sample().resize((200, 200))))
    (inner / "notes.txt").write_text("nothing to see")

    room.at("folder").set_input_files(tmp_path / "album")

    room.page.wait_for_selector("#photos-dialog[open]")
    until_analysed(room, 2)
    assert titles(room) == ["album/inner/same.png", "album/same.png"]


@pytest.mark.provokes(perhaps=[".*"])
def test_what_cannot_be_opened_is_said_picture_by_picture(new_room: OpenRoom) -> None:
    room = new_room().open()
    room.until_state("ready")
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
    give(
        room,
        file("text.jpg", b"no picture at all", "image/jpeg"),  # also the first of all
        file("good.png", encode(sample().resize((200, 200)))),
        file("empty.jpg", b"", "image/jpeg"),
        file("half.jpg", b"\xff\xd8\xff\xe0\0\x10JF", "image/jpeg"),
        file("IMG_1.HEIC", heic, "image/heic"),
    )

    now = until_analysed(room, 1)

    assert (now["analysed"], now["failed"]) == (1, 4)
    assert "can't be opened" in tile(room, "text.jpg").inner_text()
    assert "Share the photo as JPEG" in tile(room, "IMG_1.HEIC").inner_text()
    assert room.at("photos-shown").inner_text() == "5 pictures · 4 can't be opened"
    assert not room.at("notice").is_visible()


COUNT_RUNS = """
globalThis.ran = 0;
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...rest) {
  if (message?.call === "run") globalThis.ran += 1;
  return post.call(this, message, ...rest);
};
"""


def on_disk(folder: Path, count: int, size: tuple[int, int] = (200, 200)) -> list[Path]:
    """Write pictures, each with a person, and return their paths."""
    data = encode(sample().resize(size), "JPEG", quality=80)
    paths = [folder / f"p{n:04}.jpg" for n in range(count)]
    for path in paths:
        path.write_bytes(data)
    return paths


def test_pictures_that_are_given_again_after_a_reload_need_no_second_look_until_all_is_deleted(
    new_room: OpenRoom, tmp_path: Path
) -> None:
    room = new_room(init=COUNT_RUNS).open()
    room.until_state("ready")
    paths = on_disk(tmp_path, 6)
    room.at("photo").set_input_files(paths)
    room.page.wait_for_selector("#photos-dialog[open]")
    until_analysed(room, 6)
    room.page.evaluate("() => dispatchEvent(new Event('pagehide'))")
    room.until_async(
        """async () => {
          const found = await indexedDB.databases();
          if (!found.some(({ name }) => name === "obscura-photos")) return false;
          const answer = (request) => new Promise((done) => {
            request.onsuccess = () => done(request.result);
          });
          const database = await answer(indexedDB.open("obscura-photos"));
          const texts = database.transaction("records").objectStore("records").getAll();
          const answers = (await answer(texts)).join("").split("\\n").length - 1;
          database.close();
          return answers === 6; // one a line
        }"""
    )

    room.page.reload()
    room.until_state("ready")
    room.page.evaluate("() => { globalThis.ran = 0; }")
    room.at("photo").set_input_files(paths)
    room.page.wait_for_selector("#photos-dialog[open]")
    until_analysed(room, 6)

    assert tile(room, "p0005.jpg").locator(".photo-chip").all_inner_texts() == ["person"]
    assert room.page.evaluate("() => ran") <= 1, "the picture in view is analysed, the others not"

    room.page.keyboard.press("Escape")
    room.page.wait_for_selector("#photos-dialog", state="hidden")
    room.at("promise").click()
    room.until_text("fact-kept", "what was found in photos")
    room.at("forget").click()
    room.until_text("forget-what", "what was found in photos")
    with room.page.expect_navigation():
        room.at("forget-now").click()
    room.until_state("ready")
    left = """async () => {
      const opened = indexedDB.open("obscura-photos");
      await new Promise((done) => { opened.onsuccess = done; });
      if (!opened.result.objectStoreNames.length) return 0;
      const counted = opened.result.transaction("records").objectStore("records").count();
      await new Promise((done) => { counted.onsuccess = done; });
      return counted.result;
    }"""
    assert room.page.evaluate(left) == 0


def test_five_hundred_pictures_are_few_elements_and_few_small_copies(
    new_room: OpenRoom, tmp_path: Path
) -> None:
    init = """
    globalThis.addresses = new Set();
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      const url = createObjectURL.call(URL, blob);
      addresses.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => { addresses.delete(url); revokeObjectURL.call(URL, url); };
    """
    room = new_room(init=init).open()
    room.until_state("ready")
    room.at("photo").set_input_files(on_disk(tmp_path, 500, (64, 64)))
    room.page.wait_for_selector("#photos-dialog[open]")
    until_count(room, "shown", 500)

    elements = room.page.locator("#photos-grid [role=option]")
    most = 0
    for part in (0.2, 0.4, 0.6, 0.8, 1):
        room.page.evaluate(
            """(part) => {
              const scroll = document.getElementById("photos-scroll");
              scroll.scrollTop = part * scroll.scrollHeight;
            }""",
            part,
        )
        room.ticks(3)
        most = max(most, elements.count())
    assert 0 < most < 60
    assert room.page.evaluate("() => document.querySelector('#photos-grid [title=\"p0499.jpg\"]')")
    tile(room, "p0499.jpg").focus()
    room.page.keyboard.press("Home")
    assert room.page.evaluate("() => document.activeElement.title") == "p0000.jpg"
    for count in (10, 20, 30, 40):  # a busy machine takes seconds for each
        room.until(f"now.photos.analysed > {count}")
    assert room.page.evaluate("() => addresses.size") <= 400

    room.at("photos-pause").click()
    room.until_text("photos-progress", r"Paused · \d+ pictures not analysed yet")
    done = room.snapshot()["photos"]["analysed"]
    room.at("photos-pause").click()
    room.until(f"now.photos.analysed > {done} + 5")
    room.at("photos-cancel").click()
    room.until_text("photos-progress", "Stopped")


def test_pictures_of_every_shape_get_the_answer_of_the_picture_in_view(
    new_room: OpenRoom,
) -> None:
    """A photo of 48 megapixels, one that lies on its side, and one beyond what canvases hold."""
    room = new_room().open()
    room.until_state("ready")
    tall = sample().crop((20, 0, 370, 512))
    exif = tall.getexif()
    exif[0x0112] = 6
    give(
        room,
        file("48mp.jpg", encode(sample().resize((8000, 6000)), "JPEG", quality=60), "image/jpeg"),
        file("side.jpg", encode(tall.transpose(2), "JPEG", exif=exif), "image/jpeg"),
        file("exif6.webp", (CASES / "exif6.webp").read_bytes(), "image/webp"),
        file("70000x2.png", encode(Image.new("RGB", (70_000, 2)))),
    )
    until_analysed(room, 4)

    with room.page.expect_download() as download:
        room.at("photos-format").select_option("jsonl")
        room.at("photos-save").click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    records = {record["source"]: record for record in map(json.loads, lines)}
    for name in ("48mp.jpg", "side.jpg", "exif6.webp"):
        if not room.at("photos-dialog").is_visible():
            room.page.keyboard.press("g")
        tile(room, name).click()
        room.page.wait_for_selector("#photos-dialog", state="hidden")
        until_shown(room, name)
        shown = room.snapshot()["detections"]
        assert [row["label"] for row in shown] == [
            row["label"] for row in records[name]["detections"]
        ]
        for row, kept in zip(shown, records[name]["detections"], strict=True):
            assert row["box"] == pytest.approx(
                [kept[edge] for edge in ("x1", "y1", "x2", "y2")], abs=0.1
            )
    assert (records["48mp.jpg"]["width"], records["side.jpg"]["width"]) == (8000, tall.width)


def test_the_background_waits_while_the_camera_runs(new_room: OpenRoom, tmp_path: Path) -> None:
    room = new_room().open()
    room.until_state("ready")
    room.at("photo").set_input_files(on_disk(tmp_path, 60))
    room.page.wait_for_selector("#photos-dialog[open]")
    room.until("now.photos.analysed > 2")
    room.at("photos-pause").click()  # some are left however long the camera takes

    room.page.keyboard.press("Escape")
    room.start()
    room.page.keyboard.press("g")
    room.at("photos-pause").click()
    room.until_text("photos-progress", "Waiting while the camera or video runs")
    before = room.snapshot()
    room.until(f"now.frames > {before['frames']} + 5")
    assert room.snapshot()["photos"]["analysed"] <= before["photos"]["analysed"] + 1

    room.page.keyboard.press("Escape")
    room.page.wait_for_selector("#photos-dialog", state="hidden")
    room.stop()
    until_analysed(room, 60)


def test_what_is_added_to_the_grid_leaves_what_is_in_view(
    new_room: OpenRoom, pictures: list[dict[str, Any]]
) -> None:
    room = new_room().open()
    room.until_state("ready")
    give(room, *pictures[:2])
    until_analysed(room, 2)
    room.at("photos-more").set_input_files(files=pictures[2:3])
    until_analysed(room, 3)
    tile(room, "img2.png").wait_for()
    assert titles(room) == ["img0.png", "img1.png", "img2.png"]
    assert room.at("caption").text_content() == "img0.png"

    room.page.keyboard.press("Escape")
    room.start()
    room.page.keyboard.press("g")
    room.at("photos-more").set_input_files(files=pictures[3:5])
    until_count(room, "count", 5)
    assert room.at("photos-dialog").is_visible()
    frames = room.snapshot()["frames"]
    room.until(f"now.state === 'running' && now.frames > {frames} + 5")

    room.page.keyboard.press("Escape")
    room.page.wait_for_selector("#photos-dialog", state="hidden")
    room.stop()
    until_count(room, "analysed", 5)


def test_while_parts_are_hidden_no_small_picture_is_seen(new_room: OpenRoom) -> None:
    room = new_room().open("?backend=wasm")
    room.until_state("ready")
    give(room, *(file(f"{n}.png", encode(sample().resize((200, 200 + n)))) for n in range(3)))
    until_analysed(room, 3)
    room.page.wait_for_selector("#photos-grid img")
    opacity = "() => getComputedStyle(document.querySelector('#photos-grid img')).opacity"
    assert room.page.evaluate(opacity) == "1"

    room.page.keyboard.press("Escape")
    room.page.keyboard.press("h")
    room.until("now.hidden !== null")
    room.page.keyboard.press("g")
    room.page.wait_for_selector("#photos-grid img", state="attached")

    assert room.page.evaluate(opacity) == "0"


def test_a_folder_that_is_dropped_before_python_runs_is_read_once_it_does(
    new_room: OpenRoom,
) -> None:
    room = new_room()
    python = room.hold("**/pyodide-*/pyodide.mjs")
    room.open()
    room.page.wait_for_function("() => globalThis.obscura?.boot")

    drop_folder(room)
    python.release()

    room.until_state("still")
    room.page.wait_for_selector("#photos-dialog[open]")
    until_analysed(room, 4)
