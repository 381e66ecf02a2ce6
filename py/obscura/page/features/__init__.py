"""Features: a folder and a row each."""
