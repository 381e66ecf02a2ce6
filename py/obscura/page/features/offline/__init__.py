"""Working without a connection, and updates."""
