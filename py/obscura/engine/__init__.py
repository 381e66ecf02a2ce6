"""Run networks: ``native`` in CPython, ``web`` in the browser; ``session`` has their protocols."""
