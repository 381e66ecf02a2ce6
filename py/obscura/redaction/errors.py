"""Errors of redaction."""

from __future__ import annotations

from obscura.errors import ObscuraError


class RedactionError(ObscuraError):
    """A file cannot be redacted, and no copy of it is made."""

    code = "redaction"
    remedy = "Check the file, or leave it out."
