"""What the original projects make of their own networks' outputs, recorded for the tests.

One module a project; each yields `Reference`s and `Face`s. See tools/record_references.py.
"""
