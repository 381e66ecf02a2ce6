"""Cards: what a model is, where it comes from, and how to feed and read it."""
