"""Products: what can be sold."""
