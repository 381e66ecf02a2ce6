"""Detection controls."""
