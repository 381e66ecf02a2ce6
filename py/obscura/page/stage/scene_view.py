"""The stage: which of sample, video and photo it shows, and what its buttons say."""

from __future__ import annotations

from obscura.page.browser.dom import by_id, page_data
from obscura.page.words import text

ELEMENTS = {"welcome": "sample", "live": "video", "still": "picture"}
"""What each scene shows."""


def render(
    *,
    state: str,
    scene: str,
    kind: str,
    mirrored: bool,
    paused: bool,
    can_flip: bool,
    can_add: bool,
    can_share: bool,
    shares: bool,
    caption: str,
    veiled: bool,
) -> None:
    """Bring the stage in line with the app's state; see docs/automation.md for the states.

    Args:
        scene: "welcome", "live" or "still".
        kind: what Start opens: "camera", "screen", "picture" or "video".
        mirrored: show the video as in a mirror.
        paused: a camera or video stands still.
        can_flip: there is another camera to switch to.
        can_add: another one can run beside it.
        can_share: screens can be shared, by a button beside Start.
        shares: a shared screen is in view.
        caption: a few words over the picture; "" for none.
        veiled: hide the picture itself, and small copies of it.
    """
    body = page_data()
    body.state, body.scene = state, scene
    body.paused = "yes" if paused else "no"
    body.veiled = "yes" if veiled else "no"
    for name, element in ELEMENTS.items():
        by_id(element).hidden = name != scene
        # What stands for it has a name of its own.
        by_id(element).setAttribute("aria-hidden", "true" if veiled else "false")
    by_id("welcome").hidden = scene != "welcome"
    by_id("video").classList.toggle("mirrored", mirrored)
    under_way = scene == "live" or state == "starting"
    start = by_id("start")
    start.classList.toggle("primary", not under_way)
    start.setAttribute("aria-busy", "true" if state == "starting" else "false")
    by_id("start-text").textContent = text.STOP if under_way else text.START[kind]
    by_id("pause").hidden = scene != "live"
    by_id("pause-text").textContent = text.RESUME if paused else text.PAUSE
    by_id("flip").hidden = not can_flip
    by_id("add-camera").hidden = not (can_flip and can_add)
    by_id("share").hidden = not can_share
    by_id("crop").hidden = not shares
    by_id("snapshot").hidden = scene == "welcome"
    by_id("close-source").hidden = scene != "still"
    label = by_id("caption")
    label.textContent = caption
    label.hidden = not caption
