"""Web app manifest: what the system knows about the installed app."""

import json
from typing import Any

from builder.errors import BuildError
from builder.site import Site

# Without a hash in its name, by which some systems identify an installed app.
NAME = "manifest.webmanifest"


def add(site: Site, source: bytes, *, share_target: bool) -> None:
    """Add the manifest, with its ``./`` references resolved.

    Args:
        source: the repository's ``manifest.webmanifest``.
        share_target: keep that entry (docs/offline.md explains its risk).

    Raises:
        BuildError: it is not JSON, or refers to a missing file.
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
    """Return ``value`` with the name of every file replaced by its address."""
    if isinstance(value, dict):
        return {name: resolved(each, site, name) for name, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, site, key) for each in value]
    if key == "src":
        return site.resolve(value, NAME)
    if isinstance(value, str) and value.startswith("./"):
        return site.base + value.removeprefix("./")
    return value
