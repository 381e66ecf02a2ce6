"""Export: what was found, in formats that other programs read."""
