"""Reader for the part of YAML that class names are written in; everything else is refused.

The page has no YAML library, and a reader that guesses would give classes wrong names. So this one
reads ``names:`` as a list or a table of numbers, in block or flow style, with plain or quoted
names, and raises an error for whatever it does not fully understand. Where it returns names, they
are those that PyYAML's BaseLoader returns (https://yaml.org/spec/1.1/), which tests compare.
"""

from __future__ import annotations

import json
import re

from obscura.cards.table import UNSHOWABLE
from obscura.errors import LabelsError

_QUOTED = r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^']|'')*+'"
_WHOLE = re.compile(_QUOTED)
_QUOTES = re.compile(r"(?:^|(?<=[ \[{,:-]))(?:\"(?:[^\"\\]|\\.)*+(\"|$)|'(?:[^']|'')*+('|$))")
"""A text in quotes where one can begin, up to its end or, if it has none, that of the line."""
_KEY = re.compile(r"names *:(?: +(.*))?")
_OTHER_KEY = re.compile(r"[\"'?&*!]|names\b")
_COMMENT = re.compile(r"(?:^|(?<= ))#.*")
_ITEM = re.compile(rf"(?:-|(\d{{1,6}}|\"\d{{1,6}}\"|'\d{{1,6}}') *:) +({_QUOTED}|[^\"'].*)")
_FLOW_ITEM = re.compile(
    rf" *(?:(\d{{1,6}}|\"\d{{1,6}}\"|'\d{{1,6}}') *: +)?({_QUOTED}|[^,\[\]{{}}\"':?]++) *(,|$)"
)
_NOT_PLAIN = re.compile(r"[-?:](?: |$)|[,\[\]{}#&*!|>'\"%@`]")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read(text: str) -> list[str] | dict[str, str]:
    """Return the names under the key ``names``, as a list or by number; [] if there are none.

    Raises:
        LabelsError: the names are written in a way that is not understood.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and lines[0].rstrip() == "---":
        lines[0] = ""
    number, rest = _start(lines)
    if number < 0:
        return []
    block = _block(lines, number)
    if rest[:1] in ("[", "{"):
        return _flow(" ".join([rest, *(line for _, line in block)]).strip(), number)
    if rest:
        if block or _NOT_PLAIN.match(rest):
            raise _refused(number)  # over several lines, or with an anchor, a tag, and the like
        return []  # a single text, which is no list of names
    return _items(block)


def _start(lines: list[str]) -> tuple[int, str]:
    """Return the index of the line with the key, and what follows the key; -1 if there is none."""
    found = -1, ""
    brackets = 0  # open ones: what is between them are no keys
    for number, line in enumerate(lines):
        if UNSHOWABLE.search(line) or line.startswith(("---", "...", "%")):
            raise _refused(number)  # the last three mark several documents, or another YAML
        if any(not quotes[1] and not quotes[2] for quotes in _QUOTES.finditer(line)):
            raise _refused(number)  # the text in quotes goes on in the next line
        plain = _COMMENT.sub("", _QUOTES.sub("", line))
        if line and line[0] not in " #-" and not brackets:
            match = _KEY.fullmatch(_without_comment(line))
            if match and found[0] < 0:
                found = number, (match[1] or "").strip()
            elif match or _OTHER_KEY.match(line):
                raise _refused(number)  # twice, or in quotes, with an anchor, and the like
        brackets += sum(map(plain.count, "[{")) - sum(map(plain.count, "]}"))
    return found


def _same_length(match: re.Match[str]) -> str:
    return "x" * len(match[0])


def _without_comment(line: str) -> str:
    """Return a line without its comment and the spaces before it."""
    match = _COMMENT.search(_QUOTES.sub(_same_length, line))
    return (line[: match.start()] if match else line).rstrip()


def _block(lines: list[str], start: int) -> list[tuple[int, str]]:
    """Return the lines that belong to the key, each with its index, without comments."""
    block = []
    for number in range(start + 1, len(lines)):
        line = _without_comment(lines[number])
        if not line:
            continue
        if line[0] not in " -]}":
            break
        block.append((number, line))
    return block


def _items(block: list[tuple[int, str]]) -> list[str] | dict[str, str]:
    """Read a list or table in block style."""
    names: list[tuple[str | None, str]] = []
    indents = set()
    for number, line in block:
        inner = line.lstrip(" ")
        indents.add(len(line) - len(inner))
        match = _ITEM.fullmatch(inner)
        if match is None or len(indents) > 1:
            raise _refused(number)
        names.append((match[1], _scalar(match[2].strip(), number)))
    if indents == {0} and any(key is not None for key, _ in names):
        raise _refused(block[0][0])
    return _as_one(names, block[0][0] if block else 0)


def _flow(flow: str, number: int) -> list[str] | dict[str, str]:
    """Read a list or table in flow style, such as ``[a, 'b']``."""
    if {"[": "]", "{": "}"}[flow[0]] != flow[-1] or len(flow) < 2:
        raise _refused(number)
    inner, at = flow[1:-1].strip(), 0
    names: list[tuple[str | None, str]] = []
    while at < len(inner):
        match = _FLOW_ITEM.match(inner, at)
        if match is None or (match[1] is None) == (flow[0] == "{"):
            raise _refused(number)
        names.append((match[1], _scalar(match[2].strip(), number)))
        at = match.end()
        if match[3] and at < len(inner) and not inner[at:].strip():
            break
    return _as_one(names, number)


def _as_one(names: list[tuple[str | None, str]], number: int) -> list[str] | dict[str, str]:
    """Return names as a list, or as a table if they have numbers."""
    if all(key is None for key, _ in names):
        return [name for _, name in names]
    table = {key.strip("\"'"): name for key, name in names if key is not None}
    if len(table) < len(names):
        raise _refused(number)  # some without a number, or two with the same
    return table


def _scalar(text: str, number: int) -> str:
    """Read a name, plain or in quotes."""
    if text[0] == "'" and _WHOLE.fullmatch(text):
        return text[1:-1].replace("''", "'")
    if text[0] == '"' and _WHOLE.fullmatch(text) and not _SURROGATE.search(text):
        try:
            return str(json.loads(text))
        except ValueError:
            raise _refused(number) from None  # an escape that JSON does not have
    if _NOT_PLAIN.match(text) or ": " in text or " #" in text or text[-1] == ":":
        raise _refused(number)
    return text


def _refused(number: int) -> LabelsError:
    return LabelsError(
        "The class names are written in a form of YAML that is not understood here",
        f"line {number + 1}",
        remedy="Write them as “names: [a, b]”, one “- name” per line, or as a text file with one "
        "name per line.",
    )
