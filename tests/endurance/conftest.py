"""The fixtures of the browser tests."""

from ..browser.conftest import (  # noqa: F401
    artefacts,
    browsers,
    clip,
    coloured_clip,
    new_room,
    no_wait_is_for_a_promise,
    nothing_leaks,
    nothing_leaks_at_the_end,
    pytest_configure,
    shared_room,
    shared_warm,
    site,
    warm,
    watch,
)
