"""Errors of the command line itself, and the exit code of every error."""

from __future__ import annotations

from obscura.cli.exits import NO_ENGINE, NO_OUTPUT, SENSELESS, SOME_FAILED
from obscura.errors import (
    BackendError,
    CardError,
    LabelUnknown,
    ModelCorrupt,
    ModelError,
    ModelMissing,
    ObscuraError,
)
from obscura.export.errors import OutputError, WouldReplace
from obscura.extras import ToolMissing
from obscura.heads.spec import PipelineError
from obscura.redaction.errors import WouldOverwrite

ENDING = (BackendError, OutputError, ToolMissing)
"""Errors of one input after which no other would be well either."""


class UsageError(ObscuraError):
    """The options exclude each other, or the command would overwrite something."""

    code = "usage"
    remedy = "See --help."


def exit_code(error: ObscuraError) -> int:
    """Return the exit code of a command that an error has ended."""
    if isinstance(error, UsageError | LabelUnknown | PipelineError | WouldOverwrite | WouldReplace):
        return SENSELESS
    if isinstance(error, OutputError):
        return NO_OUTPUT
    if isinstance(
        error, ModelMissing | ModelCorrupt | ModelError | CardError | BackendError | ToolMissing
    ):
        return NO_ENGINE
    return SOME_FAILED
