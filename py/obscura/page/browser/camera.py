"""The camera: asked for once, named in errors, given back when stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from js import isSecureContext, location, navigator

from obscura.errors import (
    CameraBusy,
    CameraDenied,
    CameraDismissed,
    CameraError,
    CameraMissing,
    InsecureContext,
)
from obscura.page.browser.boot import boot
from obscura.page.browser.dom import js_object, listen


@dataclass(frozen=True)
class Camera:
    """One camera as the browser lists it; names are empty until permission was given once."""

    device_id: str
    label: str


async def open_camera(*, device_id: str, facing: str, resolution: str) -> Any:
    """A `MediaStream` with one video track.

    Args:
        device_id: the camera to use; "" for whichever fits `facing` ("user" or "environment").
        resolution: "WIDTHxHEIGHT", a wish that the camera may round.

    Raises:
        CameraError: one subclass per cause: denied, dismissed, missing, busy.
        InsecureContext: the page's address may not use cameras at all.
    """
    devices = getattr(navigator, "mediaDevices", None)
    if not isSecureContext or devices is None:
        raise InsecureContext("This address may not use a camera", location.origin)
    width, height = (int(side) for side in resolution.split("x"))
    video: dict[str, Any] = {"width": {"ideal": width}, "height": {"ideal": height}}
    if device_id:
        video["deviceId"] = {"exact": device_id}
    else:
        video["facingMode"] = {"ideal": facing}
    outcome = await boot.askForCamera(js_object(video=video, audio=False))
    if outcome.stream:
        return outcome.stream
    if device_id and outcome.name in ("OverconstrainedError", "NotFoundError"):
        # The remembered camera is not plugged in today: any other one is what was meant.
        return await open_camera(device_id="", facing=facing, resolution=resolution)
    raise await _named(str(outcome.name), str(outcome.message))


async def list_cameras() -> list[Camera]:
    """The cameras the browser tells of; empty where it tells of none."""
    devices = getattr(navigator, "mediaDevices", None)
    if devices is None:
        return []
    return [
        Camera(str(device.deviceId), str(device.label))
        for device in await devices.enumerateDevices()
        if device.kind == "videoinput" and device.deviceId
    ]


def watch(changed: Callable[[], Any]) -> None:
    """Call `changed()` when a camera is plugged in or out."""
    if hasattr(navigator, "mediaDevices"):
        listen(navigator.mediaDevices, "devicechange", lambda _event: changed())


def stop_stream(stream: Any) -> None:
    """Release every track, so that the camera's light goes out."""
    for track in stream.getTracks():
        track.stop()


async def _named(name: str, message: str) -> CameraError:
    """The error for a refusal of getUserMedia, by its name in the standard."""
    said = f"{name}: {message}"
    if name in ("NotAllowedError", "SecurityError"):
        if "dismiss" in message.lower() or await _permission() == "prompt":
            return CameraDismissed("The question was closed unanswered", said)
        return CameraDenied("The camera was refused", said)
    if name in ("NotFoundError", "OverconstrainedError"):
        return CameraMissing("There is no camera", said)
    if name in ("NotReadableError", "AbortError"):
        return CameraBusy("The camera did not start", said)
    return CameraError("The camera did not start", said)


async def _permission() -> str:
    """The permission as the browser reports it; "unknown" where it does not (Firefox before "
    "132)."""
    try:
        status = await navigator.permissions.query(js_object(name="camera"))
    except Exception:  # noqa: BLE001  (Firefox before 132 throws a TypeError)
        return "unknown"
    return str(status.state)
