"""The panel of controls. Every change applies at once and is stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from obscura.cards.card import ModelCard
from obscura.drawing import colour
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.features.context import Context
from obscura.page.live.analysis import DecodeOptions
from obscura.page.state.camera import Camera
from obscura.page.state.feature import Part
from obscura.page.state.settings import Setting, Settings
from obscura.page.words import text


def start(context: Context) -> Controls:
    """Start the feature: show the controls, and decode answers as they say."""
    return Controls(context)


class Controls(Part):
    """Shows the settings that have form controls, and changes them."""

    def __init__(self, context: Context) -> None:
        assert context.page is not None
        self._page, self._preferences = context.page, context.preferences
        self._card: ModelCard | None = None
        self._hidden: set[str] = set()
        self._titles: dict[str, str] = {}  # of the models, by name
        self._absent: Collection[str] = ()
        self._decoding: tuple[Settings, ModelCard, DecodeOptions] | None = None
        self._model = by_id("model")
        self._camera = by_id("camera")
        self._class_list = by_id("class-list")
        self._search = by_id("class-search")
        self._rows = [row for row in context.preferences.table if row.control]
        for row in self._rows:
            kind, read = CONTROLS[row.control]
            listen(by_id(row.name), kind, partial(self._changed, row, read))
        listen(
            self._model, "change", lambda _event: self._page.change(model=str(self._model.value))
        )
        listen(self._search, "input", lambda _event: self._filter())
        listen(self._class_list, "change", self._tick)
        listen(by_id("classes-all"), "click", lambda _event: self._hide(set()))
        listen(by_id("classes-none"), "click", lambda _event: self._hide(set(self._labels)))
        context.analysis.options = self._options

    def run(self, command: str) -> Any:
        """See `Part`."""
        actions: dict[str, Callable[[], Any]] = {
            "lower": lambda: self._nudge("threshold", -1),
            "raise": lambda: self._nudge("threshold", 1),
            "classes": self._open_classes,
        }
        return actions[command]()

    def models_listed(self, cards: Sequence[ModelCard]) -> None:
        """Offer these models."""
        self._titles = {card.name: card.title for card in cards}
        chosen = self._model.value
        self._model.replaceChildren(
            *(make("option", text=card.title, value=card.name) for card in cards)
        )
        if chosen in {card.name for card in cards}:
            self._model.value = chosen
        self._model.disabled = False
        self.models_absent(self._absent)

    def models_absent(self, names: Collection[str]) -> None:
        """See `Part`."""
        self._absent = names
        for option in self._model.options:
            title = self._titles.get(str(option.value), "")
            absent = str(option.value) in names
            option.textContent = text.ABSENT.format(model=title) if absent else title

    def model_chosen(self, settings: Settings, card: ModelCard) -> None:
        """Show settings as they apply to this model."""
        self._model.value = card.name
        by_id("model-note").textContent = text.model_note(card)
        for row in self._rows:
            value = getattr(settings, row.name)
            self._show(row, getattr(card, row.name) if value is None else value)
        self._hidden = set(settings.hidden.get(card.name, ()))
        if self._card is None or self._card.labels != card.labels:
            self._class_list.replaceChildren(
                *(_class_row(class_id, label) for class_id, label in enumerate(card.labels))
            )
        self._card = card
        self._show_ticks()

    def settings_changed(self, settings: Settings) -> None:
        """Show switches and sliders that were changed elsewhere, by a key for example."""
        for row in self._rows:
            value = getattr(settings, row.name)
            if row.control == "check" or (row.control == "slider" and value is not None):
                self._show(row, value)

    def cameras_listed(self, cameras: Sequence[Camera], chosen: str) -> None:
        """Offer these cameras; their names are known once permission was given."""
        options = [make("option", text=text.ANY_CAMERA, value="")]
        for number, camera in enumerate(cameras, 1):
            label = camera.label or text.CAMERA_NUMBER.format(number=number)
            options.append(make("option", text=label, value=camera.device_id))
        self._camera.replaceChildren(*options)
        known = any(camera.device_id == chosen for camera in cameras)
        self._camera.value = chosen if known else ""

    @property
    def _labels(self) -> tuple[str, ...]:
        return self._card.labels if self._card else ()

    def _options(self, card: ModelCard) -> DecodeOptions:
        """How answers of a model are decoded under the present settings."""
        settings = self._preferences.current
        made = self._decoding  # for settings and card: the same for frame after frame
        if made is None or made[0] is not settings or made[1] is not card:
            made = self._decoding = (settings, card, _decode_options(settings, card))
        return made[2]

    def _changed(self, row: Setting, read: Callable[[Any], Any], event: Any) -> Any:
        return self._set(row, read(event.target))

    def _set(self, row: Setting, value: Any) -> Any:
        if row.control == "slider":
            self._show_value(row.name, value)
        return self._page.change(**{row.name: value})

    def _nudge(self, name: str, steps: int) -> Any:
        """Move a slider by whole percents, as a key press would."""
        slider = by_id(name)
        slider.value = str(float(slider.value) + steps / 100)
        row = next(row for row in self._rows if row.name == name)
        return self._set(row, float(slider.value))

    def _show(self, row: Setting, value: Any) -> None:
        element = by_id(row.name)
        if row.control == "check":
            element.checked = value
        elif row.control == "slider":
            element.value = str(value)
            self._show_value(row.name, value)
        elif row.name != "camera":  # which shows what is plugged in
            element.value = value

    def _show_value(self, name: str, value: float) -> None:
        by_id(f"{name}-value").textContent = text.percent(value)

    # ---- classes ---------------------------------------------------------------------------------

    def _open_classes(self) -> None:
        """Unfold the classes and focus their search."""
        by_id("classes").open = True
        self._search.focus()

    def _tick(self, event: Any) -> None:
        label = str(event.target.value)
        self._hide(self._hidden - {label} if event.target.checked else self._hidden | {label})

    def _hide(self, hidden: set[str]) -> None:
        self._hidden = hidden
        self._show_ticks()
        self._page.hide_classes([label for label in self._labels if label in hidden])

    def _show_ticks(self) -> None:
        for box in self._class_list.querySelectorAll("input"):
            box.checked = box.value not in self._hidden
        shown = len(self._labels) - len(self._hidden & set(self._labels))
        by_id("classes-count").textContent = text.class_count(shown, len(self._labels))

    def _filter(self) -> None:
        words = str(self._search.value).casefold().split()
        found = 0
        for item in self._class_list.children:
            label = str(item.textContent).casefold()
            item.hidden = not all(word in label for word in words)
            found += not item.hidden
        by_id("class-empty").hidden = found > 0


def _decode_options(settings: Settings, card: ModelCard) -> DecodeOptions:
    hidden = set(settings.hidden.get(card.name, ()))
    if not hidden:
        return DecodeOptions(settings.threshold, settings.iou)
    shown = [i for i, label in enumerate(card.labels) if label not in hidden]
    return DecodeOptions(settings.threshold, settings.iou, shown)


CONTROLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "check": ("change", lambda element: bool(element.checked)),
    "select": ("change", lambda element: str(element.value)),
    "slider": ("input", lambda element: float(element.value)),
}
"""By kind of control: the event that it sends, and how its value is read."""


def _class_row(class_id: int, label: str) -> Any:
    box = make("input", type="checkbox", value=label)
    dot = make("span", cls="dot", aria_hidden="true")
    dot.style.background = colour(class_id)
    row = make("label", cls="check")
    row.append(box, dot, make("span", text=label))
    item = make("li")
    item.append(row)
    return item
