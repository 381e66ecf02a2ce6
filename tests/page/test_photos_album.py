"""Album: of several pictures that were given at once, one is in view."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from obscura.errors import PictureError
from obscura.page.app import FolderEmpty
from obscura.page.features.photos import FEATURE, words
from obscura.page.features.photos.album import Album
from obscura.page.state.feature import Feature, Part

from .answers import make_card
from .stand_ins import File
from .world import World, settle, show, visit


class Strip(Part):
    """A stand-in for the feature's part: an album without elements."""

    collects = False

    def __init__(self, world: World) -> None:
        self.album = Album(world.app.sources, lambda: None)
        self.others: list[str] = []

    def scene_changed(self) -> None:
        self.album.scene_changed()

    def files_given(self, media: Any, others: Any) -> None:
        self.others = [file.name for file in others]
        self.album.fill(media)


def photo(world: World, name: str) -> File:
    return File(name, "image/jpeg", world.opener.number())


async def give(world: World, *files: File) -> Strip:
    """Give the page files, whose strip starts then if they are several."""
    strip = Strip(world)
    world.modules["photos"] = SimpleNamespace(start=lambda _context: strip)
    await world.do(world.app.open_files(list(files)))
    return strip


async def open_next(world: World, strip: Strip) -> None:
    """Go to the next picture, until the model has answered."""
    world.spawn(strip.album.move(1))
    await settle()
    await world.arrive(world.opener.pending[-1])
    await world.answer()


@visit(rows=(FEATURE,))
async def test_of_several_pictures_each_is_analysed_when_it_is_shown(world: World) -> None:
    await world.use(make_card(1))
    files = [photo(world, f"{name}.jpg") for name in "abc"]
    strip = await give(world, *files)
    await world.arrive(world.opener.pending[-1])
    await world.answer()
    assert world.picture_in_view == files[0].picture

    await open_next(world, strip)
    assert world.picture_in_view == files[1].picture
    assert world.app.state == "still"
    await open_next(world, strip)
    await world.do(strip.album.move(1))

    assert strip.album.shown == 2, "there is no fourth"
    assert [run.image.picture for run in world.sessions.runs] == [file.picture for file in files]


@visit(rows=(FEATURE,))
async def test_a_picture_that_cannot_be_opened_is_marked_and_the_one_in_view_stays(
    world: World,
) -> None:
    await world.use(make_card(1))
    files = [photo(world, f"{name}.jpg") for name in "abc"]
    strip = await give(world, *files)
    await world.arrive(world.opener.pending[-1])
    await world.answer()

    world.spawn(strip.album.move(1))
    await settle()
    await world.fail(world.opener.pending[-1], PictureError("b.jpg cannot be decoded"))
    assert strip.album.unreadable == {1}
    assert strip.album.shown == 0
    assert world.picture_in_view == files[0].picture

    await open_next(world, strip)
    assert strip.album.shown == 2


@visit(rows=(FEATURE,))
async def test_the_others_can_be_opened_if_the_first_cannot(world: World) -> None:
    await world.use(make_card(1))
    strip = await give(world, photo(world, "a.jpg"), photo(world, "b.jpg"))
    await world.fail(world.opener.pending[-1], PictureError("a.jpg cannot be decoded"))
    assert len(strip.album.files) == 2
    assert strip.album.unreadable == {0}

    await open_next(world, strip)

    assert strip.album.shown == 1


@visit(rows=(FEATURE,))
async def test_only_the_picture_that_was_asked_for_last_is_marked_as_shown(world: World) -> None:
    await world.use(make_card(1))
    strip = await give(world, *(photo(world, f"{name}.jpg") for name in "abc"))
    await world.arrive(world.opener.pending[-1])
    await world.answer()

    world.spawn(strip.album.open(1))
    await settle()
    world.spawn(strip.album.open(2))
    await settle()
    slow, latest = world.opener.pending
    await world.arrive(latest)
    await world.arrive(slow)
    await world.answer()

    assert strip.album.shown == 2
    assert strip.album.unreadable == set()


