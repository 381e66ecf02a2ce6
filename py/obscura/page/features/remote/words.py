"""What people read about a server. Pure Python."""

from __future__ import annotations

from obscura.engine.remote import Refusal
from obscura.page.words.text import megabytes

SENDING = ("Sending", " to {host}")
"""What happens, and of whom: narrow screens show the first alone."""
READY = ("Server ready", ": {host}")
PROMISE = "Privacy: pictures may be sent to {host}"
TITLE = "Pictures may be sent to {host}"
SAME = "this site's server"
AGREED = "You have agreed to that for this visit. Stop is at the top of the page."
AGREE, CHECKING = "Agree", "Checking the server…"
ENDED = "Stopped. Everything stays on this device again."
SLOW = "This device is as fast as {host}, so pictures stay here again."
OWN_MODEL = "{host} can't run models that you added. Choose one of this site's models."
WHY_FAILED = "this device could not run the detector"
WHY_SLOW = "{ms:.0f} ms on this device, {server_ms:.0f} ms on the server"

REFUSALS = {
    Refusal.GONE: "{host} doesn't answer.",
    Refusal.OFFLINE: "You're offline.",
    Refusal.BLOCKED: (
        "Your browser doesn't let this page reach {host} on your network. Allow local network "
        "access for this site in the browser's settings, then try again."
    ),
    Refusal.TOKEN: "{host} asks for an access token, or doesn't accept this one.",
    Refusal.FORBIDDEN: "{host} doesn't serve this page.",
    Refusal.BUSY: "{host} is busy.",
    Refusal.LOADING: "{host} is still starting. Try again in a moment.",
    Refusal.PICTURE: "{host} doesn't accept pictures from this page.",
    Refusal.MODEL: "{host} doesn't have this model.",
    Refusal.WRONG: "{host} didn't find in the sample picture what it should, so it isn't used.",
    Refusal.FAILED: "{host} couldn't analyse the picture.",
}
BACK = "{reason} This device detects by itself again."


def refused(refusal: Refusal, host: str) -> str:
    """Return why a server is not used."""
    return capital(REFUSALS[refusal].format(host=host))


def capital(sentence: str) -> str:
    """Return a sentence with a capital at its start, where a name may stand."""
    return sentence[0].upper() + sentence[1:] if sentence.startswith(SAME) else sentence


def back(refusal: Refusal, host: str) -> str:
    """Return why a server is not used any more."""
    return BACK.format(reason=refused(refusal, host))


def sent(size: int, pictures: int) -> str:
    """Return what was sent.

    Args:
        size: in bytes.
        pictures: how many.
    """
    if not pictures:
        return "0 bytes"
    return f"{megabytes(size)}, {pictures} picture{'s' if pictures > 1 else ''}"
