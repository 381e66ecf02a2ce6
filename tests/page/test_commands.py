"""Commands, what error cards offer, and the snapshot that programs read."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import Any

import pytest

from obscura.errors import PictureError
from obscura.page import features
from obscura.page.automation import snapshot
from obscura.page.commands import actions, commands
from obscura.page.features import detect, offline, privacy
from obscura.page.state.feature import Command, Feature, Part
from obscura.page.state.scene import State
from obscura.page.state.settings import CORE_SETTINGS, SettingTable
from obscura.page.words.notices import ACTIONS, EARLY, NOTICES

from .answers import make_card
from .world import World, read, show, visit

AUTOMATION = (Path(__file__).resolve().parents[2] / "docs" / "automation.md").read_text("utf-8")
FEATURES = (detect.FEATURE, offline.FEATURE, privacy.FEATURE)
ROWS = [
    import_module(f"{features.__name__}.{each.name}").FEATURE
    for each in iter_modules(features.__path__)
    if each.ispkg
]
"""All features of the page."""


class Lamp(Part):
    """A feature with a command that answers at once, and one that takes time."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def run(self, command: str) -> Awaitable[None] | None:
        if command == "glow":
            return self._glow()
        self.did.append(command)
        return None

    def snapshot(self) -> dict[str, Any]:
        return {"lamp": len(self.did)}

    async def _glow(self) -> None:
        self.did.append("glow")


LAMP = Feature(
    "lamp",
    entry="lamp",
    commands=(Command("switch", key="l", help=("L", "the lamp")), Command("glow", button="glow")),
    snapshot={"lamp": None},
)


def run(world: World, name: str) -> Any:
    """Return what a command does."""
    (command,) = [each for each in commands(world.app, world.shell) if each.name == name]
    assert command.run is not None
    return command.run()


# ---- commands ------------------------------------------------------------------------------------


@visit(rows=FEATURES)
async def test_no_two_commands_share_a_key_or_a_button(world: World) -> None:
    every = commands(world.app, world.shell)

    keys = [each.key for each in every if each.key]
    buttons = [each.button for each in every if each.button]
    assert len(keys) == len(set(keys))
    assert len(buttons) == len(set(buttons))
    assert all(each.run is not None for each in every)
    assert all(each.key or each.button for each in every), "each can be given somehow"


@visit(rows=FEATURES)
async def test_keys_are_as_the_browser_names_them_in_lower_case(world: World) -> None:
    for each in commands(world.app, world.shell):
        assert each.key == each.key.lower()


@visit
async def test_start_and_pause(world: World) -> None:
    await world.use(make_card(1))

    await world.do(run(world, "start"))
    await world.arrive(world.opener.pending[-1])
    await world.do(run(world, "pause"))
    assert not world.screen.playing
    await world.answer()

    assert world.app.state == "paused"


@visit
async def test_flip_opens_the_camera_on_the_other_side(world: World) -> None:
    await show(world, "camera")

    await world.do(run(world, "flip"))

    assert world.opener.pending[-1].arguments["facing"] == "environment"


@pytest.mark.parametrize(
    ("name", "did"),
    [("photo", "click photo"), ("full screen", "full screen"), ("help", "help")],
)
@visit
async def test_commands_of_the_pages_frame(world: World, name: str, did: str) -> None:
    await world.do(run(world, name))

    assert world.shell.did == [did]


@visit
async def test_the_models_page_opens(world: World) -> None:
    await world.do(run(world, "models"))

    assert world.app.models.asked == ["models page"]


@pytest.mark.parametrize("name", ["switch", "glow"])
@visit(rows=(LAMP,))
async def test_a_features_command_starts_the_feature_and_runs(world: World, name: str) -> None:
    lamp = Lamp()
    world.modules["lamp"] = SimpleNamespace(start=lambda _context: lamp)
    assert world.app.features.parts == {}

    await world.do(run(world, name))

    assert lamp.did == [name]
    assert world.app.features.parts == {"lamp": lamp}


@visit(rows=(LAMP,))
async def test_a_features_commands_bring_their_key_button_and_help(world: World) -> None:
    by_name = {each.name: each for each in commands(world.app, world.shell)}

    assert (by_name["switch"].key, by_name["switch"].help) == ("l", ("L", "the lamp"))
    assert by_name["glow"].button == "glow"


# ---- error cards ---------------------------------------------------------------------------------


@visit
async def test_everything_that_an_error_card_offers_can_be_done(world: World) -> None:
    offered = {each.action for code, each in NOTICES.items() if code not in EARLY}

    assert offered <= set(actions(world.app, world.shell)) <= set(ACTIONS)


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("model", "retry"),
        ("smallest-model", "smallest"),
        ("automatic", "automatic"),
        ("models", "models page"),
    ],
)
@visit
async def test_an_error_card_leads_to_the_models(world: World, action: str, asked: str) -> None:
    await world.do(actions(world.app, world.shell)[action]())

    assert world.app.models.asked == [asked]


