"""Sheets: HTML pages of small pictures, each page one file that needs nothing else."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path
from typing import Any, Self

from obscura.export.errors import OutputError

SIDE = 480
"""Longest side of a small picture, in pixels."""
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; }
td.number, th + th { text-align: right; font-variant-numeric: tabular-nums; }
.sheet { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
.sheet.pairs { grid-template-columns: repeat(auto-fill, minmax(min(32rem, 100%), 1fr)); }
figure { margin: 0; }
img { max-width: 100%; height: auto; display: block; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0.5rem; }
figcaption { overflow-wrap: anywhere; }
"""


class Page:
    """One page, written as it goes. A context manager."""

    def __init__(self, path: Path, title: str, *, pairs: bool = False) -> None:
        """
        Args:
            pairs: whether each figure has two pictures.

        Raises:
            OutputError: it cannot be written.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise OutputError(f"The file cannot be written: {error.strerror}", path) from error
        self._file.write(
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n<h1>{escape(title)}</h1>\n"
        )
        self._sheet = "sheet pairs" if pairs else "sheet"
        self._begun = False

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self._file.write(f"<p>{escape(text)}</p>\n")

    def table(self, head: list[str], rows: list[list[Any]]) -> None:
        """Add a table; numbers are put to the right."""

        def cell(value: Any) -> str:
            kind = "" if isinstance(value, str) else ' class="number"'
            return f"<td{kind}>{escape(str(value))}</td>"

        heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
        self._file.write(f"<table>\n<tr>{heads}</tr>\n")
        for row in rows:
            self._file.write(f"<tr>{''.join(map(cell, row))}</tr>\n")
        self._file.write("</table>\n")

    def figure(self, images: list[tuple[str, str]], caption: str) -> None:
        """Add one picture, or two side by side.

        Args:
            images: what `small` has returned, each with its description in words.
        """
        if not self._begun:
            self._file.write(f'<div class="{self._sheet}">\n')
            self._begun = True
        shown = "".join(
            f'<img loading="lazy" src="{data}" alt="{escape(text)}">' for data, text in images
        )
        if len(images) > 1:
            shown = f'<div class="pair">{shown}</div>'
        self._file.write(f"<figure>{shown}<figcaption>{escape(caption)}</figcaption></figure>\n")

    def close(self) -> None:
        """End the page."""
        self._file.write("</div>\n" if self._begun else "")
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def small(image: Any) -> str:
    """Return a small copy of a Pillow image as the address of an ``<img>``."""
    copy = image.convert("RGB")
    copy.thumbnail((SIDE, SIDE))
    data = io.BytesIO()
    copy.save(data, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode("ascii")
