"""Export: every answer kept, saved as data or as a session, and sessions that replay."""

from __future__ import annotations

from obscura.page.state.feature import Command, Feature
from obscura.page.state.settings import Setting, is_flag


def is_session_file(part: bytes) -> bool:
    """Whether an archive that ends so holds a session."""
    return b"PK\1\2" in part and b"session.json" in part and b"updates.jsonl" in part


FEATURE = Feature(
    "export",
    entry="obscura.page.features.export.part",
    switch="keep_answers",
    settings=(Setting("keep_answers", False, is_flag, control="check"),),
    commands=(
        Command("open", button="export-open"),
        Command("choose session", button="export-session-open"),
        Command("end replay", button="export-replay-end"),
        Command("cancel", button="export-cancel"),
        Command("jsonl", button="export-jsonl"),
        Command("csv", button="export-csv"),
        Command("coco", button="export-coco"),
        Command("yolo", button="export-yolo"),
        Command("events", button="export-events"),
        Command("counts", button="export-counts"),
        Command("session", button="export-session"),
        Command("delete", button="export-delete"),
        Command("undo", button="export-undo"),
    ),
    snapshot={"kept": None},
    claims=is_session_file,
)
