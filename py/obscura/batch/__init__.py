"""Batches: many pictures on all cores or on a cluster, in runs that can be stopped and resumed."""
