"""What was found in many pictures as one file, with the pictures or without."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from obscura.detections import Detections
from obscura.export.reading import read_lines
from obscura.page.features.photos import saving
from obscura.page.features.photos.collection import Choice, Collection, Photo, State

LABELS = ("cat", "dog")
PATHS = ("trip/a.jpg", "home/a.jpg", "trip/b.PNG", "trip/é.jpg", "trip/late.jpg")
BOX = Detections(
    np.array([[16, 12, 48, 36]], np.float32), np.array([0.9], np.float32), np.array([1], np.int32)
)


@pytest.fixture
def collection() -> Collection:
    """Four pictures with a dog, and one that waits."""
    made = Collection()
    made.add(Photo(path, path, 10 + n, 0.0) for n, path in enumerate(PATHS))
    made.use_model("m", "m", LABELS)
    for number in range(len(PATHS) - 1):
        made.found(number, (64, 48), BOX)
    return made


def saved(collection: Collection, form: str, gone: tuple[str, ...] = ()) -> tuple[bytes, int]:
    """Return the file of all pictures in a form, and how many could not be read."""
    out = io.BytesIO()
    out.close, out.seekable = (lambda: None), (lambda: False)  # type: ignore[method-assign]

    async def read(file: str) -> bytes:
        if file in gone:
            raise OSError("NotReadableError")
        return f"pixels of {file}".encode()

    async def step() -> None:
        pass

    numbers = saving.wanted(collection, range(len(PATHS)), form)
    items = ((collection.photos[n], saving.record(collection, n, Choice())) for n in numbers)
    missing = asyncio.run(saving.write(form, items, LABELS, out, read=read, step=step))
    return out.getvalue(), missing


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("form", [*saving.FORMS])
def test_every_form_has_the_pictures_that_have_an_answer(collection: Collection, form: str) -> None:
    data, missing = saved(collection, form)

    assert (len(data) > 0, missing) == (True, 0)
    wanted = len(PATHS) if form == saving.PICTURES else len(PATHS) - 1
    assert len(saving.wanted(collection, range(len(PATHS)), form)) == wanted


def test_json_lines_are_records_by_their_paths(collection: Collection) -> None:
    data, _ = saved(collection, "jsonl")

    records = list(read_lines(data.decode().splitlines()))
    assert [record["source"] for record in records] == [*PATHS[:-1]]
    assert records[0]["detections"][0]["label"] == "dog"


def test_yolo_has_a_file_of_boxes_for_each_picture_and_the_picture_beside_it(
    collection: Collection,
) -> None:
    found = members(saved(collection, "yolo-pictures")[0])

    assert found["images/a.jpg"] == b"pixels of trip/a.jpg"
    assert found["images/a-2.jpg"] == b"pixels of home/a.jpg"
    assert found["images/b.PNG"] == b"pixels of trip/b.PNG"
    assert found["labels/a-2.txt"] == b"1 0.500000 0.500000 0.500000 0.500000\n"
    assert yaml.safe_load(found["data.yaml"])["names"] == {0: "cat", 1: "dog"}
    pictures = {Path(name).stem for name in found if name.startswith("images/")}
    assert pictures == {Path(name).stem for name in found if name.startswith("labels/")}


def test_yolo_without_the_pictures_has_none(collection: Collection) -> None:
    found = members(saved(collection, "yolo")[0])

    assert sorted(found) == [
        "data.yaml",
        *sorted(f"labels/{n}.txt" for n in ("a", "a-2", "b", "é")),
    ]


def test_coco_with_the_pictures_names_them_as_they_are_in_it(collection: Collection) -> None:
    found = members(saved(collection, "coco-pictures")[0])

    made = json.loads(found.pop("annotations.json"))
    names = [image["file_name"] for image in made["images"]]
    assert names == ["a.jpg", "a-2.jpg", "b.PNG", "é.jpg"]
    assert sorted(found) == sorted(f"images/{name}" for name in names)
    assert made["annotations"][1]["bbox"] == [16, 12, 32, 24]
    assert [image["id"] for image in made["images"]] == [1, 2, 3, 4]


def test_the_pictures_alone_keep_their_folders_and_need_no_answer(collection: Collection) -> None:
    found = members(saved(collection, saving.PICTURES)[0])

    assert found == {path: f"pixels of {path}".encode() for path in PATHS}


def test_two_pictures_of_one_path_are_both_there() -> None:
    made = Collection()
    made.add([Photo("one", "image.png", 1, 0.0), Photo("two", "Image.png", 2, 0.0)])

    found = members(saved_pictures(made))

    assert found == {"image.png": b"one", "Image-2.png": b"two"}


def saved_pictures(collection: Collection) -> bytes:
    out = io.BytesIO()

    async def read(file: str) -> bytes:
        return file.encode()

    async def step() -> None:
        pass

    items = [(p, saving.record(collection, n, Choice())) for n, p in enumerate(collection.photos)]
    asyncio.run(saving.write(saving.PICTURES, items, LABELS, out, read=read, step=step))
    return out.getvalue()


@pytest.mark.parametrize("form", ["yolo-pictures", "coco-pictures", "pictures"])
def test_a_picture_that_cannot_be_read_any_more_is_left_out_and_counted(
    collection: Collection, form: str
) -> None:
    data, missing = saved(collection, form, gone=("home/a.jpg",))

    found = members(data)
    assert missing == 1
    assert b"pixels of home/a.jpg" not in found.values()
    assert b"pixels of trip/b.PNG" in found.values()


def test_what_ends_it_is_passed_on(collection: Collection) -> None:
    async def stop() -> None:
        raise KeyboardInterrupt

    async def read(_file: Any) -> bytes:
        return b""

    for form in saving.FORMS:
        items = [(collection.photos[0], saving.record(collection, 0, Choice()))]
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(saving.write(form, items, LABELS, io.BytesIO(), read=read, step=stop))
    assert collection.photos[0].state is State.DONE
