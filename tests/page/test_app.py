"""The app: what a person does, and what that changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from obscura.errors import BackendError, BackendUnusable, ObscuraError, PictureError
from obscura.page.features.count import is_shapes_file
from obscura.page.state.feature import Feature, Part
from obscura.page.state.needs import Need, tracking
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Request, Setting, is_flag

from .answers import LABELS, CountingStage, make_card
from .stand_ins import File
from .world import OPENERS, World, read, show, visit

PHOTO = File("cat.jpg", "image/jpeg", 40)
CLIP = File("clip.mp4", "video/mp4", 41)
NETWORK = File("mine.onnx", "", 42)


def scores(world: World) -> list[float]:
    """Return the scores of the detections in view."""
    return [round(float(score), 2) for score in world.analysis.detections.score]


# ---- the beginning -------------------------------------------------------------------------------


@visit
async def test_it_begins_with_the_model_and_the_list_of_cameras(world: World) -> None:
    await world.do(world.app.begin(None, []))

    assert world.app.models.begun
    assert world.app.sources.cameras == world.cameras
    assert world.opener.pending == []
    assert world.app.state == "loading"


@visit
async def test_a_press_of_start_before_python_ran_opens_the_camera(world: World) -> None:
    await world.do(world.app.begin("start", []))

    (opening,) = world.opener.pending
    assert opening.kind == "camera"
    assert world.app.state == "starting"


@visit
async def test_files_given_before_python_ran_are_opened(world: World) -> None:
    await world.do(world.app.begin("files", [PHOTO]))

    (opening,) = world.opener.pending
    assert (opening.kind, opening.source) == ("photo", PHOTO)


@pytest.mark.parametrize(
    ("source", "kind"), [("camera", "camera"), ("./a.jpg", "photo"), ("./a.mp4?v=1", "video")]
)
def test_an_address_with_autostart_opens_its_source(source: str, kind: str) -> None:
    @visit(request=Request(source, autostart=True))
    async def scenario(world: World) -> None:
        await world.do(world.app.begin(None, []))

        (opening,) = world.opener.pending
        assert (opening.kind, opening.source) == (kind, source)

    scenario()


@visit(request=Request("./a.jpg", autostart=True))
async def test_files_come_before_the_address(world: World) -> None:
    await world.do(world.app.begin("files", [CLIP]))

    assert [opening.source for opening in world.opener.pending] == [CLIP]


def test_parameters_that_make_no_sense_are_named_in_the_console(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @visit(request=Request(ignored=("threshold=2", "threads=many")))
    async def scenario(world: World) -> None:
        await world.do(world.app.begin(None, []))

    scenario()

    assert "threshold=2, threads=many" in capsys.readouterr().out


# ---- the main button -----------------------------------------------------------------------------


@visit
async def test_start_opens_the_camera_and_stop_returns_to_the_sample_picture(world: World) -> None:
    await world.use(make_card(1))
    await world.do(world.app.press_start())
    await world.arrive(world.opener.pending[-1])
    assert world.app.state == "running"

    await world.do(world.app.press_start())

    assert world.app.state == "ready"


@visit
async def test_a_press_while_a_source_opens_takes_the_first_one_back(world: World) -> None:
    await world.do(world.app.press_start())

    await world.do(world.app.press_start())

    assert not world.scene.opening
    assert world.scene.kind is Kind.WELCOME


@visit
async def test_a_press_while_a_photo_waits_for_its_answer_closes_it(world: World) -> None:
    await show(world, "photo")
    assert world.app.state == "starting", "so the button says Stop"

    await world.do(world.app.press_start())

    assert world.scene.kind is Kind.WELCOME
    assert world.opener.pending == [] or world.opener.pending[-1].done


@visit(request=Request("./lobby.mp4"))
async def test_start_over_a_photo_opens_what_the_address_names(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "photo")
    await world.answer()

    await world.do(world.app.press_start())

    assert world.opener.pending[-1].source == "./lobby.mp4"
    assert {each["kind"] for each in world.rendered} == {"video"}


# ---- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "kind"), [(PHOTO, "photo"), (CLIP, "video")])
@visit
async def test_a_picture_or_video_is_opened(world: World, file: File, kind: str) -> None:
    await world.do(world.app.open_files([file]))

    (opening,) = world.opener.pending
    assert (opening.kind, opening.source) == (kind, file)


@pytest.mark.parametrize("files", [[NETWORK], [File("names.txt", "text/plain", 43), NETWORK]])
@visit
async def test_a_network_is_added_with_the_files_beside_it(world: World, files: list[File]) -> None:
    world.app.fail(PictureError("unreadable"))

    await world.do(world.app.open_files(files))

    assert world.app.models.asked == [files]
    assert world.opener.pending == []
    assert world.notice.code is None


class Desk(Part):
    """A feature that takes files."""

    def __init__(self) -> None:
        self.opened: list[tuple[File, Kind]] = []
        self.sources: Any = None

    async def open_file(self, file: File) -> None:
        if file is BAD:
            raise PictureError("not valid")
        self.opened.append((file, self.sources.scene.kind))


LINES = File("lines.JSON", "application/json", 44, b'{"format": 1, "zones": [], "lines": []}')
BAD = File("bad.json", "application/json", 46, b'\xff\xfe{\0"\0format":"lines"')
NAMES = File("names.json", "application/json", 45, b'["a", "b"]')
DESK = Feature("desk", entry="desk", claims=is_shapes_file)


def with_desk(world: World) -> Desk:
    desk = Desk()
    desk.sources = world.app.sources
    world.modules["desk"] = SimpleNamespace(start=lambda _context: desk)
    return desk


@visit(rows=(DESK,))
async def test_a_json_file_goes_to_the_feature_that_claims_it(world: World) -> None:
    desk = with_desk(world)
    await world.do(world.app.open_files([LINES]))

    assert [file for file, _ in desk.opened] == [LINES]
    assert world.app.models.asked == []
    assert world.opener.pending == []


@visit(rows=(DESK,))
async def test_a_video_given_with_it_is_in_view_first(world: World) -> None:
    desk = with_desk(world)
    await world.use(make_card(1))
    await world.do(world.app.open_files([LINES, CLIP]))
    assert desk.opened == []
    await world.arrive(world.opener.pending[-1])

    assert desk.opened == [(LINES, Kind.LIVE)]


@pytest.mark.parametrize("files", [[NAMES], [NETWORK, LINES]])
@visit(rows=(DESK,))
async def test_other_json_files_belong_to_a_model(world: World, files: list[File]) -> None:
    desk = with_desk(world)
    await world.do(world.app.open_files(files))

    assert desk.opened == []
    assert world.app.models.asked == [files]


@visit(rows=(DESK,))
async def test_what_is_wrong_with_a_claimed_file_is_reported(world: World) -> None:
    with_desk(world)

    with pytest.raises(PictureError, match="not valid"):
        await world.app.open_files([BAD])


# ---- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [None, *OPENERS])
@visit
async def test_another_threshold_decodes_the_same_answer_again_without_a_run(
    world: World, kind: str | None
) -> None:
    stage = CountingStage()
    world.analysis.pipeline.stages.append(stage)
    await world.use(make_card(1))
    if kind:
        await show(world, kind)
        await read(world, kind)
    assert scores(world) == [0.9, 0.6]
    runs = len(world.sessions.runs)

    await world.do(world.app.change(threshold=0.2))
    assert scores(world) == [0.9, 0.6, 0.3]
    await world.do(world.app.change(threshold=0.7))
    assert scores(world) == [0.9]

    assert len(world.sessions.runs) == runs
    assert stage.frames == [0], "the same frame advances no stage"
    assert world.preferences.current.threshold == 0.7


TRACK = Feature("track", entry="", settings=(Setting("track", False, is_flag),))
COUNT, EVENTS, HIDE = (
    Feature(
        name,
        switch=name,
        settings=(Setting(name, False, is_flag),),
        needs=Need(tracking, f"{name} needs that.", insists=name == "hide"),
    )
    for name in ("count", "events", "hide")
)


async def begin(world: World) -> None:
    """Use a model, with features that only can be switched."""
    for row in (COUNT, EVENTS, HIDE):
        world.modules[row.name] = SimpleNamespace(start=lambda _context: Part())
    await world.use(make_card(1))


@visit(rows=(TRACK, COUNT, EVENTS))
async def test_features_are_switched_off_with_what_they_need(world: World) -> None:
    await begin(world)
    await world.do(world.app.change(count=True, events=True))
    assert world.preferences.current.track
    assert world.notes == {"count-needs": "", "events-needs": ""}

    await world.do(world.app.change(track=False))

    now = world.preferences.current
    assert (now.track, now.count, now.events) == (False, False, False)
    assert world.notes == {
        "count-needs": "count needs that.",
        "events-needs": "events needs that.",
    }
    await world.do(world.app.change(track=True))
    assert world.notes == {"count-needs": "", "events-needs": ""}
    assert not world.preferences.current.count


@visit(rows=(TRACK, COUNT, HIDE))
async def test_what_a_feature_insists_on_stays_on(world: World) -> None:
    await begin(world)
    await world.do(world.app.change(hide=True, count=True))

    await world.do(world.app.change(track=False))

    now = world.preferences.current
    assert (now.track, now.count, now.hide) == (True, True, True)
    said = "hide needs that."
    assert world.notes == {"count-needs": "", "hide-needs": said, "track-needs": said}
    await world.do(world.app.change(count=False))
    assert set(world.notes.values()) == {""}


@visit
async def test_hidden_classes_are_of_the_chosen_model(world: World) -> None:
    await world.use(make_card(1))

    world.app.hide_classes(["dog", "owl"])

    assert scores(world) == [0.9]
    assert world.preferences.current.hidden == {"model-1": ["dog", "owl"]}
    await world.use(make_card(2))
    assert scores(world) == [0.9, 0.6]


@visit
async def test_sinks_can_tell_that_every_class_is_hidden(world: World) -> None:
    world.witness.take = lambda _update: None  # type: ignore[method-assign]  # nothing to read
    await world.use(make_card(1))
    assert not world.display.all_hidden

    world.app.hide_classes(list(LABELS))
    assert world.display.all_hidden
    world.app.hide_classes(["cat"])

    assert not world.display.all_hidden
    world.app.hide_classes([])


@visit
async def test_another_model_is_chosen_by_the_models_and_puts_an_error_away(world: World) -> None:
    world.app.fail(PictureError("unreadable"))

    await world.do(world.app.change(model="model-2"))

    assert world.app.models.asked == ["model-2"]
    assert world.notice.code is None


@pytest.mark.parametrize(
    ("error", "model", "state"),
    [
        (BackendUnusable("no GPU"), True, "ready"),
        (BackendUnusable("no GPU"), False, "error"),
        (BackendError("no GPU"), True, "error"),
    ],
)
@visit
async def test_a_model_in_use_goes_on_without_the_backend_of_another(
    world: World, error: ObscuraError, model: bool, state: str
) -> None:
    if model:
        await world.use(make_card(1))

    world.app.fail(error)

    assert (world.app.state, world.notice.code) == (state, error.code)


@visit
async def test_the_pace_follows_its_setting(world: World) -> None:
    assert world.pace.enabled

    world.app.change(pace=False)
    assert not world.pace.enabled
    world.app.change(pace=True)

    assert world.pace.enabled


@pytest.mark.parametrize("values", [{"camera": "camera-9"}, {"facing": "environment"}])
@visit
async def test_a_camera_in_view_is_opened_again_by_other_camera_settings(
    world: World, values: dict[str, Any]
) -> None:
    await world.use(make_card(1))
    await show(world, "camera")

    await world.do(world.app.change(**values))

    opening = world.opener.pending[-1]
    assert not opening.done
    assert set(values.values()) <= set(opening.arguments.values())
    assert world.app.state == "starting"


@pytest.mark.parametrize("sizable", [True, False])
@visit
async def test_a_camera_in_view_takes_on_another_resolution_or_is_opened_again(
    world: World, sizable: bool
) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    (camera,) = world.opener.opened
    camera.sizable = sizable

    await world.do(world.app.change(resolution="640x480"))

    assert camera.sizes == ["640x480"]
    assert not camera.stopped
    assert world.app.state == ("running" if sizable else "starting")


@pytest.mark.parametrize("kind", [None, "video", "photo"])
@visit
async def test_without_a_camera_in_view_camera_settings_open_nothing(
    world: World, kind: str | None
) -> None:
    if kind:
        await show(world, kind)

    await world.do(world.app.change(camera="camera-9"))

    assert all(opening.done for opening in world.opener.pending)
    assert world.preferences.current.camera == "camera-9"


@visit
async def test_the_camera_is_flipped_to_the_other_side_and_back(world: World) -> None:
    await show(world, "camera")

    await world.do(world.app.flip())
    first = world.opener.pending[-1]
    await world.arrive(first)
    await world.do(world.app.flip())

    assert first.arguments["facing"] == "environment"
    assert world.opener.pending[-1].arguments["facing"] == "user"


@visit
async def test_mirroring_is_drawn_at_once(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "camera")
    await read(world, "camera")
    drawn = len(world.witness.updates)

    await world.do(world.app.change(mirror=False))

    assert not world.display.mirrored
    assert len(world.witness.updates) == drawn + 1
    assert not world.rendered[-1]["mirrored"]
