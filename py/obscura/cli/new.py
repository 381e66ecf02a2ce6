"""The command ``obscura new``: a project to start from."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from obscura import places
from obscura.cli.arguments import checked, filled, names
from obscura.cli.exits import OK
from obscura.starter import LOOKS, TEMPLATES
from obscura.suggest import suggestion

COLOUR = "#f4b942"
MODEL = "cocossd"
ANOTHER = "Name a new folder."


def _hex(text: str) -> str:
    if len(text) != 7 or text[0] != "#" or not set(text[1:].lower()) <= set("0123456789abcdef"):
        raise ValueError(text)
    return text.lower()


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 60:
        raise ValueError(text)
    return text.strip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    kinds = "; ".join(f"{name}: {what}" for name, what in TEMPLATES.items())
    line = checked(_line, bool, "one line of at most 60 characters")
    add = parser.add_argument
    add("folder", type=filled, metavar="DIR", help="a folder, new or empty")
    add("--template", choices=TEMPLATES, default="page", help=f"{kinds} (default: %(default)s)")
    add("--name", type=line, help="name shown to people (default: that of the folder)")
    add("--model", type=filled, default=MODEL, help="name of a model (default: %(default)s)")
    page = parser.add_argument_group("of a page").add_argument
    colour = checked(_hex, bool, "a colour such as #2f9e6e")
    page("--colour", type=colour, metavar="#RRGGBB", help=f"of buttons (default: {COLOUR})")
    page("--looks", type=names, metavar="A,B", help=f"closer looks: {', '.join(LOOKS)}")
    page(
        "--checkout",
        type=filled,
        metavar="DIR",
        help="Obscura's source code (default: where this command comes from, or is given)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files of a project.

    Raises:
        UsageError: the folder has something in it or a name that cannot be shown, an option
            belongs to another template, or there is no such look.
        ModelMissing: there is no model of that name.
        OutputError: the files cannot be written.
    """
    from obscura.cards.catalogue import find
    from obscura.export.errors import OutputError
    from obscura.starter import render, write

    folder = Path(arguments.folder)
    try:
        _check(arguments, folder)
        find(arguments.model)
        files = render(arguments.template, _fields(arguments, folder))
        write(files, folder)
    except OSError as error:
        raise OutputError(
            f"The project cannot be written: {error.strerror}", folder, remedy=ANOTHER
        ) from error
    print(
        f"{folder}: {TEMPLATES[arguments.template]}, {len(files)} files. README.md says what next."
    )
    if arguments.template == "page" and arguments.checkout is None and _source() is None:
        print(
            "Obscura's source code was not found: write its folder as `checkout` into page.toml.",
            file=sys.stderr,
        )
    return OK


def _check(arguments: argparse.Namespace, folder: Path) -> None:
    from obscura.cli.errors import UsageError

    if places.is_taken(folder):
        raise UsageError("There is something in the place for the project", folder, remedy=ANOTHER)
    for look in arguments.looks or ():
        if look not in LOOKS:
            raise UsageError(
                "There is no such closer look",
                look,
                remedy=suggestion(look, LOOKS) or f"There are {', '.join(LOOKS)}.",
            )
    for option in ("colour", "looks", "checkout"):
        if arguments.template != "page" and getattr(arguments, option) is not None:
            raise UsageError(
                f"--{option} is for a page", arguments.template, remedy="Leave it out."
            )
    if Path(arguments.model).name != arguments.model:
        raise UsageError(
            "A project starts with a model by its name",
            arguments.model,
            remedy="Choose one that `obscura models` lists; README.md of the project says how to "
            "add your own.",
        )


def _fields(arguments: argparse.Namespace, folder: Path) -> dict[str, str]:
    """Return what the templates ask for; ``*_toml`` with their quotes."""
    from obscura import __version__
    from obscura.starter import package_name

    name = arguments.name or _name_of(folder)
    package = package_name(name)
    description = f"{name}: object detection that stays on the device."
    looks = "" if not arguments.looks else f"closer_looks = {json.dumps(arguments.looks)}"
    return {
        "name": name,
        "name_toml": _quoted(name),
        "package": package,
        "project_toml": _quoted(package.replace("_", "-")),
        "description_toml": _quoted(description),
        # Within the quotes of a docstring.
        "description_text": description.replace("\\", "").replace('"', "'"),
        "model": arguments.model,
        "model_toml": _quoted(arguments.model),
        "colour": arguments.colour or COLOUR,
        "looks": looks or '# closer_looks = ["faces", "pose"]',
        "version": __version__,
        "checkout_toml": _quoted(_checkout(arguments.checkout, folder)),
    }


def _name_of(folder: Path) -> str:
    """Return the name of a folder, which becomes that of the project.

    Raises:
        UsageError: no file of the project could have it.
    """
    from obscura.cli.errors import UsageError

    name = folder.resolve().name
    try:
        return _line(name)
    except ValueError:
        raise UsageError(
            "The folder's name cannot be the project's", ascii(name), remedy="Choose one: --name."
        ) from None


def _quoted(text: str) -> str:
    """Return a string of TOML, whose escapes are those of JSON, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _checkout(given: str | None, folder: Path) -> str:
    """Return the folder of Obscura's source code, relative to the project if it can be."""
    source = Path(given).resolve() if given else _source()
    if source is None:
        return "obscura"
    try:
        return Path(os.path.relpath(source, folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return source.as_posix()


def _source() -> Path | None:
    """Return the source code that this command comes from, or in which it is given; None if it is
    installed as a wheel, and given elsewhere."""
    candidates = (Path(__file__).resolve().parents[3], Path.cwd(), *Path.cwd().parents)
    return next((each for each in candidates if places.is_dir(each / "py/obscura/starter")), None)
