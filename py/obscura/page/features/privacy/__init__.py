"""Proof that nothing is sent, and the deletion of what is stored."""
