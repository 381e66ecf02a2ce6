"""For everyone: by keyboard, by screen reader, on a narrow phone, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ..heads.test_shelf import classifier
from . import networks
from .access import AXE, DESKTOP, PHONE, PHONE_ON_ITS_SIDE
from .analysed import until_done
from .clips import clip
from .conftest import OpenRoom
from .pictures import ROOT, encode, sample
from .plugged import plugged
from .room import Room
from .screens import SCREEN

TARGETS = "button, .button, select, summary, .brand, .check, input[type=search], input[type=range]"
# Of radio buttons Tab reaches the chosen one, arrows the others.
INTERACTIVE = (
    "a[href], button, input:not([type=radio]:not(:checked)), select, textarea, summary, "
    "[tabindex='0']"
)


# ---- the states of the page ----------------------------------------------------------------------


def ready(room: Room) -> None:
    room.home()
    if room.snapshot()["state"] == "still":
        room.start()
        room.stop()
    room.until_state("ready")


def live(room: Room) -> None:
    ready(room)
    room.start()
    room.until("now.detections.length > 0")
    room.page.wait_for_function(
        "() => /fps/.test(document.getElementById('meter-text').textContent)"
    )


def meter_open(room: Room) -> None:
    live(room)
    room.at("meter-line").click()
    room.page.wait_for_function("() => document.querySelectorAll('#meter-list dt').length > 6")


def photo(room: Room) -> None:
    room.home()
    room.read(encode(sample()), "astronaut.png")
    room.page.wait_for_function(
        "() => / s$/.test(document.getElementById('meter-text').textContent)"
    )


def error(room: Room) -> None:
    room.home()
    room.give(b"broken", "broken.png")
    room.until_error("picture")


def error_unfolded(room: Room) -> None:
    error(room)
    room.at("notice-more").locator("summary").click()


def help_dialog(room: Room) -> None:
    ready(room)
    room.at("help").click()


def promise_dialog(room: Room) -> None:
    ready(room)
    room.at("promise").click()
    room.at("promise-dialog").wait_for()  # its code is fetched first


def models(room: Room) -> None:
    ready(room)
    room.page.keyboard.press("m")


def models_unfolded(room: Room) -> None:
    models(room)
    for summary in room.at("model-list").locator("[data-model]").nth(0).locator("summary").all():
        summary.click()


def asked(room: Room) -> None:
    photo(room)
    give_model(room, "colours.onnx", networks.ssd())
    room.at("ask-dialog").wait_for()


def own_model(room: Room) -> None:
    models(room)
    give_model(room, "My colours.onnx", networks.yolox())
    room.until_model("own-my-colours")
    room.page.locator("[data-model=own-my-colours] [data-act=ask]").click()


def give_model(room: Room, name: str, network: bytes) -> None:
    room.at("own-files").set_input_files(files=[{"name": name, "mimeType": "", "buffer": network}])


def panel(room: Room) -> None:
    photo(room)
    if room.at("panel-toggle").is_visible():
        room.at("panel-toggle").click()
        room.page.wait_for_function(
            "() => document.getElementById('panel').getAnimations().length === 0"
        )


def class_list(room: Room) -> None:
    panel(room)
    room.at("classes").locator("summary").click()
    room.at("class-search").scroll_into_view_if_needed()


def events(room: Room) -> None:
    live(room)
    if room.at("panel-toggle").is_visible():
        room.at("panel-toggle").click()
    room.at("events").check()
    room.at("events-options").locator("summary").click()
    room.at("events_views").check()
    room.until_text("events-list", "came into view")


def closer(room: Room) -> None:
    panel(room)
    room.choose("cocossd")  # which finds people
    room.at("closer").check()
    room.page.locator("#closer-looks [value=emotion]").check()
    room.page.locator("#closer-looks [value=pose]").check()
    room.until("now.heads?.emotion?.ms > 0 && now.heads?.pose?.ms > 0")
    room.at("closer").scroll_into_view_if_needed()


def head_dialog(room: Room) -> None:
    closer(room)
    with TemporaryDirectory() as folder:
        network = classifier(Path(folder) / "colours.onnx").read_bytes()
    room.at("closer-files").set_input_files(
        files=[{"name": "colours.onnx", "mimeType": "", "buffer": network}]
    )
    room.at("head-dialog").wait_for()


def analysed(room: Room) -> None:
    room.home()
    room.give(clip(12), "numbered.mp4", "video/mp4")
    room.until_live()
    room.at("pause").click()
    room.until("now.state === 'paused'")
    room.page.wait_for_selector("#analyse-row:not([hidden])")
    room.page.wait_for_function("() => document.getElementById('analyse-bar').hidden")
    if not room.snapshot()["analysed"]:
        room.at("analyse-all").click()
    until_done(room)
    room.page.wait_for_selector(".time-mark")


def recorded(room: Room) -> None:
    live(room)
    room.at("record").click()
    room.until("now.recording?.frames > 1")
    room.at("record").click()
    room.page.wait_for_selector("#record-dialog[open] #record-save:visible")


def hide(room: Room) -> None:
    panel(room)
    room.choose("cocossd")
    room.at("redact").check()
    room.until("now.hidden?.boxes.length > 0 && !now.hidden.whole")
    if room.at("redact-pick").get_attribute("aria-pressed") == "false":
        room.at("redact-pick").click()
    room.page.locator("#redact-choices button").first.wait_for()
    room.at("redact").scroll_into_view_if_needed()


def export_dialog(room: Room) -> None:
    live(room)
    if room.at("panel-toggle").is_visible():
        room.at("panel-toggle").click()
    room.at("keep_answers").check()
    room.until("now.kept?.frames > 0")
    room.at("export-open").click()
    room.page.wait_for_selector("#export-rows option[value=all]", state="attached")


def pictures(room: Room) -> None:
    room.home()
    person = encode(sample().resize((200, 200)))
    files = [(f"holiday by the sea {n}.png", person) for n in range(8)] + [("broken.png", b"no")]
    room.at("photo").set_input_files(
        files=[{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
    )
    room.at("photos-dialog").wait_for()
    room.until("now.photos && now.photos.analysed === 8 && now.photos.failed === 1")
    room.at("photos-select").click()
    if room.at("photos-filters").is_visible():
        room.at("photos-filters").click()
        room.at("photos-choose").wait_for()


def one_of_several(room: Room) -> None:
    pictures(room)
    if room.at("photos-filters").is_visible():
        room.at("photos-filters").click()
    room.page.locator("#photos-grid [aria-posinset='2']").click()
    room.until("now.state === 'still' && now.detections.length > 0")
    # The focus goes there once the picture has taken the place of the one before.
    room.page.wait_for_function("() => document.activeElement.id === 'picture-all'")


def cameras(room: Room) -> None:
    live(room)
    room.at("add-camera").click()
    room.until("now.cameras.some((each) => each.fps > 0 && each.seen.person)")


def camera_lost(room: Room) -> None:
    cameras(room)
    room.page.evaluate("() => tracks.at(-1).stop()")
    room.until("now.cameras[0].lost")
    room.page.locator(".camera-view.lost").wait_for()


def which_camera(room: Room) -> None:
    live(room)
    room.page.evaluate("() => plug('yard', 'Yard')")
    room.at("add-camera").click()
    room.at("cameras-dialog").wait_for()


def screen(room: Room) -> None:
    ready(room)
    if room.at("share").is_visible():
        room.at("share").click()
    else:  # where the row has no room for it; it is an app's window that was made small since
        size = room.page.viewport_size
        assert size
        room.page.set_viewport_size({"width": 900, "height": 740})
        room.at("share").click()
        room.page.set_viewport_size(size)
    room.until("now.detections.length > 0")


def crop(room: Room) -> None:
    screen(room)
    room.at("crop").click()
    room.at("crop-hint").wait_for()


def snapshot(room: Room) -> None:
    photo(room)
    room.at("snapshot").click()
    room.page.wait_for_selector("#keep-dialog[open]")
    room.page.wait_for_function("() => document.getElementById('keep-picture').naturalWidth > 0")


STATES: dict[str, Callable[[Room], None]] = {
    "ready": ready,
    "live": live,
    "meter open": meter_open,
    "photo": photo,
    "analysed": analysed,
    "error": error,
    "error unfolded": error_unfolded,
    "help": help_dialog,
    "promise": promise_dialog,
    "models": models,
    "models unfolded": models_unfolded,
    "panel": panel,
    "class list": class_list,
    "asked": asked,
    "own model": own_model,
    "recorded": recorded,
    "events": events,
    "export": export_dialog,
    "closer looks": closer,
    "head dialog": head_dialog,
    "pictures": pictures,
    "one of several": one_of_several,
    "hide": hide,
    "cameras": cameras,
    "camera lost": camera_lost,
    "which camera": which_camera,
    "screen": screen,
    "crop": crop,
    "snapshot": snapshot,
}


DEVICES = {"desktop": DESKTOP, "phone": PHONE, "side": PHONE_ON_ITS_SIDE}


@pytest.fixture(scope="module")
def visits() -> dict[str, Room]:
    """The visits so far, one for each device."""
    return {}


@pytest.fixture(
    scope="module", params=[f"{device}, {state}" for device in DEVICES for state in STATES]
)
def state(request: pytest.FixtureRequest, visits: dict[str, Room], shared_room: OpenRoom) -> Any:
    """A visit in one of the states, and the state's name."""
    device, name = request.param.split(", ")
    if device not in visits:
        for former in visits.values():
            former.page.context.close()
        room = visits[device] = shared_room(
            init=plugged(front="Front camera", back="Camera above the door of the garage") + SCREEN,
            **DEVICES[device],
        ).open()
        room.until_state("ready")
        axe = ROOT / "node_modules" / "axe-core" / "axe.min.js"
        room.page.evaluate(axe.read_text(encoding="utf-8"))
    put_away(visits[device])
    STATES[name](visits[device])
    return visits[device], request.param


