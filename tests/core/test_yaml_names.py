"""Class names in YAML: as PyYAML reads them, or refused."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from obscura.cards.labels import parse
from obscura.cards.yaml_names import read
from obscura.errors import LabelsError

pyyaml = partial(yaml.load, Loader=yaml.BaseLoader)
"""PyYAML as it leaves all scalars text: a class "no" stays a name."""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [a, b]", ["a", "b"]),
        ("nc: 2\nnames: ['it''s', \"b # c\"]  # two\n", ["it's", "b # c"]),
        ("names: [a,\n  'b, c',\n]\ntrain: x\n", ["a", "b, c"]),
        ("names: {0: a, '1': b}", {"0": "a", "1": "b"}),
        ("names:\n- a\n\n# none\n- no  # Norway\n", ["a", "no"]),
        ('---\nnames:\n  0: a b\n  1: "c\\u00e9"\n', {"0": "a b", "1": "cé"}),
        ("names:\n  - a:b\n  - c#d\n", ["a:b", "c#d"]),
        ("nc: 2", []),
        ("names: coco.txt", []),
    ],
)
def test_the_usual_forms_are_read(text: str, names: list[str] | dict[str, str]) -> None:
    assert read(text) == names
    if names:
        assert pyyaml(text)["names"] == names


REFUSED = {
    "a text over two lines": "names:\n  - a\n    b\n",
    "a folded text": "names:\n  - >\n    a\n",
    "an anchor": "names: &n [a]",
    "an alias": "x: &n [a]\nnames: *n",
    "a tag": "names: !!set {a, b}",
    "a list within a list": "names: [a, [b]]",
    "a table within a list": "names:\n  - a: b\n",
    "an escape that JSON lacks": 'names: ["\\x41"]',
    "a quote that is not closed": "names: ['a, b]",
    "quotes over two lines": "x: 'a\nnames: [b]\n  '\n",
    "names twice": "names: [a]\nnames: [b]\n",
    "a quoted key": '"names": [a]',
    "an empty item": "names:\n-\n- a\n",
    "tabs": "names:\n\t- a\n",
    "two documents": "names: [a]\n---\nnames: [b]\n",
    "another indentation": "names:\n  - a\n   - b\n",
    "one number twice": "names:\n  0: a\n  0: b\n",
    "words for numbers": "names: {zero: a}",
    "after the end": "names: [a] b\n",
    "a comment between quotes in a word": 'names:\n- a "b # c" d\n',
    "brackets elsewhere": "names: [a\nb: c]\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_refused_by_line(case: str) -> None:
    with pytest.raises(LabelsError, match=r"not understood here \(line \d+\)\. Write them as"):
        read(REFUSED[case])


LINES = st.text("ab01 -:#,'\"[]{}\n&*|?n", max_size=24)
PIECES = st.lists(
    st.sampled_from(
        ["names:", " ", "\n", "\n  ", "\n- ", "\n  - ", "[", "]", "{", "}", ", ", ",", "0: ", "1: ",
         "a", "b c", "'", '"', "''", ": ", "#", " # ", "&x ", "*x", "x: ", "-", "|", ">", "\\", "é"]
    ),
    max_size=14,
)  # fmt: skip


@given(st.one_of(LINES.map("names: ".__add__), LINES.map("names:\n".__add__), PIECES.map("".join)))
def test_it_agrees_with_pyyaml_or_refuses(text: str) -> None:
    try:
        ours = read(text)
    except LabelsError:
        return
    try:
        theirs: Any = pyyaml(text)
    except yaml.YAMLError:
        theirs = None  # PyYAML is stricter, about what stands elsewhere in the file
    if ours and theirs is not None:
        assert theirs["names"] == ours


LONG = 100_000


@pytest.mark.parametrize(
    "line",
    ["- a" + " " * LONG + "b", "- " + " " * LONG, '- "' + '\\"' * LONG, "- " + "'\" " * LONG,
     "- " + "a 'b # " * LONG, "[" * LONG, "[" + "a," * LONG + "}", "[" + "'a'," * LONG + ":",
     "[a" + " " * LONG + ":", "- a" + " #" * LONG],
    ids=range(10),
)  # fmt: skip
def test_a_long_line_is_read_or_refused_without_delay(line: str) -> None:
    """A pattern that goes back would take hours, and the test with it."""
    begun = "names: " if line[0] == "[" else "names:\n"
    with contextlib.suppress(LabelsError):
        read(begun + line)


ANYWHERE = "names: &all [person,\n  'traffic light']\nval: *all\n"


def test_a_library_reads_what_the_page_refuses() -> None:
    with pytest.raises(LabelsError, match="not understood"):
        parse("data.yaml", ANYWHERE.encode())

    assert parse("data.yaml", ANYWHERE.encode(), load_yaml=pyyaml) == ("person", "traffic light")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: {b: 1, a: 0}", ("a", "b")),
        ("names: {0: 7, 1: 8}", ("7", "8")),
        ("classes: [yes, no]", ("yes", "no")),
        ("- a\n- b c\n", ("a", "b c")),
    ],
)
def test_a_library_leaves_names_as_they_are_written(text: str, names: tuple[str, ...]) -> None:
    assert parse("data.yaml", text.encode(), load_yaml=pyyaml) == names


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("names: [a", "no valid YAML"), ("[" * 99, "nested too deeply"), ("names: x.txt", "no class")],
)
def test_what_a_library_cannot_read_is_refused(text: str, complaint: str) -> None:
    def load(text: str) -> Any:
        try:
            return pyyaml(text)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error

    with pytest.raises(LabelsError, match=complaint):
        parse("data.yaml", text.encode(), load_yaml=load)
