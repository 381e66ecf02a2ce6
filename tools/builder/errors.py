"""The one exception that a user of ``build.py`` may see."""


class BuildError(Exception):
    """An error that the user can fix.

    ``str(error)`` is one line: what is wrong, then what to do about it.
    """
