"""Platform: the browser functions that the app uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple


class Platform(NamedTuple):
    """Browser functions that the app uses; py/main.py has the real ones, tests have their own."""

    spawn: Callable[[Any], Any]
    """Starts a coroutine; what it raises goes to the error card."""
    mark: Callable[[str], None]
    fetch_rest: Callable[[], Any]
    """Fetches what of Python a start does not run; from the second call on it does nothing."""
    view: Any
    """Fit, fill and zoom: `stage.view.PictureView`."""
    render: Callable[..., None]
    """Shows the state; see `stage.scene_view.render`."""
    clear: Callable[[], None]
    """Removes boxes and list: another picture is in view."""
    announce: Callable[[], None]
    """Makes screen readers announce what is detected."""
    show_progress: Callable[[str], None]
    """Shows what the page is waiting for; "" for nothing."""
    note: Callable[[str, str], None]
    """Shows a sentence in the element of an id, if the page has one."""
    notice: Any
    """The error card, `stage.notice.NoticeCard`."""
    read_part: Callable[[Any, int, int], Awaitable[bytes]]
    """Returns these bytes of a file: `browser.files.read_part`."""
    is_folder: Callable[[Any], bool]
    """Whether something that was given is a folder: `browser.folders.is_folder`."""
    read_folders: Callable[[Any, Callable[[int], None]], Awaitable[list[Any]]]
    """Returns the files in folders: `browser.folders.read`."""
    path_of: Callable[[Any], str]
    """Returns the path of a file: `browser.files.path_of`."""
    shell: Any
    """Dialogs, full screen, reload: `browser.shell`."""
