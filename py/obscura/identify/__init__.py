"""Identify a network that nobody has described, or say why it is not a detector."""
