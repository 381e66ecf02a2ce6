"""Preferences: the settings in force, and the store that keeps them. Pure Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from obscura.page.state.needs import Need, agree
from obscura.page.state.settings import Request, Settings, SettingTable

KEY = "obscura.settings"


class Storage(Protocol):
    """The part of the browser's `localStorage` that is used."""

    def getItem(self, key: str) -> str | None: ...  # noqa: N802
    def setItem(self, key: str, value: str) -> None: ...  # noqa: N802
    def removeItem(self, key: str) -> None: ...  # noqa: N802


class Preferences:
    """The settings in force: those that are stored, under what the address asks for this visit."""

    def __init__(
        self,
        table: SettingTable,
        storage: Storage | None,
        request: Request | None = None,
        needs: Mapping[str, Need] | None = None,
    ) -> None:
        """
        Args:
            storage: None keeps nothing. A store that refuses to be written keeps nothing either:
                the settings then last until the page is closed.
            needs: what features need, by the setting that switches each on.
        """
        self.table = table
        self._storage = storage
        self._stored = stored(table, storage)
        self._needs = needs or {}
        wanted = self._stored.replace(**(request.values if request else {}))
        self.current: Settings = agree(self._needs, wanted)[0]

    def set(self, **values: Any) -> dict[str, str]:
        """Change settings by a person's own choice, and what features then need: it overrides the
        address from now on, and is stored.

        Returns:
            What is to be said of what features need, by the setting that switches each on.
        """
        wanted = self.current.replace(**values)
        self.current, said = agree(self._needs, wanted, values)
        asked = wanted.as_dict()
        agreed = {k: v for k, v in self.current.as_dict().items() if v != asked[k]}
        self._stored = self._stored.replace(**{**values, **agreed})
        self._store()
        return said

    def _store(self) -> None:
        if self._storage is None:
            return
        try:
            self._storage.setItem(KEY, json.dumps(self._stored.as_dict()))
        except Exception:  # noqa: BLE001  (browsers that forbid storage throw what they like)
            return

    def try_out(self, **values: Any) -> None:
        """Change settings until the page is closed, without storing them."""
        self.current = agree(self._needs, self.current.replace(**values), values)[0]

    @property
    def needs(self) -> Mapping[str, Need]:
        """What features need, by the setting that switches each on."""
        return self._needs

    @property
    def saved(self) -> Settings:
        """The settings that a person chose, without what the address asks for and what is only
        tried out."""
        return self._stored

    @property
    def stores(self) -> bool:
        """Whether there is a store; without one, settings last until the page is closed."""
        return self._storage is not None

    def size(self) -> int:
        """Return how many bytes of settings the store holds."""
        text = _read(self._storage)
        return len(text.encode()) if text is not None else 0

    def forget(self) -> None:
        """Remove what is stored, and store nothing more: parts that still run may change
        settings."""
        storage, self._storage = self._storage, None
        if storage is None:
            return
        try:
            storage.removeItem(KEY)
        except Exception:  # noqa: BLE001  (as above)
            return


def stored(table: SettingTable, storage: Storage | None) -> Settings:
    """Return the stored settings; the defaults where there are none, or where storage is
    denied."""
    try:
        return table.from_stored(json.loads(_read(storage) or "{}"))
    except ValueError:
        return table.settings()


def _read(storage: Storage | None) -> str | None:
    """Return the stored text; None where there is none, or where storage is denied."""
    try:
        text = storage.getItem(KEY) if storage is not None else None
    except Exception:  # noqa: BLE001  (as above)
        return None
    return text if isinstance(text, str) else None  # JavaScript's null is not None
