"""Counting in the page: lines and zones drawn over the picture."""
