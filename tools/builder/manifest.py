"""The web app manifest: what systems know of the installed app."""

import json
from typing import Any

from builder.errors import BuildError
from builder.site import Site

# Its own name, without a hash: some systems know an installed app by it.
NAME = "manifest.webmanifest"


def add(site: Site, source: bytes, *, share_target: bool) -> None:
    """Add the manifest, with its ``./`` references resolved.

    Args:
        source: the repository's ``manifest.webmanifest``.
        share_target: keep that entry (see docs/offline.md for why it may not be wanted).

    Raises:
        BuildError: it is no JSON, or refers to a file that is not there.
    """
    try:
        manifest = json.loads(source)
    except ValueError as error:
        raise BuildError(f"{NAME} is damaged ({error}): restore it from the repository.") from None
    if not share_target:
        manifest.pop("share_target", None)
    text = json.dumps(resolved(manifest, site), ensure_ascii=False, indent=1)
    site.add_plain(NAME, text.encode())


def resolved(value: Any, site: Site, key: str = "") -> Any:
    """Return ``value`` with the address of every file in place of its name in the repository."""
    if isinstance(value, dict):
        return {name: resolved(each, site, name) for name, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, site, key) for each in value]
    if key == "src":
        return site.resolve(value, NAME)
    if isinstance(value, str) and value.startswith("./"):
        return site.base + value.removeprefix("./")
    return value
