"""The schema of the formats is in step with what is written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from obscura.export.events import NAMES
from obscura.export.records import DETECTION_FIELDS, FRAME_FIELDS
from obscura.export.session import FORMAT, About

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/schemas/formats-1.json").read_text("utf-8"))
PARTS: dict[str, Any] = SCHEMA["$defs"]
FORMATS = (ROOT / "docs" / "formats.md").read_text("utf-8")


def test_the_fields_of_records_are_those_of_the_schema() -> None:
    assert PARTS["record"]["required"] == [*FRAME_FIELDS, "detections"]
    assert PARTS["detection"]["required"] == [*DETECTION_FIELDS]
    documented = set(re.findall(r"`([a-z0-9_]+)`", FORMATS))
    for part in ("record", "detection", "session"):
        assert set(PARTS[part]["properties"]) <= documented, part


def test_the_events_are_those_of_the_schema() -> None:
    assert set(PARTS["event"]["properties"]["event"]["enum"]) == {*NAMES.values()}


def test_the_facts_of_sessions_are_those_of_the_schema() -> None:
    assert set(PARTS["session"]["required"]) == {"format", *About.__dataclass_fields__}
    assert PARTS["session"]["properties"]["format"]["const"] == FORMAT
