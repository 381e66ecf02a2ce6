"""Builder: turns the repository into a folder of static files. Standard library only.

``commands`` is the command line, and ``build`` makes a site step by step. Each other module does
part of that: ``npm`` (the browser's packages), ``runtime`` (its Python, with ``trim`` and
``pyodide``), ``scripts``, ``models``, ``page`` (the HTML pages), ``site`` (hashed names, and the
swap into place), ``worker`` (the service worker), ``report`` (sizes), ``serve``, and ``suite`` with
``browser`` (the tests).
"""
