"""``build.py browsers``: test the built page in each browser."""
