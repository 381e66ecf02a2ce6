"""The camera: asked for once, named in errors, given back when stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from js import isSecureContext, location, navigator
from js import obscura as before

from obscura.errors import ObscuraError
from obscura.page.browser.dom import js_object


class CameraError(ObscuraError):
    """The camera failed for a reason that no class below names."""

    code = "camera"
    remedy = "Try again, or use a photo."


class CameraDenied(CameraError):
    """The person or a policy refused the camera."""

    code = "camera-denied"
    remedy = "Allow the camera in the browser's settings for this site, then try again."


class CameraDismissed(CameraError):
    """The person closed the browser's question without an answer."""

    code = "camera-dismissed"
    remedy = "Try again and choose Allow."


class CameraMissing(CameraError):
    """There is no camera, or none that fits what was asked for."""

    code = "camera-missing"
    remedy = "Plug one in, or use a photo."


class CameraBusy(CameraError):
    """Another program holds the camera."""

    code = "camera-busy"
    remedy = "Close the other program that uses the camera, then try again."


class CameraLost(CameraError):
    """The camera went away while it was running."""

    code = "camera-lost"
    remedy = "Plug it in again, or choose another camera."


class InsecureContext(CameraError):
    """The page was opened in a way that keeps browsers from offering the camera."""

    code = "insecure-context"
    remedy = "Open the page over https or from localhost."


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
    outcome = await before.boot.askForCamera(js_object(video=video, audio=False))
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
    """Return the permission as the browser reports it, or "unknown" (Firefox before 132)."""
    try:
        status = await navigator.permissions.query(js_object(name="camera"))
    except Exception:  # noqa: BLE001  (Firefox before 132 throws a TypeError)
        return "unknown"
    return str(status.state)