@pytest.mark.parametrize("end", ["close", "camera"])
@visit(rows=(FEATURE,))
async def test_the_strip_goes_when_something_else_is_in_view(world: World, end: str) -> None:
    await world.use(make_card(1))
    strip = await give(world, photo(world, "a.jpg"), photo(world, "b.jpg"))
    await world.arrive(world.opener.pending[-1])
    await world.answer()
    assert len(strip.album.files) == 2

    if end == "close":
        await world.do(world.app.sources.close())
        assert world.app.state == "ready"
    else:
        await show(world, "camera")

    assert strip.album.files == ()


@visit(rows=(FEATURE,))
async def test_a_strip_whose_code_comes_after_the_first_picture_goes_too(world: World) -> None:
    await world.use(make_card(1))
    here, load = asyncio.Event(), world._load

    async def late(feature: Feature) -> Any:
        await here.wait()
        return await load(feature)

    world.app.features._load = late
    strip = await give(world, photo(world, "a.jpg"), photo(world, "b.jpg"))
    await world.arrive(world.opener.pending[-1])
    await world.answer()
    here.set()
    await settle()
    assert len(strip.album.files) == 2

    await world.do(world.app.sources.close())

    assert strip.album.files == ()


@visit(rows=(FEATURE,))
async def test_of_pictures_and_a_model_each_goes_where_it_belongs(world: World) -> None:
    await world.use(make_card(1))
    picture = photo(world, "a.jpg")
    network, names = File("x.onnx", "", 0), File("x.txt", "text/plain", 0)

    strip = await give(world, network, picture, names)
    await world.arrive(world.opener.pending[-1])
    await world.answer()

    assert world.app.models.asked == [[network, names]]
    assert world.picture_in_view == picture.picture
    assert strip.others == ["x.onnx", "x.txt"]


@visit(rows=(FEATURE,))
async def test_one_photo_or_one_model_starts_nothing(world: World) -> None:
    await world.use(make_card(1))
    for file in (photo(world, "a.jpg"), File("x.onnx", "", 0)):
        await give(world, file)
        assert "photos" not in world.app.features.parts


def test_what_happens_to_models_is_said() -> None:
    assert words.models("a.onnx", []) == "“a.onnx” is being added as a model."
    assert words.models("a.onnx", ["b.onnx"]).endswith("add “b.onnx” separately.")


@visit(rows=(FEATURE,))
async def test_of_a_folder_the_pictures_are_opened_in_the_order_of_their_names(
    world: World,
) -> None:
    await world.use(make_card(1))
    files = [photo(world, f"img{n}.jpg") for n in (10, 2)]
    others = [File(".hidden.jpg", "image/jpeg", 0), File("notes.txt", "text/plain", 0)]

    await give(world, [*files, *others])  # type: ignore[arg-type]

    part = world.app.features.parts["photos"]
    assert isinstance(part, Strip)
    assert [file.name for file in part.album.files] == ["img2.jpg", "img10.jpg"]
    assert world.app.models.asked == [], "what is no picture is no model's either"


@visit(rows=(FEATURE,))
async def test_a_folder_without_pictures_is_refused(world: World) -> None:
    with pytest.raises(FolderEmpty):
        await world.app.open_files([[File("notes.txt", "text/plain", 0)]])


@visit(rows=(FEATURE,))
async def test_the_keys_for_previous_and_next_go_to_the_part_in_charge(world: World) -> None:
    asked = []

    class Steps(Part):
        def step(self, steps: int) -> None:
            asked.append(steps)

    world.modules["photos"] = SimpleNamespace(start=lambda _context: Steps())
    await world.app.features.step(1)
    assert asked == [], "nothing is started for it"
    await world.app.features.part("photos")

    await world.app.features.step(-1)

    assert asked == [-1]


@visit(rows=(FEATURE,))
async def test_what_is_added_to_others_is_not_opened(world: World) -> None:
    await world.use(make_card(1))
    strip = await give(world, photo(world, "a.jpg"), photo(world, "b.jpg"))
    await world.arrive(world.opener.pending[-1])
    await world.answer()
    shown, opened = world.picture_in_view, world.opener.pending[-1]
    strip.collects = True

    await world.do(world.app.open_files([photo(world, "c.jpg")]))

    assert world.picture_in_view == shown
    assert world.opener.pending[-1] is opened
    assert [file.name for file in strip.album.files] == ["c.jpg"], "the part has it"
    strip.collects = False
    await world.do(world.app.open_files([photo(world, "d.jpg")]))
    assert world.opener.pending[-1] is not opened
