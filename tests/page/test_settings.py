"""The page's settings: what is stored, what the address asks for, and what is not trusted."""

from __future__ import annotations

import json

import pytest

from obscura.page.features.count import FEATURE as COUNT
from obscura.page.features.detect import FEATURE as DETECT
from obscura.page.features.track import FEATURE as TRACK
from obscura.page.state.preferences import KEY, Preferences, stored
from obscura.page.state.settings import (
    CORE_SETTINGS,
    Request,
    Setting,
    Settings,
    SettingTable,
    next_theme,
)

MODELS = ("cocossd",)
TABLE = SettingTable(CORE_SETTINGS, DETECT.settings)


def load(store: Store | None) -> Settings:
    """What the next visit finds."""
    return stored(TABLE, store)


class Store:
    """Storage as a browser has it, in memory."""

    def __init__(self, text: str | None = None) -> None:
        self.values = {} if text is None else {KEY: text}

    def getItem(self, key: str) -> str | None:  # noqa: N802
        return self.values.get(key)

    def setItem(self, key: str, value: str) -> None:  # noqa: N802
        self.values[key] = value

    def removeItem(self, key: str) -> None:  # noqa: N802
        self.values.pop(key, None)


class FullStore(Store):
    """Storage that refuses to be written, as in private windows of some browsers."""

    def setItem(self, key: str, value: str) -> None:  # noqa: N802
        raise OSError("QuotaExceededError")


def test_what_is_set_is_there_on_the_next_visit():
    store = Store()
    choices = {
        "threshold": 0.7,
        "hidden": {"cocossd": ["person"]},
        "theme": "dark",
        "speeds": {"cocossd": {"wasm": 38.5}},
    }
    Preferences(TABLE, store).set(**choices)

    again = Preferences(TABLE, store).current

    assert again == TABLE.settings(**choices)


@pytest.mark.parametrize(
    "text",
    [
        "",  # nothing was ever stored
        "{",  # cut off
        "[1, 2]",  # not a table
        "null",
        '{"threshold": 7, "iou": "high", "theme": "pink", "hidden": {"cocossd": "person"}}',
        '{"threads": -1, "mirror": 1, "resolution": "1x1", "facing": 3, "camera": null}',
        '{"threads": true, "threshold": true, "backend": "cuda", "model": 5}',
        '{"unknown": 1}',  # of another version
        '{"speeds": {"cocossd": {"wasm": 0}}}',
        '{"speeds": {"cocossd": {"cuda": 5}}}',
        '{"speeds": {"cocossd": 5}}',
        '{"speeds": [5]}',
    ],
)
def test_what_makes_no_sense_falls_back_to_the_defaults(text: str):
    assert load(Store(text)) == TABLE.settings()


def test_a_sound_value_beside_a_broken_one_is_kept():
    assert load(Store('{"threshold": 7, "iou": 0.3}')) == TABLE.settings(iou=0.3)


@pytest.mark.parametrize("store", [None, FullStore()])
def test_without_storage_the_settings_hold_for_the_visit(store: Store | None):
    preferences = Preferences(TABLE, store)

    preferences.set(iou=0.3)
    assert preferences.size() == 0
    preferences.forget()

    assert preferences.current.iou == 0.3


def test_forgetting_removes_what_was_kept():
    store = Store()
    preferences = Preferences(TABLE, store)
    preferences.set(iou=0.3)
    assert preferences.size() == len(store.values[KEY]) > 0

    preferences.forget()
    preferences.set(iou=0.4)  # a race that ends before the page is loaded again

    assert store.values == {}
    assert preferences.size() == 0


def test_the_address_rules_the_visit_and_is_not_kept():
    store = Store(json.dumps({"threshold": 0.2, "model": "cocossd"}))
    preferences = Preferences(
        TABLE, store, TABLE.read_address({"threshold": "0.6", "threads": "2"}, MODELS)
    )

    preferences.set(iou=0.4)

    assert preferences.current == TABLE.settings(threshold=0.6, threads=2, iou=0.4, model="cocossd")
    assert preferences.saved == load(store)
    assert load(store) == TABLE.settings(threshold=0.2, iou=0.4, model="cocossd")


