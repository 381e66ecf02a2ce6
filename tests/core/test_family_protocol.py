"""Family modules: every family has one, with the names and parameters of the protocol."""

from __future__ import annotations

import inspect

import pytest

from obscura.families import FAMILIES, module
from obscura.families.common.rows import Option
from obscura.families.protocol import FamilyModule


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_a_module_that_follows_the_protocol(name: str) -> None:
    family = module(name)

    assert all(isinstance(option, Option) for option in family.OPTIONS.values())
    for function in ("read", "recognise"):
        wanted = list(inspect.signature(getattr(FamilyModule, function)).parameters)[1:]
        assert list(inspect.signature(getattr(family, function)).parameters) == wanted


@pytest.mark.parametrize("name", FAMILIES)
def test_defaults_are_valid_options(name: str) -> None:
    for option in module(name).OPTIONS.values():
        assert not option.choices or option.default in option.choices
        assert option.help
