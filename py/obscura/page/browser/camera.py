"""Opening, listing and stopping cameras, and shared screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import document, isSecureContext, location, navigator, window

from obscura.page.browser.boot import boot
from obscura.page.browser.dom import js_object, listen
from obscura.page.state import shared_screen
from obscura.page.state.camera import Camera, InsecureContext, is_handheld, refusal


async def open_camera(*, device_id: str, facing: str, resolution: str) -> Any:
    """Return a `MediaStream` with one video track.

    Args:
        device_id: the camera to use; "" for any that faces the right way.
        facing: "user" or "environment"; ignored if `device_id` names a camera.
        resolution: "WIDTHxHEIGHT"; the camera may choose another close to it.

    Raises:
        CameraError: one subclass per cause; see `page.state.camera`.
    """
    devices = getattr(navigator, "mediaDevices", None)
    if not isSecureContext or devices is None:
        raise InsecureContext("This address may not use a camera", location.origin)
    video: dict[str, Any] = _size(resolution)
    if device_id:
        video["deviceId"] = {"exact": device_id}
    else:
        video["facingMode"] = {"ideal": facing}
    outcome = await boot.askForCamera(js_object(video=video, audio=False))
    if outcome.stream:
        return outcome.stream
    if device_id and outcome.name in ("OverconstrainedError", "NotFoundError"):
        # The stored camera is not connected now: use any other one.
        return await open_camera(device_id="", facing=facing, resolution=resolution)
    name, message = str(outcome.name), str(outcome.message)
    raise refusal(name, message, await _permission(), embedded=_frame_forbids())


def can_share_screens() -> bool:
    """Whether the browser shares screens, windows or tabs. Some on phones have the function, which
    always refuses."""
    has = hasattr(getattr(navigator, "mediaDevices", None), "getDisplayMedia")
    return has and not _handheld()


def can_run_several() -> bool:
    """Whether several cameras can run at the same time."""
    return not _handheld()


def ask_for_screen() -> Any:
    """Have the browser ask which screen, window or tab to share; return what `screen_of` awaits.
    Call it while a press is handled: browsers refuse it at other times."""
    return boot.askForScreen() if can_share_screens() else None


async def screen_of(asked: Any) -> Any:
    """Return the `MediaStream` with one video track that `ask_for_screen` has asked for.

    Raises:
        ScreenError: one subclass per cause; see `page.state.shared_screen`.
    """
    if asked is None:
        raise shared_screen.ScreenUnsupported("This browser shares no screen", location.origin)
    outcome = await asked
    if outcome.stream:
        return outcome.stream
    raise shared_screen.refusal(str(outcome.name), str(outcome.message))


async def set_resolution(track: Any, resolution: str) -> bool:
    """Have a camera's track send pictures of about "WIDTHxHEIGHT"; return False if it refuses."""
    return bool(await boot.setResolution(track, js_object(**_size(resolution))))


async def list_cameras() -> list[Camera]:
    """Return the cameras that the browser lists; empty if it lists none."""
    devices = getattr(navigator, "mediaDevices", None)
    if devices is None:
        return []
    return [
        Camera(str(device.deviceId), str(device.label))
        for device in await devices.enumerateDevices()
        if device.kind == "videoinput" and device.deviceId
    ]


def watch(changed: Callable[[], Any]) -> None:
    """Call `changed()` when a camera is connected or disconnected."""
    if hasattr(navigator, "mediaDevices"):
        listen(navigator.mediaDevices, "devicechange", lambda _event: changed())


def stop_stream(stream: Any) -> None:
    """Stop every track, so that the camera's light goes out."""
    for track in stream.getTracks():
        track.stop()


def _handheld() -> bool:
    return is_handheld(str(navigator.userAgent), int(getattr(navigator, "maxTouchPoints", 0)))


def _frame_forbids() -> bool:
    """Whether the page is in a frame that forbids the camera. Firefox and Safari do not say; there
    it may be so in every frame of another site."""
    if window.parent == window:
        return False
    policy = getattr(document, "featurePolicy", None)
    if policy is not None:
        return not policy.allowsFeature("camera")
    try:
        return not hasattr(window.top.document, "body")
    except Exception:  # noqa: BLE001  (a page of another site, which browsers refuse to show)
        return True


def _size(resolution: str) -> dict[str, Any]:
    width, height = (int(side) for side in resolution.split("x"))
    return {"width": {"ideal": width}, "height": {"ideal": height}}


async def _permission() -> str:
    """Return the state of the camera permission; "unknown" if the browser does not report it."""
    try:
        status = await navigator.permissions.query(js_object(name="camera"))
    except Exception:  # noqa: BLE001  (Firefox before 132 throws a TypeError)
        return "unknown"
    return str(status.state)
