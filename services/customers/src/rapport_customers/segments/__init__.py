"""Segments: customers of whom a rule is true, kept as they come and go."""
