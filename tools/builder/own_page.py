"""A page of one's own: a file ``page.toml`` with its name, colour, models, zones and start.

``obscura new`` makes one; ``build.py build --page FILE`` builds it. docs/starter.md describes it.
"""

import html as markup
import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.errors import BuildError
from builder.models import Model, collect, verified
from builder.site import Site

# What `[start]` may have: parameters of the address, see docs/automation.md. The model is the first
# of `models`, and the shapes are `zones`.
STARTS = (
    "source", "autostart", "backend", "threads", "threshold", "track", "trails", "count", "events",
    "closer", "closer_looks", "redact", "redact_what", "redact_how", "redact_strict",
)  # fmt: skip
TEXTS = ("name", "description", "heading", "colour", "zones")
COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
BRAND = "<span>Obscura</span>"
HEADING = "<h1>See what your camera&nbsp;sees</h1>"
DARKER = 0.88  # of a colour under the pointer


@dataclass(frozen=True)
class OwnPage:
    """What sets a page apart from Obscura's; by default nothing.

    Attributes:
        folder: where its files are.
        name: of the page; "" for Obscura's.
        description: what search engines and installed apps show.
        heading: the first line that a visitor reads.
        colour: of buttons, as ``#rrggbb``.
        models: names of the models that it offers, the default first; all of Obscura's if empty.
            Those in ``models/`` of its folder go before Obscura's of the same name.
        zones: a file of lines and zones (docs/counting.md), relative to its folder.
        start: parameters with which the page opens, as if its address had them.
    """

    folder: Path
    name: str = ""
    description: str = ""
    heading: str = ""
    colour: str = ""
    models: tuple[str, ...] = ()
    zones: str = ""
    start: dict[str, str] = field(default_factory=dict)

    def page(self, html: str) -> str:
        """Return index.html under the page's own name."""
        if self.name:
            name = markup.escape(self.name)
            html = _exchanged(html, "<title>Obscura</title>", f"<title>{name}</title>")
            html = _exchanged(html, BRAND, f"<span>{name}</span>")
            html = _exchanged(html, 'aria-label="Obscura, start', f'aria-label="{name}, start')
        if self.heading:
            html = _exchanged(html, HEADING, f"<h1>{markup.escape(self.heading)}</h1>")
        if self.description:
            before = re.search(r'<meta name="description" content="[^"]*">', html)
            text = markup.escape(self.description)
            old = before[0] if before else "the description"
            html = _exchanged(html, old, f'<meta name="description" content="{text}">')
        return html

    def manifest(self, source: bytes) -> bytes:
        """Return the web app manifest under the page's own name."""
        own = {"name": self.name, "short_name": self.name, "description": self.description}
        own = {key: value for key, value in own.items() if value}
        return json.dumps(json.loads(source) | own).encode() if own else source

    def style(self) -> bytes:
        """Return what is added to the style sheet: the colour, and text that is legible on it."""
        if not self.colour:
            return b""
        channels = [int(self.colour[at : at + 2], 16) for at in (1, 3, 5)]
        strong = "".join(f"{round(DARKER * value):02x}" for value in channels)
        text = "#000000" if luminance(channels) > 0.179 else "#ffffff"
        values = {"accent": self.colour, "accent-strong": f"#{strong}", "on-accent": text}
        rules = " ".join(f"--{name}: {value};" for name, value in values.items())
        return f"\n:root {{ {rules} }}\n".encode()

    def collect(self, root: Path) -> list[Model]:
        """Return the verified models, the default first; see `builder.models.collect`."""
        if not self.models:
            return collect(root)
        found = []
        for name in self.models:
            places = [each for each in (self.folder, root) if _card(each, name).is_file()]
            if not places:
                raise BuildError(
                    f"page.toml names the model {name!r}, which is neither in its models/ nor in "
                    "Obscura's: correct the name, or add it with add-model."
                )
            found.append(verified(places[0], name))
        return found

    def wishes(self, site: Site) -> dict[str, str]:
        """Add the file of zones and return the parameters with which the page opens."""
        if not self.zones:
            return dict(self.start)
        try:
            data = (self.folder / self.zones).read_bytes()
            json.loads(data)
        except FileNotFoundError:
            raise BuildError(f"page.toml names {self.zones}, which does not exist.") from None
        except ValueError as error:
            raise BuildError(f"{self.zones} is not JSON ({error}): correct it.") from None
        site.add("own/zones.json", data)
        return {"shapes": site.url("own/zones.json")} | self.start


def read(path: Path, version: str) -> OwnPage:
    """Read ``page.toml``.

    Args:
        path: the file.
        version: of Obscura, which has to be the one that the file names.

    Raises:
        BuildError: it is missing, or something in it is not valid.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildError(f"there is no {path}: `obscura new` makes one.") from None
    except ValueError as error:
        raise BuildError(f"{path.name} is not valid TOML ({error}): correct it.") from None
    _check_version(path, table.pop("obscura", {}), version)
    start = table.pop("start", {})
    names = table.pop("models", [])
    wrong = [key for key in table if key not in TEXTS]
    wrong += [f"start.{key}" for key in start if key not in STARTS]
    if wrong:
        raise BuildError(
            f"{path.name} has {wrong[0]}, which means nothing here: see docs/starter.md."
        )
    bad = [key for key, value in table.items() if not isinstance(value, str)]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        bad.append("models")
    if bad:
        raise BuildError(f"{bad[0]} in {path.name} is not text: write it in quotes.")
    if table.get("colour") and not COLOUR.fullmatch(table["colour"]):
        raise BuildError(f"colour in {path.name} is {table['colour']!r}: write it as #rrggbb.")
    texts = {key: _text(value) for key, value in start.items()}
    return OwnPage(path.resolve().parent, models=tuple(names), start=texts, **table)


def luminance(channels: list[int]) -> float:
    """Return the relative luminance of a colour as WCAG defines it, 0 to 1.

    Args:
        channels: red, green and blue, 0 to 255.
    """
    shares = [value / 255 for value in channels]
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    ]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _check_version(path: Path, obscura: Any, version: str) -> None:
    wanted = obscura.get("version") if isinstance(obscura, dict) else None
    if wanted != version:
        raise BuildError(
            f"{path.name} is for Obscura {wanted}, and this is {version}: use that version, or "
            f'read what has changed and write version = "{version}" under [obscura].'
        )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _card(folder: Path, name: str) -> Path:
    return folder / "models" / name / "model.toml"


def _exchanged(html: str, old: str, new: str) -> str:
    if html.count(old) != 1:
        raise BuildError(f"index.html must contain {old} once: restore that line.")
    return html.replace(old, new)
