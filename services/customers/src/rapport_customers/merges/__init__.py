"""Merging customers that are one, and undoing it."""
