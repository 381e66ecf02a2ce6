"""Engines run models: ``native`` in CPython, ``web`` in the browser, both as ``session`` says."""
