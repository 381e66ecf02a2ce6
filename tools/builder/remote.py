"""Sites that may ask a server of the host's own: what is added to the page, and where.

A default build has nothing of this. Parts and style are in ``assets/remote``, which the site itself
does not hold; the modules are listed in ``trim.OPTIONAL``.
"""

import ipaddress
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from builder.errors import BuildError
from builder.sources import read

SAME = "same-origin"
NAME = "remote"
MODULE = "obscura.page.features.remote"
STYLE = "assets/style.css"

# Where the parts go, each before the text that follows it in the page.
PLACES = {
    "badge.html": '<div class="bar-end">',
    "offer.html": '<button id="notice-dismiss"',
    "note.html": '<div class="progress" id="progress"',
    "panel.html": '<section class="group" id="install-group"',
    "dialog.html": '<dialog id="promise-dialog"',
    "end.html": '<div class="row" id="promise-row">',
}

# What the page promises without a server, and with one.
SENTENCES = {
    "No images ever leave the device.": "No image leaves the device unless you agree.",
    "Everything runs on this device. No images and no usage data are sent anywhere.": (
        "Pictures stay on this device unless you agree to send them. No usage data are sent."
    ),
    "from contacting any other site.": (
        "from contacting any other site{but}. Only if you agree, for one visit, may pictures be "
        "sent to {host}."
    ),
    "<dd>0 bytes</dd>": '<dd id="remote-sent">0 bytes</dd>',
    "Every request fetches a file; none uploads anything.": (
        "Every request fetches a file; only those to {calls} upload anything, and only while "
        "you agree."
    ),
}


class NoServer:
    """What a default build has of a server: nothing."""

    features: tuple[str, ...] = ()
    """The features of `trim.OPTIONAL` that the site has."""

    def insert(self, html: str, root: Path) -> str:  # noqa: ARG002
        """Return the start page, made for this server."""
        return html

    def styles(self, root: Path) -> dict[str, bytes]:  # noqa: ARG002
        """Return the style sheets that differ for it, by name."""
        return {}

    def facts(self) -> dict[str, Any]:
        """Return what the page needs to know about it, to be added to the facts of the build."""
        return {}


class Server(NoServer):
    """The one server that a site may ask."""

    features = (NAME,)

    def __init__(self, wanted: str) -> None:
        """
        Args:
            wanted: ``same-origin``, or the address of an origin.

        Raises:
            BuildError: it is neither, or browsers would not let a page ask it.
        """
        self.origin = "" if wanted == SAME else origin(wanted)
        """Such as ``https://example.org``; "" for the site's own."""
        self.host = urlsplit(self.origin).netloc or "this site's server"
        """Its name for people."""

    def insert(self, html: str, root: Path) -> str:
        """Return the start page with the policy, the parts and the sentences that it needs.

        Raises:
            BuildError: the page lacks a place for one.
        """
        if self.origin:
            html = replaced(html, "connect-src 'self'", f"connect-src 'self' {self.origin}")
        for name, place in PLACES.items():
            part = read(root, f"assets/{NAME}/{name}").decode().replace("{host}", self.host)
            html = replaced(html, place, part + place)
        but = f" but {self.host}" if self.origin else ""
        calls = f"{self.host}/v1" if self.origin else "/v1 of this site"
        for sentence, instead in SENTENCES.items():
            html = replaced(html, sentence, instead.format(host=self.host, but=but, calls=calls))
        return html

    def styles(self, root: Path) -> dict[str, bytes]:
        """Return the page's style sheet with that of the parts."""
        return {STYLE: read(root, STYLE) + read(root, f"assets/{NAME}/style.css")}

    def facts(self) -> dict[str, Any]:
        """Return the origin, for the module that asks it."""
        return {"added": {MODULE: {"origin": self.origin}}}


def server(wanted: str | None) -> NoServer:
    """Return the server that a site is built for, see `Server`; None is for a default build."""
    return NoServer() if wanted is None else Server(wanted)


def replaced(html: str, text: str, instead: str) -> str:
    """Return ``html`` with a text exchanged that must stand there once."""
    if html.count(text) != 1:
        raise BuildError(
            f"index.html and its parts must contain {text!r} once for --server: restore that line, "
            "or correct tools/builder/remote.py."
        )
    return html.replace(text, instead)


def origin(address: str) -> str:
    """Return the origin that an address is; raise BuildError if it is more than that, or less."""
    parts = urlsplit(address)
    plain = f"{parts.scheme}://{parts.netloc}"
    if address.rstrip("/") != plain or not re.fullmatch(
        r"https?://([\w-]+(\.[\w-]+)*|\[[\da-f:]+\])(:\d+)?", plain
    ):
        raise BuildError(
            f"--server {address} is not an origin: give {SAME}, or an address such as "
            "https://example.org, without a path."
        )
    if parts.scheme == "http" and not near(parts.hostname or ""):
        raise BuildError(
            f"--server {address} is not encrypted, and pages opened over https may not ask it: "
            "use https, except on this machine or a local network."
        )
    return plain


def near(host: str) -> bool:
    """Whether a name or address is one of this machine or of a local network."""
    if host == "localhost" or host.endswith((".localhost", ".local")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private or address.is_link_local
