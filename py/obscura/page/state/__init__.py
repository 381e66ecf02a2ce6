"""The page's state, in pure Python."""
