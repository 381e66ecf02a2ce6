"""The one exception that a user of ``build.py`` may see."""


class BuildError(Exception):
    """Something that the person at the keyboard can mend.

    ``str(error)`` is one line: what is wrong, then the one thing to do about it.
    """
