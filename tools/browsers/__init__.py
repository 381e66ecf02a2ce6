"""``build.py browsers``: what the built page does in each browser, seen by driving it."""
