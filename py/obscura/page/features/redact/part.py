"""Hide in the page: covers what is found wherever the picture is shown or kept."""

from __future__ import annotations

from typing import Any

from obscura.cards.card import ModelCard
from obscura.page.browser.dom import by_id, listen
from obscura.page.features.context import Context
from obscura.page.features.redact import words
from obscura.page.features.redact.canvas import RedactedCanvas
from obscura.page.features.redact.panel import RedactPanel
from obscura.page.features.redact.regions import whole_pixels
from obscura.page.stage.placement import Placement
from obscura.page.state.feature import Part
from obscura.page.state.scene import Kind
from obscura.page.state.settings import Settings
from obscura.redaction import Cover, Covered
from obscura.update import FrameInfo, Update


def start(context: Context) -> Redact:
    """Start the feature."""
    return Redact(context)


class Redact(Part):
    """Decides what is covered (a stage), and shows the picture so (a sink and a redactor)."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._analysis, self._display = context.page, context.analysis, context.display
        self._settings = context.preferences.table.settings()
        self._canvas, self._panel = RedactedCanvas(), RedactPanel(context)
        self._cover = Cover()
        self._labels: tuple[str, ...] = ()  # of the model that answered last
        self._update: Update | None = None  # the latest, with all rows
        self._covered: Covered | None = None
        self._spared: dict[int, str] = {}  # names of tracks that are shown, by id
        self._picking = False
        self._place: Placement | None = None  # of the picture in the view, as drawn last
        self.stages = (self,)
        self.sinks = (self,)
        self.layers = (self,)
        listen(by_id("view"), "click", self._tap)

    # ---- of the page -----------------------------------------------------------------------------

    def run(self, command: str) -> Any:
        """See `Part`."""
        if command == "switch":
            return self._page.change(redact=not self._settings.redact)
        if command == "pick":
            self._pick(not self._picking)
        else:
            self._spare({})
            self._panel.say(words.HIDDEN_AGAIN)
        return None
