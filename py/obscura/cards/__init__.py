"""Cards: descriptions of models, their origin, and how to feed and read them."""
