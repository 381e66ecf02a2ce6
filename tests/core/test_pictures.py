"""Pictures: read as a browser shows them, and drawn upon."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from obscura.detections import Detections
from obscura.drawing import colour
from obscura.errors import PictureError
from obscura.label_font import runs, without_font
from obscura.pictures import annotated, opaque, open_picture, to_rgba


def halves(width: int = 40, height: int = 20) -> np.ndarray:
    """A picture whose left half is red and whose right half is blue."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 0] = 255
    picture[:, width // 2 :, 2] = 255
    return picture


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "gif", "jpg"])
def test_common_kinds_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(halves()).save(path)

    rgba = to_rgba(open_picture(path))

    assert (rgba.shape, rgba.dtype) == ((20, 40, 4), np.uint8)
    assert (abs(rgba[10, 5].astype(int) - [255, 0, 0, 255]) <= 2).all()  # JPEG is off by a little


def test_the_orientation_that_a_phone_notes_is_applied(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright: turn clockwise by a quarter
    Image.fromarray(halves()).save(path, exif=exif, quality=95)

    image = open_picture(path)

    assert image.size == (20, 40)
    assert to_rgba(image)[5, 10, 0] > 200  # what was left is now on top


def profile_with_red_and_green_swapped() -> bytes:
    """A colour profile that is sRGB's, but for its first two primaries changing places."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (profile_with_red_and_green_swapped(), [0, 255, 0, 255]),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), [255, 0, 0, 255]),
        (b"no profile at all", [255, 0, 0, 255]),  # passed over
    ],
    ids=["another", "sRGB", "broken"],
)
def test_colours_are_those_that_the_profile_means(
    tmp_path: Path, profile: bytes, expected: list[int]
) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(halves()).save(path, icc_profile=profile)

    pixel = to_rgba(open_picture(path))[10, 5]

    assert (abs(pixel.astype(int) - expected) <= 2).all()


CASES = Path(__file__).parents[1] / "data" / "cases"


@pytest.mark.parametrize(
    ("name", "size", "mean"),
    [
        ("swap-palette.png", (175, 256), (91, 110, 161)),  # a palette with a profile
        ("gama1.png", (175, 256), (193, 158, 147)),  # linear light, says its gAMA
        ("exif6.webp", (175, 256), (158, 111, 98)),  # turned by its EXIF
        ("orient-long.jpg", (350, 512), (158, 110, 98)),  # whose EXIF has a number of 32 bits
        ("anim-default.png", (175, 256), (158, 110, 98)),  # whose default picture is no frame
    ],
)
def test_a_picture_is_read_as_browsers_show_it(
    name: str, size: tuple[int, int], mean: tuple[int, ...]
) -> None:
    image = open_picture(CASES / name)

    assert image.size == size
    assert abs(to_rgba(image)[..., :3].mean(axis=(0, 1)) - mean).max() <= 1


def png_chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def numbers(*values: float) -> bytes:
    """Numbers as gAMA and cHRM write them."""
    return struct.pack(f">{len(values)}I", *(round(value * 100_000) for value in values))


P3 = numbers(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    # Expected is what Chromium 150 shows of the colour (200, 100, 50).
    [
        ({b"gAMA": numbers(1.0)}, (229, 168, 122)),
        ({b"gAMA": numbers(1 / 1.8)}, (210, 119, 65)),
        ({b"gAMA": numbers(1 / 2.2)}, (200, 100, 50)),  # sRGB's own
        ({b"gAMA": numbers(1 / 2.2), b"cHRM": P3}, (216, 93, 24)),
        ({b"cHRM": P3}, (200, 100, 50)),  # without a gamma it does not count
        ({b"gAMA": numbers(1.0), b"sRGB": b"\0"}, (200, 100, 50)),
        ({b"gAMA": numbers(0.0)}, (200, 100, 50)),
        ({b"gAMA": numbers(1.0), b"cHRM": numbers(*[0.3, 0.3] * 4)}, (200, 100, 50)),  # no colours
        ({b"cICP": bytes((12, 13, 0, 1))}, (215, 93, 31)),
        ({b"cICP": bytes((1, 8, 0, 1))}, (229, 168, 122)),
        ({b"cICP": bytes((9, 1, 0, 1))}, (239, 63, 5)),
        ({b"cICP": bytes((1, 13, 0, 1)), b"gAMA": numbers(1.0)}, (200, 100, 50)),  # comes first
        ({b"cICP": bytes((9, 16, 0, 1))}, (200, 100, 50)),  # high dynamic range: not applied
        ({b"cICP": b"\x0c"}, (200, 100, 50)),  # cut short
    ],
)
def test_colours_that_a_png_names_without_a_profile_count(
    tmp_path: Path, chunks: dict[bytes, bytes], expected: tuple[int, ...]
) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (4, 4), (200, 100, 50)).save(path)
    data = path.read_bytes()
    added = b"".join(png_chunk(kind, body) for kind, body in chunks.items())
    path.write_bytes(data[:33] + added + data[33:])

    assert abs(to_rgba(open_picture(path))[0, 0, :3].astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("mode", "value"), [("L", 100), ("LA", (100, 255)), ("I;16", 100 * 257)])
def test_the_gamma_of_a_grey_png_counts(tmp_path: Path, mode: str, value: Any) -> None:
    path = tmp_path / "grey.png"
    Image.new(mode, (4, 4), value).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:33] + png_chunk(b"gAMA", numbers(1.0)) + data[33:])

    assert to_rgba(open_picture(path))[0, 0].tolist() == [168, 168, 168, 255]


def test_a_profile_leaves_what_is_transparent_so(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    image = Image.fromarray(halves()).quantize(2)
    profile = profile_with_red_and_green_swapped()
    image.save(path, icc_profile=profile, transparency=image.getpixel((30, 10)))

    rgba = to_rgba(open_picture(path))

    assert abs(rgba[10, 5].astype(int) - [0, 255, 0, 255]).max() <= 2
    assert rgba[10, 30].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        (np.float32, [0.0, 0.5, 1.0], [0, 128, 255]),
        (np.float32, [0.0, 128.0, 255.0], [0, 128, 255]),
        (np.float32, [0.0, 32768.0, 65535.0], [0, 128, 255]),
        (np.int32, [0, 128, 255], [0, 128, 255]),
        (np.int32, [0, 32768, 65535], [0, 128, 255]),
        (np.uint16, [0, 32768, 65535], [0, 128, 255]),
    ],
)
def test_numbers_of_more_than_8_bits_are_scaled(
    tmp_path: Path, dtype: type, values: list[float], expected: list[int]
) -> None:
    path = tmp_path / "numbers.tif"
    Image.fromarray(np.array([values] * 2, dtype)).save(path)

    assert to_rgba(open_picture(path))[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("dtype", "values"),
    [(np.float32, [-1, 1]), (np.float32, [0, 1e9]), (np.float32, [0, np.nan]), (np.int32, [-1, 1])],
)
def test_numbers_that_are_no_brightnesses_are_refused(
    tmp_path: Path, dtype: type, values: list[float]
) -> None:
    path = tmp_path / "heights.tif"
    Image.fromarray(np.array([values] * 2, dtype)).save(path)

    with pytest.raises(PictureError, match="not brightnesses"):
        to_rgba(open_picture(path))


def test_a_very_large_picture_is_read_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.png"
    Image.fromarray(halves(20, 15)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)  # Pillow refuses twice as many

    assert to_rgba(open_picture(path)).shape == (15, 20, 4)  # warnings are errors here


def test_a_picture_of_two_rows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("L", (70_000, 2), 90).save(path)

    rgba = to_rgba(open_picture(path))

    assert rgba.shape == (2, 70_000, 4)
    assert (rgba[..., 0] == 90).all()


def test_of_an_animation_the_first_frame_counts(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    first, second = Image.fromarray(halves()), Image.fromarray(255 - halves())
    first.save(path, save_all=True, append_images=[second])

    assert to_rgba(open_picture(path))[10, 5].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("L", 200, [200, 200, 200, 255]),  # grey
        ("1", 1, [255, 255, 255, 255]),  # black and white
        ("RGBA", (200, 100, 0, 51), [40, 20, 0, 255]),  # a fifth opaque: black shines through
        ("RGBA", (200, 100, 0, 0), [0, 0, 0, 255]),  # invisible
        ("LA", (200, 51), [40, 40, 40, 255]),
        ("I;16", 200 * 256 + 7, [200, 200, 200, 255]),  # 16 bits: scaled, not cut
        ("CMYK", (0, 255, 255, 0), [255, 0, 0, 255]),  # as printers have it
    ],
)
def test_every_mode_becomes_opaque_rgba(mode: str, value: Any, expected: list[int]) -> None:
    assert to_rgba(Image.new(mode, (3, 2), value))[0, 0].tolist() == expected


def test_a_palette_with_a_transparent_entry_becomes_black_there(tmp_path: Path) -> None:
    path = tmp_path / "palette.png"
    image = Image.fromarray(halves()).quantize(2)
    image.save(path, transparency=image.getpixel((30, 10)))

    rgba = to_rgba(open_picture(path))

    assert rgba[10, 5].tolist() == [255, 0, 0, 255]
    assert rgba[10, 30].tolist() == [0, 0, 0, 255]


def test_arrays_are_copied_not_changed() -> None:
    pixels = np.full((2, 2, 4), 100, np.uint8)

    rgba = opaque(pixels)

    assert (pixels == 100).all()
    assert rgba[0, 0].tolist() == [39, 39, 39, 255]


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),  # grey
        np.zeros((4, 4, 2), np.uint8),  # grey and alpha
        np.zeros((4, 4, 3), np.float32),  # 0..1, probably
        np.zeros((4, 0, 3), np.uint8),  # empty
    ],
)
def test_other_arrays_are_refused(pixels: Any) -> None:
    with pytest.raises(ValueError, match="wanted uint8"):
        opaque(pixels)


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("text.jpg", b"This is not a picture.", "not a picture"),
        ("empty.png", b"", "not a picture"),
        ("iphone.jpg", HEIC, "HEIC.*Save it as JPEG"),  # whatever it calls itself
    ],
)
def test_what_is_no_picture_is_said_to_be_none(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(PictureError, match=reason) as caught:
        open_picture(path)

    assert caught.value.value == path


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp", "tiff"])
def test_half_a_picture_is_damaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"half.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(PictureError) as caught:
        open_picture(path)

    assert caught.value.value == path


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="No such file"):
        open_picture(tmp_path / "nowhere.jpg")
    with pytest.raises(PictureError, match=r"directory|[Pp]ermission"):  # the latter on Windows
        open_picture(tmp_path)


def test_a_picture_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.png"
    Image.fromarray(halves()).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)

    with pytest.raises(PictureError, match="too large"):
        open_picture(path)


def found(*boxes: tuple[float, float, float, float]) -> Detections:
    n = len(boxes)
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(n, 0.9), np.arange(n))


def test_boxes_are_drawn_in_the_colour_of_their_class() -> None:
    image = Image.new("RGB", (400, 300), "white")

    drawn = annotated(image, found((100, 100, 300, 200)), ["dog"])

    pixels = np.asarray(drawn)
    fill = [int(colour(0)[i : i + 2], 16) for i in (1, 3, 5)]
    assert pixels[150, 100].tolist() == fill  # left edge
    assert pixels[150, 200].tolist() == [255, 255, 255]  # inside: untouched
    assert (pixels[80:99, 100:160] == fill).all(axis=2).any()  # the label, above
    assert (pixels[80:99, 100:160] == 0).all(axis=2).any()  # the ink on it
    assert np.asarray(image).min() == 255  # the picture itself is left alone


def test_labels_of_a_large_picture_are_as_legible_as_of_a_small_one() -> None:
    def coloured_share(scale: int) -> float:
        image = Image.new("RGB", (400 * scale, 300 * scale), "white")
        box = (100 * scale, 100 * scale, 300 * scale, 200 * scale)
        pixels = np.asarray(annotated(image, found(box), ["dog"]))
        return float((pixels != 255).any(axis=2).mean())

    assert coloured_share(10) == pytest.approx(coloured_share(3), rel=0.2)


def test_boxes_at_the_very_edge_and_of_no_size_can_be_drawn() -> None:
    image = Image.new("RGB", (30, 20), "white")

    drawn = annotated(image, found((0, 0, 30, 20), (29.9, 19.9, 30, 20)), ["dog", "cat"])

    assert drawn.size == (30, 20)


def drawn_label(name: str) -> np.ndarray:
    """Where the label of this name has ink."""
    image = Image.new("RGB", (600, 300), "white")
    pixels = np.asarray(annotated(image, found((10, 100, 590, 290)), [name]))
    return (pixels[60:99] == 0).all(axis=2)


@pytest.mark.parametrize("name", ["кошка", "Žluťoučký", "قطة"])
def test_names_in_other_letters_are_drawn_with_a_font_that_has_them(name: str) -> None:
    if without_font([name]):
        pytest.skip("no font on this machine has these letters")
    missing = ["\U0010ffff" * n for n in range(1, 12)]

    label = drawn_label(name)

    assert label.any()
    assert not any((label == drawn_label(other)).all() for other in missing)
    assert (label != drawn_label("#0")).any()


def test_a_class_is_drawn_as_its_number_where_no_font_has_its_letters() -> None:
    name = "\U0010fffe\U0010fffd"  # no font has these

    assert without_font(["dog", name]) == [name]
    assert (drawn_label(name) == drawn_label("#0")).all()


def test_a_name_of_two_scripts_is_drawn_in_pieces() -> None:
    if without_font(["кошка"]):
        pytest.skip("no font on this machine has these letters")

    pieces = runs("кошка \u00d8", 16)

    assert pieces is not None
    assert "".join(piece for piece, _ in pieces) == "кошка \u00d8"
