"""Hide in the page: the redactor with its canvas and controls."""

from __future__ import annotations

from obscura.page.browser.clock import now_ms
from obscura.page.browser.dom import by_id, listen
from obscura.page.features.context import Context
from obscura.page.features.redact.canvas import RedactedCanvas
from obscura.page.features.redact.panel import RedactPanel
from obscura.page.features.redact.redactor import Redact
from obscura.page.state.scene import Kind


def start(context: Context) -> Redact:
    """Start the feature."""
    redact = Redact(
        context,
        RedactedCanvas(),
        RedactPanel(context),
        lambda kind: by_id("sample" if kind is Kind.WELCOME else "picture"),
        now_ms,
    )
    listen(by_id("view"), "click", redact.picking.tap)
    return redact
