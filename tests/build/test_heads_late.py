"""A first detection needs no head, and takes none of their code and networks along."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from builder.report import parts
from builder.site import Site

LATE = re.compile(
    r"obscura/(heads/|families/heads/|redaction/|page/features/closer/(?!__init__|words))"
)


def modules(folder: Path, pattern: str) -> set[str]:
    """The names in the archive of a built site."""
    (archive,) = (folder / "py").glob(pattern)
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def test_the_first_archive_has_no_code_of_heads(dist: Path) -> None:
    assert not {name for name in modules(dist, "obscura.*.zip") if LATE.match(name)}
    assert {name for name in modules(dist, "feature-closer.*.zip") if LATE.match(name)}


def test_the_table_of_sizes_counts_no_head_among_what_a_first_detection_takes(
    dist: Path, tmp_path: Path
) -> None:
    site = Site(tmp_path, "./")
    files = [path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file()]
    site.names |= dict.fromkeys(files, "")
    rows = parts(site)
    first = [name for _, names, needed in rows if needed for name in names]

    assert not [name for name in first if name.startswith("heads/") or "closer" in name]
    assert [title for title, _, _ in rows if title.startswith("head ")]


def test_the_page_is_told_where_the_cards_are_and_not_what_is_in_them(dist: Path) -> None:
    page = (dist / "index.html").read_text(encoding="utf-8")
    match = re.search(r'<script type="application/json" id="obscura-build">(.*?)</script>', page)
    assert match
    facts = json.loads(match[1])
    assert re.fullmatch(r"\./heads/heads\.[0-9a-f]{10}\.json", facts["heads"])
    assert "trained_on" not in match[1]
