"""Exports: customers as a table that somebody takes away."""
