"""The benchmark: Obscura against what its users would otherwise pick, in one browser, in turn.

Standard library only, like the builder, so that it also runs on a machine that has no more than
Python, a browser and the folder that ``build.py bench --prepare`` made (``prepare``). ``chromium``
drives the browser, ``host`` is the server, ``stacks`` and ``visits`` are what is measured there,
``figures``, ``goals`` and ``report`` make the table of it, ``plot`` the picture.
"""
