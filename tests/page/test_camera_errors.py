"""Camera errors: each way in which a browser refuses a camera has an error of its own."""

from __future__ import annotations

import pytest

from obscura.errors import ObscuraError
from obscura.page.state import camera

CLASSES = [c for c in vars(camera).values() if isinstance(c, type) and issubclass(c, ObscuraError)]


@pytest.mark.parametrize(
    ("name", "message", "permission", "error"),
    [
        ("NotAllowedError", "Permission denied", "denied", camera.CameraDenied),
        ("NotAllowedError", "Permission denied", "unknown", camera.CameraDenied),
        ("NotAllowedError", "Permission dismissed", "denied", camera.CameraDismissed),  # Chrome
        ("NotAllowedError", "The request is not allowed", "prompt", camera.CameraDismissed),
        ("SecurityError", "Blocked by policy", "denied", camera.CameraDenied),
        ("NotFoundError", "Requested device not found", "granted", camera.CameraMissing),
        ("OverconstrainedError", "", "granted", camera.CameraMissing),
        ("NotReadableError", "Could not start video source", "granted", camera.CameraBusy),
        ("AbortError", "Starting videoinput failed", "granted", camera.CameraBusy),
        ("TypeError", "Something else", "granted", camera.CameraError),
        ("NotFoundError", "Requested device not found", "prompt", camera.CameraMissing),
    ],
)
def test_a_refusal_becomes_the_error_of_its_cause(
    name: str, message: str, permission: str, error: type[camera.CameraError]
) -> None:
    raised = camera.refusal(name, message, permission)

    assert type(raised) is error
    assert raised.value == f"{name}: {message}"


@pytest.mark.parametrize("name", ["NotAllowedError", "SecurityError"])
def test_a_refusal_in_a_frame_that_forbids_the_camera_says_so(name: str) -> None:
    raised = camera.refusal(name, "Permission denied", "denied", embedded=True)

    assert type(raised) is camera.CameraEmbedded


def test_a_camera_in_use_is_in_use_in_a_frame_too() -> None:
    raised = camera.refusal("NotReadableError", "in use", "granted", embedded=True)

    assert type(raised) is camera.CameraBusy


def test_the_documented_tree_is_that_of_the_classes() -> None:
    tree = (camera.CameraError.__doc__ or "").split("::")[1]
    listed = [line.split()[-1] for line in tree.splitlines() if line.strip()]

    assert listed == [error.__name__ for error in CLASSES if error is not ObscuraError]


@pytest.mark.parametrize("error", [error for error in CLASSES if error is not ObscuraError])
def test_all_camera_errors_can_be_caught_as_one(error: type[ObscuraError]) -> None:
    assert issubclass(error, camera.CameraError)


def test_codes_are_distinct() -> None:
    assert len({error.code for error in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("user_agent", "touch_points", "handheld"),
    [
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Firefox/143.0", 5, True),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Safari/604.1", 5, True),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", 5, True),  # iPad
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", 0, False),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0", 10, False),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/140.0.0.0", 10, False),
    ],
)
def test_phones_and_tablets_are_told_from_laptops_with_a_touch_screen(
    user_agent: str, touch_points: int, handheld: bool
) -> None:
    assert camera.is_handheld(user_agent, touch_points) is handheld
