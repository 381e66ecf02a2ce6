"""Serving: detection over HTTP, with nothing kept of a picture."""