@pytest.mark.parametrize(
    ("action", "did"),
    [("photo", "click photo"), ("own-model", "click own-files"), ("reload", "reload")],
)
@visit
async def test_an_error_card_leads_to_files_and_to_another_try(
    world: World, action: str, did: str
) -> None:
    await world.do(actions(world.app, world.shell)[action]())

    assert world.shell.did == [did]


@visit
async def test_an_error_card_of_the_camera_tries_the_camera_again(world: World) -> None:
    await world.do(actions(world.app, world.shell)["camera"]())

    assert [opening.kind for opening in world.opener.pending] == ["camera"]


# ---- the snapshot --------------------------------------------------------------------------------


def documented() -> dict[str, Any]:
    """Return the example of docs/automation.md."""
    (example,) = re.findall(r"```json\n(.*?)```", AUTOMATION, re.DOTALL)
    values: dict[str, Any] = json.loads(example)
    return values


@visit
async def test_the_snapshot_has_the_documented_keys_in_every_state(world: World) -> None:
    keys = set(documented()).difference(*(row.snapshot for row in ROWS))  # which this world lacks
    assert set(snapshot(world.app, 1.0)) == keys

    await world.use(make_card(1))
    assert set(snapshot(world.app, 1.0)) == keys
    await show(world, "video")
    await read(world, "video")

    assert set(snapshot(world.app, 1.0)) == keys


@visit
async def test_the_snapshot_is_plain_json_of_the_documented_shape(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "video")
    world.now_ms += 5
    await read(world, "video")

    now = json.loads(json.dumps(snapshot(world.app, world.now_ms / 1000)))

    example = documented()
    assert set(now["frame"]) == set(example["frame"])
    assert set(now["models"][0]) == set(example["models"][0])
    assert set(now["detections"][0]) == set(example["detections"][0])
    assert {key: type(value) for key, value in now.items() if value is not None} == {
        key: type(example[key]) for key in now if now[key] is not None and key != "opening"
    }


def test_what_features_add_to_the_snapshot_is_documented() -> None:
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", AUTOMATION, re.MULTILINE))
    added = {key for row in ROWS for key in row.snapshot}

    assert "counts" in added
    assert added <= rows & documented().keys()


def test_every_parameter_of_the_address_is_documented() -> None:
    table = AUTOMATION[AUTOMATION.index("## The address") : AUTOMATION.index("What the address")]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE))

    read = SettingTable(CORE_SETTINGS, *(row.settings for row in ROWS))
    assert documented == {row.name for row in read if row.from_address} | {"source", "autostart"}


def test_every_state_is_documented() -> None:
    rows = set(re.findall(r"^\| `([a-z]+)` \|", AUTOMATION.partition("| state |")[2], re.MULTILINE))

    assert {str(state) for state in State} <= rows


@visit
async def test_before_anything_the_snapshot_says_that_nothing_is_there(world: World) -> None:
    now = snapshot(world.app, 1.0)

    assert (now["state"], now["error"], now["model"], now["backend"]) == (
        "loading", None, None, None,
    )  # fmt: skip
    assert (now["threads"], now["frames"], now["fps"], now["frame"]) == (0, 0, 0, None)
    assert (now["detections"], now["timings"], now["held"]) == ([], {}, {})


@visit
async def test_the_snapshot_names_the_error_card_in_view(world: World) -> None:
    world.app.fail(PictureError("unreadable"))

    now = snapshot(world.app, 1.0)

    assert (now["state"], now["error"]["code"]) == ("error", "picture")
    assert now["error"]["message"] == world.notice.message


@visit
async def test_detections_of_the_snapshot_are_those_in_view(world: World) -> None:
    await world.use(make_card(1))
    await show(world, "photo")
    assert snapshot(world.app, 1.0)["detections"] == [], "the photo has no answer yet"

    await world.answer()

    detections = snapshot(world.app, 1.0)["detections"]
    assert [each["label"] for each in detections] == ["cat", "dog"]
    opening = await world.open("camera")
    assert snapshot(world.app, 1.0)["detections"] == detections, "the photo is still in view"
    await world.arrive(opening)
    assert snapshot(world.app, 1.0)["detections"] == [], "the photo is not in view any more"


@visit
async def test_what_holds_the_rate_down_is_named(world: World) -> None:
    world.pace.power(charging=False, level=0.8, save_data=False)

    assert snapshot(world.app, 1.0)["held"] == {"battery": 15.0}
    world.app.change(pace=False)
    assert snapshot(world.app, 1.0)["held"] == {}


@visit(rows=(LAMP,))
async def test_features_add_their_keys_whether_they_run_or_not(world: World) -> None:
    world.modules["lamp"] = SimpleNamespace(start=lambda _context: Lamp())
    assert snapshot(world.app, 1.0)["lamp"] is None

    await world.do(run(world, "switch"))

    assert snapshot(world.app, 1.0)["lamp"] == 1
