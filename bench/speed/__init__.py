"""Benchmark: Obscura against the alternatives, taking turns in one browser.

Standard library only, like the builder, so that it also runs on a machine that has just Python, a
browser and the folder that ``build.py bench --prepare`` made (``prepare``). ``host`` is the server,
``stacks`` and ``visits`` measure, ``figures``, ``goals`` and ``report`` make the table, and
``plot`` the picture. ``browsers.chromium`` drives the browser.
"""
