"""Parser of command lines that suggests the option or command that was meant."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from obscura.suggest import suggestion


class Parser(argparse.ArgumentParser):
    """Parser that suggests an option in place of one that there is not."""

    def check_options(self, words: Sequence[str]) -> None:
        """Exit with 2 if one of the words is an option that there is not."""
        options = [name for action in self._actions for name in action.option_strings]
        for word in words[: words.index("--") if "--" in words else None]:
            name = word.partition("=")[0]
            # Options may be shortened, as argparse allows.
            if name.startswith("--") and not any(each.startswith(name) for each in options):
                self.error(f"there is no option {name}. {suggestion(name, options)}".strip())
