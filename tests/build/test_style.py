"""The page's style: one place for each rule."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

STYLE = Path(__file__).parents[2] / "assets" / "style.css"
RULE = re.compile(r"^([.#][\w-]+) \{", re.MULTILINE)


def test_no_two_rules_of_all_layouts_are_for_the_same_name() -> None:
    """Where two are, two parts of the page have taken one name for different things."""
    names = Counter(RULE.findall(STYLE.read_text(encoding="utf-8")))

    assert len(names) > 50
    assert [name for name, count in names.items() if count > 1] == []
