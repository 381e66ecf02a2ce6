"""What features need of the settings, and what happens when a person changes that."""

from __future__ import annotations

import itertools

import pytest

from obscura.page.features import closer, count, events, redact
from obscura.page.features.redact import lacking
from obscura.page.state.needs import agree
from obscura.page.state.preferences import Preferences
from obscura.page.state.settings import CORE_SETTINGS, Request, Setting, SettingTable, is_flag

from .test_settings import Store

ROWS = (count.FEATURE, events.FEATURE, closer.FEATURE, redact.FEATURE)
TRACK = Setting("track", False, is_flag)
TABLE = SettingTable(CORE_SETTINGS, (TRACK,), *(row.settings for row in ROWS))
NEEDS = {row.switch: row.needs for row in ROWS if row.needs}
SWITCHES = ("track", *NEEDS)


@pytest.mark.parametrize("changed", SWITCHES)
@pytest.mark.parametrize("on", list(itertools.product([False, True], repeat=len(SWITCHES))))
def test_whatever_is_switched_all_agree_afterwards(on: tuple[bool, ...], changed: str) -> None:
    before, _ = agree(NEEDS, TABLE.settings(**dict(zip(SWITCHES, on, strict=True))))
    wanted = before.replace(**{changed: not getattr(before, changed)})

    after, said = agree(NEEDS, wanted, [changed])

    for switch, need in NEEDS.items():
        assert not getattr(after, switch) or not need.lacking(after)
    moved = {s for s in SWITCHES if getattr(after, s) != getattr(wanted, s)}
    assert all(getattr(before, switch) for switch in said)
    if getattr(after, changed) != getattr(wanted, changed):
        assert after.redact, "only what is hidden stands above a person's latest choice"
        assert said["redact"] == redact.FEATURE.needs.words
    elif not getattr(wanted, changed):
        assert moved == said.keys() - {"redact"}


def test_hiding_faces_takes_closer_looks_that_find_them() -> None:
    settings = TABLE.settings(redact=True, redact_what=["face", "text"], closer_looks=["pose"])

    agreed, said = agree(NEEDS, settings, ["redact"])

    assert (agreed.track, agreed.closer) == (True, True)
    assert agreed.closer_looks == ["pose", "faces", "text"]
    assert said == {}
    assert lacking(agreed) == {}


def test_a_look_that_hides_something_stays_chosen() -> None:
    on, _ = agree(NEEDS, TABLE.settings(redact=True, redact_what=["face"]))

    agreed, said = agree(NEEDS, on.replace(closer_looks=["pose"]), ["closer_looks"])

    assert agreed.closer_looks == ["pose", "faces"]
    assert agreed.redact
    assert said.keys() == {"redact"}


def test_what_the_address_asks_for_has_what_it_needs() -> None:
    request = Request(values={"redact": True, "track": False})

    assert Preferences(TABLE, None, request, NEEDS).current.track


def test_what_is_switched_on_with_it_is_stored_with_it() -> None:
    store = Store()

    Preferences(TABLE, store, None, NEEDS).set(count=True)

    again = Preferences(TABLE, store).current
    assert (again.count, again.track) == (True, True)


def test_what_a_trial_switches_on_is_not_stored() -> None:
    store = Store()
    preferences = Preferences(TABLE, store, None, NEEDS)

    preferences.try_out(count=True)
    preferences.set(theme="dark")

    assert preferences.current.track
    again = Preferences(TABLE, store).current
    assert (again.count, again.track) == (False, False)
