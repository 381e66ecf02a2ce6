"""A page: hashed references, inlined icons, and what the page must know about its build."""

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

# What a Lucide file says of its own <svg>, less its size, which is the style sheet's affair.
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
    """Return a page as it stands in the repository, its parts in their places.

    ``<!-- parts/help.html -->``, on a line of its own, stands for ``assets/parts/help.html``. Parts
    may have parts.
    """
    return insert_parts(read(root, name).decode(), root)


def insert_parts(html: str, root: Path) -> str:
    """Return ``html`` with the parts that it names, indented as their places are."""

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
    """Return a page as it is shipped.

    Args:
        html: the page as it stands in the repository, with ``./`` references to its files.
        site: knows under which name each file is reached.
        icons: Lucide's folder of ``NAME.svg``.
        facts: becomes the JSON of ``#obscura-build``.
        plugins: what PyScript's configuration says of its plugins. PyScript also looks for one of
            MicroPython and, finding none, fetches every plugin for that; so the page gets one that
            repeats these.
        name: the page's file, for messages.

    Raises:
        BuildError: a reference or an icon is unknown, or the page has no place for the facts.
    """
    for line in (FACTS, END):
        if html.count(line) != 1:
            raise BuildError(f"{name} must hold {line} once: restore that line.")

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
    """Return ``data`` as JSON of which no string can end the element that it stands in."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).replace(
        "<", "\\u003c"
    )


def shapes(icons: Path, name: str) -> str:
    """Return what is inside the ``<svg>`` of Lucide's icon ``name``."""
    path = icons / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise BuildError(
            f"a page asks for the icon {name}, which Lucide does not have: choose another name."
        )
    inside = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
    if inside is None:
        raise BuildError(f"the icon {name} is damaged: delete node_modules and build again.")
    return re.sub(r"\s*\n\s*", "", inside[1])
