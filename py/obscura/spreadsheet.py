"""Cells of CSV files that spreadsheets open."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def text_cell(text: str) -> str:
    """Return a text so that a spreadsheet shows it, and does not compute it.

    Names come from files and people; one that begins like a formula would be run as one (OWASP,
    "CSV Injection"). It gets an apostrophe in front, which marks text in spreadsheets.

    >>> text_cell("=1+1"), text_cell("door")
    ("'=1+1", 'door')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
