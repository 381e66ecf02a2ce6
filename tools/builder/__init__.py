"""Turns the repository into a folder of static files. Standard library only.

``commands`` is the command line and ``build`` says in which order a site is made. Each other module
is one part of that: ``npm`` (the browser's packages), ``runtime`` (its Python; ``trim`` and
``pyodide`` serve it), ``models``, ``page`` (index.html), ``site`` (names with hashes, and the swap
into place), ``report`` (sizes), ``serve``, and ``suite`` with ``browser`` (the tests).
"""