def test_a_control_that_is_moved_rules_over_the_address():
    store = Store()
    preferences = Preferences(TABLE, store, TABLE.read_address({"threshold": "0.6"}, MODELS))

    preferences.set(threshold=0.3)

    assert preferences.current.threshold == 0.3
    assert load(store).threshold == 0.3


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({}, Request()),
        ({"autostart": ""}, Request(autostart=True)),  # ?autostart
        ({"autostart": "1"}, Request(autostart=True)),
        ({"autostart": "0"}, Request(autostart=False)),
        ({"source": "street.mp4"}, Request(source="street.mp4")),
        ({"source": ""}, Request(source="camera")),
        ({"backend": "wasm", "threads": "3"}, Request(values={"backend": "wasm", "threads": 3})),
        ({"threshold": "0.25"}, Request(values={"threshold": 0.25})),
        ({"threshold": "1.5"}, Request(ignored=("threshold=1.5",))),
        ({"threshold": "nan"}, Request(ignored=("threshold=nan",))),
        ({"threads": "many"}, Request(ignored=("threads=many",))),
        ({"backend": "cuda"}, Request(ignored=("backend=cuda",))),
        ({"model": "cocossd"}, Request(values={"model": "cocossd"})),
        ({"model": "nonesuch"}, Request(ignored=("model=nonesuch",))),
        ({"utm_source": "mail"}, Request()),  # not ours, so not worth a word
    ],
)
def test_the_address_is_read_and_its_nonsense_listed(parameters: dict[str, str], wanted: Request):
    assert TABLE.read_address(parameters, MODELS) == wanted


def test_a_name_is_declared_once():
    with pytest.raises(ValueError, match="theme"):
        SettingTable(CORE_SETTINGS, [Setting("theme", "", lambda _value: True)])


@pytest.mark.parametrize("change", [lambda s: s.replace(nonesuch=1), lambda s: s.nonesuch])
def test_a_setting_that_nobody_declared_is_an_error(change):
    with pytest.raises(AttributeError, match="nonesuch"):
        change(TABLE.settings())


def test_settings_are_immutable():
    with pytest.raises(AttributeError):
        TABLE.settings().iou = 0.3


def test_safe_mode_asks_for_the_least_and_keeps_the_rest_of_the_address():
    asked = TABLE.read_address({"threshold": "0.25", "threads": "4", "source": "a.jpg"}, MODELS)

    safe = asked.in_safe_mode("cocossd")

    assert safe.values == {"threshold": 0.25, "threads": 1, "backend": "wasm", "model": "cocossd"}
    assert safe.source == "a.jpg"
    assert "model" not in asked.in_safe_mode(None).values


@pytest.mark.parametrize("dark", [False, True])
def test_the_first_press_of_the_theme_button_changes_what_is_showing(dark: bool) -> None:
    first = next_theme("auto", dark=dark)
    second = next_theme(first, dark=dark)

    assert first == ("light" if dark else "dark")
    assert second == ("dark" if dark else "light")
    assert next_theme(second, dark=dark) == "auto"


def test_a_parameter_of_the_address_switches_on_what_it_needs():
    table = SettingTable(CORE_SETTINGS, TRACK.settings, COUNT.settings)

    assert table.read_address({"shapes": "door.json"}, ()).values == {
        "shapes": "door.json",
        "count": True,
    }
    assert table.read_address({"count": "1"}, ()).values == {"count": True}
    assert table.read_address({"count": "0"}, ()).values == {"count": False}
    asked = table.read_address({"count": "0", "shapes": "door.json"}, ()).values
    assert asked["count"] is False, "what is said outright counts more"
