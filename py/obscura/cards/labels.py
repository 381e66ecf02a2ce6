"""Class names: parsers for common file formats, and the lists of COCO and PASCAL VOC."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from obscura.cards import yaml_names
from obscura.cards.card import LONGEST_LABEL, MOST_LABELS, wrong_label
from obscura.cards.nesting import DEEPEST, too_deep
from obscura.cards.table import UNSHOWABLE, shown
from obscura.errors import LabelsError

MOST_BYTES = 4 << 20

COCO = tuple(
    """person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,
stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,
umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,
skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,
sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,
toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,
clock,vase,scissors,teddy bear,hair drier,toothbrush""".replace("\n", "").split(",")
)
"""The 80 classes of COCO (https://cocodataset.org), in the order of their ids."""

_UNPUBLISHED = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
COCO_IDS = tuple(number for number in range(1, 91) if number not in _UNPUBLISHED)
"""The ids of the classes in `COCO`: 80 of the 90 that were numbered."""

VOC = tuple(
    """aeroplane,bicycle,bird,boat,bottle,bus,car,cat,chair,cow,diningtable,dog,horse,motorbike,
person,pottedplant,sheep,sofa,train,tvmonitor""".replace("\n", "").split(",")
)
"""The 20 classes of PASCAL VOC (http://host.robots.ox.ac.uk/pascal/VOC), in alphabetical order."""


class Known(NamedTuple):
    """Class names, and the data set that they belong to."""

    labels: tuple[str, ...]
    title: str  # "" if they are only numbered


def known(count: int) -> Known:
    """Return the usual names of a network with ``count`` classes.

    80 classes are COCO's, 20 PASCAL VOC's. 91 are COCO's by id (as in torchvision and DETR) and
    90 by id minus one (TensorFlow); ids without a class are named like ``unused 12``. Any other
    count gets ``class 1`` to ``class n``.

    Raises:
        LabelsError: a card cannot have that many classes.
    """
    if count > MOST_LABELS:
        raise LabelsError(
            "There are too many classes", count,
            remedy=f"Use a network that tells {MOST_LABELS} apart at the most.",
        )  # fmt: skip
    if count == len(COCO):
        return Known(COCO, "COCO")
    if count == len(VOC):
        return Known(VOC, "PASCAL VOC")
    if count in (90, 91):
        names = dict(zip(COCO_IDS, COCO, strict=True))
        return Known(tuple(names.get(i, f"unused {i}") for i in range(91 - count, 91)), "COCO")
    return Known(numbered(count), "")


def numbered(count: int) -> tuple[str, ...]:
    """Return ``class 1`` to ``class n``."""
    return tuple(f"class {number}" for number in range(1, count + 1))


def parse(
    name: str, data: bytes, *, load_yaml: Callable[[str], Any] | None = None
) -> tuple[str, ...]:
    """Read class names from a file, in the network's order.

    | file | contents |
    |---|---|
    | .txt .names .labels | one name per line, numbered (``0 person``) or not |
    | .json .toml | a list of names, a table ``{"0": "person"}`` or ``{"person": 0}``, or COCO's
                    categories: alone, or under labels, names, classes, categories, ... |
    | .yaml .yml | Ultralytics' ``names:``, in the forms that `yaml_names` understands |
    | .pbtxt | TensorFlow's label map |

    A number missing from a table gets a name like ``unused 12``, as do placeholder names (``N/A``,
    ``???``); in a table that starts at 1, that is the first class. COCO's categories are ordered
    by id, without gaps, as most training code does.

    Args:
        name: name of the file; its suffix decides the format.
        data: contents of the file.
        load_yaml: a library's loader, which leaves scalars as text and raises ValueError; None to
            read the common forms alone, and refuse the others.

    Raises:
        LabelsError: the file cannot be read, or a name is invalid; the message says which.
    """
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    read = _KINDS.get(ending)
    if load_yaml is not None and read is _yaml:
        read = partial(_loaded, load_yaml)
    if read is None:
        raise LabelsError(
            "Class names are not read from such a file", name[-80:],
            remedy=f"Give one of {', '.join(_KINDS)}.",
        )  # fmt: skip
    if len(data) > MOST_BYTES:
        raise LabelsError(
            "The file of class names is too large", f"{len(data)} bytes",
            remedy=f"Give one that holds the names alone, in {MOST_BYTES} bytes at the most.",
        )  # fmt: skip
    entries = read(_text(data))
    if not 0 < len(entries) <= MOST_LABELS:
        raise LabelsError(
            "The file holds no class names" if not entries else "There are too many class names",
            len(entries),
            remedy=f"Give 1 to {MOST_LABELS}, one a line, in the network's order.",
        )
    labels = _named(entries)
    wrong = wrong_label(labels)
    if wrong is not None:
        index, wanted = wrong
        raise LabelsError(
            f"The class name {entries[index][0]} makes no sense", repr(labels[index][:40]),
            remedy=f"Give {wanted}.",
        )  # fmt: skip
    return labels


def embedded(text: str) -> tuple[str, ...]:
    """Read class names from a value in a network's metadata; () if there are none.

    Accepts a list or a table by number, as Python or JSON write them, names separated by commas,
    and one name per line. Nobody can correct a name inside a network, so an odd one is made valid
    and distinct rather than refused: it gets a number, loses what cannot be shown, or is cut.
    """
    text = text.strip()
    try:
        if text[:1] not in ("{", "[") and "\n" in text:
            entries = _lines(text)
        else:
            entries = _flow(text if text[:1] in ("{", "[") else f"[{text}]")
    except LabelsError:
        return ()
    return _distinct(_named(entries)) if 0 < len(entries) <= MOST_LABELS else ()


def _distinct(labels: Iterable[str]) -> tuple[str, ...]:
    """Return names that are valid: shown on one line, not blank, not too long, each only once."""
    given = [
        UNSHOWABLE.sub(" ", label).strip()[:LONGEST_LABEL] or f"class {place + 1}"
        for place, label in enumerate(labels)
    ]
    taken = set(given)  # a name that is right stays, also after one that is made distinct
    found: dict[str, None] = {}
    numbers: dict[str, int] = {}  # thousands of equal names take no longer than as many others
    for plain in given:
        name = plain
        while name in found or (name is not plain and name in taken):
            numbers[plain] = numbers.get(plain, 1) + 1
            name = f"{plain[: LONGEST_LABEL - 9]} ({numbers[plain]})"
        found[name] = None
    return tuple(found)


Entries = list[tuple[str, str]]
"""Pairs of the position of a name, in words, and the name."""

_NOBODY = {"n/a", "???", "__background__"}
_KEYS = ("labels", "names", "classes", "categories", "id2label", "label2id")
_NUMBERED = re.compile(r"(\d{1,6})(?:[:,]\s*|\s+)(\S.*)")
_ENTRY = re.compile(
    r"""\s*+(?:["']?(\d{1,6})["']?\s*+:\s*+)?+          # its number
    (?:("(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.|'')*+')\s*+   # a name in quotes
    |([^,:{}\[\]"'][^,{}\[\]]*+)                        # or without quotes
    )(?:,|$)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL
)
"""Python's escapes (https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences)."""
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": ""}
_ITEM = re.compile(r"\bitem\s*+\{([^{}]*+)\}")
_ITEM_ID = re.compile(r"\bid\s*+:\s*+(\d{1,6})\b")
_ITEM_NAME = re.compile(
    r"""\b(display_name|name)\s*+:\s*+("(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')"""
)


def _named(entries: Entries) -> tuple[str, ...]:
    return tuple(
        f"unused {i}" if label.strip().lower() in _NOBODY else label.strip()
        for i, (_, label) in enumerate(entries)
    )


def _text(data: bytes) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # as some Windows editors save it
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelsError(
            "The file of class names is no text", f"byte {error.start}",
            remedy="Save it as text, in UTF-8.",
        ) from error  # fmt: skip


def _lines(text: str) -> Entries:
    lines = text.rstrip().splitlines()
    split = [_NUMBERED.fullmatch(line.strip()) for line in lines]
    numbers = [int(match[1]) for match in split if match]
    first = numbers[0] if numbers else 0
    if len(lines) > 1 and first in (0, 1) and numbers == list(range(first, first + len(lines))):
        return [(f"on line {i}", match[2]) for i, match in enumerate(split, 1) if match]
    return [(f"on line {i}", line) for i, line in enumerate(lines, 1)]


def _json(text: str) -> Entries:
    _check_depth(text)
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _damaged("JSON", error) from error
    return _value(value)


def _toml(text: str) -> Entries:
    import tomllib  # imported here, because few files are TOML

    _check_depth(text)
    try:
        value = tomllib.loads(text)
    except ValueError as error:
        raise _damaged("TOML", error) from error
    return _value(value)


def _check_depth(text: str) -> None:
    if too_deep(text):
        raise LabelsError("The file of class names is nested too deeply", f"over {DEEPEST}")


def _damaged(kind: str, error: Exception) -> LabelsError:
    return LabelsError(f"The file of class names is no valid {kind}", str(error)[:80])


def _value(value: Any) -> Entries:
    """Find the names in parsed JSON or TOML."""
    if isinstance(value, Mapping):
        for key in _KEYS:
            if isinstance(value.get(key), (Mapping, list)):
                return _value(value[key])
        return _table(value)
    if not isinstance(value, list):
        raise _no_text("", value)
    if value and all(isinstance(item, Mapping) and {"id", "name"} <= set(item) for item in value):
        if not all(isinstance(item["id"], int) for item in value):
            raise _no_text("'s id", [item["id"] for item in value][:3])
        value = [item["name"] for item in sorted(value, key=lambda item: item["id"])]
    for i, item in enumerate(value):
        if not isinstance(item, str):
            raise _no_text(f" at place {i + 1}", item)
    return [(f"at place {i + 1}", item) for i, item in enumerate(value)]


def _table(table: Mapping[str, Any]) -> Entries:
    pairs = list(table.items())
    # Numbers by name are class numbers only if none is left out: `nc: 3` alone is none.
    if pairs and all(type(n) is int for _, n in pairs):
        numbers = sorted({number for _, number in pairs})
        if numbers[0] in (0, 1) and numbers[-1] - numbers[0] == len(numbers) - 1:
            pairs = [(str(number), label) for label, number in pairs]
    if not all(key.isdecimal() and len(key) <= 6 for key, _ in pairs):
        raise LabelsError(
            "The file has no class names where they are looked for",
            ", ".join(repr(key) for key, _ in pairs[:3])[:80],
            remedy=f"Give a list of names, alone or under one of {', '.join(_KEYS)}.",
        )
    return _by_number((int(key), label) for key, label in pairs)


def _no_text(where: str, value: object) -> LabelsError:
    return LabelsError(f"The class name{where} is of the wrong kind", shown(value))


def _by_number(pairs: Iterable[tuple[int, Any]]) -> Entries:
    """Order names by number, and fill the gaps."""
    names: dict[int, str] = {}
    for number, label in pairs:
        if not isinstance(label, str):
            raise _no_text(f" of number {number}", label)
        if number in names:
            raise LabelsError("Two class names have one number", number)
        names[number] = label
    if not names:
        return []
    if max(names) > MOST_LABELS:
        raise LabelsError(
            "The number of a class is too large", max(names),
            remedy=f"Number the classes from 0, {MOST_LABELS} at the most.",
        )  # fmt: skip
    first = 0 if 0 in names else 1
    return [(f"of number {i}", names.get(i, f"unused {i}")) for i in range(first, max(names) + 1)]


def _flow(text: str) -> Entries:
    """Read ``[a, 'b']`` or ``{0: a, 1: "b"}``; [] if it is something else."""
    inner, at = text[1:-1].rstrip().removesuffix(","), 0
    if (text[:1], text[-1:]) not in (("[", "]"), ("{", "}")) or not inner:
        return []
    names: list[tuple[str | None, str]] = []
    while at < len(inner):
        match = _ENTRY.match(inner, at)
        if match is None or len(names) > MOST_LABELS or (match[1] is None) == (text[0] == "{"):
            return []
        names.append((match[1], _unquoted(match[2] or match[3])))
        at = match.end()
    if text[0] == "{":
        return _by_number((int(number or 0), label) for number, label in names)
    return [(f"at place {i + 1}", label) for i, (_, label) in enumerate(names)]


def _unquoted(text: str) -> str:
    """Return the text of a literal as JSON or Python write it, or of a word without quotes."""
    text = text.strip()
    if text[:1] == '"' == text[-1:]:
        try:
            return str(json.loads(text))
        except ValueError:
            pass  # Python has escapes that JSON does not have
    if text[:1] in ("'", '"') and text[:1] == text[-1:]:
        return _ESCAPE.sub(_unescaped, text[1:-1])
    return text


def _unescaped(match: re.Match[str]) -> str:
    """Return the character that an escape of a Python literal stands for."""
    code, octal, letter = match.groups()
    if letter:
        return _LETTERS.get(letter, letter)
    number = int(code[1:], 16) if code else int(octal, 8)
    return chr(number) if number <= sys.maxunicode else match[0]


def _loaded(load: Callable[[str], Any], text: str) -> Entries:
    """Read YAML with a library."""
    _check_depth(text)
    try:
        value = load(text)
    except (ValueError, RecursionError) as error:
        raise _damaged("YAML", error) from error
    if isinstance(value, Mapping):
        value = next((value[key] for key in _KEYS if value.get(key)), value)
    if isinstance(value, str):
        return []  # a single text, which is no list of names
    if isinstance(value, Mapping) and not all(map(str.isdecimal, value)):
        value = {key: int(n) if _is_number(n) else n for key, n in value.items()}  # number by name
    return _value(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{1,6}", value) is not None


def _yaml(text: str) -> Entries:
    found = yaml_names.read(text)
    return _value(found) if found else []


def _pbtxt(text: str) -> Entries:
    """Read a StringIntLabelMap of TensorFlow's object detection."""
    pairs = []
    for item in _ITEM.findall(text):
        number = _ITEM_ID.search(item)
        names = {match[1]: _unquoted(match[2]) for match in _ITEM_NAME.finditer(item)}
        if number is None or not names:
            raise LabelsError("An item of the label map lacks id or name", item.strip()[:40])
        pairs.append((int(number[1]), names.get("display_name", names.get("name"))))
    return _by_number(pairs)


_KINDS: dict[str, Callable[[str], Entries]] = {
    ".txt": _lines,
    ".names": _lines,
    ".labels": _lines,
    ".json": _json,
    ".toml": _toml,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".pbtxt": _pbtxt,
}
