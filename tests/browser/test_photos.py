"""Photos: picked, dropped or pasted; read; refused in a clear sentence."""

from __future__ import annotations

import pytest

from .conftest import OpenRoom
from .pictures import PERSON, encode, overlap, sample
from .room import Room


@pytest.fixture(scope="module")
def room(shared_room: OpenRoom) -> Room:
    """One visit for all photos: what came before must not matter."""
    room = shared_room().open()
    room.until_state("ready")
    return room


@pytest.mark.parametrize("way", ["picker", "drop", "paste"])
def test_a_photo_shows_the_person_and_lists_her(room: Room, way: str) -> None:
    photo = encode(sample())

    now = room.read(photo, f"{way}.png", way=way)

    assert [row["label"] for row in now["detections"]] == ["person"]
    assert overlap(now["detections"][0]["box"], PERSON) >= 0.5
    assert room.at("seen-title").inner_text() == "In this picture"
    rows = room.at("seen").locator("li")
    assert rows.count() == 1
    assert "person" in rows.inner_text()
    assert "%" in rows.inner_text()
    assert room.at("picture").is_visible()
    assert not room.at("dropzone").is_visible()


def test_a_file_held_over_the_page_is_welcomed(room: Room) -> None:
    drag = """(kind) => {
      const bag = new DataTransfer();
      bag.items.add(new File(["x"], "x.png", { type: "image/png" }));
      const options = { bubbles: true, cancelable: true, dataTransfer: bag };
      document.getElementById("stage").dispatchEvent(new DragEvent(kind, options));
    }"""

    room.page.evaluate(drag, "dragover")
    assert room.at("dropzone").is_visible()

    room.page.evaluate(drag, "dragleave")
    assert not room.at("dropzone").is_visible()


def test_pointing_at_a_row_of_the_list_picks_out_its_box(room: Room) -> None:
    room.read(encode(sample()), "row.png")
    drawn = "() => document.getElementById('overlay').toDataURL()"
    before = room.page.evaluate(drawn)

    room.at("seen").locator("button").focus()
    room.page.wait_for_function(f"(before) => ({drawn})() !== before", arg=before)

    room.at("start").focus()
    room.page.wait_for_function(f"(before) => ({drawn})() === before", arg=before)


def test_a_photo_that_a_phone_holds_on_its_side_is_read_upright(room: Room) -> None:
    tall = sample().crop((20, 0, 370, 512))
    exif = tall.getexif()
    exif[0x0112] = 6  # "turn me by 90 degrees to see me upright"
    lying = encode(tall.transpose(2), "JPEG", quality=95, exif=exif)  # 2: a quarter anticlockwise

    now = room.read(lying, "sideways.jpg", kind="image/jpeg")

    size = room.page.evaluate("() => [picture.width, picture.height]")
    assert tuple(size) == tall.size
    assert [row["label"] for row in now["detections"]] == ["person"]


def test_a_photo_of_many_megapixels_is_read_in_its_own_pixels(room: Room) -> None:
    large = sample().resize((4000, 3000))

    now = room.read(encode(large, "JPEG", quality=80), "large.jpg", kind="image/jpeg")

    place = [edge * scale for edge, scale in zip(PERSON, [4000 / 512, 3000 / 512] * 2, strict=True)]
    assert now["detections"][0]["label"] == "person"
    assert overlap(now["detections"][0]["box"], place) >= 0.5


def test_an_empty_picture_says_what_to_do(room: Room) -> None:
    now = room.read(encode(sample().resize((1, 1)).resize((640, 480))), "empty.png")

    assert now["detections"] == []
    assert "confidence" in room.at("seen-empty").inner_text()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)

