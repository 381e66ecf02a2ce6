"""Page: its parts, hashed references, inlined icons, and the facts about its build."""

import json
import re
from pathlib import Path
from textwrap import indent
from typing import Any

from builder.errors import BuildError
from builder.site import Site
from builder.sources import read

ATTRIBUTE = re.compile(
    r'(?P<before>\s(?:src|href|config|content|poster|data-[\w-]+)=")(?P<reference>\./[^"]*)"'
)
ICON = re.compile(r'<svg(?P<before>[^>]*?)\sdata-icon="(?P<name>[^"]*)"(?P<after>[^>]*)>\s*</svg>')
PART = re.compile(r"^(?P<indent>[ \t]*)<!-- parts/(?P<name>[\w-]+\.html) -->$", re.MULTILINE)
FACTS = '<script type="application/json" id="obscura-build"></script>'
END = "</body>"

# The attributes of the <svg> in Lucide's files, except its size, which the style sheet sets.
LUCIDE = {
    "viewBox": "0 0 24 24",
    "fill": "none",
    "stroke": "currentColor",
    "stroke-width": "2",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
}


def assemble(root: Path, name: str) -> str:
    """Return a page of the repository with its parts inserted.

    ``<!-- parts/help.html -->``, on a line of its own, stands for ``assets/parts/help.html``. Parts
    may have parts.
    """
    return insert_parts(read(root, name).decode(), root)


def insert_parts(html: str, root: Path) -> str:
    """Return ``html`` with its parts inserted, indented like their markers."""

    def part(match: re.Match[str]) -> str:
        text = read(root, f"assets/parts/{match['name']}").decode().rstrip()
        return indent(insert_parts(text, root), match["indent"])

    return PART.sub(part, html)


def rewrite(
    html: str,
    site: Site,
    icons: Path,
    facts: dict[str, Any],
    plugins: list[str],
    name: str = "index.html",
) -> str:
    """Return a page in the form that is shipped.

    Args:
        html: the page, with ``./`` references to files of the repository.
        site: has the address of each file.
        icons: Lucide's folder of ``NAME.svg``.
        facts: becomes the JSON of ``#obscura-build``.
        plugins: the plugins in PyScript's configuration. PyScript also looks for a configuration of
            MicroPython and, without one, fetches every plugin; so the page gets one with these.
        name: the page's file, for messages.

    Raises:
        BuildError: a reference or an icon does not exist, or the page has no place for the facts.
    """
    for line in (FACTS, END):
        if html.count(line) != 1:
            raise BuildError(f"{name} must contain {line} once: restore that line.")

    def reference(match: re.Match[str]) -> str:
        return f'{match["before"]}{site.resolve(match["reference"], name)}"'

    def icon(match: re.Match[str]) -> str:
        own = match["before"] + match["after"]
        added = "".join(
            f' {key}="{value}"' for key, value in LUCIDE.items() if f" {key}=" not in own
        )
        return f"<svg{own}{added}>{shapes(icons, match['name'])}</svg>"

    page = ICON.sub(icon, ATTRIBUTE.sub(reference, html))
    page = page.replace(FACTS, FACTS.replace("></", f">{inline(facts)}</"))
    no_plugins = f'<mpy-config type="json" hidden>{inline({"plugins": plugins})}</mpy-config>\n'
    return page.replace(END, no_plugins + END)


def inline(data: Any) -> str:
    """Return ``data`` as JSON in which no string can end the surrounding element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace(
        "<", "\\u003c"
    )


def shapes(icons: Path, name: str) -> str:
    """Return the contents of the ``<svg>`` of Lucide's icon ``name``."""
    path = icons / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise BuildError(
            f"a page asks for the icon {name}, which Lucide does not have: choose another name."
        )
    inside = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
    if inside is None:
        raise BuildError(f"the icon {name} is damaged: delete node_modules and build again.")
    return re.sub(r"\s*\n\s*", "", inside[1])
