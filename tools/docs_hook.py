"""Hook of MkDocs (mkdocs.yml); see tools/builder/docs.py."""

import re
from typing import Any

# Links to files of the repository that are not in docs/.
OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./([^)#]*)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page whose links to files outside docs/ are their names instead.

    >>> on_page_markdown("See [the example](../examples/custom/README.md).")
    'See the example (`examples/custom/README.md`).'
    """

    def name(match: re.Match[str]) -> str:
        text, path = match[1], match[2]
        return f"`{path}`" if path in text else f"{text} (`{path}`)"

    return OUTSIDE.sub(name, markdown)
