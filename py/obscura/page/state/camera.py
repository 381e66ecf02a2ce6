"""Cameras, as the browser lists them and as it refuses them; `page.browser.camera` opens them."""

from __future__ import annotations

from dataclasses import dataclass

from obscura.errors import ObscuraError


@dataclass(frozen=True)
class Camera:
    """A camera as the browser lists it; the label is empty until permission was given once."""

    device_id: str
    label: str


def is_handheld(user_agent: str, touch_points: int) -> bool:
    """Whether a browser runs on a phone or tablet, which run one camera at a time and share no
    screens, whatever they offer. Laptops with a touch screen do both.

    Args:
        touch_points: how many fingers the screen feels at once; tablets of Apple are known by that
            alone.
    """
    mac = "Macintosh" in user_agent and touch_points > 1
    return mac or any(name in user_agent for name in ("Android", "iPhone", "iPad", "iPod"))


class CameraError(ObscuraError):
    """The camera failed. This class: for a reason that none of the classes below names.

    ::

        CameraError
        ├── CameraDenied
        ├── CameraDismissed
        ├── CameraEmbedded
        ├── CameraMissing
        ├── CameraBusy
        ├── CameraLost
        └── InsecureContext
    """

    code = "camera"
    remedy = "Try again, or use a photo."


class CameraDenied(CameraError):
    """The user or a policy refused the camera."""

    code = "camera-denied"
    remedy = "Allow the camera in the browser's settings for this site, then try again."


class CameraDismissed(CameraError):
    """The user closed the browser's prompt without an answer."""

    code = "camera-dismissed"
    remedy = "Try again and choose Allow."


class CameraEmbedded(CameraError):
    """The page is in a frame of a page that does not let it use the camera."""

    code = "camera-embedded"
    remedy = 'The embedding page must give its frame allow="camera".'


class CameraMissing(CameraError):
    """There is no camera, or none that meets the request."""

    code = "camera-missing"
    remedy = "Plug one in, or use a photo."


class CameraBusy(CameraError):
    """Another program uses the camera, or it could not start."""

    code = "camera-busy"
    remedy = "Close the other program that uses the camera, then try again."


class CameraLost(CameraError):
    """The camera was disconnected while it was running."""

    code = "camera-lost"
    remedy = "Plug it in again, or choose another camera."


class InsecureContext(CameraError):
    """The page was opened from an address at which browsers offer no camera."""

    code = "insecure-context"
    remedy = "Open the page over https or from localhost."


def refusal(name: str, message: str, permission: str, *, embedded: bool = False) -> CameraError:
    """Return the error for a rejected call of getUserMedia.

    Args:
        name: name of the DOMException, as the Media Capture standard defines it.
        message: its message, in the browser's own words.
        permission: state of the camera permission after the call: "granted", "denied", "prompt", or
            "unknown" if the browser does not report it.
        embedded: whether the page is in a frame that forbids the camera, as far as can be known.
    """
    said = f"{name}: {message}"
    if name in ("NotAllowedError", "SecurityError"):
        if embedded:
            return CameraEmbedded("The page around this one does not allow the camera", said)
        # The standard has no name for a dismissed prompt. Chrome says so in the message; after
        # one, all browsers would prompt again.
        if "dismiss" in message.lower() or permission == "prompt":
            return CameraDismissed("The prompt was closed without an answer", said)
        return CameraDenied("The camera was refused", said)
    if name in ("NotFoundError", "OverconstrainedError"):
        return CameraMissing("There is no camera", said)
    if name in ("NotReadableError", "AbortError"):
        return CameraBusy("The camera did not start", said)
    return CameraError("The camera did not start", said)
