"""Export: what was found, in formats that other programs read.

Names are loaded when first used, so that a page pays only for what it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obscura.export.annotate import annotate_picture, annotate_video
    from obscura.export.reading import from_record, read_lines
    from obscura.export.records import to_record
    from obscura.export.session import About, Session, SessionWriter
    from obscura.export.session_files import file_facts, is_of, read_session, write_session
    from obscura.export.supervision import from_supervision, to_supervision

__all__ = [
    "About",
    "Session",
    "SessionWriter",
    "annotate_picture",
    "annotate_video",
    "file_facts",
    "from_record",
    "from_supervision",
    "is_of",
    "read_lines",
    "read_session",
    "to_record",
    "to_supervision",
    "write_session",
]

_HOMES = {
    "About": "obscura.export.session",
    "Session": "obscura.export.session",
    "SessionWriter": "obscura.export.session",
    "annotate_picture": "obscura.export.annotate",
    "annotate_video": "obscura.export.annotate",
    "file_facts": "obscura.export.session_files",
    "from_record": "obscura.export.reading",
    "from_supervision": "obscura.export.supervision",
    "is_of": "obscura.export.session_files",
    "read_lines": "obscura.export.reading",
    "read_session": "obscura.export.session_files",
    "to_record": "obscura.export.records",
    "to_supervision": "obscura.export.supervision",
    "write_session": "obscura.export.session_files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
