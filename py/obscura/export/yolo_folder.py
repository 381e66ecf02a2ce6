"""YOLO's text files in a folder on disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from obscura import places
from obscura.export.errors import OutputError, WouldReplace
from obscura.export.yolo import LABELS, NAMES, Stems, boxes_text, names_text


class YoloFolder:
    """Writes ``labels/PICTURE.txt`` for each picture, and ``data.yaml``."""

    def __init__(self, out: Path, labels: Sequence[str]) -> None:
        """
        Raises:
            WouldReplace: the folder has labels. OutputError: it cannot be made or written in.
        """
        self._out, self._stems = out, Stems()
        for name in (LABELS, NAMES):
            if places.exists(out / name):  # perhaps corrected by hand
                raise WouldReplace("There are labels in the folder", out)
        self._write(NAMES, names_text(labels))

    def write(self, record: dict[str, Any]) -> None:
        """Write the boxes of a picture.

        Raises:
            OutputError: they cannot be written.
        """
        self._write(f"{LABELS}/{self._stems.of(record)}.txt", boxes_text(record))

    def close(self) -> None:
        """Nothing belongs at the end."""

    def _write(self, name: str, text: str) -> None:
        path = self._out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            with suppress(OSError):
                path.unlink()  # a part of a row would be read as another one
            raise OutputError(f"The file cannot be written: {error.strerror}", path) from error