def put_away(room: Room) -> None:
    """Close whatever the state before has opened."""
    room.page.evaluate(
        """() => {
          if (!document.getElementById("crop-hint").hidden) {
            document.getElementById("crop-cancel").click();
          }
          if (globalThis.plugs?.("yard")) unplug("yard");
          // Whoever comes into view can be chosen: a list that grows while Tab goes through it.
          document.querySelector("#redact-pick[aria-pressed=true]")?.click();
          document.querySelector("#redact:checked")?.click();
          if (document.querySelector("#record-dialog[open]")) {
            document.getElementById("record-delete").click();
          }
          document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
          const panel = document.getElementById("panel");
          if (panel.classList.contains("open")) document.getElementById("panel-toggle").click();
          document.querySelectorAll("details[open]").forEach((each) => { each.open = false; });
          if (!document.getElementById("meter-details").hidden) {
            document.getElementById("meter-line").click();
          }
          document.getElementById("photos-dialog").classList.remove("filtered");
          scrollTo(0, 0);
        }"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_violation_and_a_screenshot_to_look_at(
    state: Any, scheme: str, artefacts: Path
) -> None:
    room, name = state
    room.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    violations = room.page.evaluate(AXE)
    file = f"{name}, {scheme}.png".replace(", ", "-").replace(" ", "-")
    room.page.screenshot(path=artefacts / file)

    assert violations == []


def test_nothing_is_wider_than_the_screen(state: Any) -> None:
    room, _ = state

    width, inner = room.page.evaluate(
        "() => [document.scrollingElement.scrollWidth, document.documentElement.clientWidth]"
    )
    outside = room.page.evaluate(
        """(selector) => [...document.querySelectorAll(selector)]
          .filter((each) => each.checkVisibility({ visibilityProperty: true }))
          .map((each) => [each.id || each.outerHTML, each.getBoundingClientRect()])
          .filter(([, box]) => box.width > 1 && (box.left < -0.5 || box.right > innerWidth + 0.5))
          .map(([name]) => name)""",
        INTERACTIVE,
    )

    assert width <= inner
    assert outside == []


def test_every_target_is_large_enough_for_a_thumb(state: Any) -> None:
    room, _ = state

    small = room.page.evaluate(
        """(selector) => [...document.querySelectorAll(selector)]
          .filter((each) => each.checkVisibility({ visibilityProperty: true }))
          .map((each) => [each.id || each.textContent.trim(), each.getBoundingClientRect()])
          .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
          .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)""",
        TARGETS,
    )

    assert small == []


def test_every_control_has_a_name_and_only_images_that_say_something(state: Any) -> None:
    room, _ = state
    session = room.page.context.new_cdp_session(room.page)

    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()

    roles = {"button", "link", "checkbox", "combobox", "slider", "searchbox", "textbox"}
    roles |= {"dialog", "alertdialog", "image", "img", "progressbar", "DisclosureTriangle", "alert"}
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip())
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in roles
    ]
    assert named
    assert [role for role, name in named if not name] == []


FOCUS = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const ring = [focused, focused.closest(".button")].some((each) => {
    const style = each && getComputedStyle(each);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  focused.dataset.reached = "yes";
  const box = (focused.closest(".button") ?? focused).getBoundingClientRect();
  const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return [focused.id || focused.outerHTML.slice(0, 80), ring, inView];
}"""
MISSED = """(selector) => {
  const scope = document.querySelector("dialog[open]") ?? document;
  return [...scope.querySelectorAll(selector)]
    .filter((each) => !each.disabled && each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => !each.dataset.reached)
    .map((each) => each.id || each.outerHTML.slice(0, 80));
}"""


def test_every_control_is_reached_by_tab_and_shows_that_it_has_the_focus(state: Any) -> None:
    room, _ = state
    room.page.evaluate(
        """() => {
          const before = document.querySelectorAll("[data-reached]");
          before.forEach((each) => delete each.dataset.reached);
          document.activeElement.blur();
        }"""
    )

    steps = []
    rounds = 0  # the focus may begin anywhere, so past the end is passed twice
    while rounds < 2 and len(steps) < 300:
        room.page.keyboard.press("Tab")
        step = room.page.evaluate(FOCUS)
        if step is None:
            rounds += 1
        else:
            steps.append(step)

    assert room.page.evaluate(MISSED, INTERACTIVE) == []
    assert [each for each, ring, _ in steps if not ring] == []
    assert [each for each, _, in_view in steps if not in_view] == []
