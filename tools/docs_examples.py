"""Extension of Griffe (mkdocs.yml): examples in docstrings become blocks of code."""

from __future__ import annotations

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"(?:^>>> .*\n?)(?:.+\n?)*", re.MULTILINE)


class Examples(griffe.Extension):  # type: ignore[misc]  # an environment of its own has it
    """Puts fences around what begins with ``>>>``; Markdown would take it for a quotation."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Change the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = EXAMPLE.sub(_fenced, obj.docstring.value)


def _fenced(match: re.Match[str]) -> str:
    return f"```pycon\n{match[0].rstrip()}\n```\n"
