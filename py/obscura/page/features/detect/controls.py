"""The panel: model, confidence, overlap, classes, camera. Every change is live and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from obscura.cards.card import ModelCard
from obscura.drawing import colour
from obscura.page.browser.camera import Camera
from obscura.page.browser.dom import by_id, listen, make
from obscura.page.state.settings import Settings
from obscura.page.words import text


class Controls:
    """Shows the settings and reports changes by setting name."""

    def __init__(
        self,
        on_change: Callable[..., Any],
        on_hide: Callable[[list[str]], None],
    ) -> None:
        """
        Args:
            on_change: called with the changed setting as keyword argument.
            on_hide: called with the labels that are switched off, in the model's order.
        """
        self._on_change, self._on_hide = on_change, on_hide
        self._card: ModelCard | None = None
        self._hidden: set[str] = set()
        self._model = by_id("model")
        self._sliders = {name: by_id(name) for name in ("threshold", "iou")}
        self._camera = by_id("camera")
        self._class_list = by_id("class-list")
        self._search = by_id("class-search")
        listen(
            self._model,
            "change",
            lambda _event: on_change(model=str(self._model.value)),
        )
        for name, slider in self._sliders.items():
            listen(slider, "input", partial(self._slide, name))
        listen(self._search, "input", lambda _event: self._filter())
        listen(self._class_list, "change", self._tick)
        listen(by_id("classes-all"), "click", lambda _event: self._set_hidden(set()))
        listen(
            by_id("classes-none"),
            "click",
            lambda _event: self._set_hidden(set(self._labels)),
        )
        for name in ("camera", "resolution"):
            listen(
                by_id(name),
                "change",
                lambda event: on_change(**{event.target.id: event.target.value}),
            )
        for name in ("mirror", "pace"):
            listen(
                by_id(name),
                "change",
                lambda event: on_change(**{event.target.id: bool(event.target.checked)}),
            )

    @property
    def _labels(self) -> tuple[str, ...]:
        return self._card.labels if self._card else ()

    def list_models(self, cards: Sequence[ModelCard]) -> None:
        """Offer these models."""
        chosen = self._model.value
        self._model.replaceChildren(
            *(make("option", text=card.title, value=card.name) for card in cards)
        )
        if chosen in {card.name for card in cards}:
            self._model.value = chosen
        self._model.disabled = False

    def show(self, settings: Settings, card: ModelCard) -> None:
        """Show settings as they apply to this model."""
        self._model.value = card.name
        by_id("model-note").textContent = text.model_note(card)
        for name, value in (
            ("threshold", settings.threshold or card.threshold),
            ("iou", settings.iou or card.iou),
        ):
            self._sliders[name].value = str(value)
            self._show_value(name, value)
        by_id("resolution").value = settings.resolution
        by_id("mirror").checked = settings.mirror
        by_id("pace").checked = settings.pace
        self._hidden = set(settings.hidden.get(card.name, ()))
        if self._card is None or self._card.labels != card.labels:
            self._card = card
            self._class_list.replaceChildren(
                *(self._class_row(class_id, label) for class_id, label in enumerate(card.labels))
            )
        self._card = card
        self._show_ticks()

    def show_cameras(self, cameras: Sequence[Camera], chosen: str) -> None:
        """List the cameras; their names are known once permission was given."""
        options = [make("option", text=text.ANY_CAMERA, value="")]
        for number, camera in enumerate(cameras, 1):
            label = camera.label or text.CAMERA_NUMBER.format(number=number)
            options.append(make("option", text=label, value=camera.device_id))
        self._camera.replaceChildren(*options)
        known = any(camera.device_id == chosen for camera in cameras)
        self._camera.value = chosen if known else ""

    def open_classes(self) -> None:
        """Unfold the classes and go to their search."""
        by_id("classes").open = True
        self._search.focus()

    def nudge(self, name: str, steps: int) -> None:
        """Move a slider by whole percents, as a key press would."""
        slider = self._sliders[name]
        slider.value = str(float(slider.value) + steps / 100)
        self._slide(name)

    def _slide(self, name: str, _event: Any = None) -> None:
        value = float(self._sliders[name].value)
        self._show_value(name, value)
        self._on_change(**{name: value})

    def _show_value(self, name: str, value: float) -> None:
        by_id(f"{name}-value").textContent = text.percent(value)

    def _class_row(self, class_id: int, label: str) -> Any:
        box = make("input", type="checkbox", value=label)
        dot = make("span", cls="dot", aria_hidden="true")
        dot.style.background = colour(class_id)
        row = make("label", cls="check")
        row.append(box, dot, make("span", text=label))
        item = make("li")
        item.append(row)
        return item

    def _tick(self, event: Any) -> None:
        label = str(event.target.value)
        self._set_hidden(self._hidden - {label} if event.target.checked else self._hidden | {label})

    def _set_hidden(self, hidden: set[str]) -> None:
        self._hidden = hidden
        self._show_ticks()
        self._on_hide([label for label in self._labels if label in hidden])

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