BROKEN = {
    "a text file called PNG": (b"no picture at all", "notes.png", "image/png", "picture"),
    "half a JPEG header": (b"\xff\xd8\xff\xe0\0\x10JF", "half.jpg", "image/jpeg", "picture"),
    "an empty file": (b"", "empty.jpg", "image/jpeg", "picture"),
    "a document": (b"%PDF-1.7", "letter.pdf", "application/pdf", "picture"),
    "a HEIC photo": (HEIC, "IMG_0001.HEIC", "image/heic", "picture-heic"),
    "a HEIC photo of no told type": (HEIC, "IMG_0002.heic", "", "picture-heic"),
    "a broken video": (b"\0" * 64, "clip.mp4", "video/mp4", "video-unreadable"),
}


@pytest.mark.parametrize("way", ["picker", "drop"])
@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_cannot_be_read_is_refused_in_words_and_the_page_goes_on(
    room: Room, case: str, way: str
) -> None:
    data, name, kind, code = BROKEN[case]

    room.give(data, name, kind, way)
    card = room.until_error(code)

    assert "Traceback" not in card
    with room.page.expect_file_chooser():  # the way on is another photo
        room.at("notice-action").click()
    now = room.read(encode(sample()), f"after {case} by {way}.png")
    assert [row["label"] for row in now["detections"]] == ["person"]
    assert not room.at("notice").is_visible()


def test_a_second_photo_given_while_the_first_is_read_takes_its_place(room: Room) -> None:
    first = encode(sample().resize((3000, 3000)), "JPEG")
    second = encode(sample().crop((0, 0, 400, 300)))

    room.give(first, "first.jpg", "image/jpeg", "drop")
    now = room.read(second, "second.png", way="drop")

    assert room.page.evaluate("() => document.getElementById('picture').width") == 400
    assert all(row["box"][2] <= 400 for row in now["detections"])


def test_the_same_file_can_be_picked_again(room: Room) -> None:
    photo = encode(sample())
    room.read(photo, "twice.png")
    room.give(b"broken", "between.png")
    room.until_error("picture")

    now = room.read(photo, "twice.png")

    assert [row["label"] for row in now["detections"]] == ["person"]


def test_what_is_pasted_as_text_is_no_photo(room: Room) -> None:
    room.read(encode(sample()), "before.png")

    room.page.evaluate(
        """() => {
          const bag = new DataTransfer();
          bag.setData("text/plain", "hello");
          const paste = new ClipboardEvent("paste", { bubbles: true, clipboardData: bag });
          document.body.dispatchEvent(paste);
        }"""
    )
    room.ticks(2)

    assert room.snapshot()["state"] == "still"
    assert room.at("caption").inner_text() == "before.png"


def test_a_file_that_cannot_be_read_leaves_the_photo_in_view(room: Room) -> None:
    room.read(encode(sample()), "kept.png")

    room.give(b"this is no picture", "broken.png")
    room.until_error("picture")
    assert room.at("picture").is_visible()
    assert room.at("caption").inner_text() == "kept.png"
    assert room.labels() == ["person"]
    room.at("notice-dismiss").click()

    assert room.until_state("still")["detections"][0]["label"] == "person"


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [("broken.mp4", "video/mp4", "video-unreadable"), ("scan.png", "image/png", "picture")],
)
def test_a_file_that_cannot_be_read_leaves_the_camera_running(
    room: Room, name: str, kind: str, code: str
) -> None:
    room.start()

    room.give(b"this is neither", name, kind)
    room.until_error(code)
    frames = room.snapshot()["frames"]
    room.until(f"now.frames > {frames}")
    assert room.at("video").is_visible()
    room.at("notice-dismiss").click()

    room.until_live()
    assert room.page.evaluate("() => video.srcObject.active")
    room.stop()


def test_a_paused_camera_has_the_answer_of_the_frame_that_is_shown(room: Room) -> None:
    room.start()
    frames = room.snapshot()["frames"]

    room.at("pause").click()
    now = room.until_state("paused")
    assert now["frames"] > frames
    room.at("pause").click()

    room.until_live()
    room.stop()
