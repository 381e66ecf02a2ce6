"""Turns the repository into a folder of static files. Standard library only.

``commands`` is the command line; ``build`` says in which order a site is made; each other module is one part of
that: ``npm`` (the browser packages), ``runtime`` (Python for the browser), ``models``, ``page`` (index.html),
``site`` (names with hashes, and the swap into place), ``report`` (sizes), ``serve``, ``suite`` (the tests).
"""
